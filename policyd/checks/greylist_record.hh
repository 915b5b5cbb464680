// policyd/checks/greylist_record.hh -- what the greylist remembers, and its bytes in the store.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The layout is docs/formats/greylist.md; version 1. Numbers are little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.hh"
#include "base/result.hh"

#include "policyd/siphash.hh"
#include "policyd/store/store.hh"

namespace policy {

inline constexpr std::uint8_t greylist_format_version = 1;

// One (sender, recipient, client network).
struct Triplet {
  Seconds first_seen = 0;
  Seconds last_seen = 0;
  Seconds passed_at = 0;        // when it first passed; 0 while it waits
  std::uint16_t too_early = 0;  // refused attempts after the first, at most one a second
  std::uint32_t passes = 0;     // accepted attempts, at most one a second
  bool released = false;        // by hand: the next attempt passes
  std::string sender{};         // lower case, cut at 255 bytes, as are the other two
  std::string recipient{};      // empty: the recipients of one mail together
  std::string client{};         // the address of the first attempt

  bool is_waiting() const { return passed_at == 0; }
  bool operator==(const Triplet&) const = default;
};

// One client network, or one domain whose SPF names its clients, that has delivered after a delay.
struct Network {
  Seconds first_seen = 0;
  Seconds last_seen = 0;
  std::uint32_t successes = 0;  // different triplets that came back after their delay
  std::string network{};        // "192.0.2.0/24", "example.org"

  bool operator==(const Network&) const = default;
};

// Somebody that a user of ours has written to.
struct Correspondent {
  Seconds last_written = 0;

  bool operator==(const Correspondent&) const = default;
};

std::string encode(const Triplet& triplet);
std::string encode(const Network& network);
std::string encode(const Correspondent& correspondent);
// corrupt when the bytes are not a record of version 1.
base::Result<Triplet> decode_triplet(std::string_view bytes);
base::Result<Network> decode_network(std::string_view bytes);
base::Result<Correspondent> decode_correspondent(std::string_view bytes);

// Keys. `client` is the network's text, or whatever Postfix gave when it was no address, or the
// name of a pool ("name:outlook.com"); addresses and domains are in lower case.
Key triplet_key(const HashKey& hash_key, std::string_view client, std::string_view sender,
                std::string_view recipient);
Key network_key(const HashKey& hash_key, std::string_view client);
Key domain_key(const HashKey& hash_key, std::string_view domain);
// `user` is empty for what counts for all users.
Key correspondent_key(const HashKey& hash_key, std::string_view user, std::string_view remote);
// The first bytes of the keys of all triplets of one recipient.
std::string recipient_prefix(const HashKey& hash_key, std::string_view recipient);

}  // namespace policy
