// cli/directory_check.cc -- `posthouse directory check`: what does not fit.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/directory_check.hh"

#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>

#include "base/clock.hh"
#include "base/files.hh"
#include "base/text.hh"

#include "directory-lib/loose_ends.hh"
#include "directory-lib/password.hh"
#include "directory-lib/resolve.hh"
#include "maildir-lib/layout.hh"

namespace cli {

namespace {

using base::Errc;
using directory::Directory;

constexpr std::array<Column, 3> columns{{
    {"about", "About"},
    {"name", "Name"},
    {"finding", "Finding"},
}};
// Hash folders, the domain, hash folders, the user: no home lies deeper.
constexpr int deepest_home = 12;

// The scheme that a stored password names; empty when it names none.
std::string scheme_of(std::string_view stored) {
  const std::size_t end = stored.find('}');
  if (!stored.starts_with('{') || end == std::string_view::npos) {
    return stored.starts_with('$') ? "CRYPT" : "";
  }
  std::string scheme;
  for (const char c : stored.substr(1, end - 1)) {
    scheme += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return scheme;
}

bool is_known_scheme(std::string_view scheme) {
  for (const std::string_view known : directory::known_schemes()) {
    if (known == scheme) {
      return true;
    }
  }
  return false;
}

class Check {
 public:
  Check(Directory& accounts, Output& output, bool looks_at_disk)
      : accounts_(accounts), output_(output), looks_at_disk_(looks_at_disk) {}

  base::Result<std::size_t> run() {
    using Part = base::Result<void> (Check::*)();
    for (const Part part :
         {&Check::stored, &Check::stores, &Check::users, &Check::aliases, &Check::disk}) {
      if (auto ok = (this->*part)(); !ok) {
        return ok.error();
      }
    }
    return findings_;
  }

 private:
  void find(std::string_view about, std::string_view name, std::string_view finding) {
    output_.row({text_cell(about), text_cell(name), text_cell(finding)});
    ++findings_;
  }

  // All pages, each entry handed to `look`.
  template <typename T>
  base::Result<void> all(base::Result<directory::Page<T>> (Check::*page_of)(const std::string&),
                         base::Result<void> (Check::*look)(const T&)) {
    std::string after;
    do {
      auto page = (this->*page_of)(after);
      if (!page) {
        return page.error();
      }
      for (const T& entry : page->items) {
        if (auto ok = (this->*look)(entry); !ok) {
          return ok;
        }
      }
      after = std::move(page->next);
    } while (!after.empty());
    return {};
  }

  // Texts in the database that can be read in no sense.
  base::Result<void> stored() { return all(&Check::page_oddities, &Check::look_at_oddity); }
  // More given out than there is room for: by a room that was lowered, or by another program.
  base::Result<void> stores() {
    const auto all = accounts_.list_stores();
    if (!all) {
      return all.error();
    }
    for (const auto& [store, use] : *all) {
      if (store.room.count != 0 && use.quota.count > store.room.count) {
        find("store", store.name,
             "the quotas of its users sum to " + std::to_string(use.quota.count) +
                 " bytes, and it has room for " + std::to_string(store.room.count));
      }
    }
    return {};
  }
  base::Result<void> users() { return all(&Check::page_users, &Check::look_at_user); }
  base::Result<void> aliases() { return all(&Check::page_aliases, &Check::look_at_alias); }

  base::Result<directory::Page<directory::Oddity>> page_oddities(const std::string& after) {
    return accounts_.list_oddities(after, directory::page_limit);
  }
  base::Result<directory::Page<directory::User>> page_users(const std::string& after) {
    return accounts_.list_users("", after, directory::page_limit);
  }
  base::Result<directory::Page<directory::Alias>> page_aliases(const std::string& after) {
    return accounts_.list_aliases("", after, directory::page_limit);
  }

  base::Result<void> look_at_oddity(const directory::Oddity& oddity) {
    find("stored", oddity.object, oddity.text);
    return {};
  }

  base::Result<void> look_at_user(const directory::User& user) {
    if (auto ok = maildir::check_relative_path(user.home); !ok) {
      find("user", user.address, "its home " + ok.error().detail);
    } else if (user.mail_host.empty()) {
      look_at_home(user);
    }
    if (auto ok = maildir::check_relative_path(user.maildir); !ok) {
      find("user", user.address, "its Maildir " + ok.error().detail);
    }
    return look_at_password(user);
  }

  void look_at_home(const directory::User& user) {
    const auto [other, is_first] = homes_.emplace(user.home, user.address);
    if (!is_first) {
      find("user", user.address, "has the same home as " + other->second);
    }
    std::error_code trouble;
    if (looks_at_disk_ &&
        !std::filesystem::is_directory(accounts_.settings().mail_root + "/" + user.home, trouble)) {
      find("user", user.address, "its home " + user.home + " is not there (yet)");
    }
  }

  base::Result<void> look_at_password(const directory::User& user) {
    const auto credentials = accounts_.find_credentials(user.address);
    if (!credentials) {
      if (credentials.error().code == Errc::not_found) {
        return {};  // removed meanwhile
      }
      return credentials.error();
    }
    const std::string& password = credentials->password;
    if (!password.empty() && !is_known_scheme(scheme_of(password))) {
      find("user", user.address,
           "its password is of a scheme that is not known: nobody can log in");
    }
    return {};
  }

  base::Result<void> look_at_alias(const directory::Alias& alias) {
    if (alias.targets.empty()) {
      find("alias", alias.address, "has no targets");
    }
    for (const std::string& target : alias.targets) {
      const std::size_t at = target.rfind('@');
      if (at == std::string::npos) {
        find("alias", alias.address, "leads to '" + base::printable(target, 60) + "', no address");
        continue;
      }
      const auto ends = directory::leads_somewhere(accounts_, target, now_);
      if (!ends) {
        return ends.error();
      }
      std::string shown = "leads to " + base::printable(target, 80);
      if (!*ends) {
        find("alias", alias.address, shown.append(", which nobody has"));
      } else if (const auto& day = removed_on(target.substr(at + 1)); !day.empty()) {
        find("alias", alias.address, shown.append(", whose domain was removed on ").append(day));
      }
    }
    const auto recipients = directory::resolve(accounts_, alias.address, now_);
    if (!recipients && recipients.error().code == Errc::over_quota) {
      find("alias", alias.address, recipients.error().detail);
    }
    return {};
  }

  // A domain that is not ours, but was: when it was removed, and empty otherwise. Told from the
  // audit trail, and only where that can be read.
  const std::string& removed_on(const std::string& domain) {
    const auto [known, is_new] = removed_.emplace(domain, "");
    if (is_new && !accounts_.find_domain(domain)) {
      directory::AuditFilter filter;
      filter.object = domain;
      const auto trail = accounts_.list_audit(filter, "", directory::page_limit);
      for (const directory::AuditEntry& entry :
           trail ? trail->items : std::vector<directory::AuditEntry>()) {
        if (entry.verb == "domain del" && entry.outcome == "done") {
          known->second = base::rfc3339(entry.when).substr(0, 10);
          break;
        }
      }
    }
    return known->second;
  }

  // Homes that no user has.
  base::Result<void> disk() {
    if (!looks_at_disk_) {
      return {};
    }
    return walk("", 0);
  }

  base::Result<void> walk(const std::string& path, int depth) {
    const std::string& root = accounts_.settings().mail_root;
    const std::string folder = path.empty() ? root : root + "/" + path;
    const auto names = base::list_directory(folder);
    if (!names) {
      if (path.empty()) {
        return base::make_error(Errc::unavailable, names.error().detail,
                                "run it where the mail is, or with --no-disk");
      }
      find("disk", path, "cannot be read: " + names.error().detail);
      return {};
    }
    std::string below = path.empty() ? path : path + "/";
    const std::size_t length = below.size();
    for (const std::string& name : *names) {
      below.resize(length);
      below += name;
      if (auto ok = look_at_folder(below, depth); !ok) {
        return ok;
      }
    }
    return {};
  }

  base::Result<void> look_at_folder(const std::string& path, int depth) {
    const std::filesystem::path folder = accounts_.settings().mail_root + "/" + path;
    std::error_code trouble;
    const auto kind = std::filesystem::symlink_status(folder, trouble).type();
    if (kind != std::filesystem::file_type::directory || homes_.contains(path)) {
      return {};
    }
    if (std::filesystem::is_directory(folder / "Maildir", trouble) ||
        std::filesystem::is_directory(folder / "cur", trouble)) {
      find("disk", path, "a home that no user of this host has");
      return {};
    }
    return depth < deepest_home ? walk(path, depth + 1) : base::Result<void>();
  }

  Directory& accounts_;
  Output& output_;
  bool looks_at_disk_;
  base::WallTime now_ = base::system_clock().now();
  std::unordered_map<std::string, std::string> homes_{};    // of this host, and whose
  std::unordered_map<std::string, std::string> removed_{};  // domains that are not ours
  std::size_t findings_ = 0;
};

}  // namespace

base::Result<void> directory_check(Call& call) {
  auto accounts = open_accounts(call, directory::OpenAs::service);
  if (!accounts) {
    return accounts.error();
  }
  call.output.begin_list(columns);
  const auto findings = Check(**accounts, call.output, !call.arguments.has("no-disk")).run();
  call.output.end_list("everything fits");
  if (!findings) {
    return findings.error();
  }
  if (*findings != 0) {
    return base::make_error(Errc::corrupt, std::to_string(*findings) + " things do not fit");
  }
  return {};
}

}  // namespace cli
