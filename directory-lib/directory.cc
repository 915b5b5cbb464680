// directory-lib/directory.cc -- reading, and the one way in which everything is written.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/directory.hh"

#include "base/must.hh"
#include "base/text.hh"

#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::size_t detail_limit = 500;  // of an audit entry, octets

// What has not happened because the database is away is nothing that somebody tried and may not.
bool is_refusal(Errc code) {
  return code == Errc::denied || code == Errc::over_quota || code == Errc::exists ||
         code == Errc::not_found || code == Errc::malformed;
}

const std::string& key_of(const Domain& domain) {
  return domain.name;
}
template <typename T>
const std::string& key_of(const T& entry) {
  return entry.address;
}

}  // namespace

base::Result<Domain> Directory::find_domain(std::string_view name) {
  const auto domain = mail::parse_domain(name);
  if (!domain) {
    return absent("domain", name);
  }
  auto ok = check_owner(*domain);
  return ok ? read_domain(*domain) : ok.error();
}

base::Result<Allotment> Directory::find_allotment(std::string_view domain) {
  const auto found = find_domain(domain);
  return found ? read_allotment(found->name) : found.error();
}

base::Result<User> Directory::find_user(std::string_view address) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("user", address);
  }
  auto ok = check_owner(key->domain);
  return ok ? read_user(*key) : ok.error();
}

base::Result<Credentials> Directory::find_credentials(std::string_view address) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("user", address);
  }
  auto ok = check_owner(key->domain);
  return ok ? read_credentials(*key) : ok.error();
}

base::Result<Alias> Directory::find_alias(std::string_view address) {
  auto key = mail::parse_account(address);
  if (address.starts_with('@')) {
    auto domain = mail::parse_domain(address.substr(1));
    key = domain ? base::Result<mail::Address>(mail::Address{"", *domain}) : domain.error();
  }
  if (!key) {
    return absent("alias", address);
  }
  auto ok = check_owner(key->domain);
  return ok ? read_alias(key->local, key->domain) : ok.error();
}

template <typename T, typename ListOne>
base::Result<Page<T>> Directory::page_own(std::string_view after, std::size_t limit,
                                          ListOne list_one) const {
  const std::string from = domain_of(after);
  Page<T> page;
  for (const std::string& domain : manager_->domains) {
    if (domain < from) {
      continue;
    }
    auto part = list_one(domain, domain == from ? after : "", limit - page.items.size());
    if (!part) {
      return part.error();
    }
    for (T& item : part->items) {
      page.items.push_back(std::move(item));
    }
    if (page.items.size() >= limit) {
      page.next = key_of(page.items.back());
      break;
    }
  }
  return page;
}

base::Result<Page<Domain>> Directory::list_domains(std::string_view after, std::size_t limit) {
  if (!is_limited()) {
    return page_domains(after, cut(limit));
  }
  return page_own<Domain>(
      after, cut(limit),
      [this](std::string_view name, std::string_view from, std::size_t /*limit*/) {
        base::Result<Page<Domain>> page;
        if (name == from) {
          return page;
        }
        auto domain = read_domain(name);
        if (domain) {
          page->items.push_back(std::move(*domain));
        } else if (domain.error().code != Errc::not_found) {
          page = domain.error();
        }
        return page;
      });
}

base::Result<Page<User>> Directory::list_users(std::string_view domain, std::string_view after,
                                               std::size_t limit) {
  const auto list_one = [this](std::string_view name, std::string_view from, std::size_t count) {
    return page_users(name, from, count);
  };
  if (domain.empty()) {
    return is_limited() ? page_own<User>(after, cut(limit), list_one)
                        : page_users("", after, cut(limit));
  }
  const auto known = find_domain(domain);
  return known ? page_users(known->name, after, cut(limit)) : known.error();
}

base::Result<Page<Alias>> Directory::list_aliases(std::string_view domain, std::string_view after,
                                                  std::size_t limit) {
  const auto list_one = [this](std::string_view name, std::string_view from, std::size_t count) {
    return page_aliases(name, from, count);
  };
  if (domain.empty()) {
    return is_limited() ? page_own<Alias>(after, cut(limit), list_one)
                        : page_aliases("", after, cut(limit));
  }
  const auto known = find_domain(domain);
  return known ? page_aliases(known->name, after, cut(limit)) : known.error();
}

base::Result<Page<Oddity>> Directory::list_oddities(std::string_view after, std::size_t limit) {
  if (auto ok = check_admin("look at what is stored oddly"); !ok) {
    return ok.error();
  }
  return page_oddities(after, cut(limit));
}

base::Result<void> Directory::perform(Deed& deed, const DeedWork& work) {
  auto ok = work(deed);
  if (ok && is_recorded(deed)) {
    ok = record(deed, "done");
  }
  return ok;
}

base::Result<void> Directory::transact(Deed deed, const DeedWork& work) {
  if (is_together_) {
    return transact_within(deed, work);
  }
  if (auto ok = begin(); !ok) {
    return ok.error();
  }
  auto ok = perform(deed, work);
  if (ok && is_rehearsal_) {
    roll_back();
    return ok;
  }
  if (ok) {
    ok = commit();
  }
  if (!ok) {
    roll_back();
    book_.reset();
    record_refusal(deed, ok.error());
  }
  return ok;
}

base::Result<void> Directory::transact_within(Deed& deed, const DeedWork& work) {
  if (auto ok = mark(); !ok) {
    return ok.error();
  }
  auto done = perform(deed, work);
  if (done) {
    return done;
  }
  if (auto ok = back_to_mark(); !ok) {
    return ok.error();
  }
  if (is_recorded(deed) && is_refusal(done.error().code)) {
    if (auto ok = record(deed, base::errc_name(done.error().code)); !ok) {
      return ok.error();
    }
  }
  return done;
}

base::Result<void> Directory::together(const Work& work) {
  base::must(!is_together_, "together() is not called within together()");
  forget_old_book();
  if (auto ok = begin(); !ok) {
    return ok.error();
  }
  is_together_ = true;
  auto ok = work();
  is_together_ = false;
  if (ok && !is_rehearsal_) {
    ok = commit();
  } else {
    roll_back();
    book_.reset();
    return ok;
  }
  if (!ok) {
    roll_back();
    book_.reset();
  }
  return ok;
}

base::Result<void> Directory::record(const Deed& deed, std::string_view outcome) {
  AuditEntry entry;
  entry.when = base::system_clock().now();
  entry.who = who_;
  entry.verb = deed.verb;
  entry.object = deed.object;
  entry.domain = deed.domain;
  entry.outcome = outcome;
  entry.detail = base::printable(deed.detail, detail_limit);
  return append_audit(entry);
}

bool Directory::is_recorded(const Deed& deed) const {
  return !who_.empty() && !deed.verb.empty() && !is_rehearsal_;
}

// In a transaction of its own, since that of the deed is undone. When it cannot be written, the
// refusal itself is what counts.
void Directory::record_refusal(const Deed& deed, const base::Error& error) {
  if (!is_recorded(deed) || !is_refusal(error.code) || !begin()) {
    return;
  }
  if (!record(deed, base::errc_name(error.code)) || !commit()) {
    roll_back();
  }
}

}  // namespace directory
