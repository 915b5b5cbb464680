// auth-lib/test_main.cc -- the runner of auth-lib's unit tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE auth
#include <boost/test/unit_test.hpp>
