// base/test_main.cc -- the runner of base's unit tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE base
#include <boost/test/unit_test.hpp>
