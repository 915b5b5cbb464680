// milter/iprev.hh -- the iprev check (RFC 8601 s2.7.3): does the client's name lead back to it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/loop/resolver.hh"

namespace milter {

enum class Iprev {
  none,       // not asked: no address, or a client we trust
  pass,       // a name of the address has the address
  fail,       // there are names, but none has the address
  temperror,  // the DNS could not tell; later it may
  permerror,  // the address has no name
};
std::string_view iprev_name(Iprev outcome);

struct IprevResult {
  Iprev outcome = Iprev::none;
  std::string name;  // pass: the confirmed name; fail: the first one claimed
};

// Only so many names of one address are followed; a hostile PTR set may be endless.
inline constexpr std::size_t iprev_names_limit = 10;

// Asks PTR, then A or AAAA of each name at the same time. `done` runs once, on the loop thread,
// within `deadline`. An address that is not numeric gives none. Loop thread only.
void check_iprev(loop::Resolver& resolver, std::string_view address, loop::Duration deadline,
                 std::function<void(IprevResult)> done);

}  // namespace milter
