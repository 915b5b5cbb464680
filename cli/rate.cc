// cli/rate.cc -- the verbs of rates: who has sent how much, and letting them send again.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// policyd owns the state; these verbs ask its control socket (docs/formats/rates.md).
#include <array>
#include <string>

#include "base/json.hh"
#include "base/settings.hh"
#include "base/text.hh"

#include "cli/policyd.hh"
#include "cli/verb.hh"

namespace cli {

namespace {

constexpr std::array<Option, 2> show_options{{
    {"limit", "COUNT", "At most so many logins, clients and domains (1000)."},
    policyd_socket_option,
}};
constexpr std::array<Option, 1> reset_options{{policyd_socket_option}};

constexpr std::array<Column, 8> columns{{
    {"kind", "Kind"},
    {"subject", "Whose"},
    {"unit", "Counted"},
    {"window", "Within", true},
    {"count", "Sent", true},
    {"reserved", "Under way", true},
    {"limit", "Limit", true},
    {"wait", "Room in", true},
}};
constexpr std::array<Column, 1> done_columns{{{"count", "Counts"}}};

Cell time_cell(std::int64_t seconds) {
  const base::Duration time = std::chrono::seconds(seconds);
  return json_cell(base::setting_value_text(time), std::to_string(seconds));
}

std::vector<Cell> cells_of(const base::JsonValue& row) {
  const auto text = [&row](std::string_view key) {
    return text_cell(base::json_text(row, key).value_or(""));
  };
  const auto number = [&row](std::string_view key) {
    return base::json_number(row, key).value_or(0);
  };
  return {text("kind"),
          text("subject"),
          text("unit"),
          time_cell(number("window")),
          number_cell(static_cast<std::uint64_t>(number("count"))),
          number_cell(static_cast<std::uint64_t>(number("reserved"))),
          limit_cell(static_cast<std::uint64_t>(number("limit"))),
          time_cell(number("wait"))};
}

base::Result<void> show(Call& call) {
  Members members;
  if (!call.arguments.words.empty()) {
    members.text("key", call.arguments.words[0]);
  }
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
  const auto last = ask_policyd(call, "rate.list", members, [&](std::string_view json) {
    if (const auto row = parser.parse(json); row) {
      call.output.row(cells_of(*row));
    }
  });
  if (!last) {
    return last.error();
  }
  call.output.end_list("nothing was counted");
  return {};
}

base::Result<void> reset(Call& call) {
  Members members;
  members.text("key", call.arguments.words[0]);
  const auto last = ask_policyd(call, "rate.reset", members, {});
  if (!last) {
    return last.error();
  }
  base::JsonParser parser;
  const auto answer = parser.parse(*last);
  if (!answer) {
    return answer.error();
  }
  const auto count = base::json_number(*answer, "count").value_or(0);
  call.output.done("What " + call.arguments.words[0] + " has sent is forgotten.", done_columns,
                   {number_cell(static_cast<std::uint64_t>(count))});
  return {};
}

constexpr std::array<Verb, 2> verbs{{
    {"rate show", "[KEY]",
     "Shows what logins, clients and domains have sent, and their limits; KEY is one of these.", 0,
     1, show_options, show},
    {"rate reset", "KEY", "Forgets what a login, a client or a domain has sent.", 1, 1,
     reset_options, reset},
}};

}  // namespace

std::span<const Verb> rate_verbs() {
  return verbs;
}

}  // namespace cli
