// directory-lib/directory.hh -- who has mail here: domains, users, aliases, behind one interface.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every call blocks: never on a loop thread. One object serves one thread; a process opens as many
// as it has threads, after it has forked. Names may be given as written: they are normalised here
// (mail-lib/address.hh), and what can be no name is not_found.
//
// Errors, for every call: not_found is certain. unavailable and timeout pass: the database is away,
// locked or being repaired. corrupt is our stored data, damaged. None of these three may ever be
// told to a client as "no such user". Writing adds exists, malformed, denied and over_quota.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/settings.hh"

#include "directory-lib/settings.hh"
#include "mail-lib/address.hh"

namespace directory {

// What an account may do. The numbers are stored as bits: DO NOT CHANGE, only append.
enum class Service : std::uint8_t {
  receive = 0,     // mail is delivered to it (ExtMan: smtp)
  submission = 1,  // it may send by SMTP AUTH (ExtMan: smtpd)
  imap = 2,
  pop3 = 3,
  sieve = 4,  // ManageSieve
  webmail = 5,
  netdisk = 6,
};
inline constexpr int service_count = 7;

std::string_view service_name(Service service);
// malformed, with all the names as hint.
base::Result<Service> parse_service(std::string_view name);

// A set of services.
class Services {
 public:
  constexpr Services() = default;
  static constexpr Services from_bits(std::uint32_t bits) {
    Services set;
    set.bits_ = bits & ((1U << service_count) - 1);
    return set;
  }
  constexpr void add(Service service) { bits_ |= 1U << static_cast<unsigned>(service); }
  constexpr bool has(Service service) const {
    return (bits_ >> static_cast<unsigned>(service) & 1U) != 0;
  }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  constexpr bool operator==(const Services&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

// The last day (UTC) on which something is valid; nothing means for ever.
using Expiry = std::optional<std::chrono::sys_days>;

struct Domain {
  std::string name;  // lower case
  std::string description;
  std::string hash_path;        // "A3", the first part of homes of new users; may be empty
  std::string mail_host;        // where its mail lives when a user names no host; empty: here
  std::uint64_t max_users = 0;  // 0: no limit, as everywhere below
  std::uint64_t max_aliases = 0;
  base::Bytes max_quota;      // the sum of its users' quotas
  base::Bytes default_quota;  // of a new user
  Services disabled;          // what new users start without; no switch of existing ones
  bool enabled = true;
  Expiry expires;
  base::WallTime created;
};

struct User {
  std::string address;    // "alice@example.org", the key in its normal form
  std::string name;       // for people
  std::string home;       // relative to the mail root; chosen once, never recomputed
  std::string maildir;    // relative to the mail root; home + "/Maildir" unless it came otherwise
  std::string mail_host;  // the host that holds the home, or a Postfix nexthop; empty: here
  base::Bytes quota;      // 0: unlimited
  Services disabled;
  bool enabled = true;
  bool may_change_password = true;
  Expiry expires;
  bool domain_enabled = true;
  Expiry domain_expires;
  base::WallTime created;
};

// A user and the stored form of the password, "{SCHEME}..." or what verify_password() knows
// without one (directory-lib/password.hh). Empty: no password fits. Never logged.
struct Credentials {
  User user;
  std::string password;
  base::WallTime password_changed;
};

struct Alias {
  std::string address;               // "info@example.org"; "@example.org" is the catch-all
  std::vector<std::string> targets;  // normal form; "@other.example" behind a catch-all keeps the
                                     // local part (a domain alias)
  bool enabled = true;
  Expiry expires;
  base::WallTime created;
};

// Whether a user may use a service, and what forbids it.
enum class Access {
  granted,
  user_disabled,
  user_expired,
  domain_disabled,
  domain_expired,
  service_disabled,
};
Access access_of(const User& user, Service service, base::WallTime now);
std::string_view access_name(Access access);

bool is_expired(const Expiry& expires, base::WallTime now);

// A part of a long list. `next` continues it and is empty at the end; opaque, but it survives a
// restart and changes of the list: what stays all the while is seen exactly once.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;
};
inline constexpr std::size_t page_limit = 1000;  // more is cut to this

// A backend fills in the protected half; the rules that hold for every backend (names, limits,
// clashes, alias loops) are in directory.cc.
class Directory {
 public:
  virtual ~Directory() = default;
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // Reading. Disabled and expired entries are found too: ask access_of() or the fields.
  base::Result<Domain> find_domain(std::string_view name);
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
  base::Result<Alias> add_alias(Alias alias);
  base::Result<void> set_password(std::string_view address, std::string_view stored_password);

  const Settings& settings() const { return settings_; }

 protected:
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

  // How full a domain is, for its limits.
  struct Allotment {
    std::uint64_t users = 0;
    std::uint64_t aliases = 0;
    base::Bytes quota;
  };
  virtual base::Result<Allotment> read_allotment(std::string_view domain) = 0;

  // exists when the key is taken. Called between begin() and commit(); an error rolls back.
  virtual base::Result<void> insert_domain(const Domain& domain) = 0;
  virtual base::Result<void> insert_user(const User& user, std::string_view stored_password) = 0;
  virtual base::Result<void> insert_alias(const Alias& alias) = 0;
  virtual base::Result<void> store_password(const mail::Address& address,
                                            std::string_view stored_password) = 0;
  virtual base::Result<void> begin() = 0;  // takes the writer's lock; denied for a reader
  virtual base::Result<void> commit() = 0;
  virtual void roll_back() noexcept = 0;

 private:
  base::Result<void> transact(const std::function<base::Result<void>()>& work);
  base::Result<void> check_new_user(User& user);
  base::Result<void> check_new_alias(Alias& alias);
  base::Result<std::string> normal_target(const Alias& alias, std::string_view target);
  base::Result<std::vector<std::string>> next_nodes(const std::string& node);
  base::Result<void> check_no_loop(const Alias& alias);

  Settings settings_;
};

enum class OpenAs {
  reader,   // a short-lived or many-fold reader, such as an auth worker
  service,  // a daemon at its start: a reader that first looks the database over
  writer,   // the posthouse command: makes or upgrades the database when needed
};

// unavailable: no database there, or it cannot be read now. corrupt: it is damaged, or newer than
// this program. denied: this process may not read (or, as writer, write) it.
base::Result<std::unique_ptr<Directory>> open(const Settings& settings, OpenAs mode);

}  // namespace directory
