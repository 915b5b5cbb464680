// base/result_test.cc -- results, errors from errno, and the reply table.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.hh"

#include <cerrno>

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/handle.hh"
#include "base/reply.hh"

namespace {

base::Result<int> half(int n) {
  if (n % 2 != 0) {
    return base::make_error(base::Errc::malformed, "odd", "give an even number");
  }
  return n / 2;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(a_value_is_a_value_and_an_error_an_error) {
  BOOST_TEST(half(8).value() == 4);
  const auto odd = half(3);
  BOOST_TEST(!odd);
  BOOST_TEST(odd.error().text() == "odd (give an even number)");
  BOOST_TEST(odd.value_or(-1) == -1);
}

BOOST_AUTO_TEST_CASE(errno_chooses_the_code_and_ends_the_detail) {
  BOOST_TEST((base::errno_error("/x", ENOENT).code == base::Errc::not_found));
  BOOST_TEST((base::errno_error("/x", ENOSPC).code == base::Errc::over_quota));
  BOOST_TEST((base::errno_error("/x", EIO).code == base::Errc::unavailable));
  BOOST_TEST(base::errno_error("/x", ENOENT).detail == "/x: No such file or directory");
}

BOOST_AUTO_TEST_CASE(every_code_has_a_reply_of_its_class) {
  for (const base::Reply& row : base::reply_table) {
    BOOST_TEST(base::reply_of(row.code).smtp == row.smtp);
    BOOST_TEST(row.temporary() == (row.smtp / 100 == 4));
    BOOST_TEST(!base::errc_name(row.code).empty());
  }
  BOOST_TEST(base::reply_of(base::Errc::unavailable).temporary());
  BOOST_TEST(!base::reply_of(base::Errc::denied).temporary());
}

BOOST_AUTO_TEST_CASE(a_descriptor_moves_and_closes_once) {
  base::Fd first(::dup(2));
  const int number = first.get();
  base::Fd second(std::move(first));
  BOOST_TEST(second.get() == number);
  second.reset();
  BOOST_TEST(!second.is_open());
  BOOST_TEST(::close(number) == -1);
}

BOOST_AUTO_TEST_SUITE_END()
