// directory-lib/ldap_tree.hh -- entries of an LDAP server, and changes kept back.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is changed between begin() and commit() is gathered and read back as if it were done; only
// commit() sends it. docs/notes/0038-ldap-without-transactions.md says in what order, and what a
// crash may leave. Blocks; one thread an object.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/settings.hh"

#include "directory-lib/ldap_call.hh"

namespace directory {

// Which list a change adds a key to, or takes it from.
enum class LdapList { none, domains, users, aliases, managers, stores };

class LdapTree {
 public:
  // `roots` must be there for absence to be certain; `patience` is for one call.
  LdapTree(LdapServer server, std::vector<std::string> roots, base::Duration patience)
      : server_(std::move(server)), roots_(std::move(roots)), patience_(patience) {}

  // Connects and, unless the roots are still to be made, looks for them. unavailable without them.
  base::Result<void> connect(bool with_roots = true);

  // As LdapConnection::read(), with the gathered changes. Asked once more on a new connection when
  // the old one turns out to be dead.
  base::Result<std::vector<std::optional<LdapAttributes>>> read(
      std::span<const std::string> names, std::span<const std::string> wanted);
  base::Result<std::optional<LdapAttributes>> read_one(const std::string& name,
                                                       std::span<const std::string> wanted);

  // As LdapConnection::search(), without the gathered changes: see replay(). All that is found, so
  // that a second try does not tell the same twice.
  base::Result<std::vector<LdapAttributes>> search(const LdapSearch& search);

  // At once; for what is no part of a transaction.
  base::Result<void> write_now(const LdapChange& change);

  bool is_gathering() const { return is_gathering_; }
  void begin();
  void gather(LdapChange change, LdapList list = LdapList::none, std::string key = {});
  // Every gathered change of the list's entries, in order.
  void replay(LdapList list,
              const std::function<void(const std::string& key, LdapChange::Kind kind)>& tell) const;
  void mark();
  void back_to_mark();
  void roll_back();
  base::Result<void> commit();

 private:
  struct Gathered {
    LdapChange change;
    LdapList list = LdapList::none;
    std::string key;
  };

  base::Result<void> fresh(base::SteadyTime deadline);
  template <typename T, typename Ask>
  base::Result<T> ask(Ask question);
  void add_gathered(const std::string& name, std::optional<LdapAttributes>& entry) const;
  base::Result<std::vector<std::optional<LdapAttributes>>> read_before();
  base::Result<void> undo(std::size_t done,
                          const std::vector<std::optional<LdapAttributes>>& before);

  LdapServer server_;
  std::vector<std::string> roots_;
  base::Duration patience_;
  std::optional<LdapConnection> connection_{};
  bool with_roots_ = true;
  bool is_gathering_ = false;
  std::vector<Gathered> gathered_{};
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_{};  // places in gathered_
  std::size_t mark_ = 0;
};

}  // namespace directory
