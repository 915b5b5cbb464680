// base/loop/resolver.cc -- libunbound on the loop: its options, its callbacks, our deadlines.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/resolver.hh"

#include <algorithm>
#include <array>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <unbound-event.h>
#include <unbound.h>

#include "base/loop/events.hh"
#include "base/text.hh"

namespace loop {

namespace {

constexpr std::uint64_t wanted_sockets = 8192;  // outgoing-range: questions at work
constexpr std::uint64_t spare_descriptors = 1024;
constexpr std::uint64_t least_sockets = 64;
// Questions for each socket: those without one wait for it inside libunbound, some 10 kB each.
constexpr std::uint64_t questions_per_socket = 4;
constexpr int class_in = 1;

// Zones libunbound answers itself (RFC 6303, 6761) although a forwarder in a private network, or a
// test's, knows better.
constexpr std::array<const char*, 17> own_zones{
    "test.",
    "invalid.",
    "10.in-addr.arpa.",
    "127.in-addr.arpa.",
    "168.192.in-addr.arpa.",
    "254.169.in-addr.arpa.",
    "0.in-addr.arpa.",
    "2.0.192.in-addr.arpa.",
    "100.51.198.in-addr.arpa.",
    "113.0.203.in-addr.arpa.",
    "255.255.255.255.in-addr.arpa.",
    "8.b.d.0.1.0.0.2.ip6.arpa.",
    "d.f.ip6.arpa.",
    "8.e.f.ip6.arpa.",
    "9.e.f.ip6.arpa.",
    "a.e.f.ip6.arpa.",
    "b.e.f.ip6.arpa.",
};

base::Error unbound_error(std::string_view what, int code) {
  return base::make_error(base::Errc::unavailable,
                          "DNS resolver: " + std::string(what) + ": " + ub_strerror(code));
}

bool is_address(const std::string& text) {
  in6_addr any{};
  return ::inet_pton(AF_INET, text.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &any) == 1;
}

std::uint64_t usable_sockets() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= spare_descriptors) {
    return limit.rlim_cur / 4;
  }
  return std::min<std::uint64_t>(wanted_sockets, limit.rlim_cur - spare_descriptors);
}

}  // namespace

void Resolver::ContextFree::operator()(ub_ctx* context) const {
  ub_ctx_delete(context);
}

base::Result<void> Resolver::check(const ResolverSettings& settings) {
  if (!settings.trust_anchor.empty() && ::access(settings.trust_anchor.c_str(), R_OK) != 0) {
    return base::errno_error("resolver_trust_anchor: " + settings.trust_anchor, errno);
  }
  if (settings.resolver == "recursive" || settings.resolver == "off") {
    return {};
  }
  const std::size_t at = settings.resolver.find('@');
  const auto port =
      at == std::string::npos
          ? base::Result<std::uint16_t>(std::uint16_t{53})
          : base::parse_number<std::uint16_t>(std::string_view(settings.resolver).substr(at + 1));
  if (!port || *port == 0 || !is_address(settings.resolver.substr(0, at))) {
    return base::make_error(base::Errc::malformed,
                            "resolver: cannot use " + base::printable(settings.resolver, 80),
                            "write recursive, off, or IP@PORT such as 127.0.0.1@53");
  }
  return {};
}

base::Result<std::unique_ptr<Resolver>> Resolver::make(Loop& loop,
                                                       const ResolverSettings& settings) {
  if (auto checked = check(settings); !checked) {
    return checked.error();
  }
  std::unique_ptr<Resolver> made(new Resolver(loop));
  if (settings.resolver != "off") {
    if (auto opened = made->open(settings); !opened) {
      return opened.error();
    }
  }
  return made;
}

Resolver::Resolver(Loop& loop) : loop_(loop), self_(std::make_shared<Resolver*>(this)) {}

Resolver::~Resolver() {
  context_.reset();  // before the tickets it holds pointers to
}

base::Result<void> Resolver::open(const ResolverSettings& settings) {
  const std::uint64_t sockets = usable_sockets();
  if (sockets < least_sockets) {
    return base::make_error(base::Errc::unavailable, "too few file descriptors for a DNS resolver",
                            "raise LimitNOFILE of the service");
  }
  if (sockets < wanted_sockets) {
    loop_.log().write(resolver_narrow,
                      {{"questions", std::to_string(questions_per_socket * sockets)},
                       {"limit", std::to_string(questions_per_socket * wanted_sockets)}});
  }
  question_limit_ = questions_per_socket * sockets;
  context_.reset(ub_ctx_create_event(loop_.raw()));
  if (!context_) {
    return base::make_error(base::Errc::unavailable, "libunbound gives no context");
  }
  ub_ctx_debugout(context_.get(), nullptr);
  if (auto done = configure(settings, sockets); !done) {
    return done.error();
  }
  return settings.resolver == "recursive" ? base::Result<void>() : forward_to(settings.resolver);
}

