// policyd/explain.hh -- what every check says to a request, one after the other, changing nothing.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Unlike a live request it goes on behind the check that decides: the reader sees them all. Like
// one it stops for facts; its owner finds them and calls proceed() again.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "policyd/engine.hh"
#include "policyd/gather.hh"

namespace policy {

// One check's part.
struct Explained {
  std::string_view check{};
  bool has_opinion = false;
  bool decides = false;  // the first whose opinion counts
  bool is_dry = false;
  Verdict verdict{};  // when it has an opinion
  Notes notes{};
  std::chrono::microseconds time{};  // from asking it to its answer, waiting included
};

class Explanation {
 public:
  // The engine must outlive it, and its checks stay as they are.
  Explanation(const Engine& engine, const Request& request);

  // True when all checks are explained; false when waits() must be put into facts() first.
  bool proceed();

  const Waits& waits() const { return waits_; }
  Facts& facts() { return facts_; }
  const std::vector<Explained>& checks() const { return checks_; }

 private:
  void take(Answer& answer, const Chain::Link& link);

  const Engine& engine_;
  KeptRequest kept_;
  Facts facts_;
  Waits waits_{};
  Notes notes_{};
  base::SteadyTime since_{};
  bool is_asked_ = false;  // the present check, at least once
  bool is_decided_ = false;
  std::vector<Explained> checks_{};
};

// Explanations under way. Loop thread.
class Explainer {
 public:
  using Done = std::function<void(const std::vector<Explained>& checks)>;

  // Both must outlive it.
  Explainer(Engine& engine, Gatherer& gatherer);
  Explainer(const Explainer&) = delete;
  Explainer& operator=(const Explainer&) = delete;
  ~Explainer();

  // Calls `done` once, perhaps from inside; never when the Explainer ends before.
  void explain(const Request& request, Done done);

 private:
  struct Task;
  using Tasks = std::list<std::unique_ptr<Task>>;
  void go_on(Tasks::iterator task);

  Engine& engine_;
  Gatherer& gatherer_;
  Tasks tasks_;
};

// {"check":"greylist","action":"defer_if_permit","text":"4.7.1 ...","reason":"...","decides":true,
// "dry_run":false,"microseconds":12,"notes":["..."]}; action "none" without an opinion.
std::string explained_json(const Explained& explained);

}  // namespace policy
