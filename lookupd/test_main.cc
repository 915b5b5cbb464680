// lookupd/test_main.cc -- the runner of lookupd's unit tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE lookupd
#include <boost/test/unit_test.hpp>
