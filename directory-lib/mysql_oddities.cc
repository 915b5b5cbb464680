// directory-lib/mysql_oddities.cc -- what ExtMan's columns hold that is read as nothing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/mysql_directory.hh"

namespace directory {

namespace {

constexpr std::string_view domains_after =
    "SELECT domain, maxquota, default_quota, default_expire, expiredate FROM domain "
    "WHERE domain > ? ORDER BY domain LIMIT ?";
constexpr std::string_view users_after =
    "SELECT m.username, m.quota, m.expiredate, m.domain, d.domain FROM mailbox m "
    "LEFT JOIN domain d ON d.domain = m.domain WHERE m.username > ? ORDER BY m.username LIMIT ?";
constexpr std::string_view aliases_after =
    "SELECT a.address, a.domain, d.domain FROM alias a LEFT JOIN domain d ON d.domain = a.domain "
    "WHERE a.address > ? ORDER BY a.address LIMIT ?";

using Oddities = std::vector<Oddity>;

std::string shown(std::string_view text) {
  return "'" + base::printable(extman::readable(text), 60) + "'";
}

void look(Oddities& found, const MysqlRow& row, bool fits, const std::string& text) {
  if (!fits) {
    found.push_back({extman::readable(row.text(0)), text});
  }
}

void look_at_name(Oddities& found, const MysqlRow& row) {
  look(found, row, base::to_lower(row.text(0)) == row.text(0),
       "is not in lower case: switches that ExtMan has not do not count for it");
}

void look_at_place(Oddities& found, const MysqlRow& row, std::size_t column) {
  const std::string_view key = row.text(0);
  const std::string_view domain = key.substr(std::min(key.rfind('@') + 1, key.size()));
  look(found, row, base::to_lower(row.text(column)) == base::to_lower(domain),
       "is listed under the domain " + shown(row.text(column)));
  look(found, row, !row.is_null(column + 1), "its domain is not there");
}

void look_at_domain(Oddities& found, const MysqlRow& row) {
  look_at_name(found, row);
  look(found, row, extman::parse_quota(row.text(1)).has_value(),
       "maxquota " + shown(row.text(1)) + " is read as no limit");
  look(found, row, extman::parse_quota(row.text(2)).has_value(),
       "default_quota " + shown(row.text(2)) + " is read as no limit");
  look(found, row,
       row.text(3).empty() || row.text(3) == "0" || !extman::parse_term(row.text(3)).empty(),
       "default_expire " + shown(row.text(3)) + " is read as for ever");
  look(found, row, extman::parse_day(row.text(4)).has_value(),
       "expiredate " + shown(row.text(4)) + " is read as for ever");
}

void look_at_user(Oddities& found, const MysqlRow& row) {
  look_at_name(found, row);
  look(found, row, extman::parse_quota(row.text(1)).has_value(),
       "quota " + shown(row.text(1)) + " is read as no limit");
  look(found, row, extman::parse_day(row.text(2)).has_value(),
       "expiredate " + shown(row.text(2)) + " is read as for ever");
  look_at_place(found, row, 3);
}

void look_at_alias(Oddities& found, const MysqlRow& row) {
  look_at_name(found, row);
  look_at_place(found, row, 1);
}

struct Table {
  char letter;  // in a page's `next`
  std::string_view sql;
  void (*look)(Oddities&, const MysqlRow&);
};
constexpr std::array<Table, 3> tables{{{'d', domains_after, look_at_domain},
                                       {'m', users_after, look_at_user},
                                       {'a', aliases_after, look_at_alias}}};

}  // namespace

// `next` is a table's letter and the last key seen in it.
base::Result<Page<Oddity>> MysqlDirectory::page_oddities(std::string_view after,
                                                         std::size_t limit) {
  std::size_t index = 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    index = !after.empty() && after.front() == tables.at(i).letter ? i : index;
  }
  const std::string_view key = after.empty() ? after : after.substr(1);
  const auto rows = ask(tables.at(index).sql, {key, mysql_number(limit)});
  if (!rows) {
    return rows.error();
  }
  Page<Oddity> page;
  for (const MysqlRow& row : *rows) {
    tables.at(index).look(page.items, row);
  }
  if (rows->size() == limit) {
    page.next = std::string(1, tables.at(index).letter) + std::string(rows->back().text(0));
  } else if (index + 1 < tables.size()) {
    page.next = std::string(1, tables.at(index + 1).letter);
  }
  return page;
}

}  // namespace directory
