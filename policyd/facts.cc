// policyd/facts.cc -- the facts that need no search.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/facts.hh"

namespace policy {

Facts facts_of(const Request& request) {
  return {.instance = std::string(request[Attribute::instance]),
          .sender = std::string(request[Attribute::sender]),
          .client = base::IpAddress::parse(request[Attribute::client_address])};
}

bool is_same_message(const Facts& facts, const Request& request) {
  return !facts.instance.empty() && facts.instance == request[Attribute::instance] &&
         facts.sender == request[Attribute::sender] &&
         facts.client == base::IpAddress::parse(request[Attribute::client_address]);
}

const Account* Facts::account(std::string_view address) const {
  const auto found = accounts.find(address);
  return found == accounts.end() ? nullptr : found->second.get();
}

}  // namespace policy
