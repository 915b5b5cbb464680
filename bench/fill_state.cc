// bench/fill_state.cc -- fills a state file with triplets, to measure at size.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// usage: fill_state FILE COUNT ROWS_PER_COMMIT arrival|sorted. The triplets look like those of real
// traffic in the length of their texts; their recipients are 20,000, the times spread over the last
// month, all have passed. In order of arrival every commit touches pages all over the file, as a
// daemon's does; sorted by key it is filled from left to right, which alone makes ten million rows
// bearable, and what a later request costs is the same.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/text.hh"

#include "policyd/checks/greylist_record.hh"
#include "policyd/store/lmdb_store.hh"

namespace {

constexpr std::uint64_t month = 30 * 86'400;

// splitmix64: the same numbers for one index, in whatever order the indexes come.
class Numbers {
 public:
  explicit Numbers(std::uint64_t index) : state_(index * 0x9E3779B97F4A7C15ULL) {}
  std::string below(std::uint64_t limit) { return std::to_string(next() % limit); }

 private:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  std::uint64_t state_;
};

policy::Triplet triplet_of(std::uint64_t index) {
  Numbers numbers(index);
  const std::string domain = "d" + numbers.below(5000) + ".example.com";
  policy::Triplet triplet;
  triplet.passes = 1;
  triplet.sender = "u" + numbers.below(200'000) + "@" + domain;
  triplet.recipient = "user" + numbers.below(20'000) + "@example.net";
  triplet.client = numbers.below(223) + "." + numbers.below(256) + "." + numbers.below(256) + "." +
                   numbers.below(256);
  return triplet;
}

policy::Key key_of(const policy::HashKey& hash_key, const policy::Triplet& triplet) {
  return policy::triplet_key(hash_key, triplet.client, triplet.sender, triplet.recipient);
}

// The indexes in the order in which their rows are to be written.
std::vector<std::uint32_t> order_of(std::uint32_t count, bool sorted,
                                    const policy::HashKey& hash_key) {
  struct Place {
    policy::Key key;
    std::uint32_t index;
  };
  std::vector<Place> places;
  places.reserve(sorted ? count : 0);
  std::vector<std::uint32_t> order(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    order[i] = i;
    if (sorted) {
      places.push_back({key_of(hash_key, triplet_of(i)), i});
    }
  }
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.key < b.key; });
  std::transform(places.begin(), places.end(), order.begin(),
                 [](const Place& place) { return place.index; });
  return order;
}

// Writes one row; when too many wait, after those are on disk.
base::Result<void> put(policy::LmdbStore& store, const policy::Key& key, const policy::Row& row) {
  if (store.put(key, row)) {
    return {};
  }
  if (auto flushed = store.flush(); !flushed) {
    return flushed;
  }
  return store.put(key, row);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const bool has_order = words.size() == 4 && (words[3] == "arrival" || words[3] == "sorted");
  const auto count = base::parse_number<std::uint32_t>(has_order ? words[1] : "");
  const auto rows = base::parse_number<std::size_t>(has_order ? words[2] : "");
  if (!count || !rows) {
    std::fprintf(stderr, "usage: %s FILE COUNT ROWS_PER_COMMIT arrival|sorted\n", argv[0]);
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
  std::uint64_t written = 0;
  for (const std::uint32_t index : order_of(*count, words[3] == "sorted", hash_key)) {
    policy::Triplet triplet = triplet_of(index);
    triplet.first_seen = static_cast<policy::Seconds>(now - month + month * written++ / *count);
    triplet.last_seen = triplet.passed_at = triplet.first_seen + 300;
    const policy::Row row{policy::encode(triplet), triplet.last_seen + 35 * 86'400};
    if (const auto kept = put(store, key_of(hash_key, triplet), row); !kept) {
      std::fprintf(stderr, "%s\n", kept.error().text().c_str());
      return 1;
    }
  }
  return store.flush() ? 0 : 1;
}
