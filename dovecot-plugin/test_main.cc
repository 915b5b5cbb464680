// dovecot-plugin/test_main.cc -- the runner of the Dovecot modules' unit tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#define BOOST_TEST_MODULE dovecot_plugin
#include <boost/test/unit_test.hpp>
