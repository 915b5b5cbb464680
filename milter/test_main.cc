// milter/test_main.cc -- the runner of the milter's unit tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE milter
#include <boost/test/unit_test.hpp>
