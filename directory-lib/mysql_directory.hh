// directory-lib/mysql_directory.hh -- the directory on MySQL or MariaDB, ExtMan's schema.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// ExtMan's tables are read and written as they are; what they have no column for is in tables of
// ours beside them (mysql_schema.hh). A lost connection is opened again by the next question; a
// question on a connection that had been idle is asked once more by itself. What breaks inside a
// transaction fails it. docs/notes/0034-extman-tables-in-place.md.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "directory-lib/directory.hh"
#include "directory-lib/mysql_client.hh"
#include "directory-lib/mysql_rows.hh"
#include "directory-lib/mysql_schema.hh"

namespace directory {

class MysqlDirectory final : public Directory {
  struct OnlyOpen {};  // only open() has one

 public:
  MysqlDirectory(OnlyOpen /*key*/, const Settings& settings, OpenAs mode)
      : Directory(settings), mode_(mode) {}
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
  base::Result<std::size_t> password_room() override;
  base::Result<Page<Oddity>> page_oddities(std::string_view after, std::size_t limit) override;
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
  // A change that waits for commit(), because the tables cannot roll back.
  struct Pending {
    std::string_view sql;
    std::vector<std::variant<std::nullptr_t, std::int64_t, std::string>> values;
  };

  base::Result<void> connect();
  base::Result<void> ready();
  base::Result<void> make_ready(MysqlConnection& connection);
  base::Result<MysqlRows> ask(std::string_view sql, const MysqlValues& values);
  base::Result<MysqlRows> ask(const MysqlQuery& query, const MysqlValues& values);
  // The number of rows; always 1 for what waits.
  base::Result<std::uint64_t> change(std::string_view sql, const MysqlValues& values);
  // not_found when it met no row.
  base::Result<void> change_one(std::string_view sql, const MysqlValues& values,
                                std::string_view what, std::string_view key);
  base::Result<void> send_pending();
  base::Result<void> lock();
  base::Error lost() const;
  bool can_hold(std::string_view key) const;
  base::Result<void> check_holds(std::string_view key) const;
  base::Result<void> check_room(std::string_view stored_password);
  base::Result<void> need_additions(std::string_view what) const;

  base::Result<MysqlRow> raw_row(std::string_view sql, std::string_view what, std::string_view key);
  base::Result<MysqlRows> ask_additions(std::string_view sql, const MysqlValues& values);
  base::Result<void> erase_additions(std::span<const std::string_view> statements,
                                     std::string_view key);
  base::Result<std::vector<std::string>> read_places(std::string_view manager);
  base::Result<void> insert_places(const ManagerAccount& manager);
  base::Result<void> note_manager_password(std::string_view address);
  std::string_view new_quota_form() const;
  base::Result<void> note_password_change(std::string_view address);
  base::Result<void> put_domain_additions(const Domain& domain);
  base::Result<void> put_user_additions(const User& user);
  base::Result<void> put_alias_additions(const Alias& alias);
  template <typename T>
  base::Result<Page<T>> page_of(const MysqlQuery& within, const MysqlQuery& beyond,
                                T (*row_of)(const MysqlRow&), std::string_view domain,
                                std::string_view after, std::size_t limit);

  OpenAs mode_;
  std::optional<MysqlConnection> connection_{};
  MysqlSchema schema_{};
  bool in_transaction_ = false;
  std::vector<Pending> pending_{};
};

}  // namespace directory
