// maildir-lib/maildirsize.cc -- maildirsize: what an account stores, told to other programs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/maildirsize.hh"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.hh"
#include "base/text.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/folder.hh"

namespace maildir {

namespace {

std::string line_of(Usage usage) {
  return std::to_string(usage.bytes) + " " + std::to_string(usage.messages) + "\n";
}

bool is_definition(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == ',' || (c >= 'A' && c <= 'Z');
  });
}

base::Error broken() {
  return base::make_error(base::Errc::malformed, "maildirsize has a line that is none");
}

bool add(std::int64_t& sum, std::string_view number) {
  const auto value = base::parse_number<std::int64_t>(number);
  return value && !__builtin_add_overflow(sum, *value, &sum);
}

base::Result<void> count_folder(const Directory& folder, Usage& usage) {
  for (const char* part : {"new", "cur"}) {
    const auto messages = folder.open_directory(part);
    if (!messages) {
      return messages.error();
    }
    const auto entries = messages->list();
    if (!entries) {
      return entries.error();
    }
    for (const DirectoryEntry& entry : *entries) {
      if (entry.is_directory || !is_message_name(entry.name)) {
        continue;
      }
      auto size = parse_file_name(entry.name).size;
      if (!size) {
        const auto stamp = messages->stamp(entry.name);
        size = stamp ? std::optional(stamp->size) : std::nullopt;
      }
      if (size) {
        usage.bytes += static_cast<std::int64_t>(*size);
        ++usage.messages;
      }
    }
  }
  return {};
}

}  // namespace

base::Result<Maildirsize> parse_maildirsize(std::string_view text) {
  if (!text.ends_with('\n') || text.size() > 2 * max_maildirsize_bytes) {
    return broken();
  }
  text.remove_suffix(1);
  Maildirsize out;
  bool is_first = true;
  for (const std::string_view line : base::split(text, '\n')) {
    if (is_first) {
      if (!is_definition(line)) {
        return broken();
      }
      out.definition = line;
      is_first = false;
      continue;
    }
    const auto words = base::split_words(line);
    if (words.size() != 2 || !add(out.usage.bytes, words[0]) ||
        !add(out.usage.messages, words[1])) {
      return broken();
    }
  }
  return out;
}

base::Result<Usage> count_usage(const Directory& maildir) {
  const auto folders = list_folders(maildir);
  if (!folders) {
    return folders.error();
  }
  Usage usage;
  for (const Folder& folder : *folders) {
    const auto opened =
        folder.is_inbox() ? maildir.again() : maildir.open_directory(folder.disk_name);
    if (!opened) {
      return opened.error();
    }
    if (auto counted = count_folder(*opened, usage); !counted) {
      return counted.error();
    }
  }
  return usage;
}

base::Result<bool> add_to_maildirsize(const std::string& maildir, Usage change, DiskCalls& calls) {
  const std::string path = maildir + "/maildirsize";
  const base::Fd fd(calls.open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0));
  if (!fd.is_open()) {
    return errno == ENOENT ? base::Result<bool>(false)
                           : base::Result<bool>(base::errno_error(path, errno));
  }
  struct stat st {};
  const std::string line = line_of(change);
  if (::fstat(fd.get(), &st) != 0) {
    return base::errno_error(path, errno);
  }
  if (static_cast<std::size_t>(st.st_size) + line.size() >= max_maildirsize_bytes) {
    return false;
  }
  // One call, so that lines of two writers do not mix.
  const ssize_t done = calls.write(fd.get(), line.data(), line.size());
  if (done < 0) {
    return base::errno_error(path, errno);
  }
  return static_cast<std::size_t>(done) == line.size();
}

base::Result<void> write_maildirsize(const std::string& maildir, const Maildirsize& value,
                                     const base::Clock& clock, DiskCalls& calls) {
  const std::string path = maildir + "/maildirsize";
  const std::string fresh = maildir + "/tmp/" + unique_name(clock.now());
  const std::string text = value.definition + "\n" + line_of(value.usage);
  const base::Fd fd(
      calls.open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.is_open()) {
    return base::errno_error(fresh, errno);
  }
  const ssize_t done = calls.write(fd.get(), text.data(), text.size());
  if (done != static_cast<ssize_t>(text.size()) || calls.rename(fresh.c_str(), path.c_str()) != 0) {
    const int error = done < 0 || done == static_cast<ssize_t>(text.size()) ? errno : ENOSPC;
    calls.unlink(fresh.c_str());
    return base::errno_error(path, error);
  }
  return {};
}

}  // namespace maildir
