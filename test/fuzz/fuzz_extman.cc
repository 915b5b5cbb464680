// test/fuzz/fuzz_extman.cc -- any bytes as each of the texts in an ExtMan database.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "directory-lib/extman.hh"

namespace {

namespace extman = directory::extman;

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

void check_quota(std::string_view text) {
  const auto quota = extman::parse_quota(text);
  // Whatever stood there, what is written over it says what was meant.
  for (const base::Bytes bytes : {base::Bytes{0}, base::Bytes{7}, quota.value_or(base::Bytes{1})}) {
    const auto again = extman::parse_quota(extman::quota_text(bytes, text));
    require(again && *again == bytes);
  }
  if (quota) {
    require(extman::quota_text(*quota, text) == (text.empty() ? "0" : text));
  }
}

void check_dates(std::string_view text) {
  if (const auto day = extman::parse_day(text)) {
    require(extman::parse_day(extman::day_text(*day)).value() == *day);
  }
  const auto time = extman::parse_time(text);
  require(extman::parse_time(extman::time_text(time)) == time);
  const std::string term = extman::parse_term(text);
  require(term.empty() || term == text);
  (void)extman::is_on(text);
}

void check_lists(std::string_view text) {
  const auto targets = extman::parse_targets(text);
  for (const std::string& target : targets) {
    require(!target.empty() && target.find('\n') == std::string::npos);
    require(target.find('\0') == std::string::npos);
  }
  require(targets.size() <= text.size());
}

void check_places(std::string_view text) {
  if (const auto nexthop = extman::nexthop_of(text)) {
    require(nexthop->find_first_of(" \t\r\n") == std::string::npos);
    require(nexthop->empty() == text.empty());
  }
  require(extman::host_of(text).size() <= text.size());
  require(extman::domain_mail_host(text).size() <= text.size());
  require(!extman::stored_path(text).ends_with('/'));
  (void)extman::stored_home("", text);
  require(base::is_utf8(extman::readable(text)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_quota(text);
  check_dates(text);
  check_lists(text);
  check_places(text);
  for (const std::string_view scheme : {"crypt", "plain", "plain-md5"}) {
    const std::string stored = extman::stored_password(text, scheme);
    require(stored.empty() == text.empty());
    require(stored.empty() || stored.front() == '{');
  }
  return 0;
}
