// maildir-lib/filename.cc -- the names of message files: base name, sizes, flags.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/filename.hh"

#include <algorithm>
#include <iterator>

#include "base/text.hh"

namespace maildir {

namespace {

constexpr std::size_t max_name_bytes = 255;

constexpr std::string_view system_letters = "DFPRST";

bool is_keyword_letter(char c) {
  return c >= 'a' && c <= 'z';
}

unsigned system_flag(char letter) {
  switch (letter) {
    case 'D':
      return flag_draft;
    case 'F':
      return flag_flagged;
    case 'P':
      return flag_passed;
    case 'R':
      return flag_replied;
    case 'S':
      return flag_seen;
    case 'T':
      return flag_trashed;
    default:
      return 0;
  }
}

// The number behind ",S=" or ",W="; nothing when it is no number.
std::optional<std::uint64_t> size_field(std::string_view base, std::string_view key) {
  const std::size_t at = base.find(key);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view digits = base.substr(at + key.size());
  digits = digits.substr(0, digits.find_first_not_of("0123456789"));
  const auto value = base::parse_number<std::uint64_t>(digits);
  return value ? std::optional(*value) : std::nullopt;
}

}  // namespace

FileName parse_file_name(std::string_view name) {
  FileName out;
  out.base = base_name(name);
  out.size = size_field(out.base, ",S=");
  out.virtual_size = size_field(out.base, ",W=");
  std::string_view info = name.substr(out.base.size());
  info.remove_prefix(info.size() < 3 ? info.size() : 3);
  for (const char c : info) {
    if (c == ',') {
      break;  // fields behind the flags
    }
    out.flags.system |= system_flag(c);
    if (is_keyword_letter(c)) {
      out.flags.keywords |= 1U << static_cast<unsigned>(c - 'a');
    }
  }
  return out;
}

std::string_view base_name(std::string_view name) {
  return name.substr(0, name.find(":2,"));
}

std::string name_with_flags(std::string_view name, Flags flags) {
  const std::string_view base = base_name(name);
  std::string_view info = name.substr(base.size());
  info.remove_prefix(info.size() < 3 ? info.size() : 3);
  const std::string_view old = info.substr(0, info.find(','));
  std::string letters;
  std::copy_if(old.begin(), old.end(), std::back_inserter(letters),
               [](char c) { return system_flag(c) == 0 && !is_keyword_letter(c); });
  for (const char c : system_letters) {
    if ((flags.system & system_flag(c)) != 0) {
      letters += c;
    }
  }
  for (char c = 'a'; c <= 'z'; ++c) {
    if ((flags.keywords >> static_cast<unsigned>(c - 'a') & 1U) != 0) {
      letters += c;
    }
  }
  std::sort(letters.begin(), letters.end());
  return std::string(base) + ":2," + letters + std::string(info.substr(old.size()));
}

bool is_message_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.size() <= max_name_bytes;
}

}  // namespace maildir
