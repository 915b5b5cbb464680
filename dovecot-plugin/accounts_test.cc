// dovecot-plugin/accounts_test.cc -- tests of verdicts and places, on a directory of their own.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/accounts.hh"

#include <cstdlib>
#include <filesystem>

#include <boost/test/unit_test.hpp>

#include "base/digest.hh"
#include "base/files.hh"
#include "base/random.hh"
#include "base/text.hh"

#include "directory-lib/password.hh"

namespace plugin {

namespace {

using namespace std::chrono_literals;
using directory::Service;

constexpr base::WallTime start_of_tests{24h * 365 * 50};
const std::string conf_head =
    "# /etc/posthouse/dovecot-plugin.conf -- settings of posthouse-after-login; see "
    "posthouse-after-login(8).\n"
    "# Each setting stands with its default. `posthouse-after-login --check` explains "
    "mistakes.\n\n";

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
  std::unique_ptr<directory::Directory> open(directory::OpenAs mode) const {
    auto writer = directory::open(*directory::load_settings(folder + "/directory.conf"), mode);
    BOOST_REQUIRE_MESSAGE(writer.has_value(), (writer ? "" : writer.error().text()));
    return std::move(*writer);
  }
  // Its secret.
  std::string add_app_password(const std::string& user, Service service) const {
    directory::AppPassword entry;
    entry.user = user;
    entry.label = "phone";
    entry.services.add(service);
    const auto issued = open(directory::OpenAs::writer)->add_app_password(entry);
    BOOST_REQUIRE(issued);
    return issued->secret;
  }
  Login log_in(std::string_view user, std::string_view service, std::string_view password) {
    const auto login = accounts.log_in({user, service}, password);
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
      user.mail_host = "lmtp:inet:store-2:2424";
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

BOOST_AUTO_TEST_CASE(the_webmail_is_told_a_word_that_changes_with_the_password) {
  const std::string before = place("dave@example.org", "webmail").generation;
  BOOST_TEST(!before.empty());
  BOOST_TEST(place("dave@example.org", "webmail").generation == before);
  BOOST_TEST(place("dave@example.org", "imap").generation.empty());
  const auto writer = open(directory::OpenAs::writer);
  const auto stored = writer->find_credentials("dave@example.org")->password;
  const auto half = [](const std::string& word) { return word.substr(0, word.find('-')); };
  BOOST_REQUIRE(writer->rehash_password("dave@example.org", stored, "{PLAIN}secret"));
  const std::string rehashed = place("dave@example.org", "webmail").generation;
  BOOST_TEST(rehashed != before);
  BOOST_TEST(half(rehashed) == half(before));
  BOOST_REQUIRE(writer->set_password("dave@example.org", "{PLAIN}secret"));
  BOOST_TEST(half(place("dave@example.org", "webmail").generation) != half(before));
}

BOOST_AUTO_TEST_CASE(who_may_not_receive_is_not_found_by_lmtp_alone) {
  BOOST_TEST(!place("dave@example.org", "lmtp").found);
  BOOST_TEST(place("dave@example.org", "imap").found);
}

BOOST_AUTO_TEST_CASE(a_login_is_passed_on_only_when_this_host_has_a_name) {
  BOOST_TEST(log_in("alice@example.org", "imap", "secret").host.empty());
  write("dovecot-plugin.conf", "mail_user = 5000\nmail_group = 5001\nown_hosts = store-1\n");
  Accounts on_store_1(folder, clock);
  BOOST_TEST(on_store_1.log_in({"alice@example.org", "imap"}, "secret")->host == "store-2");
  BOOST_TEST(on_store_1.log_in({"alice@example.org", "imap"}, "secret")->port == 0U);
  const auto by_lmtp = on_store_1.find_secret({"alice@example.org", "lmtp", true});
  BOOST_TEST(by_lmtp->login.host == "store-2");
  BOOST_TEST(by_lmtp->login.port == 2424U);
  write("dovecot-plugin.conf", "mail_user = 5000\nmail_group = 5001\nown_hosts = store-2 s2\n");
  Accounts on_store_2(folder, clock);
  BOOST_TEST(on_store_2.log_in({"alice@example.org", "imap"}, "secret")->host.empty());
}

BOOST_AUTO_TEST_CASE(what_is_stored_comes_with_the_verdict) {
  const auto secret = accounts.find_secret({"alice@example.org", "imap"});
  BOOST_REQUIRE(secret);
  BOOST_TEST((secret->login.verdict == Verdict::ok));
  BOOST_TEST(secret->password.starts_with("{"));
}

BOOST_AUTO_TEST_CASE(an_app_password_opens_what_it_was_made_for) {
  const std::string secret = add_app_password("alice@example.org", Service::imap);
  const Login login = log_in("alice@example.org", "imap", secret);
  BOOST_TEST((login.verdict == Verdict::ok));
  BOOST_TEST(login.app_password.ends_with(" (phone)"));
  BOOST_TEST((login.note.kind == LoginNote::Kind::used));
  BOOST_TEST(login.note.address == "alice@example.org");
  for (const char* service : {"smtp", "sieve", "webmail", "doveadm", ""}) {
    BOOST_TEST((log_in("alice@example.org", service, secret).verdict == Verdict::mismatch),
               service);
  }
  const Login own = log_in("alice@example.org", "imap", "secret");
  BOOST_TEST((own.verdict == Verdict::ok));
  BOOST_TEST(own.app_password.empty());
}

BOOST_AUTO_TEST_CASE(an_app_password_does_not_open_what_is_switched_off) {
  const std::string secret = add_app_password("alice@example.org", Service::pop3);
  const Login login = log_in("alice@example.org", "pop3", secret);
  BOOST_TEST((login.verdict == Verdict::refused));
  BOOST_TEST((login.note.kind == LoginNote::Kind::nothing));
  const std::string carols = add_app_password("carol@example.org", Service::imap);
  BOOST_TEST((log_in("carol@example.org", "imap", carols).verdict == Verdict::refused));
}

BOOST_AUTO_TEST_CASE(the_use_of_an_app_password_is_noted_once_an_hour) {
  const std::string secret = add_app_password("alice@example.org", Service::imap);
  const Login login = log_in("alice@example.org", "imap", secret);
  BOOST_REQUIRE(perform(*open(directory::OpenAs::recorder), "", login.note, clock.now()));
  BOOST_TEST((log_in("alice@example.org", "imap", secret).note.kind == LoginNote::Kind::nothing));
  clock.advance(2h);
  BOOST_TEST((log_in("alice@example.org", "imap", secret).note.kind == LoginNote::Kind::used));
  const auto held = open(directory::OpenAs::reader)->list_app_passwords("alice@example.org");
  BOOST_TEST((held->front().last_used == start_of_tests));
}

BOOST_AUTO_TEST_CASE(the_settings_may_demand_an_app_password_of_who_has_one) {
  write("dovecot-plugin.conf",
        "mail_user = 5000\nmail_group = 5001\napp_passwords_only = imap submission\n");
  const std::string secret = add_app_password("alice@example.org", Service::imap);
  const Login login = log_in("alice@example.org", "imap", "secret");
  BOOST_TEST((login.verdict == Verdict::refused));
  BOOST_TEST(login.reason == "an app password is needed");
  BOOST_TEST((log_in("alice@example.org", "smtp", "secret").verdict == Verdict::refused));
  BOOST_TEST((log_in("alice@example.org", "imap", "wrong").verdict == Verdict::mismatch));
  BOOST_TEST((log_in("alice@example.org", "imap", secret).verdict == Verdict::ok));
  BOOST_TEST((log_in("alice@example.org", "webmail", "secret").verdict == Verdict::ok));
  BOOST_TEST((log_in("dave@example.org", "imap", "secret").verdict == Verdict::ok));
  const auto digest_login = accounts.find_secret({"alice@example.org", "imap"});
  BOOST_TEST((digest_login->login.verdict == Verdict::refused));
}

BOOST_AUTO_TEST_CASE(an_old_hash_is_made_anew_after_the_login_and_no_other) {
  write("dovecot-plugin.conf",
        "mail_user = 5000\nmail_group = 5001\nrehash_scheme = sha512-crypt\n");
  const auto writer = open(directory::OpenAs::writer);
  BOOST_REQUIRE(writer->set_password("alice@example.org", "{PLAIN}secret"));
  BOOST_TEST((log_in("dave@example.org", "imap", "secret").note.kind == LoginNote::Kind::nothing));
  const Login login = log_in("alice@example.org", "imap", "secret");
  BOOST_REQUIRE((login.note.kind == LoginNote::Kind::rehash));
  const auto before = writer->find_credentials("alice@example.org")->password_changed;
  BOOST_REQUIRE(
      perform(*open(directory::OpenAs::recorder), "sha512-crypt", login.note, clock.now()));
  const auto after = writer->find_credentials("alice@example.org");
  BOOST_TEST(after->password.starts_with("{SHA512-CRYPT}"));
  BOOST_TEST((after->password_changed == before));
  BOOST_TEST((log_in("alice@example.org", "imap", "secret").note.kind == LoginNote::Kind::nothing));
  // A note that comes late, when the password is another.
  BOOST_REQUIRE(writer->set_password("alice@example.org", "{PLAIN}other"));
  BOOST_REQUIRE(perform(*writer, "sha512-crypt", login.note, clock.now()));
  BOOST_TEST(writer->find_credentials("alice@example.org")->password == "{PLAIN}other");
}

BOOST_AUTO_TEST_CASE(a_note_nobody_takes_is_told_once_and_forgotten) {
  write("dovecot-plugin.conf",
        "mail_user = 5000\nmail_group = 5001\nafter_login_socket = " + folder + "/none\n");
  const std::string secret = add_app_password("alice@example.org", Service::imap);
  for (int i = 0; i < 2; ++i) {
    Login login = log_in("alice@example.org", "imap", secret);
    accounts.send_note(login.note);
    BOOST_TEST((login.note.kind == LoginNote::Kind::nothing));
    BOOST_TEST(accounts.take_warning().empty() == (i == 1));
  }
}

BOOST_AUTO_TEST_CASE(the_webmail_acts_for_users_from_its_hosts_on_its_services) {
  write("webmail.sha256", "# of web-1\n" + base::hex(base::bytes_of(base::sha256("key"))) + "\n");
  write("dovecot-plugin.conf",
        "mail_user = 5000\nmail_group = 5001\nmaster_user = webmail\n"
        "master_hosts = 192.0.2.0/24\nmaster_secret = " +
            folder + "/webmail.sha256\n");
  const auto verdict = [this](std::string_view name, std::string_view service,
                              std::string_view host, std::string_view secret,
                              std::string_view user) {
    const auto login = accounts.act_for({name, service, host, secret}, user);
    BOOST_REQUIRE_MESSAGE(login.has_value(), (login ? "" : login.error().text()));
    return login->verdict;
  };
  const std::string alice = "alice@example.org";
  for (const char* service : {"imap", "sieve", "submission", "smtp"}) {
    BOOST_TEST((verdict("webmail", service, "192.0.2.7", "key", alice) == Verdict::ok), service);
  }
  for (const char* service : {"pop3", "lmtp", "doveadm", "webmail", ""}) {
    BOOST_TEST(
        (verdict("webmail", service, "192.0.2.7", "key", "dave@example.org") == Verdict::refused),
        service);
  }
  for (const char* host : {"192.0.3.1", "::1", ""}) {
    BOOST_TEST((verdict("webmail", "imap", host, "key", alice) == Verdict::refused), host);
  }
  BOOST_TEST((verdict("webmail", "imap", "192.0.2.7", "Key", alice) == Verdict::mismatch));
  BOOST_TEST((verdict("webmail", "imap", "192.0.2.7", "", alice) == Verdict::mismatch));
  BOOST_TEST((verdict(alice, "imap", "192.0.2.7", "key", "bob@example.org") == Verdict::unknown));
  BOOST_TEST(
      (verdict("webmail", "imap", "192.0.2.7", "key", "eve@example.org") == Verdict::unknown));
  BOOST_TEST(
      (verdict("webmail", "imap", "192.0.2.7", "key", "carol@example.org") == Verdict::refused));
  write("webmail.sha256", "not a digest\n");
  BOOST_TEST(!accounts.act_for({"webmail", "imap", "192.0.2.7", "key"}, alice).has_value());
  std::filesystem::remove(folder + "/webmail.sha256");
  BOOST_TEST((verdict("webmail", "imap", "192.0.2.7", "key", alice) == Verdict::unknown));
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
  const auto login = fresh.log_in({"alice@example.org", "imap"}, "secret");
  BOOST_REQUIRE(!login);
  BOOST_TEST((login.error().code != base::Errc::not_found));
  BOOST_TEST(!fresh.find_place("eve@example.org", "lmtp").has_value());
  BOOST_TEST(!fresh.list("").has_value());
  write_directory_conf(folder + "/directory.db");
  BOOST_TEST((fresh.log_in({"alice@example.org", "imap"}, "secret")->verdict == Verdict::ok));
}

BOOST_AUTO_TEST_CASE(a_mistake_in_the_settings_is_an_error) {
  write("dovecot-plugin.conf", "mail_usr = vmail\n");
  Accounts fresh(folder, clock);
  const auto place = fresh.find_place("eve@example.org", "lmtp");
  BOOST_REQUIRE(!place);
  BOOST_TEST(place.error().detail.find("mail_usr") != std::string::npos);
  for (const char* line : {"app_passwords_only = imap pop4\n", "master_hosts = localhost\n",
                           "rehash_scheme = rot13\n"}) {
    BOOST_TEST(!parse_settings("x.conf", line).has_value(), line);
  }
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
