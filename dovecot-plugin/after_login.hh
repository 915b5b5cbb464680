// dovecot-plugin/after_login.hh -- what a login leaves to be written, handed to who may write.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Auth workers read hashes and can write nothing. They hand a note to the service
// posthouse-after-login of Dovecot, which runs the program of that name for each (Dovecot's
// `script` protocol), as who owns the directory. A note is one line of TAB-separated fields:
//   used    ADDRESS  ID                 an app password was used
//   rehash  ADDRESS  BASE64(password)   this password was right, and its hash is of an old scheme
// The program believes none of it: it looks for itself whether the password is right.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hh"
#include "base/result.hh"

#include "directory-lib/directory.hh"

namespace plugin {

struct LoginNote {
  enum class Kind { nothing, used, rehash };
  Kind kind = Kind::nothing;
  std::string address{};
  std::string id{};        // of the app password
  std::string password{};  // of rehash
};

inline constexpr std::size_t login_note_limit = 4096;  // bytes of a line

// The line, with its '\n'.
std::string login_note_line(const LoginNote& note);
// malformed for what is no such line.
base::Result<LoginNote> parse_login_note(std::string_view line);

// Sends it, and never waits: when nobody listens, or too many wait already, the note is lost and
// the error says so. The next login leaves it again.
base::Result<void> send_login_note(const std::string& socket, const LoginNote& note);

// Overwrites the password.
void wipe(LoginNote& note);

// What the program posthouse-after-login does with a note; `accounts` may be written.
// not_found when the account or its app password is gone. A password that does not fit any more,
// or that has changed meanwhile, is nobody's mistake and changes nothing.
base::Result<void> perform(directory::Directory& accounts, std::string_view rehash_scheme,
                           const LoginNote& note, base::WallTime now);

}  // namespace plugin
