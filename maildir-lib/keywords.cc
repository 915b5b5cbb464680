// maildir-lib/keywords.cc -- dovecot-keywords of a folder: letters of keywords, read and extended.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/keywords.hh"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"
#include "base/text.hh"

#include "maildir-lib/dotlock.hh"

namespace maildir {

namespace {

constexpr std::size_t max_keyword_bytes = 255;
constexpr std::size_t max_file_bytes = 64U << 10U;

constexpr const char* file_name = "/dovecot-keywords";

// By a rename, under the lock: the name of the new file is nobody else's.
base::Result<void> replace_keywords(const std::string& path, const Keywords& keywords) {
  struct stat old {};
  const bool is_there = ::stat(path.c_str(), &old) == 0;
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const auto fd = base::open_file(fresh, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!fd) {
    return fd.error();
  }
  auto done = base::write_all(fd->get(), format_keywords(keywords), fresh);
  struct stat made {};
  if (done && is_there && ::fstat(fd->get(), &made) == 0 && made.st_mtime <= old.st_mtime) {
    const std::array<timespec, 2> times{timespec{0, UTIME_NOW}, timespec{old.st_mtime + 1, 0}};
    if (::futimens(fd->get(), times.data()) != 0) {
      done = base::errno_error(fresh, errno);
    }
  }
  if (done) {
    done = base::sync_file(fd->get(), fresh);
  }
  if (done) {
    done = base::rename_file(fresh, path);
  }
  if (!done) {
    ::unlink(fresh.c_str());
  }
  return done;
}

// Gives letters to what has none; true when any was given.
base::Result<bool> extend(Keywords& keywords, std::span<const std::string> wanted) {
  bool is_changed = false;
  for (const std::string& keyword : wanted) {
    if (keyword_index(keywords, keyword) < keywords.size()) {
      continue;
    }
    const auto free = std::find(keywords.begin(), keywords.end(), "");
    if (free == keywords.end()) {
      return base::make_error(base::Errc::over_quota, "a folder has 26 keywords at most");
    }
    *free = keyword;
    is_changed = true;
  }
  return is_changed;
}

std::uint32_t bits_of(const Keywords& keywords, std::span<const std::string> wanted) {
  std::uint32_t bits = 0;
  for (const std::string& keyword : wanted) {
    if (const std::size_t index = keyword_index(keywords, keyword); index < keywords.size()) {
      bits |= 1U << index;
    }
  }
  return bits;
}

bool has_all(const Keywords& keywords, std::span<const std::string> wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& keyword) {
    return keyword_index(keywords, keyword) < keywords.size();
  });
}

}  // namespace

std::size_t keyword_index(const Keywords& keywords, std::string_view keyword) {
  const auto found = std::find_if(keywords.begin(), keywords.end(), [&](const std::string& known) {
    return !known.empty() && base::iequals(known, keyword);
  });
  return static_cast<std::size_t>(found - keywords.begin());
}

std::string format_keywords(const Keywords& keywords) {
  std::string out;
  for (std::size_t i = 0; i < keywords.size(); ++i) {
    if (!keywords.at(i).empty()) {
      out += std::to_string(i) + " " + keywords.at(i) + "\n";
    }
  }
  return out;
}

bool is_keyword(std::string_view text) {
  constexpr std::string_view special = "(){%*\"\\]";
  return !text.empty() && text.size() <= max_keyword_bytes &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return c > ' ' && c < 0x7F && special.find(c) == std::string_view::npos;
         });
}

base::Result<Keywords> read_keywords(const std::string& folder) {
  const auto text = base::read_file(folder + file_name, max_file_bytes);
  if (!text) {
    return text.error().code == base::Errc::not_found ? base::Result<Keywords>(Keywords{})
                                                      : base::Result<Keywords>(text.error());
  }
  return parse_keywords(*text);
}

base::Result<std::uint32_t> add_keywords(const std::string& folder,
                                         std::span<const std::string> wanted,
                                         std::chrono::milliseconds patience) {
  if (!std::all_of(wanted.begin(), wanted.end(), is_keyword)) {
    return base::make_error(base::Errc::malformed, "not a keyword of IMAP");
  }
  const auto keywords = read_keywords(folder);
  if (!keywords) {
    return keywords.error();
  }
  if (has_all(*keywords, wanted)) {
    return bits_of(*keywords, wanted);
  }
  const auto lock = Dotlock::take(folder + "/dovecot-uidlist", patience);
  if (!lock) {
    return lock.error();
  }
  return add_keywords_locked(folder, wanted);
}

base::Result<std::uint32_t> add_keywords_locked(const std::string& folder,
                                                std::span<const std::string> wanted) {
  if (!std::all_of(wanted.begin(), wanted.end(), is_keyword)) {
    return base::make_error(base::Errc::malformed, "not a keyword of IMAP");
  }
  auto keywords = read_keywords(folder);
  if (!keywords) {
    return keywords.error();
  }
  const auto extended = extend(*keywords, wanted);
  if (!extended) {
    return extended.error();
  }
  if (*extended) {
    if (auto replaced = replace_keywords(folder + file_name, *keywords); !replaced) {
      return replaced.error();
    }
  }
  return bits_of(*keywords, wanted);
}

}  // namespace maildir
