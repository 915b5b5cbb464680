// base/digest_test.cc -- the digest against its published vectors.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/digest.hh"

#include <boost/test/unit_test.hpp>

#include "base/text.hh"

BOOST_AUTO_TEST_CASE(sha256_matches_the_published_vectors) {
  BOOST_TEST(base::hex(base::bytes_of(base::sha256("abc"))) ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(base::hex(base::bytes_of(base::sha256(""))) ==
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
