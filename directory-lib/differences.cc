// directory-lib/differences.cc -- what a change changed, in words for the audit trail.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/rules.hh"

namespace directory {

namespace {

constexpr std::size_t value_limit = 60;

std::string word(const std::string& text) {
  return text.empty() ? "none" : base::printable(text, value_limit);
}
std::string word(std::uint64_t number) {
  return number == 0 ? "none" : std::to_string(number);
}
std::string word(base::Bytes size) {
  return word(size.count);
}
std::string word(bool flag) {
  return flag ? "yes" : "no";
}
std::string word(const Expiry& expires) {
  return expires ? base::rfc3339(*expires).substr(0, 10) : "never";
}
std::string word(ManagerLevel level) {
  return std::string(manager_level_name(level));
}
std::string word(Services services) {
  std::vector<std::string> names;
  for (int i = 0; i < service_count; ++i) {
    const auto service = static_cast<Service>(i);
    if (services.has(service)) {
      names.emplace_back(service_name(service));
    }
  }
  return names.empty() ? "none" : base::join(names, "+");
}
std::string word(const std::vector<std::string>& words) {
  return words.size() > 5 ? std::to_string(words.size()) + " of them"
                          : word(base::join(words, "+"));
}

// Says "NAME BEFORE to AFTER" of each field that differs.
template <typename T>
class Comparison {
 public:
  Comparison(const T& before, const T& after) : before_(before), after_(after) {}

  template <typename Field>
  Comparison& field(std::string_view name, Field T::*member) {
    if (before_.*member != after_.*member) {
      text_.append(text_.empty() ? "" : ", ").append(name).append(" ");
      text_ += word(before_.*member) + " to " + word(after_.*member);
    }
    return *this;
  }
  std::string text() const { return text_; }

 private:
  const T& before_;
  const T& after_;
  std::string text_{};
};

}  // namespace

std::string differences(const Domain& before, const Domain& after) {
  return Comparison(before, after)
      .field("description", &Domain::description)
      .field("mail host", &Domain::mail_host)
      .field("max users", &Domain::max_users)
      .field("max aliases", &Domain::max_aliases)
      .field("max quota", &Domain::max_quota)
      .field("default quota", &Domain::default_quota)
      .field("default term", &Domain::default_term)
      .field("disabled", &Domain::disabled)
      .field("enabled", &Domain::enabled)
      .field("expires", &Domain::expires)
      .text();
}

std::string differences(const User& before, const User& after) {
  return Comparison(before, after)
      .field("name", &User::name)
      .field("home", &User::home)
      .field("maildir", &User::maildir)
      .field("mail host", &User::mail_host)
      .field("quota", &User::quota)
      .field("disabled", &User::disabled)
      .field("enabled", &User::enabled)
      .field("may change password", &User::may_change_password)
      .field("greylist", &User::greylist)
      .field("expires", &User::expires)
      .text();
}

std::string differences(const Alias& before, const Alias& after) {
  return Comparison(before, after)
      .field("targets", &Alias::targets)
      .field("enabled", &Alias::enabled)
      .field("expires", &Alias::expires)
      .text();
}

std::string differences(const ManagerAccount& before, const ManagerAccount& after) {
  return Comparison(before, after)
      .field("name", &ManagerAccount::name)
      .field("level", &ManagerAccount::level)
      .field("domains", &ManagerAccount::domains)
      .field("may change password", &ManagerAccount::may_change_password)
      .field("enabled", &ManagerAccount::enabled)
      .field("expires", &ManagerAccount::expires)
      .text();
}

std::string differences(const Store& before, const Store& after) {
  return Comparison(before, after)
      .field("mail host", &Store::mail_host)
      .field("folder", &Store::folder)
      .field("weight", &Store::weight)
      .field("room", &Store::room)
      .field("open", &Store::open)
      .text();
}

std::string particulars(const Store& store) {
  Store nothing;
  nothing.weight = 0;
  return differences(nothing, store);
}

std::string particulars(const Domain& domain) {
  return differences(Domain(), domain);
}

std::string particulars(const User& user) {
  return "quota " + word(user.quota) + ", disabled " + word(user.disabled) +
         (user.mail_host.empty() ? "" : ", mail host " + word(user.mail_host)) + ", home " +
         word(user.home);
}

std::string particulars(const Alias& alias) {
  return "targets " + word(alias.targets);
}

std::string particulars(const ManagerAccount& manager) {
  return "level " + word(manager.level) + ", domains " + word(manager.domains);
}

}  // namespace directory
