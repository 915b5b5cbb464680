// cli/policy.cc -- the verbs about policy as a whole: why a mail is answered as it is.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <fstream>
#include <string>
#include <utility>

#include "base/json.hh"
#include "base/text.hh"

#include "cli/mail_log.hh"
#include "cli/policyd.hh"
#include "cli/verb.hh"

namespace cli {

namespace {

constexpr std::string_view default_log = "/var/log/mail.log";

constexpr std::array<Option, 11> explain_options{{
    {"queue-id", "ID", "A message in the mail log, instead of describing one."},
    {"log", "FILE", "The log it stands in (/var/log/mail.log)."},
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

// What the log says of the message, by the names of the options.
base::Result<LoggedMail> find_in_log(const Arguments& arguments, const std::string& queue_id) {
  if (!is_queue_id(queue_id)) {
    return base::make_error(base::Errc::malformed,
                            "--queue-id: no queue id: " + base::printable(queue_id, 40),
                            "it stands in the log behind the program, such as 4WxYz12abcZ");
  }
  const std::string path = arguments.value("log").value_or(std::string(default_log));
  std::ifstream log(path);
  if (!log) {
    return base::make_error(base::Errc::unavailable, path + " cannot be read",
                            "--log names another file");
  }
  LoggedMail mail(queue_id);
  for (std::string line; std::getline(log, line);) {
    mail.take(line);
  }
  if (!mail.is_found()) {
    return base::make_error(base::Errc::not_found, path + " says nothing of " + queue_id,
                            "--log names another file, such as one that was rotated");
  }
  return mail;
}

void add_logged(const LoggedMail& mail, const Arguments& arguments, Members& members) {
  const std::string sender = mail.sender.value_or("");
  const std::string recipient = mail.recipients.empty() ? "" : mail.recipients[0];
  const std::array<std::pair<std::string_view, std::string_view>, 7> known{{
      {"from", sender},
      {"to", recipient},
      {"client", mail.client},
      {"name", mail.name},
      {"helo", mail.helo},
      {"user", mail.user},
      {"size", mail.size},
  }};
  for (const Pair& pair : pairs) {
    for (const auto& [option, value] : known) {
      if (pair.option == option && !value.empty() && !arguments.has(option)) {
        members.text(pair.attribute, value);
      }
    }
  }
}

base::Result<void> explain(Call& call) {
  Members members;
  if (const auto queue_id = call.arguments.value("queue-id"); queue_id) {
    const auto mail = find_in_log(call.arguments, *queue_id);
    if (!mail) {
      return mail.error();
    }
    add_logged(*mail, call.arguments, members);
  }
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
