// policyd/trap_verbs.cc -- listing, making and forgetting the entries of clients.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/trap_verbs.hh"

#include <memory>

#include "base/json_writer.hh"
#include "base/text.hh"

namespace policy {

namespace {

constexpr std::int64_t rows_by_default = 1000;
constexpr std::int64_t rows_at_most = 100'000;
constexpr loop::Duration scan_deadline{30'000};

struct Found {
  TrapEntry entry{};
  Seconds expires = 0;
};
using FoundEntries = std::shared_ptr<std::vector<Found>>;

// On a worker; one more than the limit shows that there are more.
base::Result<FoundEntries> find_entries(Store& store, std::size_t limit, Seconds now) {
  auto found = std::make_shared<std::vector<Found>>();
  const auto scanned = store.scan(Table::traps, {}, [&](const Key&, const Row& row) {
    auto entry = decode_trap(row.value);
    if (entry && row.expires > now) {
      found->push_back({std::move(*entry), row.expires});
    }
    return found->size() <= limit;
  });
  if (!scanned) {
    return scanned.error();
  }
  return found;
}

std::string row_json(const Found& found) {
  base::JsonWriter json;
  json.begin_object();
  json.key("subject").string(found.entry.subject);
  json.key("kind").string(found.entry.is_network() ? "network" : "client");
  json.key("hits").number(found.entry.hits);
  json.key("first_hit").number(found.entry.first_hit);
  json.key("last_hit").number(found.entry.last_hit);
  json.key("expires").number(found.expires);
  json.end_object();
  return json.take();
}

void list(const ControlParts& parts, const loop::ControlRequest& request,
          loop::ControlReply reply) {
  const auto limit = static_cast<std::size_t>(
      std::clamp(base::json_number(request.arguments, "limit").value_or(rows_by_default),
                 std::int64_t{1}, rows_at_most));
  auto to = std::make_shared<loop::ControlReply>(std::move(reply));
  parts.workers.submit<FoundEntries>(
      scan_deadline,
      [&store = parts.store, limit, now = seconds_of(parts.clock.now())] {
        return find_entries(store, limit, now);
      },
      [to, limit](base::Result<FoundEntries> found) {
        if (!found) {
          to->fail(found.error());
          return;
        }
        const std::size_t count = std::min(limit, (*found)->size());
        for (std::size_t i = 0; i < count; ++i) {
          to->row(row_json((**found)[i]));
        }
        to->ok("\"count\":" + std::to_string(count) +
               ",\"more\":" + ((*found)->size() > limit ? "true" : "false"));
      });
}

void add(const ControlParts& parts, const loop::ControlRequest& request, loop::ControlReply reply) {
  const std::string_view text = base::json_text(request.arguments, "client").value_or("");
  const auto client = base::IpAddress::parse(text);
  if (!client) {
    reply.fail(base::make_error(base::Errc::malformed,
                                "not an IP address: " + base::printable(text, 60),
                                "name the client that wrote to a trap"));
    return;
  }
  const auto hit = parts.engine.trap_book().hit(*client, seconds_of(parts.clock.now()),
                                                parts.engine.traps().lifetime);
  hit ? reply.ok() : reply.fail(hit.error());
}

void del(const ControlParts& parts, const loop::ControlRequest& request, loop::ControlReply reply) {
  const std::string_view subject = base::json_text(request.arguments, "subject").value_or("");
  const auto gone = parts.engine.trap_book().forget(subject, seconds_of(parts.clock.now()));
  gone ? reply.ok() : reply.fail(gone.error());
}

}  // namespace

void add_trap_verbs(loop::ControlServer& control, const ControlParts& parts) {
  control.add("trap.list", "Clients and networks that wrote to a spamtrap: limit.",
              [parts](const auto& request, loop::ControlReply reply) {
                list(parts, request, std::move(reply));
              });
  control.add("trap.add", "Counts a hit of a spamtrap: client.",
              [parts](const auto& request, loop::ControlReply reply) {
                add(parts, request, std::move(reply));
              });
  control.add("trap.del", "Forgets the hits of a client or a network: subject.",
              [parts](const auto& request, loop::ControlReply reply) {
                del(parts, request, std::move(reply));
              });
}

}  // namespace policy
