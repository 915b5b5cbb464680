// directory-lib/password.hh -- hashing new passwords and verifying stored ones, Dovecot's schemes.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Slow on purpose (tens of milliseconds): never on a loop thread. Passwords and hashes are never
// logged, and the buffers they pass through are wiped.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace directory {

inline constexpr std::size_t password_limit = 512;  // bytes; longer ones are refused

// "{SCHEME}hash" of a new password. `scheme` as the setting password_scheme names it: yescrypt,
// argon2id, sha512-crypt, blf-crypt. malformed for another scheme, and for a password that is
// empty, longer than password_limit, or holds NUL.
base::Result<std::string> hash_password(std::string_view scheme, std::string_view password);

// The longest result of hash_password() for a scheme; 0 for an unknown one.
std::size_t hash_size(std::string_view scheme);

// Whether the password fits what is stored. Without "{SCHEME}" a leading '$' means crypt(3), and
// anything else fits nothing: a backend that knows better puts the scheme in front. malformed for a
// scheme or a hash that cannot be read.
base::Result<bool> verify_password(std::string_view stored, std::string_view password);

// True when the stored hash is of another scheme than `scheme`, so that it should be made anew at
// the next successful login.
bool needs_rehash(std::string_view scheme, std::string_view stored);

// The schemes that verify_password() reads, upper case without braces.
std::span<const std::string_view> known_schemes();

}  // namespace directory
