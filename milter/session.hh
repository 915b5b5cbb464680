// milter/session.hh -- what one SMTP connection told us, and what becomes of its mails' headers.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// I/O-free: milter/face.cc feeds it and carries out its Edits. The life of a mail: connected()
// once, then for each mail began(), header() for every field in order, ended(). RFC 8601: fields in
// our name are removed (s5), one field of ours is put on top (s4). One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "milter/iprev.hh"
#include "milter/settings.hh"

namespace milter {

// The changes to a mail's header.
struct Edits {
  // Which fields called Authentication-Results go: 1 is the first of them; the last one first, so
  // that the numbers of the others stay right.
  std::vector<int> removals;
  std::string field;  // the value of the field to put on top
};

// No honest mail has so many fields in our name; it also bounds what one mail makes us remember.
inline constexpr std::size_t removals_limit = 100;

class Session {
 public:
  Session() = default;

  // `address` is numeric, or empty when the client has none (a local submission).
  void connected(std::string_view address) { address_ = address; }
  const std::string& address() const { return address_; }
  bool wants_iprev(const Rules& rules) const;

  // A new mail. `host` is Postfix's myhostname; `auth_type` and `auth_user` are empty unless the
  // client has authenticated.
  void began(std::shared_ptr<const Rules> rules, std::string_view host, std::string_view auth_type,
             std::string_view auth_user);
  // False: too many fields in our name, refuse the mail.
  bool header(std::string_view name, std::string_view value);
  // All of the header was seen.
  Edits ended(const IprevResult& iprev) const;

  bool is_authenticated() const { return !auth_type_.empty(); }
  std::size_t stripped() const { return removals_.size(); }
  const Rules* rules() const { return rules_.get(); }

 private:
  bool is_ours(std::string_view value) const;

  std::string address_;
  std::shared_ptr<const Rules> rules_;
  std::string id_;
  std::string auth_type_;
  std::string auth_user_;
  int seen_ = 0;  // fields called Authentication-Results
  std::vector<int> removals_;
};

// The value of the field for one result; also for the verb `explain`.
std::string stamp(std::string_view id, std::string_view address, const IprevResult& iprev,
                  std::string_view auth_type, std::string_view auth_user);

}  // namespace milter
