// milter/session.cc -- whose fields go, and the one field that comes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "milter/session.hh"

#include <algorithm>

#include "base/text.hh"

#include "mail-lib/authres.hh"

namespace milter {

namespace {

// What a client chose itself is not repeated at any length.
constexpr std::size_t user_limit = 320;

}  // namespace

bool Session::wants_iprev(const Rules& rules) const {
  return !address_.empty() &&
         std::none_of(rules.trusted.begin(), rules.trusted.end(),
                      [this](const Network& network) { return network.contains(address_); });
}

void Session::began(std::shared_ptr<const Rules> rules, std::string_view host,
                    std::string_view auth_type, std::string_view auth_user) {
  rules_ = std::move(rules);
  id_ = rules_->authserv_id.empty() ? std::string(host) : rules_->authserv_id;
  auth_type_ = auth_type;
  auth_user_ = auth_user.substr(0, user_limit);
  seen_ = 0;
  removals_.clear();
}

bool Session::header(std::string_view name, std::string_view value) {
  if (!base::iequals(base::trim(name), mail::authres_name)) {
    return true;
  }
  ++seen_;
  if (!is_ours(value)) {
    return true;
  }
  if (removals_.size() == removals_limit) {
    return false;
  }
  removals_.push_back(seen_);
  return true;
}

bool Session::is_ours(std::string_view value) const {
  return mail::claims_authserv(value, id_) ||
         std::any_of(rules_->also_strip.begin(), rules_->also_strip.end(),
                     [value](const std::string& id) { return mail::claims_authserv(value, id); });
}

Edits Session::ended(const IprevResult& iprev) const {
  Edits edits;
  edits.removals.assign(removals_.rbegin(), removals_.rend());
  edits.field = stamp(id_, address_, iprev, auth_type_, auth_user_);
  return edits;
}

std::string stamp(std::string_view id, std::string_view address, const IprevResult& iprev,
                  std::string_view auth_type, std::string_view auth_user) {
  std::vector<mail::AuthResult> results;
  if (!auth_type.empty()) {
    results.push_back({"auth",
                       "pass",
                       std::string(auth_type.substr(0, user_limit)),
                       {{"smtp.auth", std::string(auth_user)}}});
  } else if (iprev.outcome != Iprev::none) {
    results.push_back({"iprev",
                       std::string(iprev_name(iprev.outcome)),
                       iprev.name,
                       {{"policy.iprev", std::string(address)}}});
  }
  return mail::write_authres(id, results);
}

}  // namespace milter
