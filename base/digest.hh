// base/digest.hh -- SHA-256 (FIPS 180-4) through OpenSSL, seen nowhere else in base.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace base {

// The 32 bytes of the digest. Any thread.
std::string sha256(std::string_view bytes);

}  // namespace base
