// policyd/list_keeper.cc -- looking at list files on a worker, reading those that changed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/list_keeper.hh"

#include <algorithm>

#include "directory-lib/settings.hh"

#include "policyd/accounts_settings.hh"
#include "policyd/checks/list_settings.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

constexpr loop::Duration job_deadline{60'000};

}  // namespace

ListKeeper::ListKeeper(loop::Loop& loop, loop::Workers& workers, base::Log& log, Use use)
    : workers_(workers),
      log_(log),
      use_(std::move(use)),
      timer_(loop, [this] { look(); }),
      directory_timer_(loop, [this] { read_directory(); }) {}

ListKeeper::~ListKeeper() {
  for (const loop::JobId job : {looking_, reading_, asking_}) {
    workers_.cancel(job);
  }
}

void ListKeeper::open(const ListSettings& settings, const AccountsSettings& accounts) {
  folder_ = settings.list_folder;
  files_ = read_list_files(folder_, nullptr, ListRead::all, log_);
  use();
  set_timers(settings, accounts);
}

void ListKeeper::reload(const ListSettings& settings, const AccountsSettings& accounts) {
  folder_ = settings.list_folder;
  read(ListRead::all);
  set_timers(settings, accounts);
}

void ListKeeper::set_timers(const ListSettings& settings, const AccountsSettings& accounts) {
  timer_.repeat(settings.list_interval);
  directory_settings_ = settings.list_directory ? accounts.directory_settings : "";
  if (settings.list_directory) {
    directory_timer_.repeat(settings.list_directory_interval);
    read_directory();
  } else {
    directory_timer_.cancel();
    directory_ = nullptr;
    use();
  }
}

void ListKeeper::look() {
  if (looking_ != 0 || reading_ != 0) {
    return;
  }
  looking_ = workers_.submit<ListStamps>(
      job_deadline, [folder = folder_] { return base::Result<ListStamps>(look_at_lists(folder)); },
      [this](base::Result<ListStamps> stamps) {
        looking_ = 0;
        if (stamps && watch_.is_due(*stamps, files_->stamps)) {
          read(ListRead::changed);
        }
      });
}

void ListKeeper::read(ListRead which) {
  workers_.cancel(reading_);
  using Read = std::shared_ptr<const ListFiles>;
  reading_ = workers_.submit<Read>(
      job_deadline,
      [folder = folder_, old = files_, which, &log = log_] {
        return base::Result<Read>(read_list_files(folder, old.get(), which, log));
      },
      [this](base::Result<Read> files) {
        reading_ = 0;
        if (files) {
          files_ = std::move(*files);
          use();
        }
      });
}

void ListKeeper::use() {
  auto lists = std::make_shared<Lists>();
  lists->files = files_->lists;
  lists->directory = directory_;
  use_(std::move(lists));
}

void ListKeeper::read_directory() {
  if (asking_ != 0) {
    return;
  }
  using Entries = std::vector<directory::ListEntry>;
  asking_ = workers_.submit<Entries>(
      job_deadline,
      [file = directory_settings_]() -> base::Result<Entries> {
        const auto settings = directory::load_settings(file);
        if (!settings) {
          return settings.error();
        }
        auto opened = directory::open(*settings, directory::OpenAs::reader);
        return opened ? (*opened)->list_entries("") : opened.error();
      },
      [this](base::Result<Entries> entries) {
        asking_ = 0;
        take_entries(std::move(entries));
      });
}

void ListKeeper::take_entries(base::Result<std::vector<directory::ListEntry>> entries) {
  if (directory_settings_.empty()) {
    return;  // not wanted any more
  }
  if (!entries) {
    if (const auto held_back = trouble_.due(base::system_clock().now()); held_back) {
      log_.write(event::list_directory_failed,
                 {{"error", entries.error().text()}, {"suppressed", std::to_string(*held_back)}});
    }
    return;
  }
  const auto is_same = [](const directory::ListEntry& a, const directory::ListEntry& b) {
    return a.kind == b.kind && a.pattern == b.pattern;
  };
  if (directory_ != nullptr && std::equal(directory_->entries.begin(), directory_->entries.end(),
                                          entries->begin(), entries->end(), is_same)) {
    return;
  }
  directory_ = std::make_shared<const OwnedLists>(std::move(*entries));
  log_.write(event::list_loaded,
             {{"file", "directory"}, {"entries", std::to_string(directory_->lists.size())}});
  use();
}

}  // namespace policy
