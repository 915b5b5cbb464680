// milter/iprev.cc -- PTR and forward questions on the loop, and what their answers mean.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "milter/iprev.hh"

#include <algorithm>
#include <memory>

namespace milter {

namespace {

// One check under way; held alive by the questions that are open.
struct Check {
  std::string address;
  loop::DnsType forward = loop::DnsType::a;
  base::SteadyTime until;
  std::function<void(IprevResult)> done;  // empty once called
  std::string first_name;
  std::size_t open = 0;
  bool is_unsure = false;

  void finish(Iprev outcome, const std::string& name) {
    if (const auto call = std::exchange(done, nullptr)) {
      call({outcome, name});
    }
  }
  void take_forward(const std::string& name, const base::Result<loop::DnsAnswer>& answer) {
    --open;
    if (answer) {
      const auto found = answer->addresses();
      if (std::find(found.begin(), found.end(), address) != found.end()) {
        finish(Iprev::pass, name);
      }
    } else if (answer.error().code != base::Errc::malformed) {
      is_unsure = true;
    }
    if (open == 0) {
      finish(is_unsure ? Iprev::temperror : Iprev::fail, first_name);
    }
  }
};

loop::Duration left(const Check& check) {
  const auto rest = check.until - base::system_clock().ticks();
  return std::max(std::chrono::duration_cast<loop::Duration>(rest), loop::Duration(1));
}

void take_names(loop::Resolver& resolver, const std::shared_ptr<Check>& check,
                const base::Result<loop::DnsAnswer>& answer) {
  if (!answer) {
    const bool is_broken = answer.error().code == base::Errc::malformed;
    check->finish(is_broken ? Iprev::permerror : Iprev::temperror, {});
    return;
  }
  auto names = answer->names();
  if (names.empty()) {
    check->finish(Iprev::permerror, {});
    return;
  }
  names.resize(std::min(names.size(), iprev_names_limit));
  check->first_name = names.front();
  check->open = names.size();
  for (const std::string& name : names) {
    resolver.resolve(name, check->forward, left(*check),
                     [check, name](const base::Result<loop::DnsAnswer>& forward) {
                       check->take_forward(name, forward);
                     });
  }
}

}  // namespace

std::string_view iprev_name(Iprev outcome) {
  switch (outcome) {
    case Iprev::none:
      return "none";
    case Iprev::pass:
      return "pass";
    case Iprev::fail:
      return "fail";
    case Iprev::temperror:
      return "temperror";
    case Iprev::permerror:
      return "permerror";
  }
  return "none";
}

void check_iprev(loop::Resolver& resolver, std::string_view address, loop::Duration deadline,
                 std::function<void(IprevResult)> done) {
  const auto reverse = loop::reverse_name(address);
  if (!reverse) {
    done({});
    return;
  }
  auto check = std::make_shared<Check>();
  check->address = address;
  check->forward =
      address.find(':') == std::string_view::npos ? loop::DnsType::a : loop::DnsType::aaaa;
  check->until = base::system_clock().ticks() + deadline;
  check->done = std::move(done);
  resolver.resolve(*reverse, loop::DnsType::ptr, deadline,
                   [&resolver, check](const base::Result<loop::DnsAnswer>& answer) {
                     take_names(resolver, check, answer);
                   });
}

}  // namespace milter
