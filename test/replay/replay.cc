// test/replay/replay.cc -- runs policyd without sockets or real time through scripts of requests.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A script, one command a line; `#` starts a comment:
//   set NAME = VALUE             a setting, in force from the next command on
//   list NAME: ENTRY, ENTRY      the entries of a list file
//   wait 5m                      turns the clock
//   store down | store up
//   dns TYPE NAME = VALUE, ...   an answer of the DNS, or "failed"; others do not exist
//   account ADDRESS = MAILBOX ...  what the directory says; or nobody, unknown, catch_all MAILBOX
//   quota MAILBOX = BYTES        the room it has; others have enough
//   > STATE NAME=VALUE ...       a request: client, name, from, to, sasl, instance; any attribute
//   < ACTION [TEXT]              the answer must be this
//   raw BYTES                    bytes of a client (\n and \xNN), answered or refused
//   log WORDS                    a line with these words was logged since the last request
#include <algorithm>
#include <cstdio>
#include <map>

#include "base/files.hh"
#include "base/text.hh"

#include "policyd/engine.hh"
#include "policyd/store/memory_store.hh"

namespace {

const std::map<std::string_view, std::string_view> short_names{
    {"client", "client_address"}, {"name", "client_name"},   {"from", "sender"},
    {"to", "recipient"},          {"sasl", "sasl_username"},
};

const std::map<std::string_view, auth::DnsType> dns_types{
    {"a", auth::DnsType::a},   {"aaaa", auth::DnsType::aaaa}, {"ptr", auth::DnsType::ptr},
    {"mx", auth::DnsType::mx}, {"txt", auth::DnsType::txt},
};

const base::SettingRow duration_row{"wait", 2, "1s", "", base::Reload::live, "A time."};

// "\n" and "\x41" as in C.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n') {
      out += '\n';
      ++i;
    } else if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x') {
      out += base::from_hex(text.substr(i + 2, 2)).value_or("");
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

class Replay {
 public:
  // What is wrong with the line, or "".
  std::string run(std::string_view line) {
    const std::string_view word = line.substr(0, line.find(' '));
    const std::string_view rest = base::trim(line.substr(word.size()));
    if (word == "set") {
      return set(rest);
    }
    if (word == "list") {
      return take_list(rest);
    }
    if (word == "wait") {
      const auto time = base::parse_setting_value(duration_row, rest);
      if (!time) {
        return time.error().text();
      }
      clock_.advance(std::get<base::Duration>(*time));
      return {};
    }
    if (word == "dns") {
      return take_dns(rest);
    }
    if (word == "account") {
      return take_account(rest);
    }
    if (word == "quota") {
      return take_quota(rest);
    }
    if (word == "store") {
      store_.break_down(rest == "down");
      return {};
    }
    if (word == ">") {
      return ask(rest);
    }
    if (word == "raw") {
      return send(unescaped(rest));
    }
    if (word == "<") {
      const std::string wanted(rest);
      return answer_ == wanted ? "" : "the answer is \"" + answer_ + "\"";
    }
    if (word == "log") {
      return log_text_.find(rest) != std::string::npos ? "" : "logged was: " + log_text_;
    }
    return "no such command";
  }

 private:
  std::string set(std::string_view text) {
    const std::size_t equals = std::min(text.find('='), text.size());
    set_[std::string(base::trim(text.substr(0, equals)))] = text;
    return apply();
  }

  std::string apply() {
    std::string text;
    for (const auto& [name, line] : set_) {
      text.append(line).append("\n");
    }
    const auto settings = base::settings_from_text(policy::settings_table, "script", text);
    if (!settings) {
      return settings.error().text();
    }
    if (!engine_) {
      engine_.emplace(*settings, store_, clock_, log_);
    }
    engine_->apply(*settings);
    return {};
  }

  void meet() {
    if (!engine_) {
      apply();
    }
    if (!conversation_) {
      conversation_.emplace(*engine_);
    }
  }

  std::string take_list(std::string_view text) {
    meet();
    const std::string_view name = text.substr(0, text.find(':'));
    std::string entries(text.substr(std::min(name.size() + 1, text.size())));
    std::replace(entries.begin(), entries.end(), ',', '\n');
    for (std::size_t i = 0; i < policy::list_count; ++i) {
      if (policy::list_file_name(static_cast<policy::ListName>(i)) == name) {
        const auto list = static_cast<policy::ListName>(i);
        auto parsed = policy::List::parse(policy::list_kind(list), entries);
        auto lists = std::make_shared<policy::Lists>(*engine_->lists());
        lists->files.set(list, std::make_shared<const policy::List>(std::move(parsed.list)));
        engine_->use_lists(std::move(lists));
        return parsed.problems.empty() ? "" : parsed.problems[0].text;
      }
    }
    return "no such list";
  }

  std::string take_dns(std::string_view text) {
    const std::size_t equals = text.find('=');
    const auto left = base::split_words(text.substr(0, equals));
    if (equals == std::string_view::npos || left.size() != 2 || !dns_types.contains(left[0])) {
      return "write: dns TYPE NAME = VALUE, ...";
    }
    const auth::DnsType type = dns_types.at(left[0]);
    auth::DnsAnswer answer{.outcome = auth::DnsAnswer::Outcome::found};
    for (const std::string_view raw : base::split(text.substr(equals + 1), ',')) {
      const std::string_view value = base::trim(raw);
      if (value == "failed") {
        answer.outcome = auth::DnsAnswer::Outcome::failed;
      } else if (type == auth::DnsType::a || type == auth::DnsType::aaaa) {
        const auto address = base::IpAddress::parse(value);
        if (!address) {
          return "no address: " + std::string(value);
        }
        answer.addresses.push_back(*address);
      } else {
        answer.texts.emplace_back(value);
      }
    }
    dns_.insert_or_assign({std::string(left[1]), type}, std::move(answer));
    return {};
  }

