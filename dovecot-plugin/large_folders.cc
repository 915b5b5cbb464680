// dovecot-plugin/large_folders.cc -- what a delivery must know of a list that it does not read.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/large_folders.hh"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/files.hh"
#include "base/text.hh"

#include "maildir-lib/uidlist.hh"

#include "dovecot-plugin/index_log.hh"

namespace plugin {

namespace {

constexpr std::size_t max_head_bytes = 4096;  // a uidlist's first line is some 70
constexpr std::size_t max_tail_bytes = 2048;  // more than one record

// The path of dovecot-uidlist; null when the mailbox has no place for it.
const char* uidlist_path(mailbox* box) {
  const char* folder = nullptr;
  if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_CONTROL, &folder) <= 0) {
    return nullptr;
  }
  return t_strconcat(folder, "/" MAILDIR_UIDLIST_NAME, nullptr);
}

// The folder's GUID as its first line has it.
std::optional<std::string> guid_in_head(const char* path) {
  const auto fd = base::open_file(path, O_RDONLY);
  if (!fd) {
    return std::nullopt;
  }
  std::string text(max_head_bytes, '\0');
  const ssize_t got = ::pread(fd->get(), text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  auto head = maildir::parse_uidlist_head(text);
  if (!head || head->uid_validity == 0) {
    return std::nullopt;
  }
  return std::move(head->guid);
}

// How the uidlist ends.
struct Tail {
  bool is_torn = false;   // a process ended in the middle of adding a line
  std::uint32_t uid = 0;  // of the last record; 0 when it was not found
};

Tail read_tail(const char* path) {
  const base::Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  struct stat st {};
  Tail tail;
  if (!fd.is_open() || ::fstat(fd.get(), &st) != 0 || st.st_size == 0) {
    return tail;
  }
  std::array<char, max_tail_bytes> room{};
  const off_t from = std::max<off_t>(0, st.st_size - static_cast<off_t>(room.size()));
  const ssize_t got = ::pread(fd.get(), room.data(), room.size(), from);
  std::string_view text(room.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  tail.is_torn = !text.ends_with('\n');
  text = text.substr(0, text.rfind('\n'));
  const std::size_t line = text.rfind('\n');
  if (line != std::string_view::npos) {
    text.remove_prefix(line + 1);
    tail.uid = base::parse_number<std::uint32_t>(text.substr(0, text.find(' '))).value_or(0);
  }
  return tail;
}

}  // namespace

bool read_guid(mailbox* box, guid_128_t guid) {
  const char* const path = uidlist_path(box);
  if (path == nullptr) {
    return false;
  }
  try {
    const auto text = guid_in_head(path);
    return text && guid_128_from_string(text->c_str(), guid) == 0;
  } catch (const std::exception&) {
    return false;
  }
}

// Maildir adds its line without reading the list when the index says that it knows the list. Two
// things the index cannot say, both after a process that was killed: that the last line has no end,
// and that a record was written whose mail never came into the index: its UID would be given twice.
// And what sessions have asked for and not done yet, flags and expunges, is done by who syncs next:
// stock Dovecot with each delivery into an INBOX. Without the list nothing can be done, and what
// waits for long is lost in the end when somebody else saves a mail.
//
// A copy within a folder may take a name again that an expunged mail had: this session has
// forgotten that mail, the list has not, and a session that knows it would give the copy another
// UID (docs/notes/0096-the-random-test.md). A list that is written anew has it no longer.
void check_uidlist(mailbox* box, bool copies_within) {
  const char* const path = uidlist_path(box);
  maildir_uidlist* const list = reinterpret_cast<maildir_mailbox*>(box)->uidlist;
  if (path == nullptr || !maildir_uidlist_is_locked(list)) {
    return;
  }
  const Tail tail = read_tail(path);
  const bool is_unknown =
      !maildir_uidlist_is_open(list) &&
      (tail.uid >= maildir_uidlist_get_next_uid(list) || has_unsynced_changes(box));
  const bool must_write = tail.is_torn || copies_within;
  if ((must_write || is_unknown) && maildir_uidlist_refresh(list) > 0 && must_write) {
    // As it was, but by force: the list will be written anew.
    maildir_uidlist_set_next_uid(list, maildir_uidlist_get_next_uid(list), true);
  }
}

}  // namespace plugin
