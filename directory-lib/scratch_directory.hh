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

#include "directory-lib/backend_suite.hh"
#include "directory-lib/directory.hh"

namespace directory {

class ScratchDirectory : public Backend {
 public:
  ScratchDirectory() {
    settings_.database = folder_ + "/state/directory.db";
    settings_.passwords = folder_ + "/state/passwords.db";
    settings_.busy_timeout = std::chrono::milliseconds(100);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() override { std::filesystem::remove_all(folder_); }

  const Settings& settings() const { return settings_; }
  Settings& settings() { return settings_; }

  std::unique_ptr<Directory> open(OpenAs mode = OpenAs::writer) const override {
    auto opened = directory::open(settings_, mode);
    BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text()));
    return std::move(*opened);
  }

 private:
  std::string folder_ = "/tmp/ph-directory-" + base::hex(base::bytes_of(base::random_bytes(8)));
  Settings settings_{};
};

}  // namespace directory
