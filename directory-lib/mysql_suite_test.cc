// directory-lib/mysql_suite_test.cc -- the cases of every backend, and its own, on MariaDB.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// test/with_mariadb.py runs it beside a private server, whose socket POSTHOUSE_TEST_MYSQL names.
#include <cstdlib>

#include "base/files.hh"
#include "base/random.hh"
#include "base/text.hh"

#include "directory-lib/backend_suite.hh"
#include "directory-lib/mysql_client.hh"

namespace directory {

namespace {

using base::Errc;

const char* server_socket() {
  return std::getenv("POSTHOUSE_TEST_MYSQL");  // NOLINT(concurrency-mt-unsafe)
}

Settings settings_for(const std::string& database) {
  Settings settings;
  settings.driver = "mysql";
  settings.mysql_socket = server_socket();
  settings.mysql_user = "root";
  settings.mysql_database = database;
  settings.busy_timeout = std::chrono::seconds(1);
  return settings;
}

template <typename T>
void must_be(const base::Result<T>& result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().text()));
}

MysqlConnection connect(const std::string& database) {
  auto connection = MysqlConnection::open(settings_for(database));
  must_be(connection);
  return std::move(*connection);
}

class ScratchMysql : public Backend {
 public:
  explicit ScratchMysql(const std::string& charset = "utf8mb4") : settings_(settings_for(name_)) {
    must_be(connect("mysql").execute("CREATE DATABASE " + name_ + " CHARACTER SET " + charset));
  }
  ~ScratchMysql() override { (void)connect("mysql").execute("DROP DATABASE " + name_).has_value(); }

  std::unique_ptr<Directory> open(OpenAs mode = OpenAs::writer) const override {
    auto opened = directory::open(settings_, mode);
    must_be(opened);
    return std::move(*opened);
  }

  const Settings& settings() const { return settings_; }
  MysqlConnection raw() const { return connect(name_); }

 private:
  std::string name_ = "ph_" + base::hex(base::bytes_of(base::random_bytes(8)));
  Settings settings_;
};

// ExtMan's tables as sites have them, and with `engine` in place of MyISAM.
void lay_extman(const ScratchMysql& database, std::string_view engine) {
  const char* source = std::getenv("POSTHOUSE_SOURCE");  // NOLINT(concurrency-mt-unsafe)
  BOOST_REQUIRE(source != nullptr);
  auto text = base::read_file(std::string(source) + "/test/data/extman/schema.sql");
  must_be(text);
  auto connection = database.raw();
  for (const std::string_view part : base::split(*text, ';')) {
    const std::size_t begin = part.find("CREATE TABLE");
    if (begin == std::string_view::npos) {
      continue;
    }
    std::string statement(part.substr(begin));
    const std::size_t at = statement.find("MyISAM");
    BOOST_REQUIRE(at != std::string::npos);
    statement.replace(at, 6, engine);
    must_be(connection.execute(statement));
  }
}

std::unique_ptr<Backend> make_ours() {
  return server_socket() == nullptr ? nullptr : std::make_unique<ScratchMysql>();
}

std::unique_ptr<Backend> make_extman() {
  if (server_socket() == nullptr) {
    return nullptr;
  }
  auto database = std::make_unique<ScratchMysql>("latin1");
  lay_extman(*database, "InnoDB");
  return database;
}

const bool is_ours_added = add_backend_suite("mysql", make_ours);
const bool is_extman_added = add_backend_suite("extman", make_extman);

struct NeedsServer {
  boost::test_tools::assertion_result operator()(boost::unit_test::test_unit_id /*id*/) const {
    return server_socket() != nullptr;
  }
};

BOOST_AUTO_TEST_SUITE(mysql_tables, *boost::unit_test::precondition(NeedsServer()))

BOOST_AUTO_TEST_CASE(tables_without_transactions_take_one_change_and_no_batch) {
  const ScratchMysql database("latin1");
  lay_extman(database, "MyISAM");
  const auto writer = database.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  BOOST_TEST(outcome(writer->add_user(new_user("alice@example.org"), "")) == "exists");
  BOOST_TEST(outcome(writer->remove_user("nobody@example.org")) == "not_found");
  writer->rehearse(true);
  BOOST_TEST(outcome(writer->add_user(new_user("bob@example.org"), "")) == "done");
  BOOST_TEST(outcome(writer->remove_user("alice@example.org")) == "done");
  writer->rehearse(false);
  BOOST_TEST(outcome(writer->find_user("bob@example.org")) == "not_found");
  BOOST_TEST(outcome(writer->find_user("alice@example.org")) == "done");
  const auto batch = writer->together([&]() -> base::Result<void> {
    auto added = writer->add_user(new_user("bob@example.org"), "");
    return added ? base::Result<void>() : added.error();
  });
  BOOST_TEST(outcome(batch) == "denied");
  BOOST_TEST(batch.error().hint.find("InnoDB") != std::string::npos);
  BOOST_TEST(outcome(writer->add_user(new_user("bob@example.org"), "")) == "done");
}

