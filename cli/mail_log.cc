// cli/mail_log.cc -- lines of Postfix and policyd, cut into what they say.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/mail_log.hh"

#include <algorithm>

#include "base/text.hh"

namespace cli {

namespace {

constexpr std::size_t recipients_at_most = 1000;

// What stands between `open` and `close` after `key`; nothing when it is not there.
std::optional<std::string_view> between(std::string_view text, std::string_view key, char close) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  text.remove_prefix(at + key.size());
  const std::size_t end = text.find(close);
  return end == std::string_view::npos ? std::nullopt : std::optional(text.substr(0, end));
}

// The value behind ", key=" or at the start of the text, up to a comma or the end.
std::string_view listed(std::string_view text, std::string_view key) {
  for (std::string_view part : base::split(text, ',')) {
    part = base::trim(part);
    if (part.size() > key.size() && part.starts_with(key) && part[key.size()] == '=') {
      return part.substr(key.size() + 1);
    }
  }
  return {};
}

// A value of our own log: as it is up to a blank, or in quotes, with a backslash before each inner
// quote (base/log.cc).
std::optional<std::string> logged(std::string_view text, std::string_view key) {
  const std::string head = " " + std::string(key) + "=";
  const std::size_t at = text.find(head);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  text.remove_prefix(at + head.size());
  if (!text.starts_with('"')) {
    return std::string(text.substr(0, text.find(' ')));
  }
  std::string value;
  for (std::size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
    if (text.substr(i, 2) == "\\\"") {
      ++i;
    }
    value += text[i];
  }
  return value;
}

// Fills what is still empty.
void fill(std::string& place, std::string_view value) {
  if (place.empty()) {
    place = value;
  }
}

}  // namespace

bool is_queue_id(std::string_view text) {
  constexpr std::size_t least = 6;
  constexpr std::size_t most = 20;
  return text.size() >= least && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

void LoggedMail::take(std::string_view line) {
  const std::string mark = "]: " + queue_id_ + ": ";
  const std::size_t at = line.find(mark);
  if (at == std::string_view::npos) {
    return;
  }
  is_found_ = true;
  // The program stands before its [pid]; a stranger's text stands behind.
  const std::string_view head = line.substr(0, at);
  const std::string_view text = base::trim(line.substr(at + mark.size()));
  if (head.find("posthouse-policyd[") != std::string_view::npos) {
    take_policyd(text);
  } else if (head.find("/smtpd[") != std::string_view::npos) {
    take_smtpd(text);
  } else {
    take_delivery(text);
  }
}

// "client=mx.example.org[192.0.2.1], sasl_method=PLAIN, sasl_username=bob", or "reject: RCPT from
// mx.example.org[192.0.2.1]: 450 ...; from=<a@b> to=<c@d> proto=ESMTP helo=<x>".
void LoggedMail::take_smtpd(std::string_view text) {
  std::string_view peer = listed(text, "client");
  if (peer.empty()) {
    const auto refused = between(text, " from ", ']');
    peer = text.starts_with("reject") && refused ? *refused : std::string_view();
  }
  if (const std::size_t bracket = peer.find('['); bracket != std::string_view::npos) {
    fill(name, peer.substr(0, bracket));
    fill(client, peer.substr(bracket + 1, peer.find(']') - bracket - 1));
  }
  fill(user, listed(text, "sasl_username"));
  if (!text.starts_with("reject")) {
    return;
  }
  // The reply may quote the client's words: what Postfix adds stands last.
  const std::size_t tail = text.rfind("; from=<");
  if (tail == std::string_view::npos) {
    return;
  }
  text.remove_prefix(tail);
  if (const auto from = between(text, "from=<", '>'); from && !sender) {
    sender = std::string(*from);
  }
  if (const auto to = between(text, " to=<", '>'); to) {
    add_recipient(*to);
  }
  if (const auto said = between(text, " helo=<", '>'); said) {
    fill(helo, *said);
  }
}

// "from=<a@b>, size=123, nrcpt=1" and "to=<c@d>, orig_to=<e@f>, relay=...".
void LoggedMail::take_delivery(std::string_view text) {
  if (text.starts_with("from=<")) {
    if (const auto from = between(text, "from=<", '>'); from && !sender) {
      sender = std::string(*from);
    }
    fill(size, listed(text, "size"));
    return;
  }
  if (text.starts_with("to=<")) {
    auto to = between(text, ", orig_to=<", '>');
    if (!to) {
      to = between(text, "to=<", '>');
    }
    if (to) {
      add_recipient(*to);
    }
  }
}

void LoggedMail::take_policyd(std::string_view text) {
  if (const auto address = logged(text, "client"); address) {
    fill(client, *address);
  }
  if (const auto host = logged(text, "name"); host) {
    fill(name, *host);
  }
  if (auto from = logged(text, "sender"); from && !sender) {
    sender = std::move(*from);
  }
  if (const auto to = logged(text, "recipient"); to) {
    add_recipient(*to);
  }
}

void LoggedMail::add_recipient(std::string_view address) {
  if (!address.empty() && recipients.size() < recipients_at_most &&
      std::find(recipients.begin(), recipients.end(), address) == recipients.end()) {
    recipients.emplace_back(address);
  }
}

}  // namespace cli
