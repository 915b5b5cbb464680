// bench/fill_state.cc -- fills a state file with triplets, to measure at size.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// usage: fill_state FILE COUNT ROWS_PER_COMMIT. The triplets look like those of real traffic in the
// length of their texts; their recipients are 20,000, the times spread over the last month, all
// have passed.
#include <cstdio>
#include <cstdlib>
#include <random>

#include "base/text.hh"

#include "policyd/checks/greylist_record.hh"
#include "policyd/store/lmdb_store.hh"

namespace {

constexpr policy::Seconds month = 30 * 86'400;

policy::Triplet triplet_of(std::mt19937_64& random, policy::Seconds now) {
  const auto below = [&random](std::uint64_t limit) { return std::to_string(random() % limit); };
  const std::string domain = "d" + below(5000) + ".example.com";
  policy::Triplet triplet;
  triplet.first_seen = now - static_cast<policy::Seconds>(random() % month);
  triplet.last_seen = triplet.passed_at = triplet.first_seen + 300;
  triplet.passes = 1;
  triplet.sender = "u" + below(200'000) + "@" + domain;
  triplet.recipient = "user" + below(20'000) + "@example.net";
  triplet.client = below(223) + "." + below(256) + "." + below(256) + "." + below(256);
  return triplet;
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = argc == 4 ? base::parse_number<std::uint64_t>(argv[2])
                               : base::make_error(base::Errc::malformed, "");
  const auto rows = base::parse_number<std::size_t>(argc == 4 ? argv[3] : "");
  if (!count || !rows) {
    std::fprintf(stderr, "usage: %s FILE COUNT ROWS_PER_COMMIT\n", argv[0]);
    return 2;
  }
  const policy::Seconds now = policy::seconds_of(base::system_clock().now());
  auto sink = base::open_log_sink("fill_state", "stderr");
  base::Log log("fill_state", std::move(*sink), base::Level::warning);
  policy::LmdbStore store({.path = argv[1],
                           .commit_interval = std::chrono::milliseconds(1),
                           .commit_rows = *rows,
                           .waiting_rows = 2 * *rows},
                          base::system_clock(), log);
  if (!store.wait_until_open(std::chrono::minutes(2))) {
    return 1;
  }
  const policy::HashKey hash_key = *store.hash_key();
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < *count; ++i) {
    const policy::Triplet triplet = triplet_of(random, now);
    const policy::Key key =
        policy::triplet_key(hash_key, triplet.client, triplet.sender, triplet.recipient);
    const policy::Row row{policy::encode(triplet), triplet.last_seen + 35 * 86'400};
    if (!store.put(key, row)) {
      if (const auto flushed = store.flush(); !flushed || !store.put(key, row)) {
        std::fprintf(stderr, "%s\n", flushed ? "refused" : flushed.error().text().c_str());
        return 1;
      }
    }
  }
  return store.flush() ? 0 : 1;
}
