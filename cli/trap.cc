// cli/trap.cc -- the verbs of spamtraps: who has written to one, adding and forgetting clients.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// policyd owns the state; these verbs ask its control socket (docs/formats/traps.md).
#include <array>
#include <string>

#include "base/json.hh"
#include "base/text.hh"

#include "cli/policyd.hh"
#include "cli/verb.hh"

namespace cli {

namespace {

constexpr std::array<Option, 2> list_options{{
    {"limit", "COUNT", "At most so many (1000)."},
    policyd_socket_option,
}};
constexpr std::array<Option, 1> change_options{{policyd_socket_option}};

constexpr std::array<Column, 6> columns{{
    {"subject", "Client or network"},
    {"kind", ""},
    {"hits", "Hits", true},
    {"first_hit", "First"},
    {"last_hit", "Last"},
    {"expires", "Forgotten"},
}};
constexpr std::array<Column, 1> done_columns{{{"subject", "Client or network"}}};

std::vector<Cell> cells_of(const base::JsonValue& row) {
  const auto time = [&row](std::string_view key) {
    return time_cell(base::WallTime(std::chrono::seconds(base::json_number(row, key).value_or(0))));
  };
  return {text_cell(base::json_text(row, "subject").value_or("")),
          text_cell(base::json_text(row, "kind").value_or("")),
          number_cell(static_cast<std::uint64_t>(base::json_number(row, "hits").value_or(0))),
          time("first_hit"),
          time("last_hit"),
          time("expires")};
}

base::Result<void> list(Call& call) {
  Members members;
  if (const auto limit = call.arguments.value("limit"); limit) {
    const auto count = base::parse_number<std::uint32_t>(*limit);
    if (!count || *count == 0) {
      return base::make_error(base::Errc::malformed, "--limit: not a count: " + *limit,
                              "write a number such as 100");
    }
    members.number("limit", *count);
  }
  call.output.begin_list(columns);
  base::JsonParser parser;
  const auto last = ask_policyd(call, "trap.list", members, [&](std::string_view json) {
    if (const auto row = parser.parse(json); row) {
      call.output.row(cells_of(*row));
    }
  });
  if (!last) {
    return last.error();
  }
  call.output.end_list("nobody has written to a trap");
  return {};
}

base::Result<void> change(Call& call, std::string_view verb, std::string_view member,
                          std::string_view what) {
  const std::string& subject = call.arguments.words[0];
  Members members;
  members.text(member, subject);
  if (const auto done = ask_policyd(call, verb, members, {}); !done) {
    return done.error();
  }
  call.output.done(subject + std::string(what), done_columns, {text_cell(subject)});
  return {};
}

base::Result<void> add(Call& call) {
  return change(call, "trap.add", "client", " has one hit more.");
}

base::Result<void> del(Call& call) {
  return change(call, "trap.del", "subject", " is forgotten.");
}

constexpr std::array<Verb, 3> verbs{{
    {"trap list", "", "Lists the clients and networks that wrote to a spamtrap.", 0, 0,
     list_options, list},
    {"trap add", "ADDRESS", "Treats a client as one that wrote to a spamtrap.", 1, 1,
     change_options, add},
    {"trap del", "ADDRESS|NETWORK", "Forgets what a client or a network wrote to spamtraps.", 1, 1,
     change_options, del},
}};

}  // namespace

std::span<const Verb> trap_verbs() {
  return verbs;
}

}  // namespace cli
