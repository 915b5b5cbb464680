// policyd/quota_status.hh -- asks Dovecot's quota-status on the loop, and remembers it.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A few connections stay open, one question at a time on each: every one of them occupies a process
// of Dovecot. A question that is not answered by its deadline is unknown, and its connection
// closed. After a failure Dovecot has a second of rest, in which every mailbox is unknown at once.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/complaint.hh"
#include "base/loop/listener.hh"
#include "base/loop/stream.hh"
#include "base/lru_cache.hh"
#include "base/settings.hh"

#include "policyd/quota.hh"

namespace policy {

struct QuotaStatusOptions {
  loop::Address address{};
  std::size_t connections = 4;
  base::Duration deadline{200};
  base::Duration cache_time{10'000};
};

struct QuotaSettings;
// With the default address when the setting has none; check_settings() has looked it over.
QuotaStatusOptions quota_status_options_of(const QuotaSettings& settings);

// Loop thread.
class QuotaStatus {
 public:
  using Done = std::function<void(Quota)>;

  // Both must outlive it.
  QuotaStatus(loop::Loop& loop, base::Log& log);
  QuotaStatus(const QuotaStatus&) = delete;
  QuotaStatus& operator=(const QuotaStatus&) = delete;
  ~QuotaStatus();

  // Closes what is open and forgets what is remembered.
  void apply(const QuotaStatusOptions& options);

  // The answer when it costs no question.
  std::optional<Quota> remembered(const QuotaQuestion& question);

  // Calls `done` once, never from inside. Returns an id for cancel().
  std::uint64_t find(const QuotaQuestion& question, Done done);
  // `done` will not be called. An id that is done already is fine.
  void cancel(std::uint64_t id);

 private:
  // The last answer about a mailbox, and for which size it was.
  struct Known {
    Quota quota = Quota::unknown;
    std::uint64_t size = 0;
  };
  struct Question {
    std::uint64_t id = 0;
    QuotaQuestion what{};
    Done done{};  // none: cancelled
    std::unique_ptr<loop::Timer> deadline{};
    bool is_second_try = false;
  };
  struct Link {
    std::uint64_t number = 0;
    std::unique_ptr<Question> question{};  // none: idle
    std::unique_ptr<loop::Stream> stream{};
  };
  using Links = std::list<Link>;

  void pump();
  Link* idle_link();
  base::Result<void> open_link();
  Links::iterator link_of(std::uint64_t number);
  std::size_t read(std::uint64_t number, std::string_view bytes);
  void closed(std::uint64_t number);
  void expire(std::uint64_t id);
  void answer(std::unique_ptr<Question> question, Quota quota);
  void remember(const QuotaQuestion& what, Quota quota);
  void fail(const base::Error& error);  // and rest
  void complain(const base::Error& error);
  void fail_waiting_later();

  loop::Loop& loop_;
  base::Log& log_;
  QuotaStatusOptions options_{};
  base::LruCache<Known> cache_;
  std::list<std::unique_ptr<Question>> waiting_{};
  Links links_{};
  std::uint64_t last_ = 0;
  base::SteadyTime rest_until_{};
  base::Complaint complaint_{};
  std::shared_ptr<QuotaStatus*> self_;  // for what is deferred
};

}  // namespace policy
