// webmail-cgi/jmap/email_query.cc -- Email/query (RFC 8621 s4.4): a mailbox by time of arrival.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// It filters by inMailbox and sorts by receivedAt; any other filter or sort is refused, never
// ignored.
#include <algorithm>
#include <unordered_set>

#include "webmail-cgi/jmap/arguments.hh"
#include "webmail-cgi/jmap/ids.hh"
#include "webmail-cgi/jmap/mail_methods.hh"
#include "webmail-cgi/jmap/store.hh"

namespace webmail::jmap {

namespace {

constexpr std::int64_t max_limit = 1000;

struct Query {
  std::optional<std::string> in_mailbox;
  bool ascending = false;
  std::int64_t position = 0;
  std::optional<std::string> anchor;
  std::int64_t anchor_offset = 0;
  std::optional<std::int64_t> limit;
  bool calculate_total = false;
  bool collapse_threads = false;
};

base::Result<std::optional<std::string>> parse_filter(MethodCall& call) {
  const auto filter = base::json_member(call.arguments(), "filter");
  std::optional<std::string> mailbox;
  if (!filter) {
    return mailbox;
  }
  base::JsonObject object;
  if (filter->get(object) != simdjson::SUCCESS) {
    return invalid_argument(call, "filter", "an object is needed");
  }
  for (const auto& [key, value] : object) {
    std::string_view text;
    if (key != "inMailbox") {
      return call.refuse("unsupportedFilter", "only inMailbox can be filtered by");
    }
    if (value.get(text) != simdjson::SUCCESS) {
      return invalid_argument(call, "filter/inMailbox", "an id is needed");
    }
    mailbox = text;
  }
  return mailbox;
}

base::Result<bool> parse_ascending(MethodCall& call) {
  const auto sort = base::json_member(call.arguments(), "sort");
  if (!sort) {
    return false;
  }
  base::JsonArray comparators;
  if (sort->get(comparators) != simdjson::SUCCESS) {
    return invalid_argument(call, "sort", "an array is needed");
  }
  bool ascending = false;
  std::size_t count = 0;
  for (const base::JsonValue comparator : comparators) {
    const auto property = base::json_text(comparator, "property");
    if (!property) {
      return invalid_argument(call, "sort", "each comparator needs a property");
    }
    if (*property != "receivedAt") {
      return call.refuse("unsupportedSort", "only receivedAt can be sorted by");
    }
    if (count++ == 0) {
      ascending = base::json_bool(comparator, "isAscending").value_or(true);
    }
  }
  return ascending;
}

base::Result<Query> parse_query(MethodCall& call) {
  Query query;
  auto mailbox = parse_filter(call);
  if (!mailbox) {
    return mailbox.error();
  }
  const auto ascending = parse_ascending(call);
  if (!ascending) {
    return ascending.error();
  }
  const auto position = number_argument(call, "position");
  const auto offset = number_argument(call, "anchorOffset");
  auto anchor = text_argument(call, "anchor");
  const auto limit = number_argument(call, "limit");
  const auto total = bool_argument(call, "calculateTotal", false);
  const auto collapse = bool_argument(call, "collapseThreads", false);
  if (!position || !offset || !limit || !anchor || !total || !collapse) {
    return !position ? position.error()
           : !offset ? offset.error()
           : !limit  ? limit.error()
           : !anchor ? anchor.error()
           : !total  ? total.error()
                     : collapse.error();
  }
  if (limit->value_or(0) < 0) {
    return invalid_argument(call, "limit", "must not be negative");
  }
  query.in_mailbox = std::move(*mailbox);
  query.ascending = *ascending;
  query.position = position->value_or(0);
  query.anchor = std::move(*anchor);
  query.anchor_offset = offset->value_or(0);
  query.limit = *limit;
  query.calculate_total = *total;
  query.collapse_threads = *collapse;
  return query;
}

// The results, in the order asked for, without copying a list.
class Found {
 public:
  Found(const maildir::List& list, bool is_ascending) : list_(list), is_ascending_(is_ascending) {}

