// directory-lib/sqlite_pages.cc -- long lists in pages, each read along one index.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/sqlite_directory.hh"
#include "directory-lib/sqlite_rows.hh"

namespace directory {

namespace {

const std::string page_of_domains =
    std::string(domain_columns) + "WHERE name > ?1 ORDER BY name LIMIT ?2";
// A page begins inside one domain and goes on with those after it.
const std::string users_within = std::string(user_columns) + std::string(user_tables) +
                                 "WHERE d.name = ?1 AND u.local >= ?2 ORDER BY u.local LIMIT ?3";
const std::string users_beyond = std::string(user_columns) + std::string(user_tables) +
                                 "WHERE d.name > ?1 ORDER BY d.name, u.local LIMIT ?2";
const std::string aliases_within =
    std::string(alias_columns) + "WHERE d.name = ?1 AND a.local >= ?2 ORDER BY a.local LIMIT ?3";
const std::string aliases_beyond =
    std::string(alias_columns) + "WHERE d.name > ?1 ORDER BY d.name, a.local LIMIT ?2";

// Where a page begins: at `local` of `domain`, or at the first entry when both are empty.
struct Start {
  std::string domain;
  std::string local;
};

// `after` is the last address of the page before, and the next possible key is it and one NUL.
Start start_after(std::string_view domain, std::string_view after) {
  const std::size_t at = after.rfind('@');
  if (at == std::string_view::npos) {
    return {std::string(domain), ""};
  }
  const std::string_view last = after.substr(at + 1);
  if (!domain.empty() && last != domain) {
    return {std::string(domain), ""};
  }
  return {std::string(last), std::string(after.substr(0, at)) + '\0'};
}

template <typename T>
void finish(Page<T>& page, std::size_t limit) {
  if (page.items.size() == limit) {
    page.next = page.items.back().address;
  }
}

}  // namespace

base::Result<Page<Domain>> SqliteDirectory::page_domains(std::string_view after,
                                                         std::size_t limit) {
  auto rows = database_.prepare(page_of_domains);
  if (!rows) {
    return rows.error();
  }
  rows->bind(1, after).bind(2, static_cast<std::int64_t>(limit));
  Page<Domain> page;
  for (;;) {
    const auto more = rows->step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      break;
    }
    page.items.push_back(domain_row(*rows));
  }
  if (page.items.size() == limit) {
    page.next = page.items.back().name;
  }
  return page;
}

base::Result<void> SqliteDirectory::collect_users(base::Statement& rows, Page<User>& page) {
  for (;;) {
    const auto more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return {};
    }
    page.items.push_back(user_row(rows));
  }
}

base::Result<void> SqliteDirectory::collect_aliases(base::Statement& rows, Page<Alias>& page) {
  for (;;) {
    const auto more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return {};
    }
    Alias alias = alias_row(rows);
    auto targets = read_targets(rows.number(5), rows.text(0));
    if (!targets) {
      return targets.error();
    }
    alias.targets = std::move(*targets);
    page.items.push_back(std::move(alias));
  }
}

template <typename T>
base::Result<Page<T>> SqliteDirectory::page_of(
    const std::string& within, const std::string& beyond,
    base::Result<void> (SqliteDirectory::*collect)(base::Statement&, Page<T>&),
    std::string_view domain, std::string_view after, std::size_t limit) {
  const Start start = start_after(domain, after);
  const auto count = static_cast<std::int64_t>(limit);
  Page<T> page;
  if (!start.domain.empty()) {
    auto rows = database_.prepare(within);
    if (!rows) {
      return rows.error();
    }
    rows->bind(1, start.domain).bind(2, start.local).bind(3, count);
    if (auto ok = (this->*collect)(*rows, page); !ok) {
      return ok.error();
    }
  }
  if (domain.empty() && page.items.size() < limit) {
    auto rows = database_.prepare(beyond);
    if (!rows) {
      return rows.error();
    }
    rows->bind(1, start.domain).bind(2, count - static_cast<std::int64_t>(page.items.size()));
    if (auto ok = (this->*collect)(*rows, page); !ok) {
      return ok.error();
    }
  }
  finish(page, limit);
  return page;
}

base::Result<Page<User>> SqliteDirectory::page_users(std::string_view domain,
                                                     std::string_view after, std::size_t limit) {
  return page_of<User>(users_within, users_beyond, &SqliteDirectory::collect_users, domain, after,
                       limit);
}

base::Result<Page<Alias>> SqliteDirectory::page_aliases(std::string_view domain,
                                                        std::string_view after, std::size_t limit) {
  return page_of<Alias>(aliases_within, aliases_beyond, &SqliteDirectory::collect_aliases, domain,
                        after, limit);
}

}  // namespace directory
