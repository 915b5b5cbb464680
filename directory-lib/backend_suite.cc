// directory-lib/backend_suite.cc -- the cases handed to Boost.Test under a backend's name.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/backend_suite.hh"

namespace directory {

bool add_backend_suite(const std::string& name, MakeBackend make) {
  namespace unit_test = boost::unit_test;
  auto* suite = BOOST_TEST_SUITE(name);
  for (const auto cases : {account_cases(), alias_cases(), app_password_cases(), change_cases(),
                           hostile_cases(), list_cases(), manager_cases(), store_cases()}) {
    for (const BackendCase& one : cases) {
      const auto run = [make, test = one.run] {
        const auto backend = make();
        if (backend == nullptr) {
          BOOST_TEST_MESSAGE("skipped: there is no server");
          return;
        }
        test(*backend);
      };
      suite->add(unit_test::make_test_case(run, std::string(one.name), __FILE__, __LINE__));
    }
  }
  unit_test::framework::master_test_suite().add(suite);
  return true;
}

}  // namespace directory
