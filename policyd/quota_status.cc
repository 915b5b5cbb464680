// policyd/quota_status.cc -- connections to quota-status, and the questions that wait for one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/quota_status.hh"

#include <algorithm>

#include "base/metrics.hh"

#include "policyd/checks/quota_settings.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_hits("policyd_quota_cache_hits", "Quotas answered from memory.");
base::Counter count_questions("policyd_quota_questions", "Questions to Dovecot's quota-status.");
base::Counter count_failures("policyd_quota_failures",
                             "Questions that quota-status did not answer in time.");

constexpr std::size_t cache_bytes = 8U << 20U;
constexpr std::size_t waiting_limit = 1000;
constexpr std::chrono::seconds rest{1};

base::Error timed_out() {
  return base::make_error(base::Errc::timeout, "quota-status does not answer in time");
}

}  // namespace

QuotaStatusOptions quota_status_options_of(const QuotaSettings& settings) {
  return {.address = loop::Address::parse(settings.quota_status).value_or(loop::Address()),
          .connections = static_cast<std::size_t>(settings.quota_status_connections),
          .deadline = settings.quota_status_timeout,
          .cache_time = settings.quota_cache_time};
}

QuotaStatus::QuotaStatus(loop::Loop& loop, base::Log& log)
    : loop_(loop),
      log_(log),
      cache_(base::system_clock()),
      rest_until_(loop.ticks()),
      self_(std::make_shared<QuotaStatus*>(this)) {}

QuotaStatus::~QuotaStatus() = default;

void QuotaStatus::apply(const QuotaStatusOptions& options) {
  options_ = options;
  rest_until_ = loop_.ticks();
  cache_.clear();
  cache_.set_rules({.bytes = cache_bytes,
                    .lifetime = [time = options.cache_time](const Known&) { return time; },
                    .cost = [](const Known&) { return sizeof(Known); }});
  for (Link& link : links_) {
    if (!link.question) {
      link.stream->close();
    }
  }
}

std::optional<Quota> QuotaStatus::remembered(const QuotaQuestion& question) {
  const Known* known = cache_.find(question.mailbox);
  // What fits leaves room for less, and what does not fit leaves none for more.
  if (known != nullptr &&
      (known->quota == Quota::room ? question.size <= known->size : question.size >= known->size)) {
    count_hits.add();
    return known->quota;
  }
  return loop_.ticks() < rest_until_ ? std::optional(Quota::unknown) : std::nullopt;
}

std::uint64_t QuotaStatus::find(const QuotaQuestion& what, Done done) {
  count_questions.add();
  auto question = std::make_unique<Question>();
  const std::uint64_t id = ++last_;
  question->id = id;
  question->what = what;
  question->done = std::move(done);
  question->deadline = std::make_unique<loop::Timer>(loop_, [this, id] { expire(id); });
  question->deadline->start(waiting_.size() < waiting_limit ? options_.deadline
                                                            : base::Duration::zero());
  waiting_.push_back(std::move(question));
  pump();
  return id;
}

void QuotaStatus::cancel(std::uint64_t id) {
  for (auto question = waiting_.begin(); question != waiting_.end(); ++question) {
    if ((*question)->id == id) {
      waiting_.erase(question);
      return;
    }
  }
  for (Link& link : links_) {
    if (link.question && link.question->id == id) {
      link.question->done = nullptr;  // the answer is worth remembering
    }
  }
}

void QuotaStatus::pump() {
  while (!waiting_.empty()) {
    Link* link = idle_link();
    if (link == nullptr && links_.size() < options_.connections) {
      if (const auto opened = open_link(); !opened) {
        fail(opened.error());
        fail_waiting_later();
        return;
      }
      link = &links_.back();
    }
    if (link == nullptr) {
      return;
    }
    link->question = std::move(waiting_.front());
    waiting_.pop_front();
    link->stream->write(quota_request(link->question->what));
  }
}

QuotaStatus::Link* QuotaStatus::idle_link() {
  for (Link& link : links_) {
    if (!link.question && !link.stream->is_closed()) {
      return &link;
    }
  }
  return nullptr;
}

