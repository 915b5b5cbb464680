// maildir-lib/layout.cc -- random hash folders, and names that cannot leave the mail root.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/layout.hh"

#include <algorithm>

#include "base/random.hh"
#include "base/text.hh"

namespace maildir {

namespace {

constexpr std::size_t name_limit = 255;   // NAME_MAX of every file system in use
constexpr std::size_t path_limit = 1024;  // leaves room for root, folder and mail below PATH_MAX

base::Error malformed(std::string_view what, std::string_view why) {
  return base::make_error(base::Errc::malformed,
                          "'" + base::printable(what, 80) + "' " + std::string(why));
}

bool is_digit_up_to(char c, int limit) {
  return c >= '1' && c <= '0' + limit;
}

void append_part(std::string& path, std::string_view part) {
  if (part.empty()) {
    return;
  }
  if (!path.empty()) {
    path += '/';
  }
  path += part;
}

}  // namespace

base::Result<HashForm> parse_hash_form(std::string_view text) {
  if (text == "none") {
    return HashForm{};
  }
  if (text.size() != 3 || text[1] != 'x' || !is_digit_up_to(text[0], hash_length_limit) ||
      !is_digit_up_to(text[2], hash_depth_limit)) {
    return base::make_error(base::Errc::malformed,
                            "'" + base::printable(text, 20) + "' is no hash form",
                            "write LENxDEPTH, each 1 to 4, such as 2x1, or none");
  }
  return HashForm{text[0] - '0', text[2] - '0'};
}

std::string random_hash_path(const HashForm& form) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto count = static_cast<std::size_t>(form.length) * static_cast<std::size_t>(form.depth);
  std::string path;
  const std::size_t level_size = static_cast<std::size_t>(form.length) + 1;
  const std::string random = base::random_bytes(count);
  for (const std::uint8_t byte : base::bytes_of(random)) {
    if (!path.empty() && (path.size() + 1) % level_size == 0) {
      path += '/';
    }
    path += digits[byte & 15U];
  }
  return path;
}

base::Result<void> check_component(std::string_view name) {
  if (name.empty()) {
    return malformed(name, "cannot be a folder: it is empty");
  }
  if (name.size() > name_limit) {
    return malformed(name, "cannot be a folder: it is longer than 255 octets");
  }
  if (name.front() == '.' || name.front() == '~') {
    return malformed(name, "cannot be a folder: it begins with a dot or a tilde");
  }
  const bool has_control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (has_control || name.find('/') != std::string_view::npos || !base::is_utf8(name)) {
    return malformed(name, "cannot be a folder: it has a slash, a control byte or broken UTF-8");
  }
  return {};
}

base::Result<std::string> home_path(std::string_view domain_hash, std::string_view domain,
                                    std::string_view user_hash, std::string_view user) {
  for (const std::string_view name : {domain, user}) {
    if (auto ok = check_component(name); !ok) {
      return ok.error();
    }
  }
  std::string path;
  for (const std::string_view part : {domain_hash, domain, user_hash, user}) {
    append_part(path, part);
  }
  if (auto ok = check_relative_path(path); !ok) {
    return ok.error();
  }
  return path;
}

base::Result<void> check_relative_path(std::string_view path) {
  if (path.size() > path_limit) {
    return malformed(path, "is too long for a home");
  }
  for (const std::string_view part : base::split(path, '/')) {
    if (auto ok = check_component(part); !ok) {
      return malformed(path, "is no path below the mail root: " + ok.error().detail);
    }
  }
  return {};
}

}  // namespace maildir
