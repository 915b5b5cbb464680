// directory-lib/directory.hh -- who has mail here: domains, users, aliases, behind one interface.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every call blocks: never on a loop thread. One object serves one thread; a process opens as many
// as it has threads, after it has forked. Names may be given as written: they are normalised here
// (mail-lib/address.hh), and what can be no name is not_found.
//
// Errors, for every call: not_found is certain. unavailable and timeout pass: the database is away,
// locked or being repaired. corrupt is our stored data, damaged. None of these three may ever be
// told to a client as "no such user". Writing adds exists, malformed, denied and over_quota;
// reading adds denied, for a manager that asks for what is not its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "directory-lib/entries.hh"
#include "directory-lib/settings.hh"
#include "directory-lib/stores.hh"
#include "mail-lib/address.hh"

namespace directory {

// What update_ functions do to an entry between reading and writing it; an error stops them. The
// key, `created`, and of a user domain_enabled and domain_expires stay as they were.
template <typename T>
using Change = std::function<base::Result<void>(T&)>;
using Work = std::function<base::Result<void>()>;

// A new app password, and the only time that its secret is told: "abcde-fghjk-mnpqr-stuvw".
struct IssuedAppPassword {
  AppPassword entry;
  std::string secret;
};

// What went with a domain; its mail stays on the disk.
struct RemovedDomain {
  Domain domain;
  std::uint64_t users = 0;
  std::uint64_t aliases = 0;
};

// A backend fills in the protected half; the rules that hold for every backend (names, limits,
// clashes, alias loops, rights, the audit trail) are in directory.cc and the files beside it.
class Directory {
 public:
  using Allotment = directory::Allotment;

  virtual ~Directory() = default;
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // Who acts from now on. At first nobody in particular: everything is allowed, and nothing goes
  // into the audit trail. `who` is named there.
  void act_as(std::string who);
  // The same with the rights of a manager, as they are now. denied when it is not there, switched
  // off or expired.
  base::Result<void> act_as_manager(std::string_view address);
  // denied unless who acts may look after the domain. The name as it is stored.
  base::Result<void> may_manage(std::string_view domain) const;

  // Writing does everything but keep what it wrote, and leaves no trace in the audit trail.
  void rehearse(bool on) { is_rehearsal_ = on; }
  // All writing within `work` is one transaction, kept only when it succeeds. A call in it that
  // fails undoes its own part alone, and `work` may go on. Not within another together().
  base::Result<void> together(const Work& work);

  // Reading. Disabled and expired entries are found too: ask access_of() or the fields.
  base::Result<Domain> find_domain(std::string_view name);
  base::Result<Allotment> find_allotment(std::string_view domain);
  base::Result<User> find_user(std::string_view address);
  base::Result<Credentials> find_credentials(std::string_view address);
  // The alias of exactly this address, or the catch-all for "@domain". No expansion: resolve.hh.
  base::Result<Alias> find_alias(std::string_view address);

  // Ordered by domain, then local part. An empty domain means all; an unknown one is not_found.
  base::Result<Page<Domain>> list_domains(std::string_view after, std::size_t limit);
  base::Result<Page<User>> list_users(std::string_view domain, std::string_view after,
                                      std::size_t limit);
  base::Result<Page<Alias>> list_aliases(std::string_view domain, std::string_view after,
                                         std::size_t limit);

  // Writing: denied unless opened as writer. Each is one transaction. What was stored is answered.
  base::Result<Domain> add_domain(Domain domain);
  // `home` must be set (maildir-lib/layout.hh chooses it); `maildir` follows when it is empty.
  // `stored_password` as hash_password() made it; empty for none.
  base::Result<User> add_user(User user, std::string_view stored_password);
  // The same on a store that is chosen here; only an admin may name one. A mail host in `user`
  // leaves the choice between the stores of that host, and stands when it has none. over_quota:
  // none has room.
  base::Result<User> place_user(User user, std::string_view stored_password,
                                const Placing& placing);
  base::Result<Alias> add_alias(Alias alias);
  base::Result<void> set_password(std::string_view address, std::string_view stored_password);
  // The same password hashed anew: `after` takes the place of `before`, a form of it that
  // find_credentials() gave. False: something else is stored by now, and stays. When the password
  // was changed is not touched, and no trace is left in the audit trail. over_quota: `after` is
  // longer than password_room().
  base::Result<bool> rehash_password(std::string_view address, std::string_view before,
                                     std::string_view after);
  // The longest stored password that the backend can keep.
  virtual base::Result<std::size_t> password_room() { return stored_password_limit; }

