// base/digest.cc -- one call of OpenSSL's EVP.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/digest.hh"

#include <openssl/evp.h>

#include "base/must.hh"

namespace base {

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const int ok = EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  must(ok == 1 && size == 32, "SHA-256 is built into every OpenSSL 3");
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace base
