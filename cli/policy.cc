// cli/policy.cc -- the verbs about policy as a whole: why a mail is answered as it is.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <string>

#include "base/json.hh"
#include "base/text.hh"

#include "cli/policyd.hh"
#include "cli/verb.hh"

namespace cli {

namespace {

constexpr std::array<Option, 9> explain_options{{
    {"from", "ADDRESS", "The sender; none for the null sender."},
    {"to", "ADDRESS", "The recipient."},
    {"client", "IP", "The client's address."},
    {"name", "NAME", "The client's verified host name."},
    {"helo", "NAME", "What it said in HELO."},
    {"user", "LOGIN", "The SASL login."},
    {"state", "STATE", "Where Postfix asks: RCPT, DATA, END-OF-MESSAGE, ... (RCPT)."},
    {"size", "BYTES", "The size of the message."},
    policyd_socket_option,
}};

// An option, and the attribute of the policy protocol that it fills.
struct Pair {
  std::string_view option;
  std::string_view attribute;
};
constexpr std::array<Pair, 8> pairs{{
    {"from", "sender"},
    {"to", "recipient"},
    {"client", "client_address"},
    {"name", "client_name"},
    {"helo", "helo_name"},
    {"user", "sasl_username"},
    {"state", "protocol_state"},
    {"size", "size"},
}};

constexpr std::array<Column, 7> columns{{
    {"check", "Check"},
    {"action", "Answer"},
    {"decides", "Decides"},
    {"microseconds", "Time (us)", true},
    {"reason", "Why"},
    {"text", ""},
    {"dry_run", ""},
}};

std::vector<Cell> cells_of(const base::JsonValue& row) {
  const auto text = [&row](std::string_view key) {
    return base::json_text(row, key).value_or(std::string_view());
  };
  const bool is_dry = base::json_bool(row, "dry_run").value_or(false);
  std::string why(text("reason"));
  base::JsonArray notes;
  if (row["notes"].get(notes) == simdjson::SUCCESS) {
    for (const base::JsonValue& note : notes) {
      why.append(why.empty() ? "" : "; ").append(note.get_string().value_unsafe());
    }
  }
  return {
      text_cell(text("check")),
      json_cell(std::string(text("action")) + (is_dry ? " (dry run)" : ""),
                text_cell(text("action")).json),
      flag_cell(base::json_bool(row, "decides").value_or(false)),
      number_cell(static_cast<std::uint64_t>(base::json_number(row, "microseconds").value_or(0))),
      text_cell(why),
      text_cell(text("text")),
      flag_cell(is_dry)};
}

base::Result<void> explain(Call& call) {
  Members members;
  for (const Pair& pair : pairs) {
    if (const auto value = call.arguments.value(pair.option); value) {
      members.text(pair.attribute, *value);
    }
  }
  call.output.begin_list(columns);
  base::JsonParser parser;
  const auto last = ask_policyd(call, "explain", members, [&](std::string_view json) {
    if (const auto row = parser.parse(json); row) {
      call.output.row(cells_of(*row));
    }
  });
  if (!last) {
    return last.error();
  }
  call.output.end_list("policyd has no checks");
  return {};
}

constexpr std::array<Verb, 1> verbs{{
    {"policy explain", "", "Asks every check of policyd what it says to a request, and why.", 0, 0,
     explain_options, explain},
}};

}  // namespace

std::span<const Verb> policy_verbs() {
  return verbs;
}

}  // namespace cli
