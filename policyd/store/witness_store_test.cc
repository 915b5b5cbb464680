// policyd/store/witness_store_test.cc -- what a request changed is seen as it was before.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/store/witness_store.hh"

#include <boost/test/unit_test.hpp>

#include "policyd/store/memory_store.hh"

namespace {

struct Fixture {
  policy::MemoryStore store{};
  policy::WitnessStore witness{store};
  policy::BeforeStore view{store};
  policy::Before before{};
  policy::Key known{policy::Table::networks, "known"};
  policy::Key fresh{policy::Table::networks, "fresh"};

  Fixture() { (void)store.put(known, {"old", 9}); }
  std::string shown(const policy::Key& key) {
    const auto row = view.get(key);
    return row && *row ? (*row)->value : "none";
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(witness_store, Fixture)

BOOST_AUTO_TEST_CASE(rows_are_kept_as_they_were_before_the_first_change) {
  witness.record(&before);
  BOOST_TEST(witness.put(known, {"new", 9}).has_value());
  BOOST_TEST(witness.put(known, {"newer", 9}).has_value());
  BOOST_TEST(witness.put(fresh, {"born", 9}).has_value());
  witness.record(nullptr);
  BOOST_TEST(shown(known) == "newer");
  view.show(&before);
  BOOST_TEST(shown(known) == "old");
  BOOST_TEST(shown(fresh) == "none");
  view.show(nullptr);
  BOOST_TEST(shown(fresh) == "born");
}

BOOST_AUTO_TEST_CASE(an_erased_row_is_still_seen) {
  witness.record(&before);
  BOOST_TEST(witness.erase(known).has_value());
  view.show(&before);
  BOOST_TEST(shown(known) == "old");
}

BOOST_AUTO_TEST_CASE(without_a_record_nothing_is_kept) {
  BOOST_TEST(witness.put(known, {"new", 9}).has_value());
  BOOST_TEST(before.empty());
}

BOOST_AUTO_TEST_SUITE_END()
