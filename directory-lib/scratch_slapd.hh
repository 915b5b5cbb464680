// directory-lib/scratch_slapd.hh -- for tests: an OpenLDAP server of this process.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/handle.hh"
#include "base/random.hh"
#include "base/text.hh"

namespace directory {

class ScratchSlapd {
 public:
  static constexpr const char* program = "/usr/sbin/slapd";
  static bool is_installed() { return ::access(program, X_OK) == 0; }

  // `more` stands before the database in slapd.conf.
  explicit ScratchSlapd(const std::string& more = {}) {
    const char* source = std::getenv("POSTHOUSE_SOURCE");  // NOLINT(concurrency-mt-unsafe)
    BOOST_REQUIRE_MESSAGE(source != nullptr, "POSTHOUSE_SOURCE is not set");
    std::string conf;
    for (const char* schema : {"core", "cosine", "nis"}) {
      conf += "include /etc/ldap/schema/" + std::string(schema) + ".schema\n";
    }
    conf += "include " + std::string(source) + "/test/data/extman/extman.schema\n" + more;
    conf += "pidfile " + folder_ + "/pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n";
    conf += "database mdb\nsuffix \"dc=test\"\nrootdn \"cn=Manager,dc=test\"\nrootpw secret\n";
    conf += "directory " + folder_ + "/data\nmaxsize 1073741824\ndbnosync\n";
    conf += "index objectClass,virtualDomain eq\n";
    BOOST_REQUIRE(base::make_directories(folder_ + "/data", 0700).has_value());
    BOOST_REQUIRE(base::replace_file(folder_ + "/slapd.conf", conf, 0600).has_value());
    BOOST_REQUIRE(base::replace_file(password_file(), "secret\n", 0600).has_value());
    start();
  }
  ScratchSlapd(const ScratchSlapd&) = delete;
  ScratchSlapd& operator=(const ScratchSlapd&) = delete;
  ~ScratchSlapd() {
    end(SIGTERM);
    std::filesystem::remove_all(folder_);
  }

  void start() {
    const std::string conf = folder_ + "/slapd.conf";
    const std::string where = uri();
    child_ = ::fork();
    BOOST_REQUIRE(child_ >= 0);
    if (child_ == 0) {
      ::execl(program, program, "-d", "0", "-f", conf.c_str(), "-h", where.c_str(), nullptr);
      ::_exit(127);
    }
    for (int i = 0; i < 500 && !is_listening(); ++i) {
      BOOST_REQUIRE_MESSAGE(::waitpid(child_, nullptr, WNOHANG) == 0, "slapd has ended");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  bool is_listening() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ + "/socket";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const base::Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
           0;
  }
  void signal(int number) const { ::kill(child_, number); }
  // Waits for the end.
  void end(int number) {
    if (child_ > 0) {
      ::kill(child_, SIGCONT);
      ::kill(child_, number);
      ::waitpid(child_, nullptr, 0);
      std::filesystem::remove(folder_ + "/socket");
    }
    child_ = -1;
  }

  const std::string& folder() const { return folder_; }
  std::string password_file() const { return folder_ + "/password"; }
  std::string uri() const {
    std::string path = folder_ + "/socket";
    for (std::size_t at = 0; (at = path.find('/', at)) != std::string::npos; at += 3) {
      path.replace(at, 1, "%2F");
    }
    return "ldapi://" + path;
  }

 private:
  std::string folder_ = "/tmp/ph-slapd-" + base::hex(base::bytes_of(base::random_bytes(8)));
  pid_t child_ = -1;
};

}  // namespace directory
