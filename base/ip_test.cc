// base/ip_test.cc -- addresses in both families, networks at their borders.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ip.hh"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(ip)

BOOST_AUTO_TEST_CASE(an_address_is_one_of_two_families_or_nothing) {
  BOOST_TEST(base::IpAddress::parse("192.0.2.1")->is_v4());
  BOOST_TEST(!base::IpAddress::parse("2001:db8::1")->is_v4());
  BOOST_TEST(base::IpAddress::parse("2001:0DB8:0::1")->text() == "2001:db8::1");
  for (const char* bad : {"", "unknown", "1.2.3", "1.2.3.256", "1.2.3.4 ", "::g", "1.2.3.4/8",
                          "0001:0002:0003:0004:0005:0006:0007:0008:0009"}) {
    BOOST_TEST(!base::IpAddress::parse(bad), bad);
  }
}

BOOST_AUTO_TEST_CASE(a_mapped_address_is_the_ipv4_address_it_means) {
  BOOST_TEST((base::IpAddress::parse("::ffff:192.0.2.1") == base::IpAddress::parse("192.0.2.1")));
  BOOST_TEST(base::IpAddress::parse("::ffff:192.0.2.1")->text() == "192.0.2.1");
}

BOOST_AUTO_TEST_CASE(a_network_holds_its_addresses_up_to_both_borders) {
  const auto net = base::IpNetwork::parse("192.0.2.77/25");
  BOOST_TEST(net->text() == "192.0.2.0/25");
  BOOST_TEST(net->contains(*base::IpAddress::parse("192.0.2.0")));
  BOOST_TEST(net->contains(*base::IpAddress::parse("192.0.2.127")));
  BOOST_TEST(!net->contains(*base::IpAddress::parse("192.0.2.128")));
  BOOST_TEST(!net->contains(*base::IpAddress::parse("192.0.1.255")));
  const auto six = base::IpNetwork::parse("2001:db8:0:1::/64");
  BOOST_TEST(six->contains(*base::IpAddress::parse("2001:db8:0:1:ffff::1")));
  BOOST_TEST(!six->contains(*base::IpAddress::parse("2001:db8:0:2::1")));
  BOOST_TEST(base::IpNetwork::parse("0.0.0.0/0")->contains(*base::IpAddress::parse("8.8.8.8")));
  BOOST_TEST(!base::IpNetwork::parse("0.0.0.0/0")->contains(*base::IpAddress::parse("2001::1")));
}

BOOST_AUTO_TEST_CASE(a_network_with_a_wrong_length_is_nothing) {
  for (const char* bad : {"192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "2001:db8::/129", "/24"}) {
    BOOST_TEST(!base::IpNetwork::parse(bad), bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()
