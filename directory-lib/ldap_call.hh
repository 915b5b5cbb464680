// directory-lib/ldap_call.hh -- one LDAP connection: reading, searching, writing, with deadlines.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Nothing but this class and its helpers (ldap_call, ldap_search, ldap_parse) sees <ldap.h>. All of
// it blocks, until the deadline at the latest: never on a loop thread. One thread a connection;
// opened after fork. Options are set on the connection alone, never for the process: Dovecot's own
// driver may use the same library.
//
// Errors: unavailable (not reached, gone, busy, read-only), timeout, denied (wrong password, no
// right, a limit of the server), exists, malformed (the schema refuses a value), corrupt (the
// schema lacks what is asked for), internal. That an entry is not there is no error.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/handle.hh"
#include "base/result.hh"
#include "base/settings.hh"

struct ldap;
struct ldapmsg;

namespace directory {

void close_ldap(ldap* connection);
void free_ldap_message(ldapmsg* message);

// While it lives, writing to a connection that the server has closed is an error like any other:
// libldap does not keep SIGPIPE away.
class NoSigpipe {
 public:
  NoSigpipe();
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe();

 private:
  sigset_t before_{};
  bool was_pending_ = false;
};

// Names of attributes are ASCII, in any case.
struct LdapNameLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};
using LdapValues = std::vector<std::string>;
using LdapAttributes = std::map<std::string, LdapValues, LdapNameLess>;

struct LdapServer {
  std::string uri;  // one or more, separated by blanks, tried in turn
  std::string bind_name;
  std::string password;
  bool start_tls = false;
  std::string ca_file;
  base::Duration connect_timeout{};
};

// The children of an entry.
struct LdapSearch {
  std::string base;
  std::string filter;  // as ldap_names.hh makes them
  std::vector<std::string> wanted;
};

struct LdapEdit {
  enum class How { replace, add, drop };
  How how = How::replace;
  std::string attribute;
  LdapValues values;  // of replace: none removes the attribute
};

// One change of one entry; the server does it whole or not at all.
struct LdapChange {
  enum class Kind { add, modify, remove };
  Kind kind = Kind::add;
  std::string name;
  LdapAttributes attributes;    // of add
  std::vector<LdapEdit> edits;  // of modify
};

class LdapConnection {
 public:
  // Connects and binds.
  static base::Result<LdapConnection> open(const LdapServer& server, base::SteadyTime deadline);

  // The entries of these names, in this order; nothing for one that is not there. Many questions
  // are on their way at a time.
  base::Result<std::vector<std::optional<LdapAttributes>>> read(std::span<const std::string> names,
                                                                std::span<const std::string> wanted,
                                                                base::SteadyTime deadline);

  // Gives what is found to `take`, in the server's order, fetched in pages (RFC 2696); `patience`
  // is for each page. not_found when the base is not there.
  base::Result<void> search(const LdapSearch& search, base::Duration patience,
                            const std::function<void(LdapAttributes&&)>& take);

  // exists and not_found tell of the entry.
  base::Result<void> write(const LdapChange& change, base::SteadyTime deadline);

  // True after an error that leaves the connection unfit for more.
  bool is_broken() const { return is_broken_; }

 private:
  using Message = base::Handle<ldapmsg, free_ldap_message>;
  // How an operation ended.
  struct Outcome {
    int code = 0;
    std::string diagnostic;
    std::string cookie;  // of a page
  };
  struct Reading;

  LdapConnection(ldap* connection, std::string uri)
      : connection_(connection), uri_(std::move(uri)) {}

  base::Result<void> configure(const LdapServer& server);
  base::Result<void> start_tls(base::SteadyTime deadline);
  base::Result<void> bind(const LdapServer& server, base::SteadyTime deadline);
  base::Result<Message> receive(int id, bool is_all, base::SteadyTime deadline);
  base::Result<Outcome> outcome(Message message);
  base::Result<void> plain_outcome(int id, base::SteadyTime deadline);
  base::Result<void> send_reads(Reading& reading);
  base::Result<void> take_read(Reading& reading, ldapmsg* message);
  base::Result<std::string> search_page(const LdapSearch& search, const std::string& cookie,
                                        base::SteadyTime deadline,
                                        const std::function<void(LdapAttributes&&)>& take);
  static std::vector<char*> names_of(std::span<const std::string> wanted);
  LdapAttributes attributes_of(ldapmsg* entry);
  base::Error error(int code, std::string_view diagnostic = {});
  base::Error last_error();

  base::Handle<ldap, close_ldap> connection_;
  std::string uri_;
  bool is_broken_ = false;
};

// One part of a name: attribute and value.
using LdapNamePart = std::pair<std::string, std::string>;
// The parts of a name, the first in front. malformed.
base::Result<std::vector<LdapNamePart>> parse_ldap_name(std::string_view name);

// An object class as the server describes it (RFC 4512 s4.1.1).
struct LdapClass {
  std::vector<std::string> names;
  std::vector<std::string> above;
  std::vector<std::string> attributes;  // that it must and may have
};
base::Result<LdapClass> parse_ldap_class(const std::string& description);

}  // namespace directory
