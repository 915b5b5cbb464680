// maildir-lib/test_maildir.hh -- a copy of the Maildir in test/data, for tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace maildir {

class TestMaildir {
 public:
  explicit TestMaildir(const std::string& sample = "alice") {
    namespace fs = std::filesystem;
    std::string pattern = (fs::temp_directory_path() / "maildir-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("mkdtemp " + pattern);
    }
    root_ = pattern;
    const char* source = std::getenv("POSTHOUSE_SOURCE");
    const fs::path from = fs::path(source == nullptr ? "." : source) / "test/data/maildir" / sample;
    fs::copy(from, root_, fs::copy_options::recursive);
    complete(root_);
    for (const auto& entry : fs::directory_iterator(root_)) {
      if (entry.is_directory() && entry.path().filename().string().starts_with('.')) {
        complete(entry.path());
      }
    }
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      age(entry.path());
    }
    age(root_);
  }
  TestMaildir(const TestMaildir&) = delete;
  TestMaildir& operator=(const TestMaildir&) = delete;
  TestMaildir(TestMaildir&&) = delete;
  TestMaildir& operator=(TestMaildir&&) = delete;
  ~TestMaildir() { std::filesystem::remove_all(root_); }

  const std::filesystem::path& path() const { return root_; }
  std::string text() const { return root_.string(); }

  // A mail in `place` ("new", ".Sent/cur"), its mtime from its name.
  void add(const std::string& place, const std::string& name, const std::string& bytes) const {
    const auto file = root_ / place / name;
    std::ofstream(file, std::ios::binary) << bytes;
    age(file);
  }

 private:
  static void complete(const std::filesystem::path& folder) {
    for (const char* name : {"new", "cur", "tmp"}) {
      std::filesystem::create_directory(folder / name);
    }
  }
  // 1795327796.M1P2.vm was received then; all else is of one day long ago.
  static void age(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    const bool is_mail = name.find(".M") != std::string::npos;
    const std::chrono::seconds when(is_mail ? std::stoll(name) : 1'700'000'000);
    std::filesystem::last_write_time(
        path, std::chrono::file_clock::from_sys(std::chrono::sys_seconds(when)));
  }

  std::filesystem::path root_;
};

}  // namespace maildir
