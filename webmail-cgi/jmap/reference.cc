// webmail-cgi/jmap/reference.cc -- JSON pointers with "*", and the arguments they fill.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/reference.hh"

#include <algorithm>
#include <vector>

#include "base/json_writer.hh"
#include "base/text.hh"

namespace webmail::jmap {

namespace {

using base::Errc;
using base::JsonValue;

// What a path names: one value, or the joined items of a "*".
struct Found {
  bool is_list = false;
  std::vector<JsonValue> values;
};

base::Error nowhere() {
  return base::make_error(Errc::not_found, "the path leads nowhere");
}

// RFC 6901 s4: "~1" is "/", "~0" is "~".
base::Result<std::string> unescape_token(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    const char code = i + 1 < token.size() ? token[i + 1] : ' ';
    if (code != '0' && code != '1') {
      return nowhere();
    }
    out += code == '0' ? '~' : '/';
    ++i;
  }
  return out;
}

base::Result<JsonValue> step(const JsonValue& value, std::string_view token) {
  JsonValue next;
  if (value.is_object()) {
    const auto key = unescape_token(token);
    if (key && value.at_key(*key).get(next) == simdjson::SUCCESS) {
      return next;
    }
    return nowhere();
  }
  const auto index = base::parse_number<std::size_t>(token);
  const bool is_plain = index && (token == "0" || token.front() != '0');
  if (value.is_array() && is_plain && value.at(*index).get(next) == simdjson::SUCCESS) {
    return next;
  }
  return nowhere();
}

base::Result<Found> find(JsonValue value, std::span<const std::string_view> tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    base::JsonArray items;
    if (tokens[i] != "*" || value.get(items) != simdjson::SUCCESS) {
      const auto next = step(value, tokens[i]);
      if (!next) {
        return next.error();
      }
      value = *next;
      continue;
    }
    Found found{true, {}};
    for (const JsonValue item : items) {
      auto each = find(item, tokens.subspan(i + 1));
      if (!each) {
        return each;
      }
      base::JsonArray inner;
      if (!each->is_list && each->values.front().get(inner) == simdjson::SUCCESS) {
        found.values.insert(found.values.end(), inner.begin(), inner.end());
      } else {
        found.values.insert(found.values.end(), each->values.begin(), each->values.end());
      }
    }
    return found;
  }
  return Found{false, {value}};
}

const MethodResponse* response_of(std::span<const MethodResponse> responses,
                                  std::string_view call_id) {
  const auto at = std::find_if(responses.begin(), responses.end(),
                               [&](const auto& each) { return each.call_id == call_id; });
  return at == responses.end() ? nullptr : &*at;
}

base::Result<std::string> resolve(const JsonValue& reference,
                                  std::span<const MethodResponse> responses, std::size_t limit) {
  const auto result_of = base::json_text(reference, "resultOf");
  const auto name = base::json_text(reference, "name");
  const auto path = base::json_text(reference, "path");
  if (!result_of || !name || !path) {
    return base::make_error(Errc::malformed, "resultOf, name and path are demanded");
  }
  const MethodResponse* response = response_of(responses, *result_of);
  if (response == nullptr || response->name != *name) {
    return base::make_error(Errc::not_found, "no earlier response of that id and name");
  }
  base::JsonParser parser;
  const auto document = parser.parse(response->arguments);
  if (!document) {
    return document.error();  // nested deeper than we read
  }
  return evaluate_path(*document, *path, limit);
}

}  // namespace

base::Result<std::string> evaluate_path(const JsonValue& document, std::string_view path,
                                        std::size_t limit) {
  std::vector<std::string_view> tokens;
  if (!path.empty()) {
    if (path.front() != '/') {
      return nowhere();
    }
    tokens = base::split(path.substr(1), '/');
  }
  const auto found = find(document, tokens);
  if (!found) {
    return found.error();
  }
  base::JsonWriter out;
  if (found->is_list) {
    out.begin_array();
  }
  for (const JsonValue& value : found->values) {
    out.raw(simdjson::minify(value));
    if (out.text().size() > limit) {
      return base::make_error(Errc::over_quota, "the path names too much");
    }
  }
  if (found->is_list) {
    out.end_array();
  }
  return out.take();
}

bool has_references(const base::JsonObject& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const auto& field) {
    return !field.key.empty() && field.key.front() == '#';
  });
}

base::Result<std::string> resolve_references(const base::JsonObject& arguments,
                                             std::span<const MethodResponse> responses,
                                             std::size_t limit) {
  base::JsonWriter out;
  out.begin_object();
  for (const auto field : arguments) {
    if (field.key.empty() || field.key.front() != '#') {
      out.key(field.key).raw(simdjson::minify(field.value));
      continue;
    }
    const std::string_view name = field.key.substr(1);
    if (arguments.at_key(name).error() == simdjson::SUCCESS) {
      return base::make_error(Errc::exists, "an argument is given with and without #");
    }
    const auto value = resolve(field.value, responses, limit);
    if (!value) {
      return value.error();
    }
    out.key(name).raw(*value);
    if (out.text().size() > limit) {
      return base::make_error(Errc::over_quota, "the references name too much");
    }
  }
  out.end_object();
  return out.take();
}

}  // namespace webmail::jmap
