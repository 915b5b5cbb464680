// directory-lib/ldap_names.cc -- escaping by an allow-list.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/ldap_names.hh"

#include "base/text.hh"

namespace directory {

namespace {

// Marks that mean nothing in a filter or a name, at any place.
constexpr std::string_view plain_marks = "!$%&'-./:?@[]^_`{|}~";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         plain_marks.find(c) != std::string_view::npos;
}

constexpr std::string_view digits = "0123456789ABCDEF";
constexpr unsigned char percent = '%';

void append_hex(std::string& out, char mark, unsigned char byte) {
  out += mark;
  out += digits[byte >> 4U];
  out += digits[byte & 0xFU];
}

// The byte that two hex digits at the front of `text` mean where they stand behind a "%": one above
// 127, or the "%" itself. 0 when they mean nothing.
unsigned char coded_byte(std::string_view text) {
  if (text.size() < 2) {
    return 0;
  }
  const auto byte = base::from_hex(text.substr(0, 2));
  if (!byte) {
    return 0;
  }
  const auto value = static_cast<unsigned char>(byte->front());
  return value >= 0x80 || value == percent ? value : 0;
}

std::string escape(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (is_plain(c)) {
      out += c;
      continue;
    }
    append_hex(out, '\\', static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string ldap_ascii(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x80 || (byte == percent && coded_byte(text.substr(i + 1)) != 0)) {
      append_hex(out, '%', byte);
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string ldap_unascii(std::string_view stored) {
  std::string out;
  out.reserve(stored.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const unsigned char byte = stored[i] == '%' ? coded_byte(stored.substr(i + 1)) : 0;
    const bool is_coded =
        byte >= 0x80 || (byte == percent && coded_byte(stored.substr(i + 3)) != 0);
    if (is_coded) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += stored[i];
    }
  }
  return out;
}

std::string ldap_filter_value(std::string_view value) {
  return escape(value);
}

std::string ldap_name_value(std::string_view value) {
  return escape(value);
}

std::string ldap_equals(std::string_view attribute, std::string_view value) {
  return "(" + std::string(attribute) + "=" + ldap_filter_value(value) + ")";
}

std::string ldap_all(std::string_view object_class, std::string_view condition) {
  const std::string of_class = ldap_equals("objectClass", object_class);
  return condition.empty() ? of_class : "(&" + of_class + std::string(condition) + ")";
}

std::string ldap_child(std::string_view attribute, std::string_view value,
                       std::string_view parent) {
  std::string name(attribute);
  name.append("=").append(ldap_name_value(value));
  if (!parent.empty()) {
    name.append(",").append(parent);
  }
  return name;
}

}  // namespace directory
