// policyd/test_main.cc -- the runner of policyd's unit tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE policyd
#include <boost/test/unit_test.hpp>
