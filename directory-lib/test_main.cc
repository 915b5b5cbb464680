// directory-lib/test_main.cc -- the unit tests of directory-lib.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE directory_lib
#include <boost/test/unit_test.hpp>
