// directory-lib/stores_test.cc -- the choice of a store, and paths on stores.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/stores.hh"

#include <map>

#include <boost/test/unit_test.hpp>

namespace {

using directory::Store;
using directory::StoreUse;

Store store(const std::string& name, const std::string& mail_host, const std::string& folder,
            std::uint64_t weight = 1, std::uint64_t room = 0) {
  Store one;
  one.name = name;
  one.mail_host = mail_host;
  one.folder = folder;
  one.weight = weight;
  one.room = {room};
  return one;
}

BOOST_AUTO_TEST_SUITE(stores)

BOOST_AUTO_TEST_CASE(a_home_is_on_the_store_of_its_host_and_first_folder) {
  const std::vector<Store> all{store("root", "", ""), store("disk", "", "disk2"),
                               store("far", "far", "disk2")};
  const auto name = [&all](std::string_view host, std::string_view home) {
    const Store* found = directory::store_of(all, host, home);
    return found == nullptr ? std::string() : found->name;
  };
  BOOST_TEST(name("", "A3/example.org/7C/x") == "root");
  BOOST_TEST(name("", "disk2/A3/example.org/7C/x") == "disk");
  BOOST_TEST(name("", "disk22/x") == "root");
  BOOST_TEST(name("", "disk2") == "root");
  BOOST_TEST(name("far", "disk2/x") == "far");
  BOOST_TEST(name("far", "A3/x") == "");
  BOOST_TEST(name("else", "A3/x") == "");
}

BOOST_AUTO_TEST_CASE(paths_change_their_folder_and_nothing_else) {
  const Store root = store("root", "", "");
  const Store disk = store("disk", "", "disk2");
  const Store other = store("other", "", "disk3");
  BOOST_TEST(directory::path_on(&root, disk, "A3/x") == "disk2/A3/x");
  BOOST_TEST(directory::path_on(&disk, root, "disk2/A3/x") == "A3/x");
  BOOST_TEST(directory::path_on(&disk, other, "disk2/A3/x") == "disk3/A3/x");
  BOOST_TEST(directory::path_on(nullptr, other, "A3/x") == "disk3/A3/x");
  BOOST_TEST(directory::path_on(&disk, other, "elsewhere/x") == "disk3/elsewhere/x");
}

BOOST_AUTO_TEST_CASE(the_chance_is_weight_times_free_share) {
  std::vector<Store> all{store("a", "a", "", 3), store("b", "b", "", 1),
                         store("c", "c", "", 4, 100), store("d", "d", "", 0),
                         store("e", "e", "", 100)};
  all[4].open = false;
  std::vector<const Store*> pointers;
  for (const Store& one : all) {
    pointers.push_back(&one);
  }
  std::vector<StoreUse> uses(all.size());
  uses[2].quota = {75};
  std::map<std::string, int> chosen;
  constexpr std::uint64_t step = 5'000'000 / 1000;
  for (std::uint64_t dice = 0; dice < 5'000'000; dice += step) {
    const Store* one = directory::choose_store(pointers, uses, {10}, dice);
    BOOST_REQUIRE(one != nullptr);
    ++chosen[one->name];
  }
  BOOST_TEST(chosen["a"] == 600);
  BOOST_TEST(chosen["b"] == 200);
  BOOST_TEST(chosen["c"] == 200);
  BOOST_TEST(chosen.size() == 3U);
  BOOST_TEST(directory::choose_store(std::span(pointers).subspan(2), std::span(uses).subspan(2),
                                     {30}, 5) == nullptr);
}

BOOST_AUTO_TEST_CASE(room_is_what_is_left_and_a_user_without_quota_needs_some_of_it) {
  const Store one = store("a", "a", "", 1, 100);
  BOOST_TEST(directory::has_room(one, {1, {40}}, {60}));
  BOOST_TEST(!directory::has_room(one, {1, {40}}, {61}));
  BOOST_TEST(directory::has_room(one, {1, {99}}, {0}));
  BOOST_TEST(!directory::has_room(one, {1, {100}}, {0}));
  BOOST_TEST(!directory::has_room(one, {1, {500}}, {1}));
  BOOST_TEST(!directory::has_room(one, {1, {40}}, {~std::uint64_t{0}}));
  BOOST_TEST(directory::has_room(store("a", "a", ""), {1, {500}}, {~std::uint64_t{0}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
