// maildir-lib/mutf7.cc -- folder names on disk: the modified UTF-7 of IMAP (RFC 3501 s5.1.3).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/mutf7.hh"

#include <cstdint>

#include "base/text.hh"

namespace maildir {

namespace {

// Base64 with "," for "/", of UTF-16BE, without padding.
constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool is_direct(char c) {
  return c >= 0x20 && c <= 0x7E;
}

void add_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&out, code](unsigned shift) {
    out += static_cast<char>(0x80U | (code >> shift & 63U));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | code >> 6U);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | code >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | code >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

// The character `text` starts with; it is valid UTF-8 of `size` bytes.
std::uint32_t code_of(std::string_view text, std::size_t size) {
  std::uint32_t code = static_cast<std::uint8_t>(text[0]);
  code &= size == 1 ? 0x7FU : size == 2 ? 0x1FU : size == 3 ? 0x0FU : 0x07U;
  for (std::size_t i = 1; i < size; ++i) {
    code = code << 6U | (static_cast<std::uint8_t>(text[i]) & 63U);
  }
  return code;
}

// The UTF-8 of one run between "&" and "-"; false when it is not UTF-16 in base64.
bool add_run(std::string& out, std::string_view run) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::uint32_t high = 0;  // a surrogate that waits for its other half
  for (const char c : run) {
    const std::size_t value = digits.find(c);
    if (value == std::string_view::npos) {
      return false;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 16) {
      continue;
    }
    held -= 16;
    const std::uint32_t unit = bits >> held & 0xFFFFU;
    const bool is_low = unit >= 0xDC00 && unit < 0xE000;
    if (is_low != (high != 0)) {
      return false;
    }
    if (unit >= 0xD800 && unit < 0xDC00) {
      high = unit;
      continue;
    }
    add_utf8(out, is_low ? 0x10000U + ((high - 0xD800U) << 10U) + (unit - 0xDC00U) : unit);
    high = 0;
  }
  return high == 0;
}

void add_base64(std::string& out, const std::string& units) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  out += '&';
  for (const char c : units) {
    bits = bits << 8U | static_cast<std::uint8_t>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += digits[bits >> held & 63U];
    }
  }
  if (held > 0) {
    out += digits[bits << (6 - held) & 63U];
  }
  out += '-';
}

void add_unit(std::string& units, std::uint32_t unit) {
  units += static_cast<char>(unit >> 8U & 0xFFU);
  units += static_cast<char>(unit & 0xFFU);
}

}  // namespace

base::Result<std::string> to_mutf7(std::string_view name) {
  std::string out;
  std::string units;
  const auto flush = [&out, &units] {
    if (!units.empty()) {
      add_base64(out, units);
      units.clear();
    }
  };
  while (!name.empty()) {
    const std::size_t size = base::utf8_length(name);
    if (size == 0) {
      return base::make_error(base::Errc::malformed, "a folder name that is not UTF-8");
    }
    const std::uint32_t code = code_of(name, size);
    if (size == 1 && is_direct(name.front())) {
      flush();
      out += name.front() == '&' ? "&-" : name.substr(0, 1);
    } else if (code < 0x10000) {
      add_unit(units, code);
    } else {
      add_unit(units, 0xD800U + ((code - 0x10000U) >> 10U));
      add_unit(units, 0xDC00U + ((code - 0x10000U) & 0x3FFU));
    }
    name.remove_prefix(size);
  }
  flush();
  return out;
}

base::Result<std::string> from_mutf7(std::string_view name) {
  const auto broken = [] {
    return base::make_error(base::Errc::malformed, "a folder name that is not modified UTF-7");
  };
  std::string out;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (!is_direct(name[at])) {
      return broken();
    }
    if (name[at] != '&') {
      out += name[at];
      continue;
    }
    const std::size_t end = name.find('-', at);
    if (end == std::string_view::npos) {
      return broken();
    }
    if (end == at + 1) {
      out += '&';
    } else if (!add_run(out, name.substr(at + 1, end - at - 1))) {
      return broken();
    }
    at = end;
  }
  // What has two spellings would be two folders of one name.
  const auto again = to_mutf7(out);
  return again && *again == name ? base::Result<std::string>(std::move(out)) : broken();
}

}  // namespace maildir
