// lookupd/questions.cc -- groups of questions on their way to the directory and back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/questions.hh"

#include <algorithm>

#include "base/metrics.hh"
#include "base/must.hh"

namespace lookup {

namespace {

using base::Errc;
using namespace std::chrono_literals;

constexpr std::size_t question_limit = 20'000;  // waiting; some 200 bytes each
constexpr std::size_t group_limit = 64;
// What a group should take at least to be worth a hop to another worker, and after which time a
// worker comes back with what it has.
constexpr std::chrono::nanoseconds worth_a_hop = 200us;
constexpr std::chrono::nanoseconds long_enough = 20ms;

base::Counter directory_questions("lookupd_directory_questions",
                                  "Questions asked of the directory.");
base::Counter directory_groups("lookupd_directory_groups",
                               "Groups in which the questions were brought to the directory.");

// The whole server is away, not one entry bad.
bool is_away(Errc code) {
  return code == Errc::unavailable || code == Errc::timeout;
}

std::string_view key_of(const Question& question) {
  return std::string_view(question.text).substr(question.text.find(' ') + 1);
}

}  // namespace

base::Result<std::unique_ptr<Questions>> Questions::make(loop::Loop& loop, std::size_t threads,
                                                         Done done) {
  auto workers = loop::Workers::make(loop, {.name = "directory", .threads = threads});
  if (!workers) {
    return workers.error();
  }
  auto questions = std::make_unique<Questions>(loop, threads, std::move(done));
  questions->workers_ = std::move(*workers);
  return questions;
}

Questions::Questions(loop::Loop& loop, std::size_t threads, Done done)
    : loop_(loop), threads_(threads), done_(std::move(done)), each_(worth_a_hop) {}

void Questions::apply(std::shared_ptr<directory::Pool> pool, MapRules rules,
                      base::Duration timeout) {
  pool_ = std::move(pool);
  rules_ = std::make_shared<const MapRules>(std::move(rules));
  timeout_ = timeout;
  forget();
}

bool Questions::ask(Map map, std::string_view text) {
  if (waiting_.size() >= question_limit) {
    return false;
  }
  waiting_.push_back({map, std::string(text), loop_.ticks() + timeout_});
  if (!is_due_ && groups_ < threads_) {
    // After all that has come in this turn of the loop.
    is_due_ = true;
    loop_.defer([weak = std::weak_ptr<Questions*>(alive_)] {
      if (const auto questions = weak.lock()) {
        (*questions)->is_due_ = false;
        (*questions)->give_out();
      }
    });
  }
  return true;
}

void Questions::give_out() {
  expire();
  while (!waiting_.empty() && groups_ < threads_) {
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(group_size());
    const auto group = std::make_shared<const std::vector<Question>>(
        std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    submit(group);
  }
}

// Only after a group ran into its deadline is the first of those that wait too old.
void Questions::expire() {
  const auto now = loop_.ticks();
  std::vector<Question> late;
  while (!waiting_.empty() && waiting_.front().end <= now) {
    late.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (!late.empty()) {
    const std::vector<Reply> replies(
        late.size(), Reply(base::make_error(Errc::timeout, "directory: deadline passed")));
    done_(late, replies, false);
  }
}

std::size_t Questions::group_size() const {
  const std::size_t free = threads_ - groups_;
  const std::size_t share = (waiting_.size() + free - 1) / free;
  const auto worth = static_cast<std::size_t>(worth_a_hop / std::max(each_, 1ns));
  return std::min({std::max({share, worth, std::size_t{1}}), group_limit, waiting_.size()});
}

void Questions::submit(const Group& group) {
  ++groups_;
  directory_groups.add();
  const auto left =
      std::chrono::duration_cast<base::Duration>(group->front().end - loop_.ticks()) + 1ms;
  workers_->submit<Round>(
      left,
      [pool = pool_, rules = rules_, group]() -> base::Result<Round> {
        return ask_all(*pool, *rules, *group);
      },
      [this, group, age = age_](base::Result<Round> round) {
        came_back(group, age, std::move(round));
      });
}

Questions::Round Questions::ask_all(directory::Pool& pool, const MapRules& rules,
                                    const std::vector<Question>& questions) {
  const auto begin = base::system_clock().ticks();
  Round round;
  round.replies.reserve(questions.size());
  auto opened = pool.take();
  if (opened) {
    ask_in_turn(**opened, rules, questions, round);
  } else {
    round.replies.emplace_back(opened.error());
  }
  const Reply last = round.replies.back();
  if (last) {
    pool.give(std::move(*opened));
  } else if (is_away(last.error().code)) {
    round.replies.resize(questions.size(), last);
  }
  round.each =
      (base::system_clock().ticks() - begin) / static_cast<std::int64_t>(round.replies.size());
  return round;
}

// Until one fails: the directory is not to be used after that.
void Questions::ask_in_turn(directory::Directory& directory, const MapRules& rules,
                            const std::vector<Question>& questions, Round& round) {
  const directory::Reading reading(directory);
  const auto now = base::system_clock().now();
  const auto enough = base::system_clock().ticks() + long_enough;
  for (const Question& question : questions) {
    directory_questions.add();
    round.replies.push_back(answer(directory, rules, question.map, key_of(question), now));
    if (!round.replies.back() || base::system_clock().ticks() >= enough) {
      return;
    }
  }
}

void Questions::came_back(const Group& group, std::uint64_t age, base::Result<Round> round) {
  --groups_;
  if (!round) {
    failed(group, round.error());
  } else {
    const std::span<const Question> questions(*group);
    const std::size_t asked = round->replies.size();
    each_ = (each_ * 7 + round->each) / 8;
    put_back(questions.subspan(asked));
    done_(questions.first(asked), round->replies, age == age_);
  }
  give_out();
}

// Its deadline, that of its oldest question, passed; or no worker could take it.
void Questions::failed(const Group& group, const base::Error& why) {
  const auto now = loop_.ticks();
  const bool is_late = why.code == Errc::timeout;
  const auto young = std::find_if(group->begin(), group->end(), [&](const Question& question) {
    return is_late && question.end > now;
  });
  put_back({young, group->end()});
  const std::vector<Reply> replies(static_cast<std::size_t>(young - group->begin()), Reply(why));
  done_({group->begin(), young}, replies, false);
}

void Questions::put_back(std::span<const Question> questions) {
  waiting_.insert(waiting_.begin(), questions.begin(), questions.end());
}

}  // namespace lookup
