// policyd/list_keeper.hh -- keeps the global lists of a running daemon as their files are.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/loop/loop.hh"
#include "base/loop/workers.hh"

#include "policyd/checks/list.hh"
#include "policyd/checks/list_files.hh"

namespace policy {

struct ListSettings;

// Loop thread.
class ListKeeper {
 public:
  // Where new lists go.
  using Use = std::function<void(std::shared_ptr<const Lists>)>;

  // All must outlive the keeper.
  ListKeeper(loop::Loop& loop, loop::Workers& workers, base::Log& log, Use use);
  ListKeeper(const ListKeeper&) = delete;
  ListKeeper& operator=(const ListKeeper&) = delete;
  ~ListKeeper() = default;

  // Reads the lists at once, and watches them from then on. Blocks: at the start.
  void open(const ListSettings& settings);
  // Reads all of them again on a worker.
  void reload(const ListSettings& settings);

 private:
  void look();
  void read(ListRead which);
  void take(std::shared_ptr<const ListFiles> files);

  loop::Workers& workers_;
  base::Log& log_;
  Use use_;
  std::string folder_{};
  std::shared_ptr<const ListFiles> files_{};
  ListWatch watch_{};
  bool is_looking_ = false;
  loop::Timer timer_;
};

}  // namespace policy
