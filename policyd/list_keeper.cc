// policyd/list_keeper.cc -- looking at list files on a worker, reading those that changed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/list_keeper.hh"

#include "policyd/checks/list_settings.hh"

namespace policy {

namespace {

constexpr loop::Duration job_deadline{60'000};

}  // namespace

ListKeeper::ListKeeper(loop::Loop& loop, loop::Workers& workers, base::Log& log, Use use)
    : workers_(workers), log_(log), use_(std::move(use)), timer_(loop, [this] { look(); }) {}

void ListKeeper::open(const ListSettings& settings) {
  folder_ = settings.list_folder;
  take(read_list_files(folder_, nullptr, ListRead::all, log_));
  timer_.repeat(settings.list_interval);
}

void ListKeeper::reload(const ListSettings& settings) {
  folder_ = settings.list_folder;
  timer_.repeat(settings.list_interval);
  read(ListRead::all);
}

void ListKeeper::look() {
  if (is_looking_) {
    return;
  }
  is_looking_ = true;
  workers_.submit<ListStamps>(
      job_deadline, [folder = folder_] { return base::Result<ListStamps>(look_at_lists(folder)); },
      [this](base::Result<ListStamps> stamps) {
        is_looking_ = false;
        if (stamps && watch_.is_due(*stamps, files_->stamps)) {
          read(ListRead::changed);
        }
      });
}

void ListKeeper::read(ListRead which) {
  is_looking_ = true;
  using Read = std::shared_ptr<const ListFiles>;
  workers_.submit<Read>(
      job_deadline,
      [folder = folder_, old = files_, which, &log = log_] {
        return base::Result<Read>(read_list_files(folder, old.get(), which, log));
      },
      [this](base::Result<Read> files) {
        is_looking_ = false;
        if (files) {
          take(std::move(*files));
        }
      });
}

void ListKeeper::take(std::shared_ptr<const ListFiles> files) {
  files_ = std::move(files);
  auto lists = std::make_shared<Lists>();
  lists->files = files_->lists;
  use_(std::move(lists));
}

}  // namespace policy