base::Result<void> Resolver::configure(const ResolverSettings& settings, std::uint64_t sockets) {
  const std::pair<const char*, std::string> options[] = {
      {"outgoing-range:", std::to_string(sockets)},
      {"num-queries-per-thread:", std::to_string(questions_per_socket * sockets)},
      {"msg-cache-size:", "64m"},
      {"rrset-cache-size:", "64m"},
      {"do-not-query-localhost:", settings.resolver == "recursive" ? "yes" : "no"},
      {"use-syslog:", "no"},
  };
  for (const auto& [name, value] : options) {
    if (const int code = ub_ctx_set_option(context_.get(), name, value.c_str()); code != 0) {
      return unbound_error(name, code);
    }
  }
  if (!settings.trust_anchor.empty()) {
    if (const int code = ub_ctx_add_ta_file(context_.get(), settings.trust_anchor.c_str());
        code != 0) {
      return unbound_error("resolver_trust_anchor", code);
    }
  }
  return {};
}

// Last: removing a zone makes libunbound refuse further options.
base::Result<void> Resolver::forward_to(const std::string& server) {
  if (const int code = ub_ctx_set_fwd(context_.get(), server.c_str()); code != 0) {
    return unbound_error("forwarder", code);
  }
  for (const char* zone : own_zones) {
    if (const int code = ub_ctx_zone_remove(context_.get(), zone); code != 0) {
      return unbound_error(zone, code);
    }
  }
  for (int second = 16; second < 32; ++second) {
    const std::string zone = std::to_string(second) + ".172.in-addr.arpa.";
    if (const int code = ub_ctx_zone_remove(context_.get(), zone.c_str()); code != 0) {
      return unbound_error(zone, code);
    }
  }
  return {};
}

std::uint64_t Resolver::resolve(std::string_view name, DnsType type, Duration deadline, Done done) {
  const std::uint64_t id = ++last_;
  auto usable = dns_name(name);
  Question& question = questions_[id];
  question = {usable ? *usable : std::string(), type, std::move(done), nullptr};
  if (!usable) {
    answer_later(id, usable.error());
  } else if (!context_) {
    answer_later(id, base::make_error(base::Errc::unavailable, "DNS is switched off"));
  } else if (tickets_.size() >= question_limit_) {
    answer_later(id, base::make_error(base::Errc::unavailable, "too many DNS questions at work"));
  } else {
    ask(id, deadline);
  }
  return id;
}

void Resolver::ask(std::uint64_t id, Duration deadline) {
  Question& question = questions_[id];
  Ticket& ticket = tickets_[id];
  ticket = {this, id};
  const int code =
      ub_resolve_event(context_.get(), question.name.c_str(), static_cast<int>(question.type),
                       class_in, &ticket, &Resolver::answered, nullptr);
  if (code != 0) {
    tickets_.erase(id);
    answer_later(id, unbound_error("question", code));
    return;
  }
  if (!tickets_.contains(id)) {
    return;  // the cache knew
  }
  question.deadline = std::make_unique<Timer>(loop_, [this, id] {
    answer_later(id, base::make_error(base::Errc::timeout, "DNS gave no answer in time"));
  });
  question.deadline->start(deadline);
}

void Resolver::answered(void* ticket, int rcode, void* packet, int size, int security,
                        char* why_bogus, int /*was_limited*/) {
  constexpr int nxdomain = 3;
  const Ticket at = *static_cast<Ticket*>(ticket);
  Resolver& self = *at.resolver;
  self.tickets_.erase(at.id);
  const auto found = self.questions_.find(at.id);
  if (found == self.questions_.end()) {
    return;  // the deadline was first
  }
  const Question& question = found->second;
  if (security == 1) {
    self.answer_later(at.id, base::make_error(base::Errc::unavailable,
                                              "DNSSEC: " + std::string(why_bogus != nullptr
                                                                           ? why_bogus
                                                                           : "validation failed")));
    return;
  }
  if ((rcode != 0 && rcode != nxdomain) || packet == nullptr) {
    self.answer_later(
        at.id, base::make_error(base::Errc::unavailable, "DNS: rcode " + std::to_string(rcode)));
    return;
  }
  auto answer =
      decode_dns_answer({static_cast<const char*>(packet), static_cast<std::size_t>(size)},
                        question.name, question.type);
  if (answer) {
    answer->is_secure = security == 2;
    if (answer->rcode != 0 && !answer->nxdomain) {
      answer =
          base::make_error(base::Errc::unavailable, "DNS: rcode " + std::to_string(answer->rcode));
    }
  }
  self.answer_later(at.id, std::move(answer));
}

// Answers leave from the top of the loop: their receivers may do anything, also destroy us.
void Resolver::answer_later(std::uint64_t id, base::Result<DnsAnswer> result) {
  if (ready_.empty()) {
    loop_.defer([weak = std::weak_ptr<Resolver*>(self_)] { answer_ready(weak); });
  }
  ready_.emplace_back(id, std::move(result));
}

void Resolver::answer_ready(const std::weak_ptr<Resolver*>& self) {
  std::vector<Ready> ready;
  if (const auto alive = self.lock()) {
    ready.swap((*alive)->ready_);
  }
  for (auto& [id, result] : ready) {
    const auto alive = self.lock();
    if (!alive) {
      return;
    }
    Resolver& resolver = **alive;
    const auto found = resolver.questions_.find(id);
    if (found == resolver.questions_.end()) {
      continue;
    }
    const Done done = std::move(found->second.done);
    resolver.questions_.erase(found);
    resolver.loop_.guard("DNS answer", [&done, &answer = result] { done(std::move(answer)); });
  }
}

}  // namespace loop
