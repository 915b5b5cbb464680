// directory-lib/sqlite_directory.hh -- the directory in two SQLite files, and how they are opened.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Accounts and password hashes are apart, so that those who only look accounts up cannot read a
// hash. Both have a rollback journal, not WAL: a reader then needs read permission and nothing
// else. docs/notes/0030-directory-files.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/sqlite.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/sqlite_side.hh"

namespace directory {

class SqliteDirectory final : public Directory {
  struct OnlyOpen {};  // only open() has one

 public:
  SqliteDirectory(OnlyOpen /*key*/, const Settings& settings, base::Database database,
                  bool is_writer)
      : Directory(settings), database_(std::move(database)), is_writer_(is_writer) {}
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
  void begin_reading() override;
  void end_reading() noexcept override;

 private:
  base::Result<void> attach_passwords();
  base::Result<void> bring_up_to_date();
  base::Result<std::vector<std::string>> read_targets(std::int64_t domain, std::string_view local);
  base::Result<void> insert_targets(const Alias& alias);
  base::Result<std::vector<std::string>> read_manager_domains(std::string_view address);
  base::Result<void> insert_manager_domains(const ManagerAccount& manager);
  // A statement of one parameter that may meet any number of rows.
  base::Result<void> run_with(std::string_view sql, std::string_view parameter);
  base::Result<void> collect_users(base::Statement& rows, Page<User>& page);
  base::Result<void> collect_aliases(base::Statement& rows, Page<Alias>& page);
  template <typename T>
  base::Result<Page<T>> page_of(const std::string& within, const std::string& beyond,
                                base::Result<void> (SqliteDirectory::*collect)(base::Statement&,
                                                                               Page<T>&),
                                std::string_view domain, std::string_view after, std::size_t limit);

  base::Database database_;
  SqliteSide side_{database_};
  bool is_writer_;
  bool has_passwords_ = false;
  bool is_marked_ = false;
  bool is_reading_ = false;  // in a transaction of Reading
};

}  // namespace directory
