// base/loop/test_main.cc -- the runner of the loop's unit tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE loop
#include <boost/test/unit_test.hpp>
