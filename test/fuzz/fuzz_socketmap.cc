// test/fuzz/fuzz_socketmap.cc -- any bytes as a socketmap stream, whole and cut in two.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "directory-lib/socketmap.hh"

namespace {

constexpr std::size_t limit = 5000;

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

// A frame that is whole must not be seen, and one that is right not refused, in a shorter buffer.
void check_prefixes(std::string_view buffer, std::size_t frame) {
  for (const std::size_t cut : {std::size_t{0}, frame / 2, frame - 1}) {
    const auto early = directory::read_netstring(buffer.substr(0, cut), limit);
    require(early && !*early);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view buffer(reinterpret_cast<const char*>(data), size);
  while (true) {
    const auto frame = directory::read_netstring(buffer, limit);
    if (!frame || !*frame) {
      return 0;
    }
    const auto [payload, taken] = **frame;
    require(payload.size() <= limit && taken <= buffer.size() && taken > payload.size() + 2);
    require(directory::write_netstring(payload) == buffer.substr(0, taken));
    check_prefixes(buffer, taken);
    if (const auto request = directory::parse_socketmap_request(payload)) {
      require(!request->map.empty() && !request->key.empty());
      require(request->map.find(' ') == std::string_view::npos);
    }
    if (const auto reply = directory::parse_socketmap_reply(payload)) {
      const std::string bytes = directory::write_socketmap_reply(*reply, limit);
      require(directory::read_netstring(bytes, limit).has_value());
    }
    buffer.remove_prefix(taken);
  }
}
