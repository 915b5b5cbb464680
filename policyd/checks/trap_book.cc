// policyd/checks/trap_book.cc -- entries to bytes and back, hits and forgetting.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/trap_book.hh"

#include <algorithm>
#include <array>
#include <limits>

#include "policyd/store/record.hh"

namespace policy {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t key_part = 12;
constexpr unsigned ipv4_prefix = 24;
constexpr unsigned ipv6_prefix = 64;

}  // namespace

std::string encode(const TrapEntry& entry) {
  std::string out;
  append_number(out, format_version);
  append_number(out, entry.hits);
  append_number(out, entry.first_hit);
  append_number(out, entry.last_hit);
  append_text(out, entry.subject);
  return out;
}

base::Result<TrapEntry> decode_trap(std::string_view bytes) {
  RecordReader reader(bytes);
  if (reader.number<std::uint8_t>() != format_version) {
    return base::make_error(base::Errc::corrupt, "a trap record of another version");
  }
  TrapEntry entry;
  entry.hits = reader.number<std::uint32_t>();
  entry.first_hit = reader.number<Seconds>();
  entry.last_hit = reader.number<Seconds>();
  entry.subject = reader.text();
  if (!reader.is_whole()) {
    return base::make_error(base::Errc::corrupt, "a trap record of the wrong length");
  }
  return entry;
}

Key trap_key(const HashKey& hash_key, std::string_view subject) {
  return {Table::traps, hashed(hash_key, 't', subject, {}, key_part)};
}

std::string trap_network(const base::IpAddress& client) {
  return base::IpNetwork(client, client.is_v4() ? ipv4_prefix : ipv6_prefix).text();
}

// A site without traps reads nothing. Another book may write the first entry (the shadow's looks on
// while the live one writes), so it is looked again now and then.
base::Result<bool> TrapBook::is_empty(Seconds now) {
  constexpr Seconds look_every = 60;
  if (!has_entries_ && !(looked_ && now >= *looked_ && now < *looked_ + look_every)) {
    const auto scanned = store_.scan(Table::traps, {}, [this](const Key&, const Row&) {
      has_entries_ = true;
      return false;
    });
    if (!scanned) {
      return scanned.error();
    }
    looked_ = now;
  }
  return !has_entries_;
}

base::Result<TrapEntry> TrapBook::find(const HashKey& hash_key, const std::string& subject,
                                       Seconds now) {
  const auto row = store_.get(trap_key(hash_key, subject));
  if (!row) {
    return row.error();
  }
  if (*row && (*row)->expires > now) {
    // A record that cannot be read is as good as none: it is written anew.
    if (auto entry = decode_trap((*row)->value); entry) {
      return entry;
    }
  }
  return TrapEntry{.first_hit = now, .subject = subject};
}

base::Result<TrapStanding> TrapBook::standing(const base::IpAddress& client, Seconds now) {
  const auto empty = is_empty(now);
  if (!empty) {
    return empty.error();
  }
  TrapStanding standing;
  if (*empty) {
    return standing;
  }
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  const auto own = find(*hash_key, client.text(), now);
  const auto network = find(*hash_key, trap_network(client), now);
  if (!own || !network) {
    return !own ? own.error() : network.error();
  }
  return TrapStanding{own->hits, network->hits};
}

base::Result<void> TrapBook::hit(const base::IpAddress& client, Seconds now, Seconds lifetime) {
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  for (const std::string& subject : {client.text(), trap_network(client)}) {
    auto entry = find(*hash_key, subject, now);
    if (!entry) {
      return entry.error();
    }
    if (entry->hits > 0 && entry->last_hit == now) {
      continue;
    }
    entry->hits += entry->hits < std::numeric_limits<std::uint32_t>::max() ? 1 : 0;
    entry->last_hit = now;
    if (auto put = store_.put(trap_key(*hash_key, subject), {encode(*entry), now + lifetime});
        !put) {
      return put;
    }
    has_entries_ = true;
  }
  return {};
}

base::Result<void> TrapBook::forget(std::string_view subject, Seconds now) {
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  const auto client = base::IpAddress::parse(subject);
  const std::string text = client ? client->text() : std::string(subject);
  const auto entry = find(*hash_key, text, now);
  if (!entry) {
    return entry.error();
  }
  if (entry->hits == 0) {
    return base::make_error(base::Errc::not_found, text + " has no entry",
                            "trap list shows who has");
  }
  if (client) {
    const Key key = trap_key(*hash_key, trap_network(*client));
    const auto row = store_.get(key);
    if (!row) {
      return row.error();
    }
    auto network = find(*hash_key, trap_network(*client), now);
    if (network && network->hits > 0 && *row) {
      network->hits -= std::min(network->hits, entry->hits);
      auto changed = network->hits == 0 ? store_.erase(key)
                                        : store_.put(key, {encode(*network), (*row)->expires});
      if (!changed) {
        return changed;
      }
    }
  }
  return store_.erase(trap_key(*hash_key, text));
}

}  // namespace policy
