// directory-lib/backend_suite.hh -- the cases that every backend must pass, run on any of them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A backend's test has a class of Backend and one line:
//   const bool is_added = directory::add_backend_suite("mysql", make_scratch_mysql);
// and links backend_suite_dep (meson). A new rule of the interface is a new case in suite_*.cc.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "directory-lib/directory.hh"

namespace directory {

// A directory of its own, empty when it is made, gone when it goes.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;
  // May be asked several times, and what all of them answer is one directory. Fails the test when
  // it cannot be opened.
  virtual std::unique_ptr<Directory> open(OpenAs mode = OpenAs::writer) const = 0;
};

// nullptr when there is no server to test with: the case then passes and says so.
using MakeBackend = std::unique_ptr<Backend> (*)();

// Adds all cases under this name to the tests of the executable; call it from a static initialiser.
bool add_backend_suite(const std::string& name, MakeBackend make);

struct BackendCase {
  std::string_view name;
  void (*run)(const Backend& backend);
};
std::span<const BackendCase> account_cases();
std::span<const BackendCase> alias_cases();
std::span<const BackendCase> app_password_cases();
std::span<const BackendCase> change_cases();
std::span<const BackendCase> hostile_cases();
std::span<const BackendCase> list_cases();
std::span<const BackendCase> manager_cases();
std::span<const BackendCase> store_cases();

// Short ways to fill a directory, which fail the test when they cannot.
inline User new_user(const std::string& address) {
  User user;
  user.address = address;
  user.home = "A3/7C/21/" + address;
  return user;
}

inline void add_domain(Directory& directory, const std::string& name) {
  Domain domain;
  domain.name = name;
  BOOST_REQUIRE(directory.add_domain(domain).has_value());
}

inline void add_user(Directory& directory, const std::string& address) {
  const auto added = directory.add_user(new_user(address), "");
  BOOST_REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text()));
}

inline base::Result<Alias> add_alias(Directory& directory, const std::string& address,
                                     std::vector<std::string> targets) {
  Alias alias;
  alias.address = address;
  alias.targets = std::move(targets);
  return directory.add_alias(std::move(alias));
}

template <typename T>
std::string outcome(const base::Result<T>& result) {
  return result ? "done" : std::string(base::errc_name(result.error().code));
}

}  // namespace directory
