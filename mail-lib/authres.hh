// mail-lib/authres.hh -- Authentication-Results fields (RFC 8601): whose they are, and ours.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Grammar as far as it is read (RFC 8601 s2.2; CFWS of RFC 5322 s3.2.2 may stand anywhere between):
//   authres-value = authserv-id [ 1*DIGIT ] ( ";" ... )      authserv-id = token / quoted-string
// Pure; any bytes may come in.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mail {

inline constexpr std::string_view authres_name = "Authentication-Results";

// The authserv-id in lower case without trailing dots; nothing when the value breaks the grammar
// up to the first semicolon.
std::optional<std::string> authserv_id(std::string_view value);

// Whether the field speaks in the name of `id`: its authserv-id is `id`, or it breaks the grammar
// and names `id` anywhere, so that a lenient reader might take it for ours (RFC 8601 s5).
bool claims_authserv(std::string_view value, std::string_view id);

struct AuthProperty {
  std::string name;   // "policy.iprev"
  std::string value;  // any text; quoted as needed
};

struct AuthResult {
  std::string method;   // "iprev"
  std::string outcome;  // "pass"
  std::string comment;  // any text; may be empty
  std::vector<AuthProperty> properties;
};

// The field's value, folded by "\n\t" at about 78 columns; "none" when there are no results.
std::string write_authres(std::string_view id, std::span<const AuthResult> results);

}  // namespace mail