  // A lowered limit of a domain takes nothing away; it binds what is given out later.
  base::Result<Domain> update_domain(std::string_view name, const Change<Domain>& change);
  base::Result<User> update_user(std::string_view address, const Change<User>& change);
  base::Result<Alias> update_alias(std::string_view address, const Change<Alias>& change);

  // What was removed is answered. A user's passwords, app passwords and list entries go with it;
  // aliases that name it and its mail on the disk stay. denied for a domain that has users or
  // aliases, unless `recursive`.
  base::Result<RemovedDomain> remove_domain(std::string_view name, bool recursive);
  base::Result<User> remove_user(std::string_view address);
  base::Result<Alias> remove_alias(std::string_view address);

  // Stores; only an admin sees them. What they hold is counted over all users. A store with users
  // keeps its host and folder (denied), but may be removed: they stay where they are.
  base::Result<std::vector<UsedStore>> list_stores();
  base::Result<UsedStore> find_store(std::string_view name);
  base::Result<Store> add_store(Store store);
  base::Result<Store> update_store(std::string_view name, const Change<Store>& change);
  base::Result<Store> remove_store(std::string_view name);
  // Says that a user's home is on another store from now on; moves no mail. exists: it is there.
  base::Result<MovedUser> move_user(std::string_view address, std::string_view store);

  // List entries. `owner` as in ListEntry; an owner that is not there is not_found when writing,
  // and has none when reading. exists and not_found tell of the entry.
  base::Result<ListEntry> add_list_entry(ListEntry entry);
  base::Result<void> remove_list_entry(const ListEntry& entry);
  // Ordered by kind, then pattern.
  base::Result<std::vector<ListEntry>> list_entries(std::string_view owner);
  // All that count for mail to `address`: its own, then its domain's, then the global ones.
  base::Result<std::vector<ListEntry>> list_entries_for(std::string_view address);

  // Managers; only an admin sees them, but each may change its own password.
  base::Result<ManagerAccount> find_manager(std::string_view address);
  base::Result<ManagerCredentials> find_manager_credentials(std::string_view address);
  base::Result<Page<ManagerAccount>> list_managers(std::string_view after, std::size_t limit);
  base::Result<ManagerAccount> add_manager(ManagerAccount manager,
                                           std::string_view stored_password);
  base::Result<ManagerAccount> update_manager(std::string_view address,
                                              const Change<ManagerAccount>& change);
  base::Result<ManagerAccount> remove_manager(std::string_view address);
  base::Result<void> set_manager_password(std::string_view address,
                                          std::string_view stored_password);

  // App passwords. `id` and `created` of a new one are chosen here.
  base::Result<IssuedAppPassword> add_app_password(AppPassword entry);
  base::Result<std::vector<AppPassword>> list_app_passwords(std::string_view address);
  base::Result<AppPassword> remove_app_password(std::string_view address, std::string_view id);
  // The app password of this secret that opens the service now. not_found: none does. What cannot
  // be an app password's secret costs no question to the database. The user's own switches are not
  // looked at: access_of().
  base::Result<AppPassword> match_app_password(std::string_view address, Service service,
                                               std::string_view secret, base::WallTime now);
  // Remembers that it was used; seldom enough that a login does not become a write each time.
  base::Result<void> note_app_password_use(const AppPassword& entry, base::WallTime now);

  // The audit trail, newest first. `after` as in pages.
  base::Result<Page<AuditEntry>> list_audit(AuditFilter filter, std::string_view after,
                                            std::size_t limit);

  // What is stored that no field can show; in the backend's order.
  base::Result<Page<Oddity>> list_oddities(std::string_view after, std::size_t limit);

  const Settings& settings() const { return settings_; }

 protected:
  friend class Reading;
  explicit Directory(Settings settings) : settings_(std::move(settings)) {}

