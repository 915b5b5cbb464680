// cli/policyd.cc -- a request to policyd's control socket, and its answer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/policyd.hh"

#include "base/json_writer.hh"
#include "base/loop/control_client.hh"

namespace cli {

namespace {

constexpr std::string_view default_socket = "/run/posthouse/policyd/control";
constexpr std::chrono::seconds deadline{60};

}  // namespace

void Members::text(std::string_view key, std::string_view value) {
  add(key, base::json_string(value));
}

void Members::texts(std::string_view key, std::span<const std::string> values) {
  base::JsonWriter json;
  json.begin_array();
  for (const std::string& value : values) {
    json.string(value);
  }
  json.end_array();
  add(key, json.text());
}

void Members::number(std::string_view key, std::int64_t value) {
  add(key, std::to_string(value));
}

void Members::flag(std::string_view key, bool value) {
  add(key, value ? "true" : "false");
}

void Members::add(std::string_view key, std::string_view json) {
  json_.append(json_.empty() ? "\"" : ",\"").append(key).append("\":").append(json);
}

base::Result<std::string> ask_policyd(const Call& call, std::string_view verb,
                                      const Members& members,
                                      const std::function<void(std::string_view json)>& on_row) {
  const std::string path(call.arguments.value("socket").value_or(std::string(default_socket)));
  auto client = loop::ControlClient::connect(path, deadline);
  if (!client) {
    const base::Error& error = client.error();
    return error.code == base::Errc::not_found
               ? base::make_error(base::Errc::unavailable,
                                  "posthouse-policyd cannot be asked: " + error.detail,
                                  "is it running? --socket names another control socket")
               : error;
  }
  return client->ask(verb, members.json(), on_row);
}

}  // namespace cli
