// webmail-cgi/jmap/email_query.cc -- Email/query (RFC 8621 s4.4): a mailbox by time of arrival.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Without an index it filters by inMailbox and sorts by receivedAt; any other filter or sort is
// refused, never ignored.
#include <algorithm>

#include "webmail-cgi/jmap/arguments.hh"
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
  const auto collapse = bool_argument(call, "collapseThreads", false);  // each Email is one thread
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
  return query;
}

// Where the answer starts (RFC 8620 s5.5).
base::Result<std::int64_t> start_of(MethodCall& call, const Query& query,
                                    const std::vector<const Email*>& found) {
  const auto size = static_cast<std::int64_t>(found.size());
  std::int64_t start = query.position;
  if (query.anchor) {
    const auto at = std::find_if(found.begin(), found.end(), [&query](const Email* email) {
      return query.anchor->size() > 1 && query.anchor->front() == 'E' &&
             email->digits == std::string_view(*query.anchor).substr(1);
    });
    if (at == found.end()) {
      return call.refuse("anchorNotFound", "the anchor is not among the results");
    }
    // Offsets beyond both ends are cut before they can overflow.
    start = at - found.begin() + std::clamp(query.anchor_offset, -size, size);
  } else if (start < 0) {
    start += size;
  }
  return std::max<std::int64_t>(start, 0);
}

void write_ids(base::JsonWriter& response, const std::vector<const Email*>& found,
               std::int64_t start, std::int64_t limit) {
  response.key("ids").begin_array();
  const auto size = static_cast<std::int64_t>(found.size());
  for (std::int64_t i = start; i < size && i - start < limit; ++i) {
    response.string("E" + found[static_cast<std::size_t>(i)]->digits);
  }
  response.end_array();
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
  std::vector<const Email*> found;
  if (!query->in_mailbox) {
    found = (*store)->all_newest_first();
  } else if (const Box* box = (*store)->find_box(*query->in_mailbox)) {
    found = box->emails;
  }
  if (query->ascending) {
    std::reverse(found.begin(), found.end());
  }
  const auto start = start_of(call, *query, found);
  if (!start) {
    return start.error();
  }
  const bool cut = !query->limit || *query->limit > max_limit;
  response.begin_object();
  response.key("accountId").string(call.account().id);
  response.key("queryState").string((*store)->state());
  response.key("canCalculateChanges").boolean(false);
  response.key("position").number(*start);
  write_ids(response, found, *start, cut ? max_limit : *query->limit);
  if (query->calculate_total) {
    response.key("total").number(static_cast<std::int64_t>(found.size()));
  }
  if (cut) {
    response.key("limit").number(max_limit);
  }
  response.end_object();
  return {};
}

}  // namespace webmail::jmap
