// cli/spf.cc -- the verb that checks a client and a sender by SPF, and shows how it came out.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth-lib/spf.hh"

#include <array>
#include <cstring>
#include <string>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json_writer.hh"
#include "base/log.hh"
#include "base/loop/resolver.hh"
#include "base/text.hh"

#include "auth-lib/dns_found.hh"

#include "cli/verb.hh"

namespace cli {

namespace {

constexpr loop::Duration default_deadline{20'000};
constexpr std::size_t longest_host = 255;

constexpr std::array<Option, 6> options{{
    {"ip", "ADDRESS", "The client's address; must be given."},
    {"helo", "NAME", "What it said in HELO."},
    {"from", "ADDRESS", "The sender; without one HELO is checked, as for bounces."},
    {"dns", "HOST:PORT", "Ask this resolver, instead of the authoritative servers themselves."},
    {"receiver", "NAME", "Our name, for the macro r; the machine's host name otherwise."},
    {"timeout", "SECONDS", "How long the DNS may take in all (20)."},
}};

constexpr std::array<Column, 8> columns{{
    {"result", "Result"},
    {"explanation", "Explanation"},
    {"identity", "Identity"},
    {"domain", "Domain"},
    {"problem", "Problem"},
    {"questions", "DNS questions", true},
    {"milliseconds", "Milliseconds", true},
    {"trail", ""},
}};
constexpr std::array<Column, 3> step_columns{{
    {"domain", "Record of"},
    {"term", "Term"},
    {"found", "Found"},
}};

base::Error usage(std::string what, std::string hint) {
  return base::make_error(base::Errc::malformed, std::move(what), std::move(hint));
}

// "HOST:PORT", "[ADDRESS]:PORT", "HOST" or "IP@PORT" as libunbound writes it: "IP@PORT".
base::Result<std::string> resolver_address(const std::string& text) {
  std::string host = text;
  std::string port = "53";
  const std::size_t at = text.find('@');
  const std::size_t colon = text.rfind(':');
  if (at != std::string::npos) {
    host = text.substr(0, at);
    port = text.substr(at + 1);
  } else if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    host = text.substr(1, end == std::string::npos ? end : end - 1);
    port = colon != std::string::npos && end != std::string::npos && colon == end + 1
               ? text.substr(colon + 1)
               : port;
  } else if (colon != std::string::npos && text.find(':') == colon) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (code != 0) {
    return usage("--dns: " + base::printable(text, 80) + ": " + ::gai_strerror(code),
                 "write HOST:PORT, such as 127.0.0.1:53 or [::1]:5353");
  }
  std::array<char, NI_MAXHOST> numeric{};
  ::getnameinfo(found->ai_addr, found->ai_addrlen, numeric.data(), numeric.size(), nullptr, 0,
                NI_NUMERICHOST);
  ::freeaddrinfo(found);
  return std::string(numeric.data()) + "@" + port;
}

std::string host_name() {
  std::array<char, longest_host + 1> name{};
  return ::gethostname(name.data(), longest_host) == 0 ? name.data() : "localhost";
}

// Evaluates, and asks the DNS between the rounds.
class Walk {
 public:
  Walk(loop::Loop& loop, loop::Resolver& resolver, auth::SpfInput input, loop::Duration deadline)
      : loop_(loop), resolver_(resolver), input_(std::move(input)), since_(loop.ticks()) {
    deadline_ = since_ + deadline;
  }

  auth::SpfOutcome run() {
    while (true) {
      auth::SpfChecked checked = auth::check_spf(input_, answers_);
      if (checked.questions.empty()) {
        return checked.outcome;
      }
      ask(checked.questions);
    }
  }

  std::size_t questions() const { return asked_; }
  std::int64_t milliseconds() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(loop_.ticks() - since_).count();
  }

 private:
  void ask(const std::vector<auth::DnsQuestion>& questions) {
    std::size_t missing = questions.size();
    asked_ += missing;
    const auto left = std::max(
        std::chrono::duration_cast<loop::Duration>(deadline_ - loop_.ticks()), loop::Duration{});
    for (const auth::DnsQuestion& question : questions) {
      resolver_.resolve(question.name, static_cast<loop::DnsType>(question.type), left,
                        [&, question](const base::Result<loop::DnsAnswer>& answer) {
                          answers_.add(question,
                                       answer ? auth::dns_answer_from(*answer) : auth::DnsAnswer{});
                          if (--missing == 0) {
                            loop_.stop();
                          }
                        });
    }
    loop_.run();
  }

