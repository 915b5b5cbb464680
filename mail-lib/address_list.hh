// mail-lib/address_list.hh -- the addresses of header fields (RFC 5322 s3.4), read as best we can.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// For showing, not for routing: mail-lib/address.hh is the strict grammar of envelopes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail-lib/charset.hh"

namespace mail {

inline constexpr std::size_t max_addresses = 5000;  // of one field; the rest is not read

// RFC 8621 s4.1.2.3. Both are UTF-8; `email` may be anything a sender wrote there.
struct EmailAddress {
  std::optional<std::string> name;
  std::string email;
  bool operator==(const EmailAddress&) const = default;
};

// RFC 8621 s4.1.2.4. Addresses outside of groups stand in one without a name.
struct AddressGroup {
  std::optional<std::string> name;
  std::vector<EmailAddress> addresses;
  bool operator==(const AddressGroup&) const = default;
};

std::vector<AddressGroup> parse_address_groups(std::string_view value,
                                               std::string_view guess = default_guess);
std::vector<EmailAddress> parse_addresses(std::string_view value,
                                          std::string_view guess = default_guess);

}  // namespace mail
