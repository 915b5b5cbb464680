// base/loop/dns_answer_test.cc -- names and packets, good and hostile.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/dns_answer.hh"

#include <boost/test/unit_test.hpp>

#include "base/loop/test_packet.hh"

using base::Errc;
using loop::decode_dns_answer;
using loop::dns_name;
using loop::DnsType;
using loop::reverse_name;
using loop::TestPacket;
using loop::wire16;
using loop::wire_name;

BOOST_AUTO_TEST_SUITE(dns_answers)

BOOST_AUTO_TEST_CASE(names_become_lower_case_and_strange_bytes_are_escaped) {
  BOOST_TEST(*dns_name("Mail.Example.ORG.") == "mail.example.org");
  BOOST_TEST(*dns_name("_dmarc.a-b.example") == "_dmarc.a-b.example");
  BOOST_TEST(*dns_name("a b;\xFF.example") == "a\\032b\\059\\255.example");
  BOOST_TEST(*dns_name("a\\046b.example") == "a\\046b.example");
  BOOST_TEST(*dns_name(std::string(63, 'x')) == std::string(63, 'x'));
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_asked_are_malformed) {
  std::string long_name;
  for (int i = 0; i < 128; ++i) {
    long_name += "a.";
  }
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
        std::string(64, 'x'), long_name, std::string("a\\"), std::string("a\\25"),
        std::string("a\\256"), std::string("a\\x41")}) {
    const auto name = dns_name(bad);
    BOOST_TEST(!name, bad);
    BOOST_CHECK(!name && name.error().code == Errc::malformed);
  }
}

BOOST_AUTO_TEST_CASE(addresses_turn_into_reverse_names) {
  BOOST_TEST(*reverse_name("192.0.2.1") == "1.2.0.192.in-addr.arpa");
  BOOST_TEST(*reverse_name("2001:db8::1") ==
             "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  BOOST_TEST(!reverse_name("192.0.2"));
  BOOST_TEST(!reverse_name("mx.example.org"));
}

BOOST_AUTO_TEST_CASE(addresses_names_texts_and_exchangers_are_decoded) {
  const auto a = decode_dns_answer(
      TestPacket("a.test", DnsType::a).add(DnsType::a, {"\xC0\x00\x02\x01", 4}).text(), "a.test",
      DnsType::a);
  BOOST_REQUIRE(a);
  BOOST_TEST(a->addresses() == std::vector<std::string>{"192.0.2.1"},
             boost::test_tools::per_element());
  BOOST_TEST(a->records[0].ttl == 300U);

  const auto ptr = decode_dns_answer(
      TestPacket("1.test", DnsType::ptr).add(DnsType::ptr, wire_name("MX.Example.test")).text(),
      "1.test", DnsType::ptr);
  BOOST_REQUIRE(ptr);
  BOOST_TEST(ptr->names().at(0) == "mx.example.test");

  const auto txt = decode_dns_answer(TestPacket("t.test", DnsType::txt)
                                         .add(DnsType::txt, "\x02v=\x04spf1")
                                         .add(DnsType::txt, "\x09short")
                                         .text(),
                                     "t.test", DnsType::txt);
  BOOST_REQUIRE(txt);
  BOOST_TEST(txt->texts() == std::vector<std::string>{"v=spf1"}, boost::test_tools::per_element());

  const auto mx = decode_dns_answer(
      TestPacket("m.test", DnsType::mx).add(DnsType::mx, wire16(10) + "\x02mx\xC0\x0C").text(),
      "m.test", DnsType::mx);
  BOOST_REQUIRE(mx);
  BOOST_TEST(mx->exchangers().at(0).preference == 10);
  BOOST_TEST(mx->exchangers().at(0).host == "mx.m.test");
}

BOOST_AUTO_TEST_CASE(an_alias_is_followed_in_any_order_and_foreign_records_are_left_out) {
  const auto answer =
      decode_dns_answer(TestPacket("www.test", DnsType::a)
                            .add(DnsType::a, {"\x01\x02\x03\x04", 4}, wire_name("host.test"))
                            .add(DnsType::cname, wire_name("host.test"))
                            .add(DnsType::a, {"\x06\x06\x06\x06", 4}, wire_name("evil.test"))
                            .text(),
                        "www.test", DnsType::a);
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->canonical == "host.test");
  BOOST_TEST(answer->addresses() == std::vector<std::string>{"1.2.3.4"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_circle_of_aliases_ends) {
  const auto answer =
      decode_dns_answer(TestPacket("a.test", DnsType::a)
                            .add(DnsType::cname, wire_name("b.test"))
                            .add(DnsType::cname, wire_name("a.test"), wire_name("b.test"))
                            .text(),
                        "a.test", DnsType::a);
  BOOST_REQUIRE(answer);
  BOOST_TEST(answer->nodata);
}

BOOST_AUTO_TEST_CASE(no_name_and_no_data_are_told_apart) {
  const TestPacket empty("x.test", DnsType::a);
  const auto nodata = decode_dns_answer(empty.text(0), "x.test", DnsType::a);
  BOOST_TEST((nodata && nodata->nodata && !nodata->nxdomain));
  const auto nxdomain = decode_dns_answer(empty.text(3), "x.test", DnsType::a);
  BOOST_TEST((nxdomain && nxdomain->nxdomain && !nxdomain->nodata));
  BOOST_TEST(decode_dns_answer(empty.text(2), "x.test", DnsType::a)->rcode == 2);
}

BOOST_AUTO_TEST_CASE(broken_packets_are_malformed_at_every_length) {
  const std::string good = TestPacket("a.test", DnsType::mx)
                               .add(DnsType::mx, wire16(1) + "\x02mx\xC0\x0C")
                               .add(DnsType::cname, wire_name("b.test"))
                               .text();
  BOOST_TEST(static_cast<bool>(decode_dns_answer(good, "a.test", DnsType::mx)));
  for (std::size_t size = 0; size < good.size(); ++size) {
    BOOST_TEST(!decode_dns_answer(good.substr(0, size), "a.test", DnsType::mx));
  }
}

BOOST_AUTO_TEST_CASE(pointers_that_circle_or_lead_forward_are_malformed) {
  for (const std::string owner : {"\xC0\x1C", "\xC0\xFF", "\xFF\xFF", "\x40x"}) {
    const auto answer =
        decode_dns_answer(TestPacket("a.test", DnsType::a).add(DnsType::a, "1234", owner).text(),
                          "a.test", DnsType::a);
    BOOST_TEST(!answer);
  }
}

BOOST_AUTO_TEST_SUITE_END()
