// directory-lib/users.cc -- users made, changed and removed within the limits of their domain.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

base::Result<void> check_fields(const User& user) {
  for (auto ok : {check_text("name", user.name), check_text("mail host", user.mail_host),
                  check_path(user.home), check_path(user.maildir)}) {
    if (!ok) {
      return ok.error();
    }
  }
  return {};
}

}  // namespace

// What a quota adds to those given out; one that is not raised is never refused, so that a limit
// that was lowered does not keep anything else from being changed.
base::Result<void> Directory::check_quota(const Domain& domain, std::optional<base::Bytes> before,
                                          base::Bytes after) {
  const std::uint64_t most = domain.max_quota.count;
  const std::uint64_t held = before ? before->count : 0;
  const bool is_raised = !before || after.count > held || (after.count == 0 && held != 0);
  if (most == 0 || !is_raised) {
    return {};
  }
  const auto used = read_allotment(domain.name);
  if (!used) {
    return used.error();
  }
  const std::uint64_t others = used->quota.count > held ? used->quota.count - held : 0;
  if (after.count != 0 && others <= most && after.count <= most - others) {
    return {};
  }
  return base::make_error(Errc::over_quota,
                          "the quotas of " + domain.name + " may sum to " + std::to_string(most) +
                              " bytes, " + std::to_string(others) + " are given out to others",
                          after.count == 0 ? "give the user a quota" : "");
}

base::Result<void> Directory::check_new_user(User& user, const Placing* placing) {
  const auto address = mail::parse_account(user.address);
  const auto domain = domain_for_writing(address->domain);
  if (!domain) {
    return domain.error();
  }
  const auto alias = read_alias(address->local, address->domain);
  if (alias) {
    return taken(user.address, "an alias already", "a mailbox of that name would get no mail");
  }
  if (alias.error().code != Errc::not_found) {
    return alias.error();
  }
  user.domain_enabled = domain->enabled;
  user.domain_expires = domain->expires;
  // Before the store is chosen: what may not be written by hand may still come from there.
  if (auto ok = check_ceiling(*domain, nullptr, user); !ok) {
    return ok.error();
  }
  if (auto ok = placing != nullptr ? place(*domain, *placing, user) : check_places(nullptr, user);
      !ok) {
    return ok.error();
  }
  if (domain->max_users != 0) {
    const auto used = read_allotment(domain->name);
    if (!used) {
      return used.error();
    }
    if (used->users >= domain->max_users) {
      return base::make_error(Errc::over_quota, domain->name + " has all its " +
                                                    std::to_string(domain->max_users) + " users");
    }
  }
  return check_quota(*domain, {}, user.quota);
}

base::Result<User> Directory::insert_new_user(User user, std::string_view stored_password,
                                              const Placing* placing) {
  const auto address = parse_new(user.address);
  if (!address) {
    return address.error();
  }
  user.address = address->key();
  user.created = born(user.created);
  const auto complete = [&user] {
    if (user.maildir.empty()) {
      user.maildir = user.home + "/Maildir";
    }
    return check_fields(user);
  };
  if (auto ok = placing == nullptr ? complete() : base::Result<void>(); !ok) {
    return ok.error();
  }
  auto done =
      transact({"user add", user.address, address->domain}, [&](Deed& deed) -> base::Result<void> {
        for (auto ok : {check_owner(address->domain), check_new_user(user, placing)}) {
          if (!ok) {
            return ok.error();
          }
        }
        if (auto ok = complete(); !ok) {
          return ok.error();
        }
        deed.detail = particulars(user);
        auto ok = insert_user(user, stored_password);
        return !ok && ok.error().code == Errc::exists ? taken(user.address, "a user already") : ok;
      });
  if (!done) {
    return done.error();
  }
  tally(nullptr, &user);
  return user;
}

base::Result<User> Directory::add_user(User user, std::string_view stored_password) {
  return insert_new_user(std::move(user), stored_password, nullptr);
}

base::Result<User> Directory::place_user(User user, std::string_view stored_password,
                                         const Placing& placing) {
  return insert_new_user(std::move(user), stored_password, &placing);
}

base::Result<User> Directory::update_user(std::string_view address, const Change<User>& change) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("user", address);
  }
  User user;
  base::Result<User> before = User();
  auto done =
      transact({"user set", key->key(), key->domain}, [&](Deed& deed) -> base::Result<void> {
        if (auto ok = check_owner(key->domain); !ok) {
          return ok.error();
        }
        before = read_user(*key);
        if (!before) {
          return before.error();
        }
        const auto domain = read_domain(key->domain);
        if (!domain) {
          return domain.error();
        }
        user = *before;
        if (auto ok = change(user); !ok) {
          return ok.error();
        }
        user.address = before->address;
        user.created = before->created;
        user.domain_enabled = before->domain_enabled;
        user.domain_expires = before->domain_expires;
        for (auto ok :
             {check_fields(user), check_ceiling(*domain, &*before, user),
              check_quota(*domain, before->quota, user.quota), check_places(&*before, user)}) {
          if (!ok) {
            return ok.error();
          }
        }
        deed.detail = differences(*before, user);
        return replace_user(user);
      });
  if (!done) {
    return done.error();
  }
  tally(&*before, &user);
  return user;
}

base::Result<User> Directory::remove_user(std::string_view address) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("user", address);
  }
  User user;
  auto done =
      transact({"user del", key->key(), key->domain}, [&](Deed& deed) -> base::Result<void> {
        if (auto ok = check_owner(key->domain); !ok) {
          return ok.error();
        }
        auto found = read_user(*key);
        if (!found) {
          return found.error();
        }
        user = std::move(*found);
        deed.detail = "home " + user.home;
        return erase_user(*key);
      });
  if (!done) {
    return done.error();
  }
  tally(&user, nullptr);
  return user;
}

base::Result<void> Directory::set_password(std::string_view address,
                                           std::string_view stored_password) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return key.error();
  }
  return transact({"user passwd", key->key(), key->domain,
                   stored_password.empty() ? "password taken away" : ""},
                  [&](Deed& /*deed*/) -> base::Result<void> {
                    if (auto ok = check_owner(key->domain); !ok) {
                      return ok.error();
                    }
                    if (auto user = read_user(*key); !user) {
                      return user.error();
                    }
                    return store_password(*key, stored_password);
                  });
}

base::Result<bool> Directory::rehash_password(std::string_view address, std::string_view before,
                                              std::string_view after) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("user", address);
  }
  const auto room = password_room();
  if (!room) {
    return room.error();
  }
  if (after.empty() || after.size() > *room) {
    return base::make_error(Errc::over_quota,
                            "a stored password of " + std::to_string(after.size()) +
                                " characters does not fit where " + std::to_string(*room) + " fit");
  }
  bool is_done = false;
  auto ok = transact({}, [&](Deed& /*deed*/) -> base::Result<void> {
    if (auto allowed = check_owner(key->domain); !allowed) {
      return allowed.error();
    }
    const auto swapped = swap_password(*key, before, after);
    if (!swapped) {
      return swapped.error();
    }
    is_done = *swapped;
    return {};
  });
  return ok ? base::Result<bool>(is_done) : ok.error();
}

}  // namespace directory