base::Result<void> QuotaStatus::open_link() {
  auto socket = loop::begin_connect(options_.address);
  if (!socket) {
    return socket.error();
  }
  const std::uint64_t number = ++last_;
  links_.push_back({.number = number});
  links_.back().stream = std::make_unique<loop::Stream>(
      loop_, std::move(*socket), loop::StreamLimits{},
      loop::Stream::Callbacks{
          .on_data = [this, number](std::string_view bytes) { return read(number, bytes); },
          .on_drained = {},
          .on_end = {},
          .on_closed = [this, number](loop::CloseReason) { closed(number); }});
  return {};
}

QuotaStatus::Links::iterator QuotaStatus::link_of(std::uint64_t number) {
  return std::find_if(links_.begin(), links_.end(),
                      [number](const Link& link) { return link.number == number; });
}

std::size_t QuotaStatus::read(std::uint64_t number, std::string_view bytes) {
  const auto link = link_of(number);
  const auto found = read_quota_answer(bytes);
  if (!found || (*found && !link->question)) {
    fail(found ? base::make_error(base::Errc::malformed, "quota-status answers unasked")
               : found.error());
    link->stream->close();
    return bytes.size();
  }
  if (!*found) {
    return 0;
  }
  const QuotaAnswer& told = **found;
  if (told.quota == Quota::unknown) {
    complain(base::make_error(base::Errc::unavailable,
                              "quota-status answers " + std::string(told.action)));
  }
  answer(std::move(link->question), told.quota);
  pump();
  return told.size;
}

// Dovecot closes a connection when it likes; a question that met that is asked once more.
void QuotaStatus::closed(std::uint64_t number) {
  const auto link = link_of(number);
  auto question = std::move(link->question);
  links_.erase(link);
  if (question && !question->is_second_try) {
    question->is_second_try = true;
    waiting_.push_front(std::move(question));
  } else if (question) {
    fail(base::make_error(base::Errc::unavailable, "quota-status closes the connection"));
    answer(std::move(question), Quota::unknown);
  }
  pump();
}

void QuotaStatus::expire(std::uint64_t id) {
  const auto waiting = std::find_if(waiting_.begin(), waiting_.end(),
                                    [id](const auto& question) { return question->id == id; });
  std::unique_ptr<Question> question;
  if (waiting != waiting_.end()) {
    question = std::move(*waiting);
    waiting_.erase(waiting);
  } else {
    for (Link& link : links_) {
      if (link.question && link.question->id == id) {
        question = std::move(link.question);
        link.stream->close();  // its answer would be taken for the next one's
        break;
      }
    }
  }
  if (question) {
    fail(timed_out());
    answer(std::move(question), Quota::unknown);
  }
}

void QuotaStatus::answer(std::unique_ptr<Question> question, Quota quota) {
  remember(question->what, quota);
  const Done done = std::move(question->done);
  // Its timer may be what calls us.
  loop_.defer([timer = std::shared_ptr<loop::Timer>(std::move(question->deadline))] {});
  if (done) {
    done(quota);
  }
}

void QuotaStatus::remember(const QuotaQuestion& what, Quota quota) {
  if (quota == Quota::unknown) {
    return;
  }
  cache_.put(what.mailbox, {quota, what.size});
}

void QuotaStatus::fail(const base::Error& error) {
  rest_until_ = loop_.ticks() + rest;
  complain(error);
}

void QuotaStatus::complain(const base::Error& error) {
  count_failures.add();
  if (const auto held_back = complaint_.due(loop_.ticks()); held_back) {
    log_.write(event::quota_trouble,
               {{"error", error.text()}, {"suppressed", std::to_string(*held_back)}});
  }
}

// Not from inside find().
void QuotaStatus::fail_waiting_later() {
  loop_.defer([self = std::weak_ptr<QuotaStatus*>(self_)] {
    const auto alive = self.lock();
    if (!alive) {
      return;
    }
    QuotaStatus& status = **alive;
    auto waiting = std::exchange(status.waiting_, {});
    for (auto& question : waiting) {
      status.answer(std::move(question), Quota::unknown);
    }
  });
}

}  // namespace policy
