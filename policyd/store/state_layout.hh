// policyd/store/state_layout.hh -- the tables of the state file and the bytes of rows and index.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/formats/greylist.md. Changing any of this is a new format.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "policyd/store/store.hh"

namespace policy {

// With `meta` and `expiry`, and room for some more rows.
inline constexpr unsigned lmdb_tables = 32;
inline constexpr const char* meta_table_name = "meta";
inline constexpr const char* expiry_table_name = "expiry";
inline constexpr std::string_view hash_key_name = "hash_key";
inline constexpr std::string_view format_name = "format";
inline constexpr std::string_view format_value = "1";

struct TableLayout {
  Table table;
  const char* name;
  std::size_t key_size;
};
// To add a table, add a row. A file made before has none of it, and it is empty there.
inline constexpr std::array table_layouts{
    TableLayout{Table::triplets, "triplets", 20},
    TableLayout{Table::networks, "networks", 12},
    TableLayout{Table::rates, "rates", 12},
    TableLayout{Table::traps, "traps", 12},
    TableLayout{Table::domains, "domains", 12},
    TableLayout{Table::correspondents, "correspondents", 12},
};

// The place of a table in `table_layouts`; its size for a number that is no table's.
constexpr std::size_t table_place(Table table) {
  std::size_t place = 0;
  while (place < table_layouts.size() && table_layouts[place].table != table) {
    ++place;
  }
  return place;
}

// A stored row is the second it expires, 4 bytes little-endian, and the value.
inline constexpr std::size_t row_head = 4;

inline Seconds row_expires(std::string_view bytes) {
  Seconds value = 0;
  for (std::size_t i = 0; i < row_head; ++i) {
    value |= Seconds{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  }
  return value;
}

inline void append_row(std::string& out, const Row& row) {
  for (std::size_t i = 0; i < row_head; ++i) {
    out += static_cast<char>(row.expires >> (8 * i));
  }
  out += row.value;
}

// An index key is the second, 4 bytes big-endian so that it sorts, the table and the row's key.
inline constexpr std::size_t index_head = 5;

inline std::string index_key(Seconds expires, const Key& key) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>(expires >> static_cast<unsigned>(shift));
  }
  out += static_cast<char>(key.table());
  out += key.bytes();
  return out;
}

inline Seconds index_expires(std::string_view bytes) {
  Seconds value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8U | static_cast<std::uint8_t>(bytes[i]);
  }
  return value;
}

inline Key index_row(std::string_view bytes) {
  return {static_cast<Table>(static_cast<std::uint8_t>(bytes[4])), bytes.substr(index_head)};
}

}  // namespace policy
