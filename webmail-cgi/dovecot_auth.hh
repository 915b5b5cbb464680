// webmail-cgi/dovecot_auth.hh -- Dovecot's auth protocol 1.x: passwords asked, homes looked up.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two sockets, one grammar: lines of TAB-separated fields.
//   auth-client:  VERSION 1 x, CPID n  |  server: VERSION, MECH..., SPID, CUID, COOKIE, DONE
//                 AUTH id PLAIN service=webmail rip=... secured resp=BASE64
//                 -> OK id user=... | FAIL id [temp] [code=temp_fail] ... | CONT id ...
//   auth-userdb:  VERSION 1 x          |  server: VERSION, SPID
//                 USER id name service=webmail
//                 -> USER id name home=... ... | NOTFOUND id | FAIL id ...
// A field escapes NUL, TAB, CR, LF and byte 1 by a leading byte 1. No I/O, no clock; one object a
// connection, requests may be pipelined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.hh"

namespace webmail {

struct AuthReply {
  enum class Verdict {
    ok,         // the password is right; or the user exists
    refused,    // wrong, disabled, expired; or no such user
    temporary,  // Dovecot cannot say now
  };
  std::uint32_t id = 0;
  Verdict verdict = Verdict::temporary;
  std::string user;          // ok: the name as Dovecot writes it
  std::string home;          // ok of a lookup: as the user database has it, may be empty
  std::string generation{};  // ok of a lookup: changes with the password; may be empty
};

class DovecotAuth {
 public:
  enum class Kind { client, userdb };

  // `client_id` tells this connection from all others at the server: any number that no other
  // connection uses now.
  DovecotAuth(Kind kind, std::uint32_t client_id);

  // Takes what the server sent. malformed: not this protocol, another major version, or a line
  // over the limit; the connection is to be closed.
  base::Result<void> receive(std::string_view bytes);

  // The handshake is over and, for Kind::client, the server takes PLAIN. Questions asked before
  // are sent then.
  bool is_ready() const { return is_ready_; }

  // malformed when the name or the password cannot be sent (empty, NUL, too long).
  base::Result<std::uint32_t> ask_password(std::string_view user, std::string_view password,
                                           std::string_view client_address);
  base::Result<std::uint32_t> look_up(std::string_view user);

  // Answers to our questions only, in the order they came.
  std::optional<AuthReply> next_reply();

  std::string take_output() { return std::exchange(output_, {}); }

 private:
  using Fields = std::vector<std::string_view>;

  base::Result<void> take_line(std::string_view line);
  base::Result<void> take_handshake(const Fields& fields);
  void take_reply(const Fields& fields);
  bool says_no(std::string_view word, const Fields& fields) const;
  std::uint32_t queue(std::string_view line);

  Kind kind_;
  bool is_ready_ = false;
  bool knows_version_ = false;
  bool takes_plain_ = false;
  std::uint32_t last_id_ = 0;
  std::string input_;
  std::string output_;
  std::string waiting_;  // questions asked before the handshake ended
  std::unordered_set<std::uint32_t> asked_;
  std::deque<AuthReply> replies_;
};

// Dovecot's escaping of one field, and back.
std::string escape_auth_field(std::string_view text);
std::string unescape_auth_field(std::string_view text);

}  // namespace webmail
