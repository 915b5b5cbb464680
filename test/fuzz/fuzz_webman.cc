// test/fuzz/fuzz_webman.cc -- any bytes as ExtMan's webman.cf.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <set>
#include <string>

#include "directory-lib/extman.hh"
#include "directory-lib/webman.hh"

namespace {

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto webman = directory::parse_webman(text);
  std::set<std::string> seen;
  for (const std::string& route : webman.routes) {
    require(seen.insert(route).second);
    require(directory::extman::nexthop_of(route).has_value());
    const std::string name = directory::store_name_of(route);
    require(!name.empty() && name.size() <= 60 && name.front() != '-' && name.front() != '.');
    for (const char c : name) {
      require((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_');
    }
  }
  require(webman.mail_root.empty() || webman.mail_root.front() == '/');
  return 0;
}