  // Names arrive in their normal form; `local` of an alias is empty for the catch-all.
  virtual base::Result<Domain> read_domain(std::string_view name) = 0;
  virtual base::Result<User> read_user(const mail::Address& address) = 0;
  virtual base::Result<Credentials> read_credentials(const mail::Address& address) = 0;
  virtual base::Result<Alias> read_alias(std::string_view local, std::string_view domain) = 0;
  virtual base::Result<Page<Domain>> page_domains(std::string_view after, std::size_t limit) = 0;
  virtual base::Result<Page<User>> page_users(std::string_view domain, std::string_view after,
                                              std::size_t limit) = 0;
  virtual base::Result<Page<Alias>> page_aliases(std::string_view domain, std::string_view after,
                                                 std::size_t limit) = 0;
  // Ordered by kind, then pattern; at most list_entry_limit.
  virtual base::Result<std::vector<ListEntry>> read_list(std::string_view owner) = 0;
  virtual base::Result<ManagerAccount> read_manager(std::string_view address) = 0;
  virtual base::Result<ManagerCredentials> read_manager_credentials(std::string_view address) = 0;
  virtual base::Result<Page<ManagerAccount>> page_managers(std::string_view after,
                                                           std::size_t limit) = 0;
  // Of one user, by `created`; empty for a user that is not there.
  virtual base::Result<std::vector<StoredAppPassword>> read_app_passwords(
      std::string_view address) = 0;
  // Newest first. `after` is the id of the last entry of the page before, or empty.
  virtual base::Result<Page<AuditEntry>> page_audit(const AuditFilter& filter,
                                                    std::string_view after, std::size_t limit) = 0;

  // Ordered by name.
  virtual base::Result<std::vector<Store>> read_stores() = 0;
  // Of all users; a change that is only gathered may be missing.
  virtual base::Result<std::vector<StoreUse>> read_use(std::span<const Store> stores) = 0;

  // A backend that has no more than its fields has none.
  virtual base::Result<Page<Oddity>> page_oddities(std::string_view /*after*/,
                                                   std::size_t /*limit*/) {
    return Page<Oddity>();
  }

  virtual base::Result<Allotment> read_allotment(std::string_view domain) = 0;

  // Called between begin() and commit() only; an error undoes what went before. insert_ gives
  // exists when the key is taken. replace_ writes every field of what is there and leaves alone
  // what else the backend keeps of it. erase_ takes along what belongs to it alone: of a user the
  // password, app passwords and list entries; of a domain (which has no users and aliases any more)
  // list entries and the places in managers' domains; of a manager its password. Erasing what is
  // not there is not_found.
  virtual base::Result<void> insert_domain(const Domain& domain) = 0;
  virtual base::Result<void> replace_domain(const Domain& domain) = 0;
  virtual base::Result<void> erase_domain(std::string_view name) = 0;
  virtual base::Result<void> insert_user(const User& user, std::string_view stored_password) = 0;
  virtual base::Result<void> replace_user(const User& user) = 0;
  virtual base::Result<void> erase_user(const mail::Address& address) = 0;
  virtual base::Result<void> insert_alias(const Alias& alias) = 0;
  virtual base::Result<void> replace_alias(const Alias& alias) = 0;
  virtual base::Result<void> erase_alias(std::string_view local, std::string_view domain) = 0;
  virtual base::Result<void> insert_store(const Store& store) = 0;
  virtual base::Result<void> replace_store(const Store& store) = 0;
  virtual base::Result<void> erase_store(std::string_view name) = 0;
  virtual base::Result<void> insert_list_entry(const ListEntry& entry) = 0;
  virtual base::Result<void> erase_list_entry(const ListEntry& entry) = 0;
  virtual base::Result<void> insert_manager(const ManagerAccount& manager,
                                            std::string_view stored_password) = 0;
  virtual base::Result<void> replace_manager(const ManagerAccount& manager) = 0;
  virtual base::Result<void> erase_manager(std::string_view address) = 0;
  virtual base::Result<void> insert_app_password(const StoredAppPassword& entry) = 0;
  virtual base::Result<void> erase_app_password(std::string_view address, std::string_view id) = 0;
  virtual base::Result<void> store_app_password_use(std::string_view address, std::string_view id,
                                                    base::WallTime when) = 0;
  // Empty takes the password away.
  virtual base::Result<void> store_password(const mail::Address& address,
                                            std::string_view stored_password) = 0;
  // Only where `before` still stands; false otherwise.
  virtual base::Result<bool> swap_password(const mail::Address& address, std::string_view before,
                                           std::string_view after) = 0;
  virtual base::Result<void> store_manager_password(std::string_view address,
                                                    std::string_view stored_password) = 0;
  virtual base::Result<void> append_audit(const AuditEntry& entry) = 0;

  // Reading in a transaction sees what it wrote, and nobody else writes meanwhile. mark() sets the
  // one point to which back_to_mark() undoes, and a later mark() moves it. A backend whose server
  // has no transactions gathers what is to be written and sends it by commit().
  virtual base::Result<void> begin() = 0;  // takes the writer's lock; denied for a reader
  virtual base::Result<void> commit() = 0;
  virtual void roll_back() noexcept = 0;
  virtual base::Result<void> mark() = 0;
  virtual base::Result<void> back_to_mark() = 0;