  loop::Loop& loop_;
  loop::Resolver& resolver_;
  auth::SpfInput input_;
  auth::DnsAnswers answers_{};
  base::SteadyTime since_;
  base::SteadyTime deadline_{};
  std::size_t asked_ = 0;
};

base::Result<auth::SpfInput> input_of(const Arguments& arguments) {
  const auto ip = base::IpAddress::parse(arguments.value("ip").value_or(""));
  if (!ip) {
    return usage(
        "--ip: " + (arguments.has("ip") ? "no address: " + *arguments.value("ip") : "missing"),
        "write the client's address, such as --ip 192.0.2.1");
  }
  auth::SpfInput input{.client = *ip,
                       .helo = arguments.value("helo").value_or(""),
                       .sender = arguments.value("from").value_or(""),
                       .receiver = arguments.value("receiver").value_or(host_name()),
                       .now = base::system_clock().now()};
  if (input.helo.empty() && input.sender.empty()) {
    return usage("neither --from nor --helo", "say whose record is to be read");
  }
  return input;
}

Cell trail_cell(const std::vector<auth::SpfStep>& trail) {
  base::JsonWriter json;
  json.begin_array();
  for (const auth::SpfStep& step : trail) {
    json.begin_object();
    json.key("domain").string(step.domain);
    json.key("term").string(step.term);
    json.key("found").string(step.found);
    json.end_object();
  }
  json.end_array();
  return json_cell("", json.take());
}

base::Result<loop::Duration> deadline_of(const Arguments& arguments) {
  const auto text = arguments.value("timeout");
  if (!text) {
    return default_deadline;
  }
  const auto seconds = base::parse_number<std::uint16_t>(*text);
  if (!seconds || *seconds == 0) {
    return usage("--timeout: no number of seconds: " + *text, "write a number such as 5");
  }
  return loop::Duration(std::chrono::seconds(*seconds));
}

base::Result<loop::ResolverSettings> resolver_of(const Arguments& arguments) {
  loop::ResolverSettings settings{.resolver = "recursive", .trust_anchor = ""};
  if (const auto dns = arguments.value("dns"); dns) {
    const auto address = resolver_address(*dns);
    if (!address) {
      return address.error();
    }
    settings.resolver = *address;
  }
  return settings;
}

void show(Call& call, const std::string& checked, bool is_helo, const Walk& walk,
          const auth::SpfOutcome& outcome) {
  call.output.record(
      columns,
      {text_cell(auth::spf_result_name(outcome.result)), text_cell(outcome.explanation),
       text_cell(is_helo ? "helo" : "mailfrom"), text_cell(checked.substr(checked.rfind('@') + 1)),
       text_cell(outcome.problem), number_cell(walk.questions()),
       number_cell(static_cast<std::uint64_t>(walk.milliseconds())), trail_cell(outcome.trail)});
  if (call.output.is_json() || outcome.trail.empty()) {
    return;
  }
  call.output.begin_list(step_columns);
  for (const auth::SpfStep& step : outcome.trail) {
    call.output.row({text_cell(step.domain), text_cell(step.term), text_cell(step.found)});
  }
  call.output.end_list("");
}

base::Result<void> spf(Call& call) {
  const auto input = input_of(call.arguments);
  if (!input) {
    return input.error();
  }
  const auto deadline = deadline_of(call.arguments);
  if (!deadline) {
    return deadline.error();
  }
  const auto settings = resolver_of(call.arguments);
  if (!settings) {
    return settings.error();
  }
  auto sink = base::open_log_sink("posthouse", "stderr");
  if (!sink) {
    return sink.error();
  }
  base::Log log("posthouse", std::move(*sink), base::Level::error);
  const auto loop = loop::Loop::make(log);
  if (!loop) {
    return loop.error();
  }
  const auto resolver = loop::Resolver::make(**loop, *settings);
  if (!resolver) {
    return resolver.error();
  }
  Walk walk(**loop, **resolver, *input, *deadline);
  const auth::SpfOutcome outcome = walk.run();
  const bool is_helo = input->sender.empty();
  show(call, is_helo ? input->helo : input->sender, is_helo, walk, outcome);
  return {};
}

constexpr std::array<Verb, 1> verbs{{
    {"spf", "--ip ADDRESS [--helo NAME] [--from ADDRESS]",
     "Checks by SPF whether a client may send a sender's mail, and shows how that came out.", 0, 0,
     options, spf},
}};

}  // namespace

std::span<const Verb> spf_verbs() {
  return verbs;
}

}  // namespace cli
