// maildir-lib/layout.hh -- where a home lies below the mail root: hashed paths, safe names.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A home is `domainhash/domain/userhash/user`, for example `A3/example.org/7C/21/alice`. The hashes
// are random digits, so that folders fill evenly whatever names people have. They are drawn once,
// when an account is born, and stored with it: nothing can compute them again.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hh"

namespace maildir {

// ExtMan's LENxDEPTH: DEPTH folders, each named by LENGTH upper-case hex digits. 2x2: "7C/21".
struct HashForm {
  int length = 0;
  int depth = 0;  // 0: no hash
  bool operator==(const HashForm&) const = default;
};
inline constexpr int hash_length_limit = 4;
inline constexpr int hash_depth_limit = 4;

// "2x1", or "none". malformed otherwise.
base::Result<HashForm> parse_hash_form(std::string_view text);

// A new random path of that form; empty for none.
std::string random_hash_path(const HashForm& form);

// What may be one folder's name: no '/', NUL or control byte, no leading dot or '~', valid UTF-8,
// at most 255 octets. malformed otherwise.
base::Result<void> check_component(std::string_view name);

// The home of a new user, relative to the mail root. Either hash may be empty. malformed when a
// name cannot be a folder's.
base::Result<std::string> home_path(std::string_view domain_hash, std::string_view domain,
                                    std::string_view user_hash, std::string_view user);

// Whether a stored path stays below the mail root: relative, every part a check_component() name.
// malformed otherwise. Whoever joins a stored path to the root asks this first.
base::Result<void> check_relative_path(std::string_view path);

}  // namespace maildir
