// webmail-cgi/jmap/api.cc -- reads the request, runs its calls in order, writes the response.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/api.hh"

#include <algorithm>
#include <exception>
#include <optional>
#include <vector>

#include "base/json.hh"
#include "base/json_writer.hh"
#include "base/reply.hh"

#include "webmail-cgi/jmap/reference.hh"

namespace webmail::jmap {

namespace {

using base::Errc;

// What all calls of one request may answer together; Email/get of a thousand rows is 1 MB.
constexpr std::size_t response_max = std::size_t{64} << 20U;
constexpr std::size_t call_id_max = 255;

web::Response request_problem(std::string_view type, std::string_view detail,
                              std::string_view limit = {}) {
  return web::problem(400, detail, "urn:ietf:params:jmap:error:" + std::string(type), limit);
}

struct Invocation {
  std::string_view name;
  base::JsonValue arguments;  // an object
  std::string_view call_id;
};

std::optional<Invocation> read_invocation(const base::JsonValue& value) {
  base::JsonArray parts;
  Invocation call;
  if (value.get(parts) != simdjson::SUCCESS || parts.size() != 3 ||
      parts.at(0).get(call.name) != simdjson::SUCCESS ||
      parts.at(1).get(call.arguments) != simdjson::SUCCESS || !call.arguments.is_object() ||
      parts.at(2).get(call.call_id) != simdjson::SUCCESS || call.call_id.size() > call_id_max) {
    return std::nullopt;
  }
  return call;
}

bool is_known_capability(std::string_view name) {
  return name == core_capability || name == mail_capability;
}

// Runs the calls of one request and gathers their responses.
class Run {
 public:
  Run(const ApiContext& context, std::vector<std::string_view> capabilities)
      : context_(context), using_(std::move(capabilities)) {}

  void call(const Invocation& invocation);
  std::string response_text(const base::JsonValue& request);

 private:
  void fail(const Invocation& call, std::string_view type, std::string_view description = {});
  void run_method(const Invocation& call, const Method& method, const base::JsonValue& arguments);
  const Method* find_method(std::string_view name) const;
  bool names_account(const Invocation& call, const base::JsonValue& arguments);

