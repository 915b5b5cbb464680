// policyd/shadow.hh -- a second settings file, tried on every request beside the live one.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The shadow answers nobody and changes nothing: it rehearses (chain.hh) each request after the
// live verdict is out, on the rows as they were before (store/witness_store.hh), and where it
// would have answered otherwise that is logged and counted.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "policyd/engine.hh"
#include "policyd/gather.hh"
#include "policyd/list_keeper.hh"
#include "policyd/self_test.hh"
#include "policyd/store/witness_store.hh"

namespace policy {

// Loop thread.
class Shadow {
 public:
  // What it needs of the daemon; all must outlive it.
  struct Parts {
    loop::Loop& loop;
    loop::Workers& workers;
    Store& store;
    Gatherer& gatherer;
    const base::Clock& clock;
    base::Log& log;
  };

  // Reads the settings file and its list files. malformed with the line, or as base::read_file().
  // Blocks: at the start and on reload.
  static base::Result<std::unique_ptr<Shadow>> open(const std::string& path, const Parts& parts);
  Shadow(const Settings& settings, const Parts& parts);
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;
  ~Shadow();

  // Tries a request that the live settings have decided.
  void compare(const Request& request, const Facts& facts, const Before& before,
               const Verdict& live);

 private:
  struct Task;
  using Tasks = std::list<std::unique_ptr<Task>>;
  void go_on(Tasks::iterator at);
  void report(const Task& task, const Verdict& shadow);

  Parts parts_;
  BeforeStore before_;
  Engine engine_;
  SelfTest self_test_;
  ListKeeper lists_;
  Tasks tasks_;
};

}  // namespace policy
