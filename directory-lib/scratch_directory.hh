// directory-lib/scratch_directory.hh -- for tests: a directory in a folder of its own below /tmp.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/random.hh"
#include "base/text.hh"

#include "directory-lib/directory.hh"

namespace directory {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    settings_.database = folder_ + "/state/directory.db";
    settings_.passwords = folder_ + "/state/passwords.db";
    settings_.busy_timeout = std::chrono::milliseconds(100);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() { std::filesystem::remove_all(folder_); }

  const Settings& settings() const { return settings_; }
  Settings& settings() { return settings_; }

  std::unique_ptr<Directory> open(OpenAs mode = OpenAs::writer) const {
    auto opened = directory::open(settings_, mode);
    BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text()));
    return std::move(*opened);
  }

 private:
  std::string folder_ = "/tmp/ph-directory-" + base::hex(base::bytes_of(base::random_bytes(8)));
  Settings settings_{};
};

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

}  // namespace directory
