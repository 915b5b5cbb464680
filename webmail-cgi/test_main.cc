// webmail-cgi/test_main.cc -- the test program of the room.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE webmail_cgi
#include <boost/test/unit_test.hpp>
