// directory-lib/suite_app_passwords.cc -- cases of every backend: app passwords, the trail.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cctype>

#include "directory-lib/backend_suite.hh"

namespace directory {

namespace {

using namespace std::chrono;

void an_app_password_opens_its_services_until_it_ends(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  add_user(*writer, "bob@example.org");
  AppPassword phone;
  phone.user = "Alice@example.org";
  phone.label = "phone Ω";
  phone.services.add(Service::imap);
  phone.services.add(Service::submission);
  phone.expires = sys_days(2031y / 5 / 10);
  const auto issued = writer->add_app_password(phone);
  BOOST_REQUIRE_MESSAGE(issued.has_value(), (issued ? "" : issued.error().text()));
  BOOST_TEST(issued->secret.size() == 23U);
  const base::WallTime now = sys_days(2031y / 5 / 10) + 12h;
  const auto match = [&](const std::string& user, Service service, const std::string& secret,
                         base::WallTime when) {
    return outcome(writer->match_app_password(user, service, secret, when));
  };
  BOOST_TEST(match("ALICE@example.org", Service::imap, issued->secret, now) == "done");
  std::string typed;
  for (const char c : issued->secret) {
    typed += c == '-' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  BOOST_TEST(match("alice@example.org", Service::submission, typed, now) == "done");
  BOOST_TEST(match("alice@example.org", Service::pop3, issued->secret, now) == "not_found");
  BOOST_TEST(match("bob@example.org", Service::imap, issued->secret, now) == "not_found");
  BOOST_TEST(match("alice@example.org", Service::imap, issued->secret, now + 24h) == "not_found");
  for (const std::string wrong : {"", "aaaaa-aaaaa-aaaaa-aaaaa", "' OR 1=1 --", "secret"}) {
    BOOST_TEST(match("alice@example.org", Service::imap, wrong, now) == "not_found");
  }
  const auto listed = writer->list_app_passwords("alice@example.org");
  BOOST_REQUIRE(listed.has_value() && listed->size() == 1U);
  BOOST_TEST(listed->front().id == issued->entry.id);
  BOOST_TEST(writer->find_credentials("ALICE@example.org")->may_have_app_passwords);
  BOOST_TEST(listed->front().label == "phone Ω");
  BOOST_TEST((listed->front().services == phone.services));
  BOOST_TEST((listed->front().expires == phone.expires));
  BOOST_TEST(!listed->front().last_used);
  BOOST_TEST(writer->list_app_passwords("bob@example.org")->empty());
}

void the_use_of_an_app_password_is_remembered_at_most_hourly(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  AppPassword phone;
  phone.user = "alice@example.org";
  phone.label = "phone";
  phone.services.add(Service::imap);
  BOOST_REQUIRE(writer->add_app_password(phone).has_value());
  const auto held = [&writer] { return writer->list_app_passwords("alice@example.org")->front(); };
  const base::WallTime now = sys_days(2030y / 5 / 10);
  BOOST_TEST(outcome(writer->note_app_password_use(held(), now)) == "done");
  BOOST_TEST((held().last_used == now));
  BOOST_TEST(outcome(writer->note_app_password_use(held(), now + 59min)) == "done");
  BOOST_TEST((held().last_used == now));
  BOOST_TEST(outcome(writer->note_app_password_use(held(), now + 61min)) == "done");
  BOOST_TEST((held().last_used == now + 61min));
}

void app_passwords_are_withdrawn_alone_and_go_with_their_user(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  AppPassword entry;
  entry.user = "alice@example.org";
  entry.label = "one";
  BOOST_TEST(outcome(writer->add_app_password(entry)) == "malformed");  // opens nothing
  entry.services.add(Service::imap);
  const auto one = writer->add_app_password(entry);
  entry.label = "two";
  const auto two = writer->add_app_password(entry);
  BOOST_REQUIRE(one.has_value() && two.has_value());
  BOOST_TEST(one->secret != two->secret);
  BOOST_TEST(writer->remove_app_password("ALICE@example.org", one->entry.id)->label == "one");
  BOOST_TEST(outcome(writer->remove_app_password("alice@example.org", one->entry.id)) ==
             "not_found");
  const auto now = base::system_clock().now();
  BOOST_TEST(outcome(writer->match_app_password("alice@example.org", Service::imap, one->secret,
                                                now)) == "not_found");
  BOOST_TEST(outcome(writer->match_app_password("alice@example.org", Service::imap, two->secret,
                                                now)) == "done");
  BOOST_REQUIRE(writer->remove_user("alice@example.org").has_value());
  add_user(*writer, "alice@example.org");
  BOOST_TEST(writer->list_app_passwords("alice@example.org")->empty());
  BOOST_TEST(outcome(writer->match_app_password("alice@example.org", Service::imap, two->secret,
                                                now)) == "not_found");
  entry.user = "nobody@example.org";
  BOOST_TEST(outcome(writer->add_app_password(entry)) == "not_found");
  entry.user = "alice@example.org";
  entry.label = "";
  BOOST_TEST(outcome(writer->add_app_password(entry)) == "malformed");
}

void a_user_has_a_bounded_number_of_app_passwords(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  AppPassword entry;
  entry.user = "alice@example.org";
  entry.services.add(Service::imap);
  const auto filled = writer->together([&]() -> base::Result<void> {
    for (std::size_t i = 0; i < app_password_limit; ++i) {
      entry.label = "p" + std::to_string(i);
      BOOST_REQUIRE(writer->add_app_password(entry).has_value());
    }
    return {};
  });
  BOOST_REQUIRE(filled.has_value());
  BOOST_TEST(outcome(writer->add_app_password(entry)) == "over_quota");
}

void a_password_is_hashed_anew_only_while_it_stands(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  BOOST_REQUIRE(writer->set_password("alice@example.org", "{PLAIN}old").has_value());
  const auto before = writer->find_credentials("alice@example.org");
  BOOST_REQUIRE(before.has_value());
  const auto rehash = [&](const std::string& from, const std::string& to) {
    const auto done = writer->rehash_password("ALICE@example.org", from, to);
    return done ? (*done ? "yes" : "no") : std::string(base::errc_name(done.error().code));
  };
  BOOST_TEST(rehash("{PLAIN}other", "{PLAIN}new") == "no");
  BOOST_TEST(rehash("{plain}old", "{PLAIN}new") == "no");
  BOOST_TEST(rehash(before->password, "{PLAIN}new") == "yes");
  const auto after = writer->find_credentials("alice@example.org");
  BOOST_TEST(after->password == "{PLAIN}new");
  BOOST_TEST((after->password_changed == before->password_changed));
  BOOST_TEST(rehash(before->password, "{PLAIN}newer") == "no");
  BOOST_TEST(rehash("{PLAIN}new", "") == "over_quota");
  BOOST_TEST(rehash("{PLAIN}new", std::string(*writer->password_room() + 1, 'x')) == "over_quota");
  BOOST_TEST(writer->find_credentials("alice@example.org")->password == "{PLAIN}new");
  BOOST_TEST(*writer->password_room() >= 255U);
}

void the_audit_trail_is_searched_and_paged(const Backend& backend) {
  const auto writer = backend.open();
  writer->act_as("root");
  add_domain(*writer, "example.org");
  add_domain(*writer, "other.example");
  for (int i = 0; i < 4; ++i) {
    add_user(*writer, "u" + std::to_string(i) + "@example.org");
  }
  writer->act_as("anna");
  add_user(*writer, "v@other.example");
  std::vector<std::string> seen;
  std::string after;
  do {
    const auto page = writer->list_audit({}, after, 3);
    BOOST_REQUIRE(page.has_value());
    for (const AuditEntry& entry : page->items) {
      seen.push_back(entry.object);
    }
    after = page->next;
  } while (!after.empty());
  BOOST_TEST((seen == std::vector<std::string>{"v@other.example", "u3@example.org",
                                               "u2@example.org", "u1@example.org", "u0@example.org",
                                               "other.example", "example.org"}));
  BOOST_TEST(writer->list_audit({"anna", "", {}, {}}, "", 10)->items.size() == 1U);
  BOOST_TEST(writer->list_audit({"", "u2@example.org", {}, {}}, "", 10)->items.size() == 1U);
  BOOST_TEST(writer->list_audit({"", "", {"other.example"}, {}}, "", 10)->items.size() == 2U);
  BOOST_TEST(
      writer->list_audit({"", "", {"other.example", "example.org"}, {}}, "", 10)->items.size() ==
      7U);
  const auto later = base::system_clock().now() + 1h;
  BOOST_TEST(writer->list_audit({"", "", {}, later}, "", 10)->items.empty());
  BOOST_TEST(writer->list_audit({"x' OR '1'='1", "", {}, {}}, "", 10)->items.empty());
  writer->rehearse(true);
  add_user(*writer, "w@other.example");
  writer->rehearse(false);
  BOOST_TEST(writer->list_audit({}, "", 10)->items.size() == 7U);
}

constexpr std::array cases{
    BackendCase{"an_app_password_opens_its_services_until_it_ends",
                an_app_password_opens_its_services_until_it_ends},
    BackendCase{"the_use_of_an_app_password_is_remembered_at_most_hourly",
                the_use_of_an_app_password_is_remembered_at_most_hourly},
    BackendCase{"app_passwords_are_withdrawn_alone_and_go_with_their_user",
                app_passwords_are_withdrawn_alone_and_go_with_their_user},
    BackendCase{"a_user_has_a_bounded_number_of_app_passwords",
                a_user_has_a_bounded_number_of_app_passwords},
    BackendCase{"a_password_is_hashed_anew_only_while_it_stands",
                a_password_is_hashed_anew_only_while_it_stands},
    BackendCase{"the_audit_trail_is_searched_and_paged", the_audit_trail_is_searched_and_paged},
};

}  // namespace

std::span<const BackendCase> app_password_cases() {
  return cases;
}

}  // namespace directory
