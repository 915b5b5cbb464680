// maildir-lib/folder.cc -- the folders of a Maildir++ account: their names on disk and for people.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/folder.hh"

#include <algorithm>

#include "base/text.hh"

#include "mail-lib/charset.hh"
#include "maildir-lib/mutf7.hh"

namespace maildir {

namespace {

constexpr std::size_t max_subscription_bytes = 4U << 20U;
constexpr std::size_t max_folder_name = 255;  // of a file

std::string level_name(std::string_view level) {
  const auto name = from_mutf7(level);
  std::string shown = name ? *name : mail::scrub_utf8(level);
  std::erase_if(shown, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return shown.empty() ? "?" : shown;
}

// ".A.B": no empty level, and nothing hidden.
bool is_folder_name(std::string_view name) {
  return name.size() > 1 && name.size() <= max_folder_name && name.starts_with('.') &&
         !name.ends_with('.') && name.find("..") == std::string_view::npos;
}

bool holds_mail(const Directory& maildir, const std::string& name) {
  const auto folder = maildir.open_directory(name);
  return folder && folder->stamp("cur");
}

}  // namespace

Folder folder_of(std::string_view disk_name) {
  Folder folder{std::string(disk_name), {}};
  if (disk_name.empty()) {
    folder.levels.emplace_back("INBOX");
    return folder;
  }
  for (const std::string_view level : base::split(disk_name.substr(1), '.')) {
    folder.levels.push_back(level_name(level));
  }
  return folder;
}

base::Result<std::string> disk_name_of(std::span<const std::string> levels) {
  const auto refused = [](std::string_view why) {
    return base::make_error(base::Errc::malformed, "a folder's name " + std::string(why));
  };
  if (levels.empty()) {
    return refused("is empty");
  }
  if (levels.size() == 1 && base::iequals(levels.front(), "INBOX")) {
    return std::string();
  }
  std::string name;
  for (const std::string& level : levels) {
    const bool has_control = std::any_of(level.begin(), level.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (level.empty() || has_control || level.find_first_of("./") != std::string::npos) {
      return refused("has an empty level, or one with a dot, a slash or a control character");
    }
    const auto encoded = to_mutf7(level);
    if (!encoded) {
      return encoded.error();
    }
    name += "." + *encoded;
  }
  return name.size() <= max_folder_name ? base::Result<std::string>(std::move(name))
                                        : refused("is too long");
}

base::Result<std::vector<Folder>> list_folders(const Directory& maildir) {
  auto entries = maildir.list();
  if (!entries) {
    return entries.error();
  }
  std::sort(entries->begin(), entries->end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  std::vector<Folder> folders{folder_of("")};
  for (const DirectoryEntry& entry : *entries) {
    const bool may_be = (entry.is_directory || entry.is_unknown) && is_folder_name(entry.name);
    if (may_be && folders.size() < max_folders && holds_mail(maildir, entry.name)) {
      folders.push_back(folder_of(entry.name));
    }
  }
  return folders;
}

bool Subscriptions::has(const Folder& folder) const {
  return everything ||
         names.contains(folder.is_inbox() ? std::string_view("INBOX")
                                          : std::string_view(folder.disk_name).substr(1));
}

Subscriptions parse_subscriptions(std::string_view text) {
  Subscriptions out;
  const bool with_tabs = text.starts_with("V\t2");
  bool is_head = with_tabs;
  for (const std::string_view line : base::split(text, '\n')) {
    if (is_head) {
      is_head = !line.empty();  // the head ends at an empty line
      continue;
    }
    if (!line.empty()) {
      std::string name(line);
      std::replace(name.begin(), name.end(), with_tabs ? '\t' : '.', '.');
      out.names.insert(std::move(name));
    }
  }
  return out;
}

Subscriptions read_subscriptions(const Directory& maildir) {
  const auto text = maildir.read_file("subscriptions", max_subscription_bytes);
  if (text) {
    return parse_subscriptions(*text);
  }
  Subscriptions all;
  all.everything = text.error().code == base::Errc::not_found;
  return all;
}

}  // namespace maildir
