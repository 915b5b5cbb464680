// directory-lib/entries.hh -- what a directory holds: domains, users and their kin.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/settings.hh"

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
  constexpr void remove(Service service) { bits_ &= ~(1U << static_cast<unsigned>(service)); }
  // All of `others`, or none of them.
  constexpr void add(Services others) { bits_ |= others.bits_; }
  constexpr void remove(Services others) { bits_ &= ~others.bits_; }
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
  std::string default_term;   // how long a new user is valid: "6m", see expiry_after(); empty: ever
  Services disabled;          // what new users start without; no switch of existing ones
  bool enabled = true;
  Expiry expires;
  base::WallTime created;
  bool operator==(const Domain&) const = default;
};

// How full a domain is, for its limits.
struct Allotment {
  std::uint64_t users = 0;
  std::uint64_t aliases = 0;
  base::Bytes quota;  // the sum of its users' quotas; of those without one nothing
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
  bool greylist = true;  // false: mail to it is never put off by the greylist
  Expiry expires;
  bool domain_enabled = true;
  Expiry domain_expires;
  base::WallTime created;
  bool operator==(const User&) const = default;
};

inline constexpr std::size_t stored_password_limit = 4096;  // more is no hash of a password

// A user and the stored form of the password, "{SCHEME}..." or what verify_password() knows
// without one (directory-lib/password.hh). Empty: no password fits. Never logged.
struct Credentials {
  User user;
  std::string password;
  base::WallTime password_changed;
  bool may_have_app_passwords = true;  // false: none is stored, so none need be asked for
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

// The last day of a term that begins now: a number and d, w, m or y (days, weeks, months, years);
// "" and "0" are for ever. malformed otherwise.
base::Result<Expiry> expiry_after(std::string_view term, base::WallTime now);

// What a user or a domain wants of policyd for its mail. The numbers are stored: DO NOT CHANGE.
enum class ListKind : std::uint8_t {
  white = 0,  // mail from it passes policyd's checks
  black = 1,  // it is refused
};
std::string_view list_kind_name(ListKind kind);
base::Result<ListKind> parse_list_kind(std::string_view name);

struct ListEntry {
  std::string owner;  // "alice@example.org", a whole domain "example.org", or empty for all mail
  ListKind kind = ListKind::white;
  std::string pattern;  // in lower case; a sender or a client, read by policyd alone
  base::WallTime created;
};
inline constexpr std::size_t list_entry_limit = 5000;  // entries of one owner

// Who administers: an admin everything, a postmaster its domains within their limits. The numbers
// are stored: DO NOT CHANGE.
enum class ManagerLevel : std::uint8_t { admin = 0, postmaster = 1 };
std::string_view manager_level_name(ManagerLevel level);
base::Result<ManagerLevel> parse_manager_level(std::string_view name);

struct ManagerAccount {
  std::string address;  // the login name; need not be a mailbox of ours
  std::string name;
  ManagerLevel level = ManagerLevel::postmaster;
  std::vector<std::string> domains;  // of a postmaster, in order; those of an admin mean nothing
  bool may_change_password = true;
  bool enabled = true;
  Expiry expires;
  base::WallTime created;
};

struct ManagerCredentials {
  ManagerAccount manager;
  std::string password;  // as Credentials::password
  base::WallTime password_changed;
};

// A second password of a user for one program, which may be withdrawn alone.
struct AppPassword {
  std::string user;
  std::string id;     // of the user, chosen when it is made: "k3f9"
  std::string label;  // "phone"
  Services services;  // what it opens; the user's own switches hold beside it
  base::WallTime created;
  std::optional<base::WallTime> last_used;
  Expiry expires;
};

// It and the SHA-256 of its secret in hex: a secret of 100 random bits needs no slow hash.
struct StoredAppPassword {
  AppPassword entry;
  std::string digest;
};
inline constexpr std::size_t app_password_limit = 50;  // of one user

// Whether a use now would be remembered, or was remembered so lately that it need not be.
bool is_use_news(const AppPassword& entry, base::WallTime now);

// Who changed what. Never holds a secret.
struct AuditEntry {
  std::uint64_t id = 0;  // grows; given by the backend
  base::WallTime when;
  std::string who;      // a manager's address, or a Unix user's name
  std::string verb;     // "user add"
  std::string object;   // "alice@example.org"
  std::string domain;   // of the object; empty when it has none
  std::string outcome;  // "done", or why not: a word of base::errc_name()
  std::string detail;   // "quota 1G, enabled no"; may be empty
};

// Which entries; an empty field asks for any.
struct AuditFilter {
  std::string who;
  std::string object;
  std::vector<std::string> domains;  // of one of these
  base::WallTime since;
};

// Something stored that cannot be read in any sense, and is read as nothing.
struct Oddity {
  std::string object;  // "alice@example.org"
  std::string text;    // "quota 'much' is no quota"
};

// A part of a long list. `next` continues it and is empty at the end; opaque, but it survives a
// restart and changes of the list: what stays all the while is seen exactly once.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;
};
inline constexpr std::size_t page_limit = 1000;  // more is cut to this

}  // namespace directory
