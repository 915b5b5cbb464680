// directory-lib/app_passwords.cc -- app passwords issued, matched, withdrawn; the trail.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "base/digest.hh"
#include "base/random.hh"
#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/password_digest.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

// 32 characters, five bits each, none of which is taken for another when it is copied from paper.
constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
static_assert(alphabet.size() == 32);
constexpr std::size_t secret_size = 20;
constexpr std::size_t group_size = 5;
constexpr std::size_t id_size = 6;
constexpr std::chrono::hours note_interval{1};

std::string random_word(std::size_t size) {
  std::string word = base::random_bytes(size);
  for (char& c : word) {
    c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
  }
  return word;
}

std::string in_groups(std::string_view word) {
  std::string out;
  for (std::size_t at = 0; at < word.size(); at += group_size) {
    out.append(at == 0 ? "" : "-").append(word.substr(at, group_size));
  }
  return out;
}

// The secret without what people put between its groups; empty when it can be none of ours.
std::string bare_secret(std::string_view secret) {
  if (secret.size() > 2 * secret_size) {
    return {};
  }
  std::string bare;
  bare.reserve(secret_size);
  for (const char written : secret) {
    const char c = base::lower(written);
    if (alphabet.find(c) != std::string_view::npos) {
      bare += c;
    } else if (c != '-' && c != ' ') {
      return {};
    }
  }
  return bare.size() == secret_size ? bare : std::string();
}

std::string digest_of(std::string_view bare) {
  return base::hex(base::bytes_of(base::sha256(bare)));
}

base::Result<void> check_entry(const AppPassword& entry) {
  if (entry.label.empty()) {
    return base::make_error(Errc::malformed, "an app password needs a label",
                            "the program or the device it is for, as phone");
  }
  if (entry.services.empty() || entry.services.has(Service::receive)) {
    return base::make_error(Errc::malformed, "an app password opens services with a login",
                            "submission, imap, pop3, sieve, webmail or netdisk");
  }
  return check_text("label", entry.label);
}

}  // namespace

base::Result<IssuedAppPassword> Directory::add_app_password(AppPassword entry) {
  const auto key = mail::parse_account(entry.user);
  if (!key) {
    return absent("user", entry.user);
  }
  if (auto ok = check_entry(entry); !ok) {
    return ok.error();
  }
  entry.user = key->key();
  entry.id = random_word(id_size);
  entry.created = base::system_clock().now();
  entry.last_used.reset();
  std::string secret = random_word(secret_size);
  const std::string digest = digest_of(secret);
  auto done =
      transact({"app-password add", entry.user, key->domain, entry.id + " for " + entry.label},
               [&](Deed& /*deed*/) -> base::Result<void> {
                 if (auto ok = check_owner(key->domain); !ok) {
                   return ok.error();
                 }
                 if (const auto user = read_user(*key); !user) {
                   return user.error();
                 }
                 const auto held = read_app_passwords(entry.user);
                 if (!held) {
                   return held.error();
                 }
                 if (held->size() >= app_password_limit) {
                   return base::make_error(
                       Errc::over_quota,
                       entry.user + " has " + std::to_string(held->size()) + " app passwords",
                       "withdraw one: posthouse app-password del");
                 }
                 return insert_app_password({entry, digest});
               });
  if (!done) {
    return done.error();
  }
  IssuedAppPassword issued{std::move(entry), in_groups(secret)};
  wipe(secret);
  return issued;
}

base::Result<std::vector<AppPassword>> Directory::list_app_passwords(std::string_view address) {
  const auto user = find_user(address);
  if (!user) {
    return user.error();
  }
  auto stored = read_app_passwords(user->address);
  if (!stored) {
    return stored.error();
  }
  std::vector<AppPassword> entries;
  for (StoredAppPassword& one : *stored) {
    entries.push_back(std::move(one.entry));
  }
  return entries;
}

base::Result<AppPassword> Directory::remove_app_password(std::string_view address,
                                                         std::string_view id) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("user", address);
  }
  AppPassword removed;
  auto done = transact({"app-password del", key->key(), key->domain, base::printable(id, 20)},
                       [&](Deed& deed) -> base::Result<void> {
                         const auto held = list_app_passwords(address);
                         if (!held) {
                           return held.error();
                         }
                         const auto found =
                             std::find_if(held->begin(), held->end(),
                                          [&id](const AppPassword& one) { return one.id == id; });
                         if (found == held->end()) {
                           return absent("app password", id);
                         }
                         removed = *found;
                         deed.detail += " for " + removed.label;
                         return erase_app_password(removed.user, removed.id);
                       });
  return done ? base::Result<AppPassword>(std::move(removed)) : done.error();
}

base::Result<AppPassword> Directory::match_app_password(std::string_view address, Service service,
                                                        std::string_view secret,
                                                        base::WallTime now) {
  std::string bare = bare_secret(secret);
  const auto key = mail::parse_account(address);
  if (bare.empty() || !key) {
    return absent("app password of", address);
  }
  const std::string digest = digest_of(bare);
  wipe(bare);
  auto held = read_app_passwords(key->key());
  if (!held) {
    return held.error();
  }
  for (StoredAppPassword& one : *held) {
    if (equal_secrets(one.digest, digest) && one.entry.services.has(service) &&
        !is_expired(one.entry.expires, now)) {
      return std::move(one.entry);
    }
  }
  return absent("app password of", address);
}

bool is_use_news(const AppPassword& entry, base::WallTime now) {
  return !entry.last_used || now - *entry.last_used >= note_interval;
}

base::Result<void> Directory::note_app_password_use(const AppPassword& entry, base::WallTime now) {
  if (!is_use_news(entry, now)) {
    return {};
  }
  return transact(
      {}, [&](Deed& /*deed*/) { return store_app_password_use(entry.user, entry.id, now); });
}

base::Result<Page<AuditEntry>> Directory::list_audit(AuditFilter filter, std::string_view after,
                                                     std::size_t limit) {
  for (std::string& domain : filter.domains) {
    auto name = mail::parse_domain(domain);
    if (!name) {
      return name.error();
    }
    domain = std::move(*name);
  }
  if (is_limited()) {
    for (const std::string& domain : filter.domains) {
      if (auto ok = check_owner(domain); !ok) {
        return ok.error();
      }
    }
    if (manager_->domains.empty()) {
      return Page<AuditEntry>();
    }
    filter.domains = filter.domains.empty() ? manager_->domains : filter.domains;
  }
  return page_audit(filter, after, cut(limit));
}

}  // namespace directory
