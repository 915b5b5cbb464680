// directory-lib/mysql_pages.cc -- long lists in pages, each a range of keys.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// On tables that posthouse made, an index by domain and address carries every page. ExtMan's own
// have none: a domain's page then walks the addresses, a page of all sorts them.
#include "directory-lib/extman.hh"
#include "directory-lib/mysql_directory.hh"

namespace directory {

namespace {

const MysqlQuery domains_after = select_domains("WHERE d.domain > ? ORDER BY d.domain LIMIT ?");
const MysqlQuery users_within =
    select_users("WHERE m.domain = ? AND m.username > ? ORDER BY m.username LIMIT ?");
const MysqlQuery users_beyond =
    select_users("WHERE m.domain > ? ORDER BY m.domain, m.username LIMIT ?");
const MysqlQuery aliases_within =
    select_aliases("WHERE a.domain = ? AND a.address > ? ORDER BY a.address LIMIT ?");
const MysqlQuery aliases_beyond =
    select_aliases("WHERE a.domain > ? ORDER BY a.domain, a.address LIMIT ?");

// Where a page begins: behind `key` of `domain`; both as they are stored, which for a hand-made row
// need not fit each other. In a page's `next` a blank parts them: no domain has one. An address
// alone will do as well.
struct Start {
  std::string_view domain;
  std::string_view key;
};

Start start_after(std::string_view domain, std::string_view after) {
  const std::size_t blank = after.find(' ');
  const std::size_t at = after.rfind('@');
  if (blank == std::string_view::npos && at != std::string_view::npos) {
    return {domain.empty() ? after.substr(at + 1) : domain, after};
  }
  if (blank == std::string_view::npos) {
    return {domain, ""};
  }
  return {after.substr(0, blank), after.substr(blank + 1)};
}

template <typename T>
constexpr std::size_t domain_column = mysql_user_domain;
template <>
constexpr std::size_t domain_column<Alias> = mysql_alias_domain;

}  // namespace

base::Result<Page<Domain>> MysqlDirectory::page_domains(std::string_view after, std::size_t limit) {
  const auto rows = ask(domains_after, {after, static_cast<std::int64_t>(limit)});
  if (!rows) {
    return rows.error();
  }
  Page<Domain> page;
  for (const MysqlRow& row : *rows) {
    page.items.push_back(mysql_domain(row));
  }
  if (rows->size() == limit) {
    page.next = rows->back().text(0);
  }
  return page;
}

template <typename T>
base::Result<Page<T>> MysqlDirectory::page_of(const MysqlQuery& within, const MysqlQuery& beyond,
                                              T (*row_of)(const MysqlRow&), std::string_view domain,
                                              std::string_view after, std::size_t limit) {
  const Start start = start_after(domain, after);
  Page<T> page;
  const auto collect = [&](const MysqlRows& rows) {
    for (const MysqlRow& row : rows) {
      page.items.push_back(row_of(row));
    }
    if (page.items.size() == limit && !rows.empty()) {
      page.next =
          std::string(rows.back().text(domain_column<T>)) + " " + std::string(rows.back().text(0));
    }
  };
  if (!domain.empty() || !after.empty()) {
    const auto rows = ask(within, {start.domain, start.key, static_cast<std::int64_t>(limit)});
    if (!rows) {
      return rows.error();
    }
    collect(*rows);
  }
  if (domain.empty() && page.items.size() < limit) {
    const auto rest = static_cast<std::int64_t>(limit - page.items.size());
    const auto rows = ask(beyond, {start.domain, rest});
    if (!rows) {
      return rows.error();
    }
    collect(*rows);
  }
  return page;
}

base::Result<Page<User>> MysqlDirectory::page_users(std::string_view domain, std::string_view after,
                                                    std::size_t limit) {
  return page_of<User>(users_within, users_beyond, mysql_user, domain, after, limit);
}

base::Result<Page<Alias>> MysqlDirectory::page_aliases(std::string_view domain,
                                                       std::string_view after, std::size_t limit) {
  return page_of<Alias>(aliases_within, aliases_beyond, mysql_alias, domain, after, limit);
}

}  // namespace directory