  // For Reading. A backend to which it makes no difference does nothing.
  virtual void begin_reading() {}
  virtual void end_reading() noexcept {}

 private:
  // What a transaction is called in the audit trail; without a verb it is left out there.
  struct Deed {
    std::string verb;
    std::string object;
    std::string domain;
    std::string detail{};
  };

  using DeedWork = std::function<base::Result<void>(Deed&)>;
  base::Result<void> transact(Deed deed, const DeedWork& work);
  base::Result<void> transact_within(Deed& deed, const DeedWork& work);
  base::Result<void> perform(Deed& deed, const DeedWork& work);
  base::Result<void> record(const Deed& deed, std::string_view outcome);
  bool is_recorded(const Deed& deed) const;
  void record_refusal(const Deed& deed, const base::Error& error);

  // rights.cc. denied, for a postmaster, with the reason.
  bool is_limited() const { return manager_ && manager_->level == ManagerLevel::postmaster; }
  base::Result<void> check_admin(std::string_view what) const;
  base::Result<void> check_owner(std::string_view owner) const;
  base::Result<void> check_ceiling(const Domain& before, const Domain& after) const;
  base::Result<void> check_ceiling(const Domain& domain, const User* before,
                                   const User& after) const;
  // A list that goes through the domains of a postmaster.
  template <typename T, typename ListOne>
  base::Result<Page<T>> page_own(std::string_view after, std::size_t limit, ListOne list_one) const;

  base::Result<Domain> domain_for_writing(std::string_view name);
  base::Result<void> check_new_user(User& user, const Placing* placing);
  base::Result<User> insert_new_user(User user, std::string_view stored_password,
                                     const Placing* placing);
  base::Result<void> check_quota(const Domain& domain, std::optional<base::Bytes> before,
                                 base::Bytes after);
  base::Result<void> check_new_alias(const Alias& alias);
  base::Result<void> check_targets(Alias& alias);
  base::Result<std::string> normal_target(const Alias& alias, std::string_view target);
  base::Result<std::vector<std::string>> next_nodes(const std::string& node);
  base::Result<void> check_no_loop(const Alias& alias);
  base::Result<void> check_owner_exists(const std::string& owner);
  base::Result<void> check_manager(ManagerAccount& manager);
  base::Result<void> erase_members(std::string_view domain, RemovedDomain& removed);

  // placement.cc. The stores as they were read a moment ago, and what they hold, kept true over
  // what is written here so that many users are not counted for each of them.
  struct StoreBook {
    std::vector<Store> stores;
    std::optional<std::vector<StoreUse>> uses;
    base::SteadyTime read;
  };
  base::Result<const StoreBook*> store_book(bool with_uses);
  void forget_old_book();
  void tally(const User* before, const User* after);
  base::Result<void> place(const Domain& domain, const Placing& placing, User& user);
  base::Result<const Store*> choose(const StoreBook& book, const User& user);
  static base::Result<const Store*> named_store(const StoreBook& book, std::string_view name);
  base::Result<void> check_places(const User* before, const User& after);
  base::Result<void> check_new_place(const Store& store);
  base::Result<void> check_unused(const Store& store, std::string_view what);

  Settings settings_;
  std::optional<StoreBook> book_{};
  std::string who_{};
  std::optional<ManagerAccount> manager_{};
  bool is_rehearsal_ = false;
  bool is_together_ = false;
};

// While it lives, reading is cheaper and sees the directory at one moment where the backend can do
// that. Nothing is written meanwhile, by anybody: keep it short.
class Reading {
 public:
  explicit Reading(Directory& directory) : directory_(directory) { directory_.begin_reading(); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  Reading(Reading&&) = delete;
  Reading& operator=(Reading&&) = delete;
  ~Reading() { directory_.end_reading(); }

 private:
  Directory& directory_;
};

enum class OpenAs {
  reader,    // a short-lived or many-fold reader, such as an auth worker
  service,   // a daemon at its start: a reader that first looks the database over
  recorder,  // a writer that lives for one fact, and takes the database as it is
  writer,    // the posthouse command: makes or upgrades the database when needed
};

// unavailable: no database there, or it cannot be read now. corrupt: it is damaged, or newer than
// this program. denied: this process may not read (or, as writer, write) it.
base::Result<std::unique_ptr<Directory>> open(const Settings& settings, OpenAs mode);

}  // namespace directory
