// webmail-cgi/jmap/arguments.cc -- reading a method's arguments; a wrong type is invalidArguments.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/arguments.hh"

#include "webmail-cgi/jmap/ids.hh"

namespace webmail::jmap {

namespace {

template <typename T>
base::Result<std::optional<T>> argument(MethodCall& call, std::string_view key,
                                        std::string_view type) {
  const auto value = base::json_member(call.arguments(), key);
  if (!value) {
    return std::optional<T>();
  }
  T out{};
  if (value->get(out) != simdjson::SUCCESS) {
    return invalid_argument(call, key, type);
  }
  return std::optional<T>(out);
}

}  // namespace

base::Error invalid_argument(MethodCall& call, std::string_view key, std::string_view why) {
  return call.refuse("invalidArguments", std::string(key) + ": " + std::string(why));
}

base::Result<std::optional<std::vector<std::string>>> list_argument(MethodCall& call,
                                                                    std::string_view key) {
  const auto array = argument<base::JsonArray>(call, key, "an array of strings is needed");
  if (!array) {
    return array.error();
  }
  if (!*array) {
    return std::optional<std::vector<std::string>>();
  }
  std::vector<std::string> list;
  for (const base::JsonValue item : **array) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) {
      return invalid_argument(call, key, "an array of strings is needed");
    }
    list.emplace_back(text);
  }
  return std::optional(std::move(list));
}

base::Result<std::optional<std::string>> text_argument(MethodCall& call, std::string_view key) {
  const auto text = argument<std::string_view>(call, key, "a string is needed");
  if (!text) {
    return text.error();
  }
  return *text ? std::optional(std::string(**text)) : std::nullopt;
}

base::Result<std::optional<std::int64_t>> number_argument(MethodCall& call, std::string_view key) {
  return argument<std::int64_t>(call, key, "an integer is needed");
}

base::Result<bool> bool_argument(MethodCall& call, std::string_view key, bool fallback) {
  const auto value = argument<bool>(call, key, "true or false is needed");
  if (!value) {
    return value.error();
  }
  return value->value_or(fallback);
}

base::Result<std::optional<std::vector<std::string>>> ids_argument(MethodCall& call) {
  auto ids = list_argument(call, "ids");
  if (!ids || !*ids) {
    return ids;
  }
  std::set<std::string_view> seen;
  std::vector<std::string> unique;
  for (const std::string& id : **ids) {
    if (seen.insert(id).second) {
      unique.push_back(id);
    }
  }
  if (unique.size() > call.limits().max_objects_in_get) {
    return call.refuse("requestTooLarge", "more ids than maxObjectsInGet");
  }
  return std::optional(std::move(unique));
}

base::Result<void> complete_threads(MethodCall& call, maildir::Index& index) {
  if (auto built = index.build(call.deadline()); !built) {
    return built;
  }
  return index.is_complete() ? base::Result<void>()
                             : base::make_error(base::Errc::timeout, "the index is being made");
}

base::Result<std::vector<std::string>> ids_or_all(MethodCall& call,
                                                  std::optional<std::vector<std::string>> ids,
                                                  maildir::Index& index, char letter) {
  if (ids) {
    return std::move(*ids);
  }
  if (index.size() > static_cast<std::int64_t>(call.limits().max_objects_in_get)) {
    return call.refuse("requestTooLarge", "more objects than maxObjectsInGet: name their ids");
  }
  const auto list = index.list(0);
  if (!list) {
    return list.error();
  }
  std::vector<std::string> all;
  std::set<std::int64_t> seen;
  for (std::size_t i = (*list)->size(); i-- > 0;) {
    const maildir::ListEntry& entry = (**list)[i];
    const std::int64_t number = letter == 'T' ? entry.thread : entry.number;
    if (seen.insert(number).second) {
      all.push_back(id_of(letter, number));
    }
  }
  return all;
}

}  // namespace webmail::jmap