  std::int64_t size() const { return static_cast<std::int64_t>(list_.size()); }
  std::int64_t email(std::int64_t at) const {
    return list_[static_cast<std::size_t>(is_ascending_ ? at : size() - 1 - at)].number;
  }
  std::optional<std::int64_t> position(std::int64_t number) const {
    const auto found = std::find_if(list_.begin(), list_.end(),
                                    [number](const auto& e) { return e.number == number; });
    if (found == list_.end()) {
      return std::nullopt;
    }
    const auto at = static_cast<std::int64_t>(found - list_.begin());
    return is_ascending_ ? at : size() - 1 - at;
  }

 private:
  const maildir::List& list_;  // oldest first
  bool is_ascending_;
};

// Of each thread the Email that comes first in the order asked for (RFC 8621 s4.4.3).
maildir::List collapsed(const maildir::List& list, bool is_ascending) {
  maildir::List firsts;
  std::unordered_set<std::int64_t> threads;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const maildir::ListEntry& entry = list[is_ascending ? i : list.size() - 1 - i];
    if (threads.insert(entry.thread).second) {
      firsts.push_back(entry);
    }
  }
  if (!is_ascending) {
    std::reverse(firsts.begin(), firsts.end());
  }
  return firsts;
}

// Where the answer starts (RFC 8620 s5.5).
base::Result<std::int64_t> start_of(MethodCall& call, const Query& query, const Found& found) {
  const std::int64_t size = found.size();
  std::int64_t start = query.position;
  if (query.anchor) {
    const auto number = number_in(*query.anchor, 'E');
    const auto at = number ? found.position(*number) : std::nullopt;
    if (!at) {
      return call.refuse("anchorNotFound", "the anchor is not among the results");
    }
    // Offsets beyond both ends are cut before they can overflow.
    start = *at + std::clamp(query.anchor_offset, -size, size);
  } else if (start < 0) {
    start += size;
  }
  return std::max<std::int64_t>(start, 0);
}

// An unknown mailbox has no mail.
base::Result<const maildir::List*> list_of(maildir::Index& index, const Query& query) {
  static const maildir::List none;
  if (!query.in_mailbox) {
    return index.list(0);
  }
  const auto folder = number_in(*query.in_mailbox, 'M');
  return folder && index.find_folder(*folder) != nullptr ? index.list(*folder) : &none;
}

base::Result<void> answer(MethodCall& call, const Query& query, const Found& found,
                          std::string_view state, base::JsonWriter& response) {
  const auto start = start_of(call, query, found);
  if (!start) {
    return start.error();
  }
  const bool cut = !query.limit || *query.limit > max_limit;
  const std::int64_t limit = cut ? max_limit : *query.limit;
  response.begin_object();
  response.key("accountId").string(call.account().id);
  response.key("queryState").string(state);
  response.key("canCalculateChanges").boolean(false);
  response.key("position").number(*start);
  response.key("ids").begin_array();
  for (std::int64_t i = *start; i < found.size() && i - *start < limit; ++i) {
    response.string(id_of('E', found.email(i)));
  }
  response.end_array();
  if (query.calculate_total) {
    response.key("total").number(found.size());
  }
  if (cut) {
    response.key("limit").number(max_limit);
  }
  response.end_object();
  return {};
}

}  // namespace

base::Result<void> email_query(MethodCall& call, base::JsonWriter& response) {
  const auto query = parse_query(call);
  if (!query) {
    return query.error();
  }
  const auto store = StoreLock::take(call.account());
  if (!store) {
    return store.error();
  }
  if (query->collapse_threads) {
    if (const auto threads = complete_threads(call, **store); !threads) {
      return threads.error();
    }
  }
  const auto list = list_of(**store, *query);
  if (!list) {
    return list.error();
  }
  const std::string state = state_of(**store, maildir::Kind::email);
  if (!query->collapse_threads) {
    return answer(call, *query, Found(**list, query->ascending), state, response);
  }
  const maildir::List firsts = collapsed(**list, query->ascending);
  return answer(call, *query, Found(firsts, query->ascending), state, response);
}

}  // namespace webmail::jmap
