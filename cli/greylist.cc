// cli/greylist.cc -- the verbs of the greylist: what waits, letting it in, forgetting it.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// policyd owns the state; these verbs ask its control socket (docs/formats/greylist.md).
#include <array>
#include <functional>
#include <string>

#include "base/json.hh"
#include "base/text.hh"

#include "directory-lib/reverse.hh"

#include "cli/accounts.hh"
#include "cli/policyd.hh"
#include "cli/values.hh"
#include "cli/verb.hh"

namespace cli {

namespace {

constexpr Option sender_option{"sender", "ADDRESS", "Only mail of this sender."};

constexpr Option user_option{
    "user", "ADDRESS", "Mail for this user, by any of its addresses: aliases that lead to it too."};

constexpr std::array<Option, 5> list_options{{
    user_option,
    sender_option,
    {"all", "", "Also triplets that have passed already."},
    {"limit", "COUNT", "At most so many (1000)."},
    policyd_socket_option,
}};
constexpr std::array<Option, 3> release_options{{
    user_option,
    sender_option,
    policyd_socket_option,
}};
constexpr std::array<Option, 4> forget_options{{
    user_option,
    sender_option,
    {"all", "", "Also triplets that have passed already."},
    policyd_socket_option,
}};

constexpr std::array<Column, 8> columns{{
    {"client", "Client"},
    {"sender", "Sender"},
    {"recipient", "Recipient"},
    {"state", "State"},
    {"first_seen", "First attempt"},
    {"passes_from", "Passes from"},
    {"too_early", "Refused again", true},
    {"passes", "Passes", true},
}};
constexpr std::size_t most_recipients = 1000;
constexpr std::array<Column, 1> done_columns{{{"count", "Triplets"}}};

base::WallTime time_of(const base::JsonValue& row, std::string_view key) {
  return base::WallTime(std::chrono::seconds(base::json_number(row, key).value_or(0)));
}

std::vector<Cell> cells_of(const base::JsonValue& row) {
  const auto text = [&row](std::string_view key) {
    return text_cell(base::json_text(row, key).value_or(""));
  };
  const auto number = [&row](std::string_view key) {
    return number_cell(static_cast<std::uint64_t>(base::json_number(row, key).value_or(0)));
  };
  return {text("client"),
          text("sender"),
          text("recipient"),
          text("state"),
          time_cell(time_of(row, "first_seen")),
          time_cell(time_of(row, "passes_from")),
          number("too_early"),
          number("passes")};
}

// The words, or all addresses of --user; empty for everybody.
base::Result<std::vector<std::string>> recipients_of(const Call& call) {
  const auto user = call.arguments.value("user");
  if (!user) {
    return call.arguments.words;
  }
  if (!call.arguments.words.empty()) {
    return base::make_error(base::Errc::malformed, "both a recipient and --user are given",
                            "name the one or the other");
  }
  auto accounts = open_accounts(call, directory::OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  return directory::addresses_of(**accounts, *user, base::system_clock().now());
}

base::Result<std::string> ask(const Call& call, std::string_view verb,
                              const std::function<void(std::string_view)>& on_row) {
  const Arguments& arguments = call.arguments;
  Members members;
  const auto recipients = recipients_of(call);
  if (!recipients) {
    return recipients.error();
  }
  if (!recipients->empty()) {
    members.texts("recipients", *recipients);
  }
  if (const auto sender = arguments.value("sender"); sender) {
    members.text("sender", *sender);
  }
  if (arguments.has("all")) {
    members.flag("all", true);
  }
  if (const auto limit = arguments.value("limit"); limit) {
    const auto count = base::parse_number<std::uint32_t>(*limit);
    if (!count || *count == 0) {
      return base::make_error(base::Errc::malformed, "--limit: not a count: " + *limit,
                              "write a number such as 100");
    }
    members.number("limit", *count);
  }
  return ask_policyd(call, verb, members, on_row);
}

base::Result<void> list(Call& call) {
  call.output.begin_list(columns);
  base::JsonParser parser;
  const auto last = ask(call, "greylist.list", [&](std::string_view json) {
    if (const auto row = parser.parse(json); row) {
      call.output.row(cells_of(*row));
    }
  });
  if (!last) {
    return last.error();
  }
  call.output.end_list("nothing waits");
  return {};
}

base::Result<void> change(Call& call, std::string_view verb, std::string_view what) {
  if (call.arguments.words.empty() && !call.arguments.has("user")) {
    return base::make_error(base::Errc::malformed, "whose mail is not said",
                            "name recipients, or a user by --user");
  }
  const auto last = ask(call, verb, {});
  if (!last) {
    return last.error();
  }
  base::JsonParser parser;
  const auto answer = parser.parse(*last);
  if (!answer) {
    return answer.error();
  }
  const auto count = base::json_number(*answer, "count").value_or(0);
  call.output.done(
      std::to_string(count) + (count == 1 ? " triplet " : " triplets ") + std::string(what),
      done_columns, {number_cell(static_cast<std::uint64_t>(count))});
  return {};
}

base::Result<void> release(Call& call) {
  return change(call, "greylist.release", "released: the next attempt will pass.");
}

base::Result<void> forget(Call& call) {
  return change(call, "greylist.forget", "forgotten.");
}

constexpr std::array<Verb, 3> verbs{{
    {"greylist list", "[RECIPIENT ...]", "Lists the mail that was told to come back later.", 0,
     most_recipients, list_options, list},
    {"greylist release", "[RECIPIENT ...]", "Lets the next attempt of waiting mail in.", 0,
     most_recipients, release_options, release},
    {"greylist forget", "[RECIPIENT ...]", "Forgets waiting mail, so that its delay begins anew.",
     0, most_recipients, forget_options, forget},
}};

}  // namespace

std::span<const Verb> greylist_verbs() {
  return verbs;
}

}  // namespace cli
