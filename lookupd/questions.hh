// lookupd/questions.hh -- questions to the directory, gathered while it is busy and asked together.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A hop to a worker and back costs more than SQLite needs for an answer. So what has gathered when
// a worker is free goes to it together, in one read of the directory; a slow directory is asked in
// small groups on all workers, a fast one in large groups on few. A worker that has been at it for
// a while brings what it has, and the rest is given out again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop/workers.hh"
#include "base/result.hh"

#include "directory-lib/pool.hh"
#include "directory-lib/socketmap.hh"

#include "lookupd/maps.hh"

namespace lookup {

struct Question {
  Map map;
  std::string text;  // the whole request, "mailboxes alice@example.org"
  base::SteadyTime end;
};

// Loop thread.
class Questions {
 public:
  using Reply = base::Result<directory::SocketmapReply>;
  // The reply to each of some questions, in order; on the loop thread, never inside ask(). They are
  // fresh unless forget() or apply() came in between.
  using Done = std::function<void(std::span<const Question> questions,
                                  std::span<const Reply> replies, bool are_fresh)>;

  // Errors as Workers::make(). `loop` must outlive it; apply() comes before the first question.
  static base::Result<std::unique_ptr<Questions>> make(loop::Loop& loop, std::size_t threads,
                                                       Done done);
  Questions(loop::Loop& loop, std::size_t threads, Done done);  // for make()
  Questions(const Questions&) = delete;
  Questions& operator=(const Questions&) = delete;
  Questions(Questions&&) = delete;
  Questions& operator=(Questions&&) = delete;
  ~Questions() = default;

  void apply(std::shared_ptr<directory::Pool> pool, MapRules rules, base::Duration timeout);
  void forget() { ++age_; }

  // False: too many wait already, and `done` will not hear of this one.
  bool ask(Map map, std::string_view text);

 private:
  using Group = std::shared_ptr<const std::vector<Question>>;
  struct Round {
    std::vector<Reply> replies{};  // to the first of the group; the others were not asked
    std::chrono::nanoseconds each{};
  };

  static Round ask_all(directory::Pool& pool, const MapRules& rules,
                       const std::vector<Question>& questions);
  static void ask_in_turn(directory::Directory& directory, const MapRules& rules,
                          const std::vector<Question>& questions, Round& round);
  void give_out();
  void expire();
  std::size_t group_size() const;
  void submit(const Group& group);
  void came_back(const Group& group, std::uint64_t age, base::Result<Round> round);
  void failed(const Group& group, const base::Error& why);
  void put_back(std::span<const Question> questions);

  loop::Loop& loop_;
  std::size_t threads_;
  Done done_;
  std::shared_ptr<directory::Pool> pool_{};
  std::shared_ptr<const MapRules> rules_{};
  base::Duration timeout_{};
  std::deque<Question> waiting_{};
  std::size_t groups_ = 0;           // under way
  std::chrono::nanoseconds each_{};  // what a question took of late
  std::uint64_t age_ = 0;
  bool is_due_ = false;  // give_out() will be called
  std::shared_ptr<Questions*> alive_ = std::make_shared<Questions*>(this);
  std::unique_ptr<loop::Workers> workers_{};
};

}  // namespace lookup
