// directory-lib/ldap_test.cc -- the directory on a real slapd: every case, and trouble.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <functional>

#include <boost/test/unit_test.hpp>

#include "directory-lib/backend_suite.hh"
#include "directory-lib/scratch_slapd.hh"

namespace {

using base::Errc;
using directory::OpenAs;
using directory::ScratchSlapd;
using namespace std::chrono_literals;

directory::Settings settings_of(const ScratchSlapd& server, const std::string& base) {
  directory::Settings settings;
  settings.driver = "ldap";
  settings.ldap_uri = server.uri();
  settings.ldap_base = base;
  settings.ldap_bind_dn = "cn=Manager,dc=test";
  settings.ldap_password_file = server.password_file();
  settings.ldap_connect_timeout = 500ms;
  settings.ldap_timeout = 2s;
  settings.database = server.folder() + "/" + base + "/directory.db";
  settings.passwords = server.folder() + "/" + base + "/passwords.db";
  return settings;
}

std::unique_ptr<directory::Directory> open_at(const directory::Settings& settings, OpenAs mode) {
  auto opened = directory::open(settings, mode);
  BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text()));
  return std::move(*opened);
}

// One server for all cases; each has a tree of its own.
ScratchSlapd& shared_server() {
  static ScratchSlapd server;
  static const auto top = open_at(settings_of(server, "dc=test"), OpenAs::writer);
  return server;
}

class LdapBackend final : public directory::Backend {
 public:
  std::unique_ptr<directory::Directory> open(OpenAs mode) const override {
    return open_at(settings_, mode);
  }

 private:
  static std::string next_base() {
    static int number = 0;
    return "ou=case" + std::to_string(++number) + ",dc=test";
  }
  directory::Settings settings_ = settings_of(shared_server(), next_base());
};

std::unique_ptr<directory::Backend> make_ldap() {
  if (!ScratchSlapd::is_installed()) {
    return nullptr;
  }
  return std::make_unique<LdapBackend>();
}

const bool is_added = directory::add_backend_suite("ldap", make_ldap);

BOOST_AUTO_TEST_SUITE(ldap_server, *boost::unit_test::precondition([](auto) {
                        return boost::test_tools::assertion_result(ScratchSlapd::is_installed());
                      }))

BOOST_AUTO_TEST_CASE(what_the_server_refuses_takes_the_rest_of_a_transaction_along) {
  const ScratchSlapd server;
  const auto settings = settings_of(server, "dc=test");
  const auto writer = open_at(settings, OpenAs::writer);
  const auto other = open_at(settings, OpenAs::writer);
  directory::add_domain(*writer, "example.org");
  const auto add_both = [&writer](const std::function<void()>& meanwhile) {
    return writer->together([&]() -> base::Result<void> {
      for (const std::string address : {"alice@example.org", "bob@example.org"}) {
        auto user = directory::new_user(address);
        user.greylist = false;
        if (auto added = writer->add_user(user, "{PLAIN}secret"); !added) {
          return added.error();
        }
      }
      BOOST_TEST(writer->find_user("alice@example.org").has_value());
      meanwhile();
      return {};
    });
  };
  const auto refused = add_both([&other] { directory::add_user(*other, "bob@example.org"); });
  BOOST_TEST(directory::outcome(refused) == "exists");
  BOOST_TEST(directory::outcome(writer->find_user("alice@example.org")) == "not_found");
  BOOST_TEST(writer->find_user("bob@example.org")->greylist);
  BOOST_REQUIRE(other->remove_user("bob@example.org").has_value());
  BOOST_TEST(directory::outcome(add_both([] {})) == "done");
  const auto reader = open_at(settings, OpenAs::reader);
  BOOST_TEST(reader->find_user("alice@example.org").has_value());
  BOOST_TEST(!reader->find_user("bob@example.org")->greylist);
}

BOOST_AUTO_TEST_CASE(a_dead_or_stopped_server_is_never_an_absence_and_comes_back) {
  ScratchSlapd server;
  auto settings = settings_of(server, "dc=test");
  settings.ldap_timeout = 300ms;
  const auto writer = open_at(settings, OpenAs::writer);
  directory::add_domain(*writer, "example.org");
  directory::add_user(*writer, "alice@example.org");
  server.end(SIGKILL);
  BOOST_TEST(directory::outcome(writer->find_user("nobody@example.org")) == "unavailable");
  BOOST_TEST(directory::outcome(writer->set_password("alice@example.org", "x")) == "unavailable");
  BOOST_TEST(directory::outcome(writer->list_users("", "", 10)) == "unavailable");
  server.start();
  BOOST_TEST(directory::outcome(writer->find_user("nobody@example.org")) == "not_found");
  BOOST_TEST(writer->find_user("alice@example.org").has_value());
  server.end(SIGTERM);
  server.start();
  BOOST_TEST(writer->set_password("alice@example.org", "{PLAIN}x").has_value());
  server.signal(SIGSTOP);
  BOOST_TEST(directory::outcome(writer->find_user("alice@example.org")) == "timeout");
  BOOST_TEST(directory::outcome(directory::open(settings, OpenAs::reader)) == "timeout");
  server.signal(SIGCONT);
  BOOST_TEST(writer->find_user("alice@example.org").has_value());
}

BOOST_AUTO_TEST_CASE(wrong_settings_are_named) {
  const ScratchSlapd server;
  const auto good = settings_of(server, "dc=test");
  open_at(good, OpenAs::writer);
  const auto text = [](const directory::Settings& settings) {
    const auto opened = directory::open(settings, OpenAs::reader);
    return opened ? std::string("opened") : opened.error().text();
  };
  auto bad = good;
  BOOST_REQUIRE(base::replace_file(server.folder() + "/other", "wrong\n", 0600).has_value());
  bad.ldap_password_file = server.folder() + "/other";
  BOOST_TEST(text(bad).find("Invalid credentials") != std::string::npos, text(bad));
  bad.ldap_password_file = "/nonexistent/file";
  BOOST_TEST(text(bad).find("ldap_password_file") != std::string::npos, text(bad));
  bad = good;
  bad.ldap_base = "not a name";
  BOOST_TEST(text(bad).find("ldap_base") != std::string::npos, text(bad));
  bad.ldap_base = "ou=elsewhere,dc=test";
  BOOST_TEST(text(bad).find("o=extmailAccount,ou=elsewhere") != std::string::npos, text(bad));
  bad = good;
  bad.ldap_uri = "mailto:somebody";
  BOOST_TEST(text(bad).find("ldap_uri") != std::string::npos, text(bad));
  bad = good;
  bad.ldap_tls = "starttls";
  BOOST_TEST(text(bad) != "opened");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
