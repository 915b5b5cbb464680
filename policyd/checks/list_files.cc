// policyd/checks/list_files.cc -- from files to lists, and the rest a file must have had.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/list_files.hh"

#include <sys/stat.h>

#include "base/files.hh"
#include "base/settings.hh"

#include "policyd/events.hh"

namespace policy {

namespace {

// Looks at a file that changes all the while before it is read all the same.
constexpr int most_looks = 5;

std::string path_of(const std::string& folder, std::size_t list) {
  return folder + "/" + std::string(list_file_name(static_cast<ListName>(list)));
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileStamp stamp_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    return {};
  }
  return {.device = found.st_dev,
          .inode = found.st_ino,
          .size = static_cast<std::uint64_t>(found.st_size),
          .modified = nanoseconds(found.st_mtim),
          .changed = nanoseconds(found.st_ctim)};
}

void read_one(const std::string& folder, std::size_t i, const ListFiles* old, ListFiles& files,
              base::Log& log) {
  const std::string path = path_of(folder, i);
  const auto name = static_cast<ListName>(i);
  const auto text = base::read_file(path);
  if (!text) {
    if (text.error().code != base::Errc::not_found) {
      log.write(event::list_unreadable, {{"file", path}, {"error", text.error().text()}});
      if (old != nullptr) {
        files.lists.set(name, old->lists.shared(name));
      }
    } else if (old != nullptr && old->lists[name].size() > 0) {
      log.write(event::list_loaded, {{"file", path}, {"entries", "0"}});
    }
    return;
  }
  auto parsed = List::parse(list_kind(name), *text);
  for (const base::SettingProblem& problem : parsed.problems) {
    log.write(event::list_bad_line, {{"file", path},
                                     {"line", std::to_string(problem.line)},
                                     {"error", problem.text},
                                     {"hint", problem.hint}});
  }
  log.write(event::list_loaded, {{"file", path}, {"entries", std::to_string(parsed.list.size())}});
  files.lists.set(name, std::make_shared<const List>(std::move(parsed.list)));
}

}  // namespace

ListStamps look_at_lists(const std::string& folder) {
  ListStamps stamps;
  for (std::size_t i = 0; i < list_count; ++i) {
    stamps[i] = stamp_of(path_of(folder, i));
  }
  return stamps;
}

std::shared_ptr<const ListFiles> read_list_files(const std::string& folder, const ListFiles* old,
                                                 ListRead which, base::Log& log) {
  auto files = std::make_shared<ListFiles>();
  files->stamps = look_at_lists(folder);
  for (std::size_t i = 0; i < list_count; ++i) {
    const auto name = static_cast<ListName>(i);
    if (old != nullptr && which == ListRead::changed && old->stamps[i] == files->stamps[i]) {
      files->lists.set(name, old->lists.shared(name));
    } else {
      read_one(folder, i, old, *files, log);
    }
  }
  return files;
}

std::string list_file_problems(const std::string& folder) {
  std::string problems;
  for (std::size_t i = 0; i < list_count; ++i) {
    const std::string path = path_of(folder, i);
    const auto text = base::read_file(path);
    if (!text) {
      if (text.error().code != base::Errc::not_found) {
        problems.append(problems.empty() ? "" : "\n").append(text.error().text());
      }
      continue;
    }
    const auto parsed = List::parse(list_kind(static_cast<ListName>(i)), *text);
    if (!parsed.problems.empty()) {
      problems.append(problems.empty() ? "" : "\n")
          .append(base::problems_text(path, parsed.problems));
    }
  }
  return problems;
}

bool ListWatch::is_due(const ListStamps& seen, const ListStamps& in_force) {
  if (seen == in_force) {
    looks_ = 0;
    return false;
  }
  ++looks_;
  const bool is_at_rest = looks_ > 1 && seen == last_;
  last_ = seen;
  if (!is_at_rest && looks_ < most_looks) {
    return false;
  }
  looks_ = 0;
  return true;
}

}  // namespace policy
