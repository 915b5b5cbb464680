// policyd/rate_verbs.cc -- walking the counted rates on a worker, telling and forgetting them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/rate_verbs.hh"

#include <memory>

#include "base/json_writer.hh"
#include "base/text.hh"

#include "policyd/checks/rate.hh"

namespace policy {

namespace {

constexpr std::int64_t rows_by_default = 1000;
constexpr std::int64_t rows_at_most = 100'000;
constexpr loop::Duration scan_deadline{30'000};

struct Found {
  Key key{};
  RateRecord record{};
};
using FoundRates = std::shared_ptr<std::vector<Found>>;

// The subject as it stands in records: of an address its network, else lower case.
std::string subject_of(const RateOptions& options, std::string_view key) {
  const auto address = base::IpAddress::parse(key);
  return address ? rate_client_subject(options, *address) : base::to_lower(key);
}

// On a worker. An empty subject means any; one more than the limit shows that there are more.
base::Result<FoundRates> find_rates(Store& store, const std::string& subject, std::size_t limit,
                                    Seconds now) {
  auto found = std::make_shared<std::vector<Found>>();
  const auto scanned = store.scan(Table::rates, {}, [&](const Key& key, const Row& row) {
    auto record = decode_rate(row.value);
    if (record && row.expires > now && (subject.empty() || record->subject == subject)) {
      found->push_back({key, std::move(*record)});
    }
    return found->size() <= limit;
  });
  if (!scanned) {
    return scanned.error();
  }
  return found;
}

std::uint32_t limit_in(const RateOptions& options, const RateRecord& record,
                       const RateCount& count) {
  for (const RateLimit& limit : options.limits_of(record.kind, record.subject).of(count.unit)) {
    if (limit.window == count.window.length()) {
      return limit.most;
    }
  }
  return 0;
}

std::string row_json(const Engine& engine, const Found& found, const RateCount& count,
                     Seconds now) {
  const RateHeld held = engine.rate_ledger().held(found.key);
  const std::uint32_t reserved = count.unit == RateUnit::messages ? held.messages : held.recipients;
  const std::uint32_t limit = limit_in(engine.rates(), found.record, count);
  const Seconds wait = limit > reserved ? count.window.wait(now, limit - reserved - 1) : 0;
  base::JsonWriter json;
  json.begin_object();
  json.key("kind").string(rate_kind_name(found.record.kind));
  json.key("subject").string(found.record.subject);
  json.key("unit").string(rate_unit_name(count.unit));
  json.key("window").number(count.window.length());
  json.key("count").number(static_cast<std::int64_t>(count.window.sum(now)));
  json.key("reserved").number(reserved);
  json.key("limit").number(limit);
  json.key("wait").number(wait);
  json.end_object();
  return json.take();
}

void with_rates(const ControlParts& parts, std::string_view key, std::size_t limit,
                loop::ControlReply reply,
                std::function<void(const std::vector<Found>&, loop::ControlReply&)> use) {
  auto to = std::make_shared<loop::ControlReply>(std::move(reply));
  parts.workers.submit<FoundRates>(
      scan_deadline,
      [&store = parts.store, subject = subject_of(parts.engine.rates(), key), limit,
       now = seconds_of(parts.clock.now())] { return find_rates(store, subject, limit, now); },
      [to, use = std::move(use)](base::Result<FoundRates> found) {
        if (!found) {
          to->fail(found.error());
        } else {
          use(**found, *to);
        }
      });
}

void list(const ControlParts& parts, const loop::ControlRequest& request,
          loop::ControlReply reply) {
  const auto limit = static_cast<std::size_t>(
      std::clamp(base::json_number(request.arguments, "limit").value_or(rows_by_default),
                 std::int64_t{1}, rows_at_most));
  with_rates(parts, base::json_text(request.arguments, "key").value_or(""), limit, std::move(reply),
             [parts, limit](const auto& found, loop::ControlReply& to) {
               const Seconds now = seconds_of(parts.clock.now());
               const std::size_t count = std::min(limit, found.size());
               for (std::size_t i = 0; i < count; ++i) {
                 for (const RateCount& window : found[i].record.counts) {
                   to.row(row_json(parts.engine, found[i], window, now));
                 }
               }
               to.ok("\"count\":" + std::to_string(count) +
                     ",\"more\":" + (found.size() > limit ? "true" : "false"));
             });
}

void reset(const ControlParts& parts, const loop::ControlRequest& request,
           loop::ControlReply reply) {
  const auto key = base::json_text(request.arguments, "key");
  if (!key || key->empty()) {
    reply.fail(base::make_error(base::Errc::malformed, "no key",
                                "say whose counts are meant: a login, an address, a domain"));
    return;
  }
  with_rates(parts, *key, rows_at_most, std::move(reply),
             [parts](const auto& found, loop::ControlReply& to) {
               for (const Found& one : found) {
                 if (const auto erased = parts.store.erase(one.key); !erased) {
                   to.fail(erased.error());
                   return;
                 }
               }
               if (found.empty()) {
                 to.fail(base::make_error(base::Errc::not_found, "nothing was counted of it",
                                          "rate show tells of whom something was"));
               } else {
                 to.ok("\"count\":" + std::to_string(found.size()));
               }
             });
}

}  // namespace

void add_rate_verbs(loop::ControlServer& control, const ControlParts& parts) {
  control.add("rate.list", "Counted mail and its limits, a row for each window: key, limit.",
              [parts](const auto& request, loop::ControlReply reply) {
                list(parts, request, std::move(reply));
              });
  control.add("rate.reset", "Forgets what was counted of a login, client or domain: key.",
              [parts](const auto& request, loop::ControlReply reply) {
                reset(parts, request, std::move(reply));
              });
}

}  // namespace policy
