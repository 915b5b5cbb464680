// maildir-lib/pack_stub.cc -- the text of a packed mail's symlink, and the names of packs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/random.hh"
#include "base/text.hh"

#include "maildir-lib/pack.hh"

namespace maildir {

namespace {

constexpr std::string_view prefix = "pack:";
constexpr std::string_view finished = ".pack";
constexpr std::string_view unfinished = ".tmp";
constexpr std::size_t shortest_id = 10;
constexpr std::size_t longest_id = 64;
constexpr std::size_t id_bytes = 12;  // 96 bits

}  // namespace

bool is_pack_id(std::string_view id) {
  return id.size() >= shortest_id && id.size() <= longest_id &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

std::string new_pack_id() {
  return base::hex(base::bytes_of(base::random_bytes(id_bytes)));
}

std::string pack_file_name(std::string_view id) {
  return std::string(id) + std::string(finished);
}

std::string unfinished_pack_name(std::string_view id) {
  return std::string(id) + std::string(unfinished);
}

std::optional<std::string> pack_id_of(std::string_view file_name) {
  if (!file_name.ends_with(finished)) {
    return std::nullopt;
  }
  file_name.remove_suffix(finished.size());
  return is_pack_id(file_name) ? std::optional(std::string(file_name)) : std::nullopt;
}

std::optional<Stub> parse_stub(std::string_view link_target) {
  const std::size_t hash = link_target.find('#');
  const std::size_t plus = link_target.find('+');
  if (!link_target.starts_with(prefix) || hash == std::string_view::npos ||
      plus == std::string_view::npos || plus < hash) {
    return std::nullopt;
  }
  const auto id = link_target.substr(prefix.size(), hash - prefix.size());
  const auto offset =
      base::parse_number<std::uint64_t>(link_target.substr(hash + 1, plus - hash - 1));
  const auto length = base::parse_number<std::uint64_t>(link_target.substr(plus + 1));
  if (!is_pack_id(id) || !offset || !length) {
    return std::nullopt;
  }
  return Stub{std::string(id), *offset, *length};
}

std::string stub_text(const Stub& stub) {
  return std::string(prefix) + stub.pack + "#" + std::to_string(stub.offset) + "+" +
         std::to_string(stub.length);
}

}  // namespace maildir
