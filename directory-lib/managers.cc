// directory-lib/managers.cc -- who administers: managers made, changed and removed by admins.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::string_view managers = "see or change managers";

}  // namespace

base::Result<void> Directory::check_manager(ManagerAccount& manager) {
  if (auto ok = check_text("name", manager.name); !ok) {
    return ok.error();
  }
  if (manager.level == ManagerLevel::admin) {
    manager.domains.clear();
  }
  for (std::string& domain : manager.domains) {
    auto known = mail::parse_domain(domain);
    if (!known) {
      return known.error();
    }
    domain = std::move(*known);
    if (const auto found = domain_for_writing(domain); !found) {
      return found.error();
    }
  }
  std::sort(manager.domains.begin(), manager.domains.end());
  manager.domains.erase(std::unique(manager.domains.begin(), manager.domains.end()),
                        manager.domains.end());
  return {};
}

base::Result<ManagerAccount> Directory::find_manager(std::string_view address) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("manager", address);
  }
  auto ok = key->key() == who_ ? base::Result<void>() : check_admin(managers);
  return ok ? read_manager(key->key()) : ok.error();
}

base::Result<ManagerCredentials> Directory::find_manager_credentials(std::string_view address) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("manager", address);
  }
  auto ok = key->key() == who_ ? base::Result<void>() : check_admin(managers);
  return ok ? read_manager_credentials(key->key()) : ok.error();
}

base::Result<Page<ManagerAccount>> Directory::list_managers(std::string_view after,
                                                            std::size_t limit) {
  auto ok = check_admin(managers);
  return ok ? page_managers(after, cut(limit)) : ok.error();
}

base::Result<ManagerAccount> Directory::add_manager(ManagerAccount manager,
                                                    std::string_view stored_password) {
  const auto address = parse_new(manager.address);
  if (!address) {
    return address.error();
  }
  manager.address = address->key();
  manager.created = born(manager.created);
  auto done = transact({"manager add", manager.address, ""}, [&](Deed& deed) -> base::Result<void> {
    if (auto ok = check_admin(managers); !ok) {
      return ok.error();
    }
    if (auto ok = check_manager(manager); !ok) {
      return ok.error();
    }
    deed.detail = particulars(manager);
    auto ok = insert_manager(manager, stored_password);
    return !ok && ok.error().code == Errc::exists ? taken(manager.address, "a manager already")
                                                  : ok;
  });
  return done ? base::Result<ManagerAccount>(std::move(manager)) : done.error();
}

base::Result<ManagerAccount> Directory::update_manager(std::string_view address,
                                                       const Change<ManagerAccount>& change) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("manager", address);
  }
  ManagerAccount manager;
  auto done = transact({"manager set", key->key(), ""}, [&](Deed& deed) -> base::Result<void> {
    if (auto ok = check_admin(managers); !ok) {
      return ok.error();
    }
    const auto before = read_manager(key->key());
    if (!before) {
      return before.error();
    }
    manager = *before;
    if (auto ok = change(manager); !ok) {
      return ok.error();
    }
    manager.address = before->address;
    manager.created = before->created;
    if (auto ok = check_manager(manager); !ok) {
      return ok.error();
    }
    deed.detail = differences(*before, manager);
    return replace_manager(manager);
  });
  return done ? base::Result<ManagerAccount>(std::move(manager)) : done.error();
}

base::Result<ManagerAccount> Directory::remove_manager(std::string_view address) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("manager", address);
  }
  ManagerAccount manager;
  auto done = transact({"manager del", key->key(), ""}, [&](Deed& deed) -> base::Result<void> {
    if (auto ok = check_admin(managers); !ok) {
      return ok.error();
    }
    auto found = read_manager(key->key());
    if (!found) {
      return found.error();
    }
    manager = std::move(*found);
    deed.detail = particulars(manager);
    return erase_manager(key->key());
  });
  return done ? base::Result<ManagerAccount>(std::move(manager)) : done.error();
}

base::Result<void> Directory::set_manager_password(std::string_view address,
                                                   std::string_view stored_password) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("manager", address);
  }
  return transact({"manager passwd", key->key(), ""}, [&](Deed& /*deed*/) -> base::Result<void> {
    const bool is_own = manager_ && manager_->address == key->key();
    if (auto ok = is_own ? base::Result<void>() : check_admin(managers); !ok) {
      return ok.error();
    }
    const auto manager = read_manager(key->key());
    if (!manager) {
      return manager.error();
    }
    if (is_own && is_limited() && !manager->may_change_password) {
      return base::make_error(Errc::denied, who_ + " may not change its password", "an admin may");
    }
    return store_manager_password(key->key(), stored_password);
  });
}

}  // namespace directory
