// webmail-cgi/jmap/api_test.cc -- whole JMAP requests against a few methods of the test's own.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/api.hh"

#include <stdexcept>

#include <boost/test/unit_test.hpp>

#include "webmail-cgi/jmap/session_object.hh"

namespace {

using namespace std::chrono_literals;
using webmail::jmap::Method;
using webmail::jmap::MethodCall;

base::Result<void> echo(MethodCall& call, base::JsonWriter& response) {
  response.raw(simdjson::minify(call.arguments()));
  return {};
}
base::Result<void> refuse(MethodCall& call, base::JsonWriter& response) {
  response.begin_object();
  return call.refuse("unsupportedFilter", "because");
}
base::Result<void> fail(MethodCall& /*call*/, base::JsonWriter& /*response*/) {
  return base::make_error(base::Errc::corrupt, "/secret/path is broken");
}
base::Result<void> raise(MethodCall& /*call*/, base::JsonWriter& /*response*/) {
  throw std::runtime_error("a library's");
}

constexpr Method table[] = {
    {"Core/echo", webmail::jmap::core_capability, false, echo},
    {"Test/echo", webmail::jmap::mail_capability, true, echo},
    {"Test/refuse", webmail::jmap::mail_capability, true, refuse},
    {"Test/fail", webmail::jmap::core_capability, false, fail},
    {"Test/raise", webmail::jmap::core_capability, false, raise},
};

struct Fixture {
  base::ManualClock clock{base::WallTime(1'800'000'000'000ms)};
  webmail::Account account{"alice@example.org", "a1", "/var/vmail/a", "/var/vmail/a/Maildir",
                           "/nonexistent/index"};
  webmail::jmap::Limits limits{.max_size_request = 100'000, .max_calls_in_request = 20};
  base::SteadyTime deadline = clock.ticks() + 10s;
  std::vector<std::string> reports;

  web::Response ask(std::string_view body) {
    return webmail::jmap::answer_request(
        {account, limits, clock, deadline, "s1", table,
         [this](std::string_view method, const base::Error&) { reports.emplace_back(method); }},
        body);
  }
  std::string text(std::string_view body) { return std::get<std::string>(ask(body).content()); }
  std::string calls(std::string_view method_calls) {
    return text(
        R"({"using":["urn:ietf:params:jmap:core","urn:ietf:params:jmap:mail"],"methodCalls":[)" +
        std::string(method_calls) + "]}");
  }
};

std::string answers(std::string_view responses) {
  return R"({"methodResponses":[)" + std::string(responses) + R"(],"sessionState":"s1"})";
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(calls_run_in_order_and_keep_their_ids, Fixture) {
  BOOST_TEST(calls(R"(["Core/echo",{"a":1},"x"],["Core/echo",{},"x"])") ==
             answers(R"(["Core/echo",{"a":1},"x"],["Core/echo",{},"x"])"));
  BOOST_TEST(calls("") == answers(""));
}

BOOST_FIXTURE_TEST_CASE(a_back_reference_feeds_a_later_call, Fixture) {
  BOOST_TEST(
      calls(R"(["Core/echo",{"l":[{"i":1},{"i":2}]},"x"],)"
            R"(["Core/echo",{"#ids":{"resultOf":"x","name":"Core/echo","path":"/l/*/i"}},"y"])") ==
      answers(R"(["Core/echo",{"l":[{"i":1},{"i":2}]},"x"],["Core/echo",{"ids":[1,2]},"y"])"));
  BOOST_TEST(calls(R"(["Core/echo",{"#ids":{"resultOf":"x","name":"Core/echo","path":"/l"}},"y"])")
                 .find("invalidResultReference") != std::string::npos);
  BOOST_TEST(calls(R"(["Core/echo",{"#a":1,"a":2},"y"])").find("invalidArguments") !=
             std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(references_cannot_grow_without_end, Fixture) {
  std::string body = R"(["Core/echo",{"a":")" + std::string(20'000, 'x') + R"("},"0"])";
  for (int i = 1; i < 18; ++i) {
    const std::string reference =
        R"({"resultOf":")" + std::to_string(i - 1) + R"(","name":"Core/echo","path":""})";
    body += R"(,["Core/echo",{"#a":)" + reference + R"(,"#b":)" + reference + "},\"" +
            std::to_string(i) + "\"]";
  }
  const std::string answer = calls(body);
  BOOST_TEST(answer.find("invalidResultReference") != std::string::npos);
  BOOST_TEST(answer.size() < 1'000'000U);
}

BOOST_FIXTURE_TEST_CASE(method_errors_say_their_type_and_nothing_of_our_inside, Fixture) {
  BOOST_TEST(calls(R"(["No/such",{},"1"])") ==
             answers(R"(["error",{"type":"unknownMethod"},"1"])"));
  BOOST_TEST(calls(R"(["Test/refuse",{"accountId":"a1"},"1"])") ==
             answers(R"(["error",{"type":"unsupportedFilter","description":"because"},"1"])"));
  BOOST_TEST(calls(R"(["Test/fail",{},"1"],["Test/raise",{},"2"])") ==
             answers(R"(["error",{"type":"serverFail"},"1"],["error",{"type":"serverFail"},"2"])"));
  BOOST_TEST(reports.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(the_account_is_checked_before_the_method_runs, Fixture) {
  BOOST_TEST(calls(R"(["Test/echo",{"accountId":"a2"},"1"])") ==
             answers(R"(["error",{"type":"accountNotFound"},"1"])"));
  BOOST_TEST(calls(R"(["Test/echo",{"accountId":7},"1"])").find("invalidArguments") !=
             std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_method_needs_its_capability_in_using, Fixture) {
  BOOST_TEST(text(R"({"using":["urn:ietf:params:jmap:core"],)"
                  R"("methodCalls":[["Test/echo",{"accountId":"a1"},"1"]]})")
                 .find("unknownMethod") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(bad_requests_are_problems_of_their_kind, Fixture) {
  const auto type_of = [this](std::string_view body) {
    BOOST_TEST(ask(body).status() == 400);
    return text(body).substr(9, text(body).find('"', 9) - 9);
  };
  const std::string urn = "urn:ietf:params:jmap:error:";
  BOOST_TEST(type_of("{") == urn + "notJSON");
  BOOST_TEST(type_of("\xFF") == urn + "notJSON");
  for (const char* body :
       {"[]", "{}", R"({"using":[],"methodCalls":{}})", R"({"using":[1],"methodCalls":[]})",
        R"({"using":[],"methodCalls":[["a",{}]]})", R"({"using":[],"methodCalls":[["a",[],"1"]]})",
        R"({"using":[],"methodCalls":[],"createdIds":[]})"}) {
    BOOST_TEST(type_of(body) == urn + "notRequest", body);
  }
  BOOST_TEST(type_of(R"({"using":["x:y"],"methodCalls":[]})") == urn + "unknownCapability");
  BOOST_TEST(type_of(std::string(100'001, ' ')) == urn + "limit");
  std::string many =
      R"({"using":["urn:ietf:params:jmap:core"],"methodCalls":[["Core/echo",{},"1"])";
  for (int i = 0; i < 20; ++i) {
    many += R"(,["Core/echo",{},"1"])";
  }
  BOOST_TEST(type_of(many + "]}") == urn + "limit");
}

BOOST_FIXTURE_TEST_CASE(after_the_deadline_calls_are_told_to_come_later, Fixture) {
  clock.advance(11s);
  BOOST_TEST(calls(R"(["Core/echo",{},"1"])").find("serverUnavailable") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(created_ids_go_back_to_who_sent_them, Fixture) {
  BOOST_TEST(text(R"({"using":[],"methodCalls":[],"createdIds":{"k":"v"}})") ==
             R"({"methodResponses":[],"createdIds":{"k":"v"},"sessionState":"s1"})");
}

BOOST_FIXTURE_TEST_CASE(the_session_object_is_absolute_and_its_state_follows_its_content, Fixture) {
  const auto one = webmail::jmap::session_object(account, "https://mail.example.org", limits);
  base::JsonParser parser;
  const auto object = parser.parse(one.json);
  BOOST_TEST_REQUIRE(object.has_value());
  BOOST_TEST(base::json_text(*object, "apiUrl").value() == "https://mail.example.org/jmap/api");
  BOOST_TEST(base::json_text(*object, "state").value() == one.state);
  const auto two = webmail::jmap::session_object(account, "https://other.example.org", limits);
  BOOST_TEST(one.state != two.state);
}
