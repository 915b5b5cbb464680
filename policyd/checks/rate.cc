// policyd/checks/rate.cc -- reserving at RCPT, counting at END-OF-MESSAGE.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/rate.hh"

#include <algorithm>

#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/rate_settings.hh"
#include "policyd/events.hh"
#include "policyd/store/record.hh"

namespace policy {

namespace {

constexpr std::string_view refused_name = "policyd_rate_refused_requests";
constexpr std::string_view refused_help = "Requests beyond a rate, by whose it is.";
std::array<base::Counter, all_rate_kinds.size()> count_refused{{
    base::Counter{refused_name, refused_help, "kind=\"user\""},
    base::Counter{refused_name, refused_help, "kind=\"user_domain\""},
    base::Counter{refused_name, refused_help, "kind=\"client\""},
    base::Counter{refused_name, refused_help, "kind=\"domain\""},
}};
base::Counter count_messages("policyd_rate_messages", "Messages counted at their end.");
base::Counter count_recipients("policyd_rate_recipients", "Their recipients.");
base::Counter count_unsure("policyd_rate_unsure_requests",
                           "Requests decided by rate_on_error: the store was unusable.");

constexpr std::array units{RateUnit::messages, RateUnit::recipients};

std::uint32_t part(const RateHeld& held, RateUnit unit) {
  return unit == RateUnit::messages ? held.messages : held.recipients;
}

std::string window_text(Seconds window) {
  return base::setting_value_text(base::Duration(std::chrono::seconds(window)));
}

std::string replaced(std::string text, std::string_view place, const std::string& by) {
  if (const std::size_t at = text.find(place); at != std::string::npos) {
    text.replace(at, place.size(), by);
  }
  return text;
}

enum class Moment { none, recipient, end };

Moment moment_of(const Request& request) {
  const std::string_view state = request[Attribute::protocol_state];
  if (state == "RCPT") {
    return Moment::recipient;
  }
  return state == "END-OF-MESSAGE" ? Moment::end : Moment::none;
}

// What the mail has sent when it ends now.
RateHeld sent_by(const Request& request) {
  const auto count = base::parse_number<std::uint32_t>(request[Attribute::recipient_count]);
  return {1, count && *count > 0 ? *count : 1};
}

// What this request wants beside what its message has already.
RateHeld wanted_by(const Inquiry& inquiry) {
  const RateHeld has = inquiry.facts.rate_hold ? inquiry.facts.rate_hold->held() : RateHeld{};
  if (moment_of(inquiry.request) == Moment::recipient) {
    return {has.messages > 0 ? 0U : 1U, 1};
  }
  const RateHeld sent = sent_by(inquiry.request);
  return {sent.messages - std::min(sent.messages, has.messages),
          sent.recipients - std::min(sent.recipients, has.recipients)};
}

using Table2 = std::array<std::pair<base::Words RateSettings::*, std::string_view>, 8>;
constexpr Table2 limit_settings{{
    {&RateSettings::rate_user_messages, "rate_user_messages"},
    {&RateSettings::rate_user_recipients, "rate_user_recipients"},
    {&RateSettings::rate_user_domain_messages, "rate_user_domain_messages"},
    {&RateSettings::rate_user_domain_recipients, "rate_user_domain_recipients"},
    {&RateSettings::rate_client_messages, "rate_client_messages"},
    {&RateSettings::rate_client_recipients, "rate_client_recipients"},
    {&RateSettings::rate_domain_messages, "rate_domain_messages"},
    {&RateSettings::rate_domain_recipients, "rate_domain_recipients"},
}};

}  // namespace

bool RateOptions::is_limited() const {
  return std::any_of(limits.begin(), limits.end(), [](const auto& x) { return !x.empty(); });
}

RateOptions rate_options_of(const RateSettings& settings) {
  RateOptions options{.ipv4_prefix = static_cast<unsigned>(settings.rate_ipv4_prefix),
                      .ipv6_prefix = static_cast<unsigned>(settings.rate_ipv6_prefix),
                      .reservation_time = settings.rate_reservation_time,
                      .reject = settings.rate_action == "reject",
                      .text = settings.rate_text,
                      .defer_on_error = settings.rate_on_error == "defer"};
  for (std::size_t i = 0; i < limit_settings.size(); ++i) {
    RateLimits& limits = options.limits[i / 2];
    auto& list = i % 2 == 0 ? limits.messages : limits.recipients;
    list = parse_rate_limits(settings.*limit_settings[i].first).value_or(std::vector<RateLimit>());
  }
  return options;
}

base::Result<void> check_rate_settings(const RateSettings& settings) {
  for (const auto& [member, name] : limit_settings) {
    if (const auto limits = parse_rate_limits(settings.*member); !limits) {
      return base::make_error(base::Errc::malformed,
                              std::string(name) + ": " + limits.error().detail,
                              limits.error().hint);
    }
  }
  return {};
}

std::string rate_client_subject(const RateOptions& options, const base::IpAddress& client) {
  const unsigned bits = client.is_v4() ? options.ipv4_prefix : options.ipv6_prefix;
  const bool is_one = bits == (client.is_v4() ? 32U : 128U);
  return is_one ? client.text() : base::IpNetwork(client, bits).text();
}

// One counted thing that the request belongs to.
struct RateCheck::Subject {
  RateKind kind;
  std::string text;
  const RateLimits* limits;
  Key key{};
  RateRecord record{};
};

// The limit that is in the way.
struct RateCheck::Excess {
  const Subject* subject;
  RateUnit unit;
  RateLimit limit;
  Seconds wait;
};

std::vector<RateCheck::Subject> RateCheck::subjects_of(const Inquiry& inquiry) const {
  std::vector<Subject> subjects;
  const auto add = [&](RateKind kind, const std::string& text) {
    const RateLimits& limits = options_.limits_of(kind, text);
    if (!text.empty() && !limits.empty()) {
      subjects.push_back({kind, text.substr(0, record_text_limit), &limits});
    }
  };
  const std::string_view sender = inquiry.request[Attribute::sender];
  const std::size_t at = sender.rfind('@');
  const std::string domain =
      at == std::string_view::npos ? std::string() : base::to_lower(sender.substr(at + 1));
  if (const auto login = inquiry.request[Attribute::sasl_username]; !login.empty()) {
    add(RateKind::user, base::to_lower(login));
    add(RateKind::user_domain, domain);
    return subjects;
  }
  const auto& client = inquiry.facts.client;
  add(RateKind::client, client ? rate_client_subject(options_, *client)
                               : base::to_lower(inquiry.request[Attribute::client_address]));
  add(RateKind::domain, domain);
  return subjects;
}

base::Result<void> RateCheck::load(std::vector<Subject>& subjects) {
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  for (Subject& subject : subjects) {
    subject.key = rate_key(*hash_key, subject.kind, subject.text);
    const auto row = store_.get(subject.key);
    if (!row) {
      return row.error();
    }
    // A record that cannot be read is as good as none: it is written anew.
    auto record = *row ? decode_rate((*row)->value)
                       : base::make_error(base::Errc::not_found, "nothing was counted yet");
    if (record) {
      subject.record = std::move(*record);
    } else {
      subject.record = {.kind = subject.kind, .subject = subject.text};
    }
  }
  return {};
}

std::optional<RateCheck::Excess> RateCheck::find_excess(const std::vector<Subject>& subjects,
                                                        const RateHeld& wanted,
                                                        const Inquiry& inquiry) const {
  const Seconds now = seconds_of(inquiry.now);
  std::optional<Excess> excess;
  for (const Subject& subject : subjects) {
    const RateHeld held = ledger_->held(subject.key);
    for (const RateUnit unit : units) {
      for (const RateLimit& limit : subject.limits->of(unit)) {
        const RateWindow* window = subject.record.find(unit, limit.window);
        const std::uint64_t counted = window == nullptr ? 0 : window->sum(now);
        inquiry.note([&] {
          return std::string(rate_kind_name(subject.kind)) + " " + subject.text + ": " +
                 std::to_string(counted) + " " + std::string(rate_unit_name(unit)) + " and " +
                 std::to_string(part(held, unit)) + " under way of " + std::to_string(limit.most) +
                 " in " + window_text(limit.window);
        });
        const std::uint64_t taken = std::uint64_t{part(held, unit)} + part(wanted, unit);
        if (part(wanted, unit) == 0 || counted + taken <= limit.most || excess) {
          continue;
        }
        const Seconds wait = window == nullptr || taken > limit.most
                                 ? seconds_of(base::WallTime(options_.reservation_time))
                                 : window->wait(now, limit.most - taken);
        excess = Excess{&subject, unit, limit, wait};
      }
    }
  }
  return excess;
}

Verdict RateCheck::refuse(const Excess& excess, const Inquiry& inquiry) const {
  if (!inquiry.is_rehearsal()) {
    count_refused[static_cast<std::size_t>(excess.subject->kind) - 1].add();
  }
  return {.action = options_.reject ? Action::reject : Action::defer,
          .text = replaced(options_.text, "{wait}", std::to_string(excess.wait)),
          .event = &event::rate_refuse,
          .reason = std::string(rate_kind_name(excess.subject->kind)) + " " + excess.subject->text +
                    " has sent " + std::to_string(excess.limit.most) + " " +
                    std::string(rate_unit_name(excess.unit)) + " in " +
                    window_text(excess.limit.window)};
}

Answer RateCheck::ask(const Inquiry& inquiry) {
  auto subjects =
      moment_of(inquiry.request) == Moment::none ? std::vector<Subject>() : subjects_of(inquiry);
  if (subjects.empty()) {
    inquiry.note([] { return "no limit applies to this request"; });
    return NoOpinion{};
  }
  if (const auto loaded = load(subjects); !loaded) {
    return unsure(loaded.error(), inquiry);
  }
  ledger_->expire(inquiry.now, options_.reservation_time);
  const RateHeld wanted = wanted_by(inquiry);
  if (const auto excess = find_excess(subjects, wanted, inquiry); excess) {
    return refuse(*excess, inquiry);
  }
  if (!inquiry.is_rehearsal()) {
    auto& hold = inquiry.facts.rate_hold;
    if (!hold) {
      std::vector<Key> keys;
      keys.reserve(subjects.size());
      for (const Subject& subject : subjects) {
        keys.push_back(subject.key);
      }
      hold = ledger_->begin(std::move(keys));
    }
    hold->reserve(wanted, inquiry.now);
  }
  return NoOpinion{};
}

void RateCheck::decided(const Inquiry& inquiry, const Verdict& verdict) {
  const Moment moment = moment_of(inquiry.request);
  auto& hold = inquiry.facts.rate_hold;
  if (moment == Moment::end) {
    if (!verdict.is_refusal()) {
      settle(inquiry);
    }
    hold.reset();
  } else if (moment == Moment::recipient && hold && verdict.is_refusal() &&
             verdict.check != name()) {
    hold->give_back_recipient();
  }
}

void RateCheck::settle(const Inquiry& inquiry) {
  auto subjects = subjects_of(inquiry);
  if (subjects.empty()) {
    return;
  }
  const RateHeld sent = sent_by(inquiry.request);
  const Seconds now = seconds_of(inquiry.now);
  auto done = load(subjects);
  for (auto subject = subjects.begin(); done && subject != subjects.end(); ++subject) {
    done = count(*subject, sent, now);
  }
  if (!done) {
    (void)unsure(done.error(), inquiry);
    return;
  }
  count_messages.add();
  count_recipients.add(sent.recipients);
}

// Windows that the settings no longer name are left out.
base::Result<void> RateCheck::count(Subject& subject, const RateHeld& sent, Seconds now) {
  RateRecord record{.kind = subject.kind, .subject = subject.text};
  for (const RateUnit unit : units) {
    for (const RateLimit& limit : subject.limits->of(unit)) {
      const RateWindow* known = subject.record.find(unit, limit.window);
      RateWindow window = known == nullptr ? RateWindow(limit.window) : *known;
      window.add(now, part(sent, unit));
      record.counts.push_back({unit, window});
    }
  }
  return store_.put(subject.key, {encode(record), record.expires()});
}

Answer RateCheck::unsure(const base::Error& error, const Inquiry& inquiry) {
  const Action action = options_.defer_on_error ? Action::defer_if_permit : Action::dunno;
  inquiry.note([&] { return error.text(); });
  if (!inquiry.is_rehearsal()) {
    count_unsure.add();
    if (const auto held_back = complaint_.due(inquiry.now); held_back) {
      log_.write(event::rate_unsure, {{"action", action_word(action)},
                                      {"error", error.text()},
                                      {"suppressed", std::to_string(*held_back)}});
    }
  }
  if (!options_.defer_on_error) {
    return NoOpinion{};
  }
  return Verdict{.action = action, .text = "4.3.0 Try again later", .reason = error.text()};
}

}  // namespace policy
