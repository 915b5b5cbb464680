// directory-lib/ldap_directory.hh -- the directory in an OpenLDAP server, in ExtMan's tree.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Entries are asked for by name, so that no lookup needs an index; a name that is not there is
// certain only while the tree's roots are to be seen. docs/notes/0037-extman-tree-in-place.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/ldap_entries.hh"
#include "directory-lib/ldap_tree.hh"
#include "directory-lib/sqlite_side.hh"

namespace directory {

class LdapDirectory final : public Directory {
  struct OnlyOpen {};  // only open() has one

 public:
  LdapDirectory(OnlyOpen /*key*/, const Settings& settings, LdapServer server, bool is_writer);
  static base::Result<std::unique_ptr<Directory>> open(const Settings& settings, OpenAs mode);

 protected:
  base::Result<Domain> read_domain(std::string_view name) override;
  base::Result<User> read_user(const mail::Address& address) override;
  base::Result<Credentials> read_credentials(const mail::Address& address) override;
  base::Result<Alias> read_alias(std::string_view local, std::string_view domain) override;
  base::Result<Page<Domain>> page_domains(std::string_view after, std::size_t limit) override;
  base::Result<Page<User>> page_users(std::string_view domain, std::string_view after,
                                      std::size_t limit) override;
  base::Result<Page<Alias>> page_aliases(std::string_view domain, std::string_view after,
                                         std::size_t limit) override;
  base::Result<std::vector<ListEntry>> read_list(std::string_view owner) override;
  base::Result<ManagerAccount> read_manager(std::string_view address) override;
  base::Result<ManagerCredentials> read_manager_credentials(std::string_view address) override;
  base::Result<Page<ManagerAccount>> page_managers(std::string_view after,
                                                   std::size_t limit) override;
  base::Result<std::vector<StoredAppPassword>> read_app_passwords(
      std::string_view address) override;
  base::Result<Page<AuditEntry>> page_audit(const AuditFilter& filter, std::string_view after,
                                            std::size_t limit) override;
  base::Result<Allotment> read_allotment(std::string_view domain) override;
  base::Result<std::vector<Store>> read_stores() override;
  base::Result<std::vector<StoreUse>> read_use(std::span<const Store> stores) override;
  base::Result<void> insert_domain(const Domain& domain) override;
  base::Result<void> replace_domain(const Domain& domain) override;
  base::Result<void> erase_domain(std::string_view name) override;
  base::Result<void> insert_user(const User& user, std::string_view stored_password) override;
  base::Result<void> replace_user(const User& user) override;
  base::Result<void> erase_user(const mail::Address& address) override;
  base::Result<void> insert_alias(const Alias& alias) override;
  base::Result<void> replace_alias(const Alias& alias) override;
  base::Result<void> erase_alias(std::string_view local, std::string_view domain) override;
  base::Result<void> insert_store(const Store& store) override;
  base::Result<void> replace_store(const Store& store) override;
  base::Result<void> erase_store(std::string_view name) override;
  base::Result<void> insert_list_entry(const ListEntry& entry) override;
  base::Result<void> erase_list_entry(const ListEntry& entry) override;
  base::Result<void> insert_manager(const ManagerAccount& manager,
                                    std::string_view stored_password) override;
  base::Result<void> replace_manager(const ManagerAccount& manager) override;
  base::Result<void> erase_manager(std::string_view address) override;
  base::Result<void> insert_app_password(const StoredAppPassword& entry) override;
  base::Result<void> erase_app_password(std::string_view address, std::string_view id) override;
  base::Result<void> store_app_password_use(std::string_view address, std::string_view id,
                                            base::WallTime when) override;
  base::Result<void> store_password(const mail::Address& address,
                                    std::string_view stored_password) override;
  base::Result<bool> swap_password(const mail::Address& address, std::string_view before,
                                   std::string_view after) override;
  base::Result<void> store_manager_password(std::string_view address,
                                            std::string_view stored_password) override;
  base::Result<void> append_audit(const AuditEntry& entry) override;
  base::Result<void> begin() override;
  base::Result<void> commit() override;
  void roll_back() noexcept override;
  base::Result<void> mark() override;
  base::Result<void> back_to_mark() override;

 private:
  // The keys of one list, in order; each is "domain NUL local part", so that they sort by both.
  struct Keys {
    LdapList list = LdapList::none;
    std::string domain;
    std::vector<std::string> sorted;
    base::SteadyTime read;
  };

  // ldap_setup.cc
  base::Result<void> make_roots();
  base::Result<void> check_schema();

  struct Account {
    LdapAttributes entry;
    LdapAttributes domain;
    LdapNote note;
  };
  base::Result<std::optional<Account>> read_account(const mail::Address& address,
                                                    std::span<const std::string> wanted);
  base::Result<std::optional<Account>> read_manager_account(std::string_view address,
                                                            std::span<const std::string> wanted);
  base::Result<std::string> password_of(const LdapAttributes& entry,
                                        std::string_view address) const;
  base::Result<LdapAttributes> read_entry(const std::string& name, const base::Error& absent);
  base::Result<void> check_free(const std::string& name);
  base::Result<void> note_password_change(LdapNotes kind, std::string_view key,
                                          const Account& account);
  base::Result<void> write_note(LdapNotes kind, std::string_view key, LdapNote note,
                                std::string_view of);

  void gather_edits(std::string name, std::vector<LdapEdit> edits, LdapList list = LdapList::none,
                    std::string_view key = {});
  base::Result<void> add_line(LdapNotes kind, const std::string& key,
                              const std::optional<LdapAttributes>& found, const std::string& value);
  base::Result<void> change_app_password(std::string_view address, std::string_view id,
                                         std::optional<base::WallTime> used);
  base::Result<void> withdraw_domain(std::string_view domain);
  base::Result<void> forget(std::string_view owner);
  // ldap_trail.cc
  base::Result<SqliteSide*> trail();
  base::Result<void> write_audit();

  base::Result<void> add_catch_alls(std::string_view domain, std::vector<std::string>& keys);
  base::Result<std::vector<std::string>> scan(LdapList list, std::string_view domain);
  base::Result<const std::vector<std::string>*> keys_of(LdapList list, std::string_view domain,
                                                        bool is_first);
  base::Result<void> append_users(std::string_view domain, std::span<const std::string> keys,
                                  std::vector<User>& users);
  base::Result<void> append_aliases(std::span<const std::string> keys, std::vector<Alias>& aliases);

  base::Result<Allotment> count_allotment(std::string_view domain);
  // Keeps the count of a domain true over what is written here.
  void allot(std::string_view address, LdapList list, std::int64_t entries, base::Bytes before,
             base::Bytes after);

  struct Count {
    Allotment used;
    base::SteadyTime read;
  };

  LdapNames names_;
  LdapTree tree_;
  bool is_writer_;
  // The audit trail, which no tree holds; opened when it is first asked for.
  std::unique_ptr<base::Database> database_{};
  std::optional<SqliteSide> trail_{};
  std::vector<AuditEntry> audit_{};  // of the transaction
  std::size_t audit_mark_ = 0;
  std::optional<Keys> keys_{};
  std::map<std::string, Count, std::less<>> counts_{};
  std::vector<std::string> merged_{};  // keys_ with what is gathered
};

}  // namespace directory
