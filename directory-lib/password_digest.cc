// directory-lib/password_digest.cc -- digests of passwords by OpenSSL.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/password_digest.hh"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/text.hh"

namespace directory {

namespace {

using base::Errc;

struct DigestScheme {
  std::string_view name;
  const EVP_MD* (*digest)();
  std::size_t size;
  bool salted;
  bool hex;
};
constexpr std::array<DigestScheme, 11> digest_schemes{{
    {"SHA", EVP_sha1, 20, false, false},
    {"SHA1", EVP_sha1, 20, false, false},
    {"SSHA", EVP_sha1, 20, true, false},
    {"SHA256", EVP_sha256, 32, false, false},
    {"SSHA256", EVP_sha256, 32, true, false},
    {"SHA512", EVP_sha512, 64, false, false},
    {"SSHA512", EVP_sha512, 64, true, false},
    {"MD5", EVP_md5, 16, false, false},
    {"LDAP-MD5", EVP_md5, 16, false, false},
    {"SMD5", EVP_md5, 16, true, false},
    {"PLAIN-MD5", EVP_md5, 16, false, true},
}};

base::Result<std::string> digest_of(const EVP_MD* digest, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size,
                 digest, nullptr) != 1) {
    return base::make_error(Errc::unavailable, "OpenSSL refuses this digest");
  }
  out.resize(size);
  return out;
}

}  // namespace

WipedString::~WipedString() {
  wipe(value_);
}

void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

bool equal_secrets(std::string_view a, std::string_view b) {
  // Digests of one length: so neither the length nor the place of a difference shows.
  const auto left = digest_of(EVP_sha256(), a);
  const auto right = digest_of(EVP_sha256(), b);
  return left && right && CRYPTO_memcmp(left->data(), right->data(), left->size()) == 0;
}

base::Result<bool> verify_digest(std::string_view scheme, std::string_view hash,
                                 std::string_view password) {
  for (const DigestScheme& known : digest_schemes) {
    if (known.name != scheme) {
      continue;
    }
    const auto bytes = known.hex ? base::from_hex(hash) : base::from_base64(hash);
    if (!bytes || bytes->size() < known.size || (!known.salted && bytes->size() != known.size)) {
      return base::make_error(Errc::malformed,
                              "the stored password cannot be read as " + std::string(scheme),
                              "set a new one: posthouse user passwd");
    }
    const std::string_view salt = std::string_view(*bytes).substr(known.size);
    const WipedString salted(password, salt);
    const auto digest = digest_of(known.digest(), salted.value());
    if (!digest) {
      return digest.error();
    }
    return equal_secrets(*digest, std::string_view(*bytes).substr(0, known.size));
  }
  return base::make_error(Errc::malformed,
                          "unknown password scheme {" + base::printable(scheme, 20) + "}",
                          "set a new one: posthouse user passwd");
}

}  // namespace directory