  // "alice@example.org = alice@example.org", "x@example.org = catch_all bob@example.org", or one of
  // nobody, unknown; whoever is not said is foreign.
  std::string take_account(std::string_view text) {
    const std::size_t equals = text.find('=');
    policy::Account account{.state = policy::Account::State::found};
    for (const std::string_view word : base::split_words(text.substr(equals + 1))) {
      if (word == "nobody" || word == "unknown") {
        account.state =
            word == "nobody" ? policy::Account::State::nobody : policy::Account::State::unknown;
      } else if (word == "catch_all") {
        account.is_catch_all = true;
      } else {
        account.mailboxes.emplace_back(word);
      }
    }
    accounts_[std::string(base::trim(text.substr(0, equals)))] = account;
    return {};
  }

  // "alice@example.org = 1000": the room it has; whoever is not said has enough.
  std::string take_quota(std::string_view text) {
    const std::size_t equals = text.find('=');
    const auto room = base::parse_number<std::uint64_t>(base::trim(text.substr(equals + 1)));
    room_[std::string(base::trim(text.substr(0, equals)))] = room.value_or(0);
    return room ? "" : room.error().text();
  }

  void serve_accounts() {
    for (const std::string& address : conversation_->waits().accounts) {
      const auto known = accounts_.find(address);
      conversation_->facts().accounts[address] = std::make_shared<const policy::Account>(
          known != accounts_.end() ? known->second
                                   : policy::Account{.state = policy::Account::State::foreign});
    }
    for (const policy::QuotaQuestion& question : conversation_->waits().quotas) {
      const auto room = room_.find(question.mailbox);
      conversation_->facts().quotas[question] = room == room_.end() || question.size < room->second
                                                    ? policy::Quota::room
                                                    : policy::Quota::full;
    }
  }

  // Plays the DNS and the others until nothing waits any more.
  policy::Conversation::Progress serve(policy::Conversation::Progress progress, std::string& out) {
    while (progress == policy::Conversation::Progress::waiting) {
      serve_accounts();
      for (const auth::DnsQuestion& question : conversation_->waits().dns) {
        conversation_->facts().dns.add(question, dns_answer(question));
      }
      progress = conversation_->resume(out);
    }
    return progress;
  }

  const auth::DnsAnswer& dns_answer(const auth::DnsQuestion& question) const {
    static const auth::DnsAnswer none{.outcome = auth::DnsAnswer::Outcome::none};
    const auto at = dns_.find(question);
    return at != dns_.end() ? at->second : none;
  }

  // What the daemon does every second.
  void test_zones() {
    policy::DnsblZones& zones = engine_->dnsbl_zones();
    for (policy::DnsblZone* zone : zones.due(clock_.now())) {
      auth::DnsAnswers answers;
      for (const auth::DnsQuestion& question : policy::DnsblZones::test_questions(*zone)) {
        answers.add(question, dns_answer(question));
      }
      zones.learn(*zone, answers, clock_.now());
    }
  }

  std::string ask(std::string_view text) {
    std::string request = "request=smtpd_access_policy\n";
    bool is_state = true;
    for (const std::string_view word : base::split_words(text)) {
      const std::size_t equals = word.find('=');
      if (is_state) {
        request.append("protocol_state=").append(word).append("\n");
        is_state = false;
        continue;
      }
      const std::string_view name = word.substr(0, equals);
      const auto long_name = short_names.find(name);
      request.append(long_name == short_names.end() ? name : long_name->second);
      request.append(word.substr(equals)).append("\n");
    }
    return send(request + "\n");
  }

  std::string send(const std::string& bytes) {
    meet();
    test_zones();
    log_text_.clear();
    std::string out;
    const auto progress = serve(conversation_->take(bytes, out), out);
    answer_ = progress == policy::Conversation::Progress::broken ? "closed" : "";
    if (progress == policy::Conversation::Progress::broken) {
      conversation_.reset();
      return {};
    }
    constexpr std::string_view head = "action=";
    answer_ = std::string(base::trim(out));
    if (answer_.starts_with(head)) {
      answer_.erase(0, head.size());
    }
    return {};
  }

  base::ManualClock clock_{base::WallTime(std::chrono::seconds(1'800'000'000))};
  std::string log_text_{};
  base::Log log_{"replay", base::memory_log_sink(log_text_), base::Level::debug};
  policy::MemoryStore store_{};
  std::map<std::string, std::string> set_{};  // lines of settings, by name
  std::optional<policy::Engine> engine_{};
  std::string answer_{};

  std::map<auth::DnsQuestion, auth::DnsAnswer> dns_{};
  std::map<std::string, policy::Account> accounts_{};
  std::map<std::string, std::uint64_t> room_{};
  std::optional<policy::Conversation> conversation_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s SCRIPT\n", argv[0]);
    return 2;
  }
  const auto script = base::read_file(argv[1]);
  if (!script) {
    std::fprintf(stderr, "%s\n", script.error().text().c_str());
    return 2;
  }
  Replay replay;
  int number = 0;
  int failures = 0;
  for (const std::string_view raw : base::split(*script, '\n')) {
    ++number;
    const std::string_view line = base::trim(raw);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    if (const std::string wrong = replay.run(line); !wrong.empty()) {
      std::printf("%s:%d: %.*s: %s\n", argv[1], number, static_cast<int>(line.size()), line.data(),
                  wrong.c_str());
      ++failures;
    }
  }
  return failures == 0 ? 0 : 1;
}
