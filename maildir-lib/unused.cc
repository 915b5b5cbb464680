// maildir-lib/unused.cc -- files that nothing points to any more, and for how long that is known.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/unused.hh"

#include <algorithm>
#include <map>

#include <unistd.h>

#include "base/files.hh"
#include "base/text.hh"

namespace maildir {

namespace {

constexpr std::size_t max_list_bytes = 256U << 20U;

std::map<std::string, std::int64_t> parse_list(std::string_view text) {
  std::map<std::string, std::int64_t> since;
  for (const std::string_view line : base::split(text, '\n')) {
    const std::size_t space = line.find(' ');
    const auto seconds = base::parse_number<std::int64_t>(line.substr(0, space));
    if (space != std::string_view::npos && seconds) {
      since[std::string(line.substr(space + 1))] = *seconds;
    }
  }
  return since;
}

}  // namespace

base::Result<std::size_t> remove_unused(
    const std::string& list, const std::vector<std::string>& unused, base::WallTime now,
    const std::function<std::int64_t(const std::string&)>& changed_at,
    const std::function<base::Result<void>(const std::string&)>& remove) {
  const auto text = base::read_file(list, max_list_bytes);
  if (!text && text.error().code != base::Errc::not_found) {
    return text.error();
  }
  const auto before = parse_list(text ? *text : "");
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  constexpr std::int64_t grace = std::chrono::seconds(unused_grace).count();
  std::size_t removed = 0;
  std::string next;
  for (const std::string& name : unused) {
    const auto known = before.find(name);
    // A clock that was put back makes it wait again.
    const std::int64_t since =
        known == before.end() || known->second > seconds ? seconds : known->second;
    if (seconds - std::max(since, changed_at(name)) >= grace) {
      if (auto done = remove(name); !done) {
        return done.error();
      }
      ++removed;
      continue;
    }
    next += std::to_string(since) + " " + name + "\n";
  }
  if (next.empty() && text) {
    ::unlink(list.c_str());
  } else if (!next.empty() && (!text || *text != next)) {
    if (auto written = base::replace_file(list, next, 0600); !written) {
      return written.error();
    }
  }
  return removed;
}

}  // namespace maildir
