// directory-lib/ldap_search.cc -- searches whose answers come in pages (RFC 2696).
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <memory>

#include <ldap.h>

#include "directory-lib/ldap_call.hh"

namespace directory {

namespace {

constexpr int entries_a_page = 1000;

struct ControlFreer {
  void operator()(LDAPControl* control) const { ldap_control_free(control); }
};

}  // namespace

base::Result<std::string> LdapConnection::search_page(
    const LdapSearch& search, const std::string& cookie, base::SteadyTime deadline,
    const std::function<void(LdapAttributes&&)>& take) {
  std::string lent = cookie;  // libldap takes what it does not change as if it might
  berval place{lent.size(), lent.data()};
  LDAPControl* raw = nullptr;
  if (const int code = ldap_create_page_control(connection_.get(), entries_a_page, &place, 0, &raw);
      code != LDAP_SUCCESS) {
    return error(code);
  }
  const std::unique_ptr<LDAPControl, ControlFreer> control(raw);
  std::array<LDAPControl*, 2> controls{control.get(), nullptr};
  auto wanted = names_of(search.wanted);
  int id = 0;
  if (const int code = ldap_search_ext(connection_.get(), search.base.c_str(), LDAP_SCOPE_ONELEVEL,
                                       search.filter.c_str(), wanted.data(), 0, controls.data(),
                                       nullptr, nullptr, LDAP_NO_LIMIT, &id);
      code != LDAP_SUCCESS) {
    return error(code);
  }
  for (;;) {
    auto message = receive(id, false, deadline);
    if (!message) {
      is_broken_ = true;
      return message.error();
    }
    if (ldap_msgtype(message->get()) == LDAP_RES_SEARCH_ENTRY) {
      take(attributes_of(message->get()));
      continue;
    }
    if (ldap_msgtype(message->get()) != LDAP_RES_SEARCH_RESULT) {
      continue;  // a reference to another server
    }
    auto end = outcome(std::move(*message));
    if (!end) {
      return end.error();
    }
    return end->code == LDAP_SUCCESS ? base::Result<std::string>(std::move(end->cookie))
                                     : error(end->code, end->diagnostic);
  }
}

base::Result<void> LdapConnection::search(const LdapSearch& search, base::Duration patience,
                                          const std::function<void(LdapAttributes&&)>& take) {
  const NoSigpipe guard;
  std::string cookie;
  do {
    auto next = search_page(search, cookie, base::system_clock().ticks() + patience, take);
    if (!next) {
      return next.error();
    }
    cookie = std::move(*next);
  } while (!cookie.empty());
  return {};
}

}  // namespace directory
