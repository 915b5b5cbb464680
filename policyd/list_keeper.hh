// policyd/list_keeper.hh -- keeps the global lists of a running daemon as their files are.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/complaint.hh"
#include "base/loop/loop.hh"
#include "base/loop/workers.hh"

#include "policyd/checks/list.hh"
#include "policyd/checks/list_files.hh"

namespace policy {

struct AccountsSettings;
struct ListSettings;

// Loop thread.
class ListKeeper {
 public:
  // Where new lists go. Files and the directory are read apart from each other.
  using Use = std::function<void(std::shared_ptr<const Lists>)>;

  // All must outlive the keeper.
  ListKeeper(loop::Loop& loop, loop::Workers& workers, base::Log& log, Use use);
  ListKeeper(const ListKeeper&) = delete;
  ListKeeper& operator=(const ListKeeper&) = delete;
  ~ListKeeper();

  // Reads the lists at once, and watches them from then on. Blocks: at the start.
  void open(const ListSettings& settings, const AccountsSettings& accounts);
  // Reads all of them again on a worker.
  void reload(const ListSettings& settings, const AccountsSettings& accounts);

 private:
  void look();
  void read(ListRead which);
  void use();
  void set_timers(const ListSettings& settings, const AccountsSettings& accounts);
  void read_directory();
  void take_entries(base::Result<std::vector<directory::ListEntry>> entries);

  loop::Workers& workers_;
  base::Log& log_;
  Use use_;
  std::string folder_{};
  std::shared_ptr<const ListFiles> files_{};
  ListWatch watch_{};
  loop::JobId looking_ = 0;
  loop::JobId reading_ = 0;
  loop::Timer timer_;

  std::string directory_settings_{};
  std::shared_ptr<const OwnedLists> directory_{};
  loop::JobId asking_ = 0;
  base::Complaint trouble_{};
  loop::Timer directory_timer_;
};

}  // namespace policy
