// directory-lib/rights.cc -- who acts, and what a postmaster may not.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

base::Error may_not(const std::string& who, const std::string& what, std::string hint = {}) {
  return base::make_error(base::Errc::denied, who + " may not " + what, std::move(hint));
}

constexpr std::string_view ask_an_admin = "an admin may";

}  // namespace

void Directory::act_as(std::string who) {
  who_ = std::move(who);
  manager_.reset();
}

base::Result<void> Directory::act_as_manager(std::string_view address) {
  const auto key = mail::parse_account(address);
  auto manager = key ? read_manager(key->key()) : absent("manager", address);
  if (!manager && manager.error().code != base::Errc::not_found) {
    return manager.error();
  }
  if (!manager || !manager->enabled || is_expired(manager->expires, base::system_clock().now())) {
    const std::string why = !manager            ? "is no manager"
                            : !manager->enabled ? "is switched off"
                                                : "has expired";
    return base::make_error(base::Errc::denied, base::printable(address, 80) + " " + why,
                            "posthouse manager list shows all");
  }
  std::sort(manager->domains.begin(), manager->domains.end());
  who_ = manager->address;
  manager_ = std::move(*manager);
  return {};
}

base::Result<void> Directory::may_manage(std::string_view domain) const {
  const auto name = mail::parse_domain(domain);
  return name ? check_owner(*name) : name.error();
}

base::Result<void> Directory::check_admin(std::string_view what) const {
  if (!is_limited()) {
    return {};
  }
  return may_not(who_, std::string(what), std::string(ask_an_admin));
}

base::Result<void> Directory::check_owner(std::string_view owner) const {
  if (!is_limited() ||
      std::binary_search(manager_->domains.begin(), manager_->domains.end(), domain_of(owner))) {
    return {};
  }
  return may_not(who_, owner.empty() ? "see or change what is for all domains"
                                     : "see or change " + base::printable(owner, 80));
}

base::Result<void> Directory::check_ceiling(const Domain& before, const Domain& after) const {
  if (!is_limited()) {
    return {};
  }
  Domain allowed = before;
  allowed.description = after.description;
  allowed.default_quota = after.default_quota;
  if (allowed == after) {
    return {};
  }
  return may_not(who_, "change more of a domain than its description and the quota of new users",
                 std::string(ask_an_admin));
}

base::Result<void> Directory::check_ceiling(const Domain& domain, const User* before,
                                            const User& after) const {
  if (!is_limited()) {
    return {};
  }
  for (int i = 0; i < service_count; ++i) {
    const auto service = static_cast<Service>(i);
    const bool was_off = before == nullptr || before->disabled.has(service);
    if (domain.disabled.has(service) && was_off && !after.disabled.has(service)) {
      return may_not(who_, "switch on " + std::string(service_name(service)) + ", which " +
                               domain.name + " has not");
    }
  }
  const std::string& old_host = before == nullptr ? domain.mail_host : before->mail_host;
  if (after.mail_host != old_host && after.mail_host != domain.mail_host) {
    return may_not(who_, "choose the mail host", std::string(ask_an_admin));
  }
  if (before != nullptr && (after.home != before->home || after.maildir != before->maildir)) {
    return may_not(who_, "move a home", std::string(ask_an_admin));
  }
  const bool is_new_date = before == nullptr || before->expires != after.expires;
  if (is_new_date && domain.expires && after.expires && *after.expires > *domain.expires) {
    return may_not(who_, "let a user outlive " + domain.name,
                   "at most until " + base::rfc3339(*domain.expires).substr(0, 10));
  }
  return {};
}

}  // namespace directory
