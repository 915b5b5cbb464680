// policyd/checks/trap_book.hh -- which clients and networks have written to a spamtrap.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The layout of a record is docs/formats/traps.md; version 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.hh"
#include "base/result.hh"

#include "policyd/store/store.hh"

namespace policy {

struct TrapEntry {
  std::uint32_t hits = 0;
  Seconds first_hit = 0;
  Seconds last_hit = 0;
  std::string subject{};  // "192.0.2.7", "192.0.2.0/24"

  bool is_network() const { return subject.find('/') != std::string::npos; }
  bool operator==(const TrapEntry&) const = default;
};

std::string encode(const TrapEntry& entry);
// corrupt when the bytes are not a record of version 1.
base::Result<TrapEntry> decode_trap(std::string_view bytes);

Key trap_key(const HashKey& hash_key, std::string_view subject);

// The network that a client's hits count for, too: /24 or /64.
std::string trap_network(const base::IpAddress& client);

struct TrapStanding {
  std::uint32_t client_hits = 0;
  std::uint32_t network_hits = 0;
};

// One thread. Errors are those of the store.
class TrapBook {
 public:
  explicit TrapBook(Store& store) : store_(store) {}  // must outlive it

  base::Result<TrapStanding> standing(const base::IpAddress& client, Seconds now);
  // One more hit of the client and of its network, within one second only one.
  base::Result<void> hit(const base::IpAddress& client, Seconds now, Seconds lifetime);
  // Forgets a client, whose hits are taken from its network, or a network by its text. not_found
  // when it has no entry.
  base::Result<void> forget(std::string_view subject, Seconds now);

 private:
  base::Result<TrapEntry> find(const HashKey& hash_key, const std::string& subject, Seconds now);
  base::Result<bool> is_empty(Seconds now);

  Store& store_;
  bool has_entries_ = false;
  std::optional<Seconds> looked_{};  // when it was last found to have none
};

}  // namespace policy
