// dovecot-plugin/accounts_test.cc -- tests of verdicts and places, on a directory of their own.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/accounts.hh"

#include <cstdlib>
#include <filesystem>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/random.hh"
#include "base/text.hh"

#include "directory-lib/password.hh"

namespace plugin {

namespace {

using namespace std::chrono_literals;

constexpr base::WallTime start_of_tests{24h * 365 * 50};
const std::string conf_head =
    "# /etc/posthouse/dovecot-plugin.conf -- settings of Posthouse's Dovecot modules.\n"
    "# Each setting stands with its default.\n\n";

// alice may do all but POP3, bob has expired, carol is disabled, dave may not receive.
class Fixture {
 public:
  Fixture() {
    std::filesystem::create_directory(folder);
    write("dovecot-plugin.conf", "mail_user = 5000\nmail_group = 5001\n");
    write_directory_conf(folder + "/directory.db");
    fill();
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  Fixture(Fixture&&) = delete;
  Fixture& operator=(Fixture&&) = delete;
  ~Fixture() { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& text) {
    BOOST_REQUIRE(base::replace_file(folder + "/" + name, text));
  }
  void write_directory_conf(const std::string& database) {
    write("directory.conf", "database = " + database + "\npasswords = " + folder +
                                "/passwords.db\nmail_root = /mail\n");
  }
  Login log_in(std::string_view user, std::string_view service, std::string_view password) {
    const auto login = accounts.log_in(user, service, password);
    BOOST_REQUIRE_MESSAGE(login.has_value(), (login ? "" : login.error().text()));
    return *login;
  }
  Place place(std::string_view user, std::string_view service) {
    const auto place = accounts.find_place(user, service);
    BOOST_REQUIRE_MESSAGE(place.has_value(), (place ? "" : place.error().text()));
    return *place;
  }

  std::string folder = (std::filesystem::temp_directory_path() /
                        ("plugin-test-" + base::hex(base::bytes_of(base::random_bytes(8)))))
                           .string();
  base::ManualClock clock{start_of_tests};
  Accounts accounts{folder, clock};

 private:
  void fill() {
    const auto settings = directory::load_settings(folder + "/directory.conf");
    BOOST_REQUIRE(settings);
    auto writer = directory::open(*settings, directory::OpenAs::writer);
    BOOST_REQUIRE_MESSAGE(writer.has_value(), (writer ? "" : writer.error().text()));
    directory::Domain domain;
    domain.name = "example.org";
    BOOST_REQUIRE((*writer)->add_domain(domain));
    for (const char* name : {"alice", "bob", "carol", "dave"}) {
      add(**writer, name);
    }
  }
  static void add(directory::Directory& writer, const std::string& name) {
    directory::User user;
    user.address = name + "@example.org";
    user.home = "A3/example.org/7C/21/" + name;
    user.quota = {1000};
    if (name == "alice") {
      user.disabled.add(directory::Service::pop3);
      user.mail_host = "lmtp:inet:store-2:24";
      user.maildir = "B4/elsewhere";
    } else if (name == "bob") {
      user.expires = std::chrono::floor<std::chrono::days>(start_of_tests - 24h);
    } else if (name == "carol") {
      user.enabled = false;
    } else {
      user.disabled.add(directory::Service::receive);
    }
    const auto hash = directory::hash_password("sha512-crypt", "secret");
    BOOST_REQUIRE(hash);
    const auto added = writer.add_user(user, *hash);
    BOOST_REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text()));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(accounts_of_dovecot, Fixture)

BOOST_AUTO_TEST_CASE(the_right_password_logs_in_under_the_normal_name) {
  const Login login = log_in("Alice@Example.ORG", "imap", "secret");
  BOOST_TEST((login.verdict == Verdict::ok));
  BOOST_TEST(login.address == "alice@example.org");
}

BOOST_AUTO_TEST_CASE(a_wrong_password_is_a_mismatch_whatever_the_switches_say) {
  for (const char* name : {"alice@example.org", "bob@example.org", "carol@example.org"}) {
    for (const char* service : {"imap", "pop3", "doveadm"}) {
      for (const char* password : {"Secret", "", "secret "}) {
        BOOST_TEST((log_in(name, service, password).verdict == Verdict::mismatch));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_account_is_unknown_and_no_error) {
  for (const char* name :
       {"eve@example.org", "alice@elsewhere.example", "alice", "", "a b@@", "%"}) {
    BOOST_TEST((log_in(name, "imap", "secret").verdict == Verdict::unknown), name);
    BOOST_TEST(!place(name, "lmtp").found, name);
  }
}

BOOST_AUTO_TEST_CASE(a_switched_off_service_is_refused_and_no_other) {
  BOOST_TEST((log_in("alice@example.org", "pop3", "secret").verdict == Verdict::refused));
  for (const char* service : {"imap", "smtp", "submission", "sieve", "webmail", "doveadm"}) {
    BOOST_TEST((log_in("alice@example.org", service, "secret").verdict == Verdict::ok), service);
  }
}

BOOST_AUTO_TEST_CASE(an_expired_and_a_disabled_account_may_do_nothing) {
  for (const char* name : {"bob@example.org", "carol@example.org"}) {
    for (const char* service : {"imap", "pop3", "smtp", "webmail", "doveadm"}) {
      const Login login = log_in(name, service, "secret");
      BOOST_TEST((login.verdict == Verdict::refused));
      BOOST_TEST(!login.reason.empty());
    }
    BOOST_TEST(!place(name, "lmtp").found);
  }
}

BOOST_AUTO_TEST_CASE(doveadm_finds_the_home_of_an_account_that_is_off) {
  BOOST_TEST(place("carol@example.org", "doveadm").found);
  BOOST_TEST(place("carol@example.org", "doveadm").home == "/mail/A3/example.org/7C/21/carol");
}

BOOST_AUTO_TEST_CASE(the_place_is_the_stored_path_below_the_mail_root) {
  const Place bobs = place("dave@example.org", "imap");
  BOOST_TEST(bobs.home == "/mail/A3/example.org/7C/21/dave");
  BOOST_TEST(bobs.maildir.empty());
  BOOST_TEST(bobs.quota == 1000U);
  BOOST_TEST(bobs.owner.uid == 5000U);
  BOOST_TEST(bobs.owner.gid == 5001U);
  BOOST_TEST(place("alice@example.org", "imap").maildir == "/mail/B4/elsewhere");
}

BOOST_AUTO_TEST_CASE(who_may_not_receive_is_not_found_by_lmtp_alone) {
  BOOST_TEST(!place("dave@example.org", "lmtp").found);
  BOOST_TEST(place("dave@example.org", "imap").found);
}

BOOST_AUTO_TEST_CASE(a_login_is_passed_on_only_when_this_host_has_a_name) {
  BOOST_TEST(log_in("alice@example.org", "imap", "secret").host.empty());
  write("dovecot-plugin.conf", "mail_user = 5000\nmail_group = 5001\nown_hosts = store-1\n");
  Accounts on_store_1(folder, clock);
  BOOST_TEST(on_store_1.log_in("alice@example.org", "imap", "secret")->host == "store-2");
  write("dovecot-plugin.conf", "mail_user = 5000\nmail_group = 5001\nown_hosts = store-2 s2\n");
  Accounts on_store_2(folder, clock);
  BOOST_TEST(on_store_2.log_in("alice@example.org", "imap", "secret")->host.empty());
}

BOOST_AUTO_TEST_CASE(what_is_stored_comes_with_the_verdict) {
  const auto secret = accounts.find_secret("alice@example.org", "imap");
  BOOST_REQUIRE(secret);
  BOOST_TEST((secret->login.verdict == Verdict::ok));
  BOOST_TEST(secret->password.starts_with("{"));
}

BOOST_AUTO_TEST_CASE(all_accounts_are_listed) {
  const auto page = accounts.list("");
  BOOST_REQUIRE(page);
  const std::vector<std::string> wanted{"alice@example.org", "bob@example.org", "carol@example.org",
                                        "dave@example.org"};
  BOOST_TEST(page->items == wanted, boost::test_tools::per_element());
  BOOST_TEST(page->next.empty());
}

BOOST_AUTO_TEST_CASE(trouble_is_an_error_and_ends_when_the_database_is_back) {
  write_directory_conf(folder + "/away.db");
  Accounts fresh(folder, clock);
  const auto login = fresh.log_in("alice@example.org", "imap", "secret");
  BOOST_REQUIRE(!login);
  BOOST_TEST((login.error().code != base::Errc::not_found));
  BOOST_TEST(!fresh.find_place("eve@example.org", "lmtp").has_value());
  BOOST_TEST(!fresh.list("").has_value());
  write_directory_conf(folder + "/directory.db");
  BOOST_TEST((fresh.log_in("alice@example.org", "imap", "secret")->verdict == Verdict::ok));
}

BOOST_AUTO_TEST_CASE(a_mistake_in_the_settings_is_an_error) {
  write("dovecot-plugin.conf", "mail_usr = vmail\n");
  Accounts fresh(folder, clock);
  const auto place = fresh.find_place("eve@example.org", "lmtp");
  BOOST_REQUIRE(!place);
  BOOST_TEST(place.error().detail.find("mail_usr") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_mail_user_that_does_not_exist_is_an_error) {
  write("dovecot-plugin.conf", "mail_user = nobody-of-this-name\n");
  Accounts fresh(folder, clock);
  const auto place = fresh.find_place("dave@example.org", "imap");
  BOOST_REQUIRE(!place);
  BOOST_TEST((place.error().code == base::Errc::unavailable));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(the_example_settings_are_what_the_table_prints) {
  const char* source = std::getenv("POSTHOUSE_SOURCE");  // NOLINT(concurrency-mt-unsafe)
  BOOST_REQUIRE(source != nullptr);
  const auto example = base::read_file(std::string(source) + "/conf-examples/dovecot-plugin.conf");
  BOOST_REQUIRE(example);
  BOOST_TEST(*example ==
             conf_head + base::print_settings(settings_rows(), base::SettingsForm::conf));
}

}  // namespace plugin
