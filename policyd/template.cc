// policyd/template.cc -- filling reply texts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/template.hh"

#include <algorithm>

namespace policy {

namespace {

constexpr std::size_t value_limit = 200;  // several values fit one SMTP reply line
constexpr std::string_view url_suffix = ":url";

// A place, from its brace to the closing one.
struct Place {
  std::size_t begin = 0;
  std::size_t size = 0;
  std::string_view name;  // without ":url"
  bool is_url = false;
};

std::optional<Place> next_place(std::string_view text, std::size_t from) {
  const std::size_t begin = text.find('{', from);
  const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  Place place{.begin = begin, .size = end + 1 - begin, .name = {}, .is_url = false};
  place.name = text.substr(begin + 1, end - begin - 1);
  if (place.name.ends_with(url_suffix)) {
    place.name.remove_suffix(url_suffix.size());
    place.is_url = true;
  }
  return place;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_value(std::string& out, std::string_view value, bool is_url) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : value.substr(0, value_limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (!is_url) {
      out += byte >= 0x20 && byte < 0x7f ? c : '?';
    } else if (is_unreserved(c)) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 0x0FU];
    }
  }
}

}  // namespace

std::string fill_template(std::string_view text, std::span<const TemplateValue> values) {
  std::string out;
  std::size_t done = 0;
  while (const auto place = next_place(text, done)) {
    out += text.substr(done, place->begin - done);
    const auto found = std::find_if(values.begin(), values.end(), [&](const TemplateValue& value) {
      return value.name == place->name;
    });
    if (found == values.end()) {
      out += text.substr(place->begin, place->size);
    } else {
      append_value(out, found->value, place->is_url);
    }
    done = place->begin + place->size;
  }
  out += text.substr(done);
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::optional<std::string_view> unknown_place(std::string_view text,
                                              std::span<const std::string_view> names) {
  std::size_t done = 0;
  while (const auto place = next_place(text, done)) {
    if (std::find(names.begin(), names.end(), place->name) == names.end()) {
      return text.substr(place->begin, place->size);
    }
    done = place->begin + place->size;
  }
  return std::nullopt;
}

}  // namespace policy
