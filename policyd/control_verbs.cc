// policyd/control_verbs.cc -- listing, releasing and forgetting triplets; explaining a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/control_verbs.hh"

#include <map>
#include <memory>
#include <set>

#include "base/json_writer.hh"
#include "base/text.hh"

namespace policy {

namespace {

constexpr std::int64_t rows_by_default = 1000;
constexpr std::int64_t rows_at_most = 100'000;
constexpr std::size_t recipients_at_most = 10'000;
constexpr loop::Duration scan_deadline{30'000};

// Which triplets a request means. An empty text means any.
struct Selection {
  std::vector<std::string> recipients{};
  bool has_recipients = false;
  std::string sender{};
  std::string delimiters{};
  bool with_passed = false;
  std::size_t limit = rows_by_default;
};

struct Found {
  Key key{};
  Triplet triplet{};
  Seconds expires = 0;
};
using FoundRows = std::shared_ptr<std::vector<Found>>;

// Of "recipient" and "recipients", each once.
std::vector<std::string> recipients_of(const base::JsonValue& arguments) {
  std::set<std::string> all;
  if (const auto one = base::json_text(arguments, "recipient"); one) {
    all.insert(base::to_lower(*one));
  }
  if (const auto member = base::json_member(arguments, "recipients"); member) {
    base::JsonArray list;
    if (member->get_array().get(list) == simdjson::SUCCESS) {
      for (const base::JsonValue one : list) {
        std::string_view text;
        if (one.get_string().get(text) == simdjson::SUCCESS && all.size() < recipients_at_most) {
          all.insert(base::to_lower(text));
        }
      }
    }
  }
  return {all.begin(), all.end()};
}

Selection selection_of(const ControlParts& parts, const base::JsonValue& arguments) {
  Selection selection;
  selection.delimiters = parts.engine.greylist().recipient_delimiter;
  selection.recipients = recipients_of(arguments);
  // An empty list is nobody, not everybody.
  selection.has_recipients = base::json_member(arguments, "recipient").has_value() ||
                             base::json_member(arguments, "recipients").has_value();
  selection.sender = base::to_lower(base::json_text(arguments, "sender").value_or(""));
  selection.with_passed = base::json_bool(arguments, "all").value_or(false);
  selection.limit = static_cast<std::size_t>(
      std::clamp(base::json_number(arguments, "limit").value_or(rows_by_default), std::int64_t{1},
                 rows_at_most));
  return selection;
}

// Whether mail to `waiting` is meant by one of the recipients. An address stands for its extensions
// too; one with an extension for itself alone, though its mail waits under the same key.
bool is_meant(const std::set<std::string>& recipients, std::string_view waiting,
              std::string_view delimiters) {
  return recipients.contains(std::string(waiting)) ||
         recipients.contains(waiting_address(waiting, delimiters));
}

// On a worker: one more row than the limit shows that there are more.
base::Result<FoundRows> find_triplets(Store& store, const HashKey& hash_key,
                                      const Selection& selection, Seconds now) {
  auto found = std::make_shared<std::vector<Found>>();
  std::map<std::string, std::set<std::string>> by_prefix;
  for (const std::string& recipient : selection.recipients) {
    const std::string mailbox = waiting_address(recipient, selection.delimiters);
    by_prefix[recipient_prefix(hash_key, mailbox)].insert(recipient);
  }
  if (!selection.has_recipients) {
    by_prefix.try_emplace("");
  }
  for (const auto& group : by_prefix) {
    const std::string& prefix = group.first;
    const auto scanned = store.scan(Table::triplets, prefix, [&](const Key& key, const Row& row) {
      auto triplet = decode_triplet(row.value);
      if (triplet && row.expires > now &&
          (prefix.empty() || is_meant(group.second, triplet->recipient, selection.delimiters)) &&
          (selection.sender.empty() || triplet->sender == selection.sender) &&
          (selection.with_passed || triplet->is_waiting())) {
        found->push_back({key, std::move(*triplet), row.expires});
      }
      return found->size() <= selection.limit;
    });
    if (!scanned) {
      return scanned.error();
    }
  }
  return found;
}

std::string row_json(const Found& found, Seconds delay) {
  const Triplet& triplet = found.triplet;
  base::JsonWriter json;
  json.begin_object();
  json.key("client").string(triplet.client);
  json.key("sender").string(triplet.sender);
  json.key("recipient").string(triplet.recipient);
  json.key("state").string(!triplet.is_waiting() ? "passed"
                           : triplet.released    ? "released"
                                                 : "waiting");
  json.key("first_seen").number(triplet.first_seen);
  json.key("last_seen").number(triplet.last_seen);
  json.key("too_early").number(triplet.too_early);
  json.key("passes").number(triplet.passes);
  json.key("passes_from").number(std::int64_t{triplet.first_seen} + delay);
  json.key("expires").number(found.expires);
  json.end_object();
  return json.take();
}

// Walks the store on a worker and gives the rows to `use` on the loop.
void with_triplets(const ControlParts& parts, Selection selection, loop::ControlReply reply,
                   std::function<void(const std::vector<Found>&, loop::ControlReply&)> use) {
  const auto hash_key = parts.store.hash_key();
  if (!hash_key) {
    reply.fail(hash_key.error());
    return;
  }
  const Seconds now = seconds_of(parts.clock.now());
  auto shared_reply = std::make_shared<loop::ControlReply>(std::move(reply));
  parts.workers.submit<FoundRows>(
      scan_deadline,
      [&store = parts.store, key = *hash_key, selection = std::move(selection), now] {
        return find_triplets(store, key, selection, now);
      },
      [shared_reply, use = std::move(use)](base::Result<FoundRows> found) {
        if (!found) {
          shared_reply->fail(found.error());
        } else {
          use(**found, *shared_reply);
        }
      });
}

void list(const ControlParts& parts, const loop::ControlRequest& request,
          loop::ControlReply reply) {
  const Selection selection = selection_of(parts, request.arguments);
  with_triplets(parts, selection, std::move(reply),
                [parts, limit = selection.limit](const auto& found, loop::ControlReply& to) {
                  const std::size_t count = std::min(limit, found.size());
                  for (std::size_t i = 0; i < count; ++i) {
                    to.row(row_json(found[i], parts.engine.greylist().rules.delay));
                  }
                  to.ok("\"count\":" + std::to_string(count) +
                        ",\"more\":" + (found.size() > limit ? "true" : "false"));
                });
}

// Releasing and forgetting: `change` is given each triplet found.
void change(const ControlParts& parts, const loop::ControlRequest& request,
            loop::ControlReply reply, std::function<base::Result<void>(const Found&)> apply) {
  const Selection selection = selection_of(parts, request.arguments);
  if (!selection.has_recipients) {
    reply.fail(base::make_error(base::Errc::malformed, "no recipient",
                                R"(say whose mail is meant: "recipients":["user@domain"])"));
    return;
  }
  with_triplets(parts, selection, std::move(reply),
                [apply = std::move(apply)](const auto& found, loop::ControlReply& to) {
                  for (const Found& one : found) {
                    if (const auto done = apply(one); !done) {
                      to.fail(done.error());
                      return;
                    }
                  }
                  if (found.empty()) {
                    to.fail(base::make_error(base::Errc::not_found, "no such mail is known",
                                             "greylist list shows what waits"));
                  } else {
                    to.ok("\"count\":" + std::to_string(found.size()));
                  }
                });
}

void explain(const ControlParts& parts, const loop::ControlRequest& request,
             loop::ControlReply reply) {
  Request subject;
  subject.set(Attribute::request, "smtpd_access_policy");
  subject.set(Attribute::protocol_state, "RCPT");
  for (const auto name : attribute_names()) {
    if (const auto value = base::json_text(request.arguments, name); value) {
      subject.set(*attribute_of(name), *value);
    }
  }
  auto to = std::make_shared<loop::ControlReply>(std::move(reply));
  parts.explainer.explain(subject, [to](const std::vector<Explained>& checks) {
    for (const Explained& explained : checks) {
      to->row(explained_json(explained));
    }
    to->ok();
  });
}

}  // namespace

void add_verbs(loop::ControlServer& control, const ControlParts& parts) {
  control.add("greylist.list",
              "Triplets that wait: recipients, sender, all (those that passed too), limit.",
              [parts](const auto& request, loop::ControlReply reply) {
                list(parts, request, std::move(reply));
              });
  control.add("greylist.release", "Lets the next attempt of waiting mail in: recipients, sender.",
              [parts](const auto& request, loop::ControlReply reply) {
                change(parts, request, std::move(reply), [parts](const Found& found) {
                  Triplet triplet = found.triplet;
                  triplet.released = true;
                  return parts.store.put(found.key, {encode(triplet), found.expires});
                });
              });
  control.add("greylist.forget",
              "Forgets triplets, with all also those that passed: recipients, sender.",
              [parts](const auto& request, loop::ControlReply reply) {
                change(parts, request, std::move(reply),
                       [parts](const Found& found) { return parts.store.erase(found.key); });
              });
  control.add(
      "explain",
      "What each check would say to a request, a row each: the attributes of the policy protocol.",
      [parts](const auto& request, loop::ControlReply reply) {
        explain(parts, request, std::move(reply));
      });
}

}  // namespace policy