BOOST_AUTO_TEST_CASE(what_a_change_does_not_mean_stays_as_it_was_written) {
  const ScratchMysql database("latin1");
  lay_extman(database, "InnoDB");
  auto raw = database.raw();
  must_be(
      raw.execute("INSERT INTO domain (domain, transport, maxquota) "
                  "VALUES ('example.org', 'virtual:', '9000S')"));
  must_be(
      raw.execute("INSERT INTO mailbox (username, domain, homedir, maildir, quota, netdiskquota, "
                  "question, answer, expiredate) VALUES ('alice@example.org', 'example.org', "
                  "'example.org/alice', 'example.org/alice/Maildir/', '500S,10C', '7S', 'q', 'a', "
                  "'2031-01-02')"));
  const auto writer = database.open();
  must_be(writer->update_user("alice@example.org", [](User& user) {
    user.name = "Alice";
    return base::Result<void>();
  }));
  must_be(writer->update_domain("example.org", [](Domain& domain) {
    domain.max_quota = {8000};
    return base::Result<void>();
  }));
  const auto user = raw.query(
      "SELECT maildir, homedir, quota, netdiskquota, question, expiredate FROM mailbox", {});
  must_be(user);
  BOOST_TEST(user->front().text(0) == "example.org/alice/Maildir/");
  BOOST_TEST(user->front().text(1) == "example.org/alice");
  BOOST_TEST(user->front().text(2) == "500S,10C");
  BOOST_TEST(user->front().text(3) == "7S");
  BOOST_TEST(user->front().text(4) == "q");
  BOOST_TEST(user->front().text(5) == "2031-01-02");
  const auto domain = raw.query("SELECT transport, maxquota FROM domain", {});
  must_be(domain);
  BOOST_TEST(domain->front().text(0) == "virtual:");
  BOOST_TEST(domain->front().text(1) == "8000S");
}

BOOST_AUTO_TEST_CASE(a_column_too_narrow_for_a_hash_is_never_given_one) {
  const ScratchMysql database("latin1");
  const auto writer = database.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  BOOST_REQUIRE(writer->set_password("alice@example.org", "{PLAIN}x").has_value());
  BOOST_REQUIRE(database.raw().execute("ALTER TABLE mailbox MODIFY password VARCHAR(40)"));
  const auto late = database.open();
  BOOST_TEST(*late->password_room() == 40U);
  const std::string hash = "{CRYPT}" + std::string(60, 'x');
  BOOST_TEST(outcome(late->set_password("alice@example.org", hash)) == "over_quota");
  BOOST_TEST(outcome(late->rehash_password("alice@example.org", "{PLAIN}x", hash)) == "over_quota");
  BOOST_TEST(late->find_credentials("alice@example.org")->password == "{PLAIN}x");
}

BOOST_AUTO_TEST_CASE(a_collation_makes_no_two_names_one) {
  const ScratchMysql database;
  lay_extman(database, "InnoDB");
  auto raw = database.raw();
  for (const std::string table : {"domain", "mailbox", "alias"}) {
    must_be(raw.execute("ALTER TABLE " + table +
                        " CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"));
  }
  must_be(
      raw.execute("INSERT INTO mailbox (username, domain, homedir, question, answer) VALUES "
                  "('jos\xC3\xA9@example.org', 'example.org', 'a', '', ''), "
                  "('Bob@Example.org', 'example.org', 'b', '', '')"));
  must_be(raw.execute("INSERT INTO domain (domain) VALUES ('example.org')"));
  const auto writer = database.open();
  BOOST_TEST(outcome(writer->find_user("jos\xC3\xA9@example.org")) == "done");
  BOOST_TEST(outcome(writer->find_user("jose@example.org")) == "not_found");
  BOOST_TEST(writer->find_user("bob@example.org")->address == "bob@example.org");
}

BOOST_AUTO_TEST_CASE(a_missing_column_is_named_and_a_newer_format_refused) {
  const ScratchMysql database;
  database.open();
  auto raw = database.raw();
  must_be(raw.execute("ALTER TABLE domain DROP COLUMN default_expire"));
  for (const OpenAs mode : {OpenAs::reader, OpenAs::service, OpenAs::writer}) {
    const auto opened = open(database.settings(), mode);
    BOOST_REQUIRE(!opened);
    BOOST_TEST((opened.error().code == Errc::corrupt));
    BOOST_TEST(opened.error().detail == "the database has no column domain.default_expire");
  }
  must_be(raw.execute("ALTER TABLE domain ADD COLUMN default_expire VARCHAR(12)"));
  must_be(raw.execute("UPDATE posthouse_version SET version = 99"));
  const auto opened = open(database.settings(), OpenAs::writer);
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == Errc::corrupt));
  BOOST_TEST(opened.error().detail.find("format 99") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_long_list_of_targets_is_fetched_whole) {
  const ScratchMysql database;
  const auto writer = database.open();
  add_domain(*writer, "example.org");
  std::vector<std::string> targets;
  for (int i = 0; i < 1000; ++i) {
    targets.push_back("somebody.with.a.long.name" + std::to_string(i) + "@elsewhere.example");
  }
  must_be(add_alias(*writer, "all@example.org", targets));
  BOOST_TEST((writer->find_alias("all@example.org")->targets == targets));
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_unavailable) {
  auto settings = settings_for("none");
  BOOST_TEST(outcome(open(settings, OpenAs::reader)) == "unavailable");
  settings.mysql_socket = "/nonexistent/socket";
  BOOST_TEST(outcome(open(settings, OpenAs::reader)) == "unavailable");
  settings.mysql_host = "127.0.0.1";
  settings.mysql_port = 1;
  BOOST_TEST(outcome(open(settings, OpenAs::service)) == "unavailable");
  settings.mysql_password_file = "/nonexistent/password";
  BOOST_TEST(outcome(open(settings, OpenAs::service)) == "unavailable");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace

}  // namespace directory