  const ApiContext& context_;
  std::vector<std::string_view> using_;
  std::vector<MethodResponse> responses_;
  std::size_t size_ = 0;
};

const Method* Run::find_method(std::string_view name) const {
  const auto at =
      std::find_if(context_.methods.begin(), context_.methods.end(), [&](const Method& method) {
        return method.name == name &&
               std::find(using_.begin(), using_.end(), method.capability) != using_.end();
      });
  return at == context_.methods.end() ? nullptr : &*at;
}

void Run::fail(const Invocation& call, std::string_view type, std::string_view description) {
  base::JsonWriter json;
  json.begin_object().key("type").string(type);
  if (!description.empty()) {
    json.key("description").string(description);
  }
  json.end_object();
  responses_.push_back({"error", json.take(), std::string(call.call_id)});
}

bool Run::names_account(const Invocation& call, const base::JsonValue& arguments) {
  const auto id = base::json_text(arguments, "accountId");
  if (!id) {
    fail(call, "invalidArguments", "accountId is demanded");
    return false;
  }
  if (*id != context_.account.id) {
    fail(call, "accountNotFound");
    return false;
  }
  return true;
}

void Run::run_method(const Invocation& call, const Method& method,
                     const base::JsonValue& arguments) {
  MethodCall method_call(context_.account, arguments, context_.limits, context_.deadline);
  base::JsonWriter response;
  base::Result<void> done;
  try {
    done = method.run(method_call, response);
  } catch (const std::exception& err) {  // out of memory, or a library's
    done = base::make_error(Errc::internal, err.what());
  }
  if (done) {
    size_ += response.text().size();
    responses_.push_back({std::string(method.name), response.take(), std::string(call.call_id)});
    return;
  }
  if (const auto& refusal = method_call.refusal()) {
    fail(call, refusal->type, refusal->description);
    return;
  }
  const Errc code = done.error().code;
  if (code != Errc::malformed && code != Errc::not_found) {
    context_.report(method.name, done.error());
  }
  fail(call, base::reply_of(code).jmap);
}

void Run::call(const Invocation& call) {
  const Method* method = find_method(call.name);
  if (method == nullptr) {
    return fail(call, "unknownMethod");
  }
  if (context_.clock.ticks() >= context_.deadline) {
    return fail(call, "serverUnavailable", "the request took too long");
  }
  if (size_ > response_max) {
    return fail(call, "requestTooLarge", "the responses before this one are too large");
  }
  base::JsonParser parser;
  base::JsonValue arguments = call.arguments;
  if (has_references(call.arguments.get_object())) {
    const auto text = resolve_references(call.arguments.get_object(), responses_,
                                         context_.limits.max_size_request);
    if (!text && text.error().code == Errc::exists) {
      return fail(call, "invalidArguments", text.error().detail);
    }
    const auto parsed = text ? parser.parse(*text) : base::Result<base::JsonValue>(text.error());
    if (!parsed) {
      return fail(call, "invalidResultReference", parsed.error().detail);
    }
    arguments = *parsed;
  }
  if (!method->needs_account || names_account(call, arguments)) {
    run_method(call, *method, arguments);
  }
}

std::string Run::response_text(const base::JsonValue& request) {
  base::JsonWriter json;
  json.begin_object().key("methodResponses").begin_array();
  for (const MethodResponse& response : responses_) {
    json.begin_array().string(response.name).raw(response.arguments).string(response.call_id);
    json.end_array();
  }
  json.end_array();
  // No method creates records yet, so the map goes back as it came.
  if (const auto created = base::json_member(request, "createdIds")) {
    json.key("createdIds").raw(simdjson::minify(*created));
  }
  json.key("sessionState").string(context_.session_state).end_object();
  return json.take();
}

bool is_id_map(const base::JsonValue& request) {
  const auto value = base::json_member(request, "createdIds");
  base::JsonObject map;
  if (!value) {
    return true;
  }
  if (value->get(map) != simdjson::SUCCESS) {
    return false;
  }
  return std::all_of(map.begin(), map.end(),
                     [](const auto& field) { return field.value.is_string(); });
}

}  // namespace

web::Response answer_request(const ApiContext& context, std::string_view body) {
  if (body.size() > context.limits.max_size_request) {
    return request_problem("limit", "The request is too large.", "maxSizeRequest");
  }
  base::JsonParser parser;
  const auto request = parser.parse(body);
  if (!request) {
    return request_problem("notJSON", "The body is not JSON.");
  }
  base::JsonArray capabilities;
  base::JsonArray calls;
  if (!request->is_object() || request->at_key("using").get(capabilities) != simdjson::SUCCESS ||
      request->at_key("methodCalls").get(calls) != simdjson::SUCCESS || !is_id_map(*request)) {
    return request_problem("notRequest", "The body is not a JMAP request object.");
  }
  std::vector<std::string_view> names;
  for (const base::JsonValue value : capabilities) {
    std::string_view name;
    if (value.get(name) != simdjson::SUCCESS) {
      return request_problem("notRequest", "\"using\" holds something else than names.");
    }
    if (!is_known_capability(name)) {
      return request_problem("unknownCapability", "This server does not have " + std::string(name));
    }
    names.push_back(name);
  }
  std::vector<Invocation> invocations;
  for (const base::JsonValue value : calls) {
    const auto call = read_invocation(value);
    if (!call) {
      return request_problem("notRequest", "A method call is not [name, arguments, id].");
    }
    if (invocations.size() == context.limits.max_calls_in_request) {
      return request_problem("limit", "Too many method calls.", "maxCallsInRequest");
    }
    invocations.push_back(*call);
  }
  Run run(context, std::move(names));
  for (const Invocation& call : invocations) {
    run.call(call);
  }
  web::Response response(200);
  response.body("application/json", run.response_text(*request));
  return response;
}

}  // namespace webmail::jmap
