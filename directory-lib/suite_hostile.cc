// directory-lib/suite_hostile.cc -- cases of every backend: injection, odd names, far too much.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "directory-lib/backend_suite.hh"
#include "directory-lib/resolve.hh"

namespace directory {

namespace {

using base::Errc;

// Local parts that are plain text to SMTP, and syntax to SQL, LDAP filters or DNs.
constexpr std::array<std::string_view, 9> odd_locals{"o'brien", "a*b", "x%y",     "p_q",      "a=b",
                                                     "a+b",     "q?x", "{curly}", "back`tick"};

void odd_names_are_stored_and_found_as_themselves_alone(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "aXXb@example.org");
  add_user(*writer, "xzy@example.org");
  for (const std::string_view local : odd_locals) {
    const std::string address = std::string(local) + "@example.org";
    BOOST_TEST(outcome(writer->find_user(address)) == "not_found");
    add_user(*writer, address);
    BOOST_TEST(writer->find_user(address)->address == address);
    BOOST_REQUIRE(writer->set_password(address, "{PLAIN}" + std::string(local)).has_value());
  }
  for (const std::string_view local : odd_locals) {
    const std::string address = std::string(local) + "@example.org";
    BOOST_TEST(writer->find_credentials(address)->password == "{PLAIN}" + std::string(local));
    BOOST_TEST(outcome(writer->add_list_entry({address, ListKind::white, "x", {}})) == "done");
    BOOST_TEST(outcome(writer->remove_user(address)) == "done");
  }
  BOOST_TEST(writer->list_users("example.org", "", 10)->items.size() == 2U);
}

void no_key_is_ever_read_as_syntax(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  BOOST_REQUIRE(add_alias(*writer, "info@example.org", {"alice@example.org"}).has_value());
  for (const std::string_view key : {"*",
                                     "*@example.org",
                                     "*)(mail=*",
                                     "*)(objectClass=*)@example.org",
                                     "alice@*",
                                     "alice@example.org)(|(mail=*",
                                     "alice\\2a@example.org",
                                     "al\\69ce@example.org",
                                     "\\2a@example.org",
                                     "alice@example.org,o=x",
                                     "alice@example.org+uid=x",
                                     "alice@example.org\\",
                                     "alice' OR 'a'='a@example.org",
                                     "alice@example.org' -- ",
                                     "alice@example.org\"; DROP TABLE mailbox; --",
                                     "%@example.org",
                                     "_lice@example.org",
                                     "alice @example.org",
                                     " alice@example.org",
                                     "alice@example.org ",
                                     "alice@exam ple.org"}) {
    BOOST_TEST(outcome(writer->find_user(key)) == "not_found", "user found: " << key);
    BOOST_TEST(outcome(writer->find_alias(key)) == "not_found", "alias found: " << key);
    BOOST_TEST(outcome(writer->find_credentials(key)) == "not_found", "found: " << key);
    BOOST_TEST(outcome(writer->find_domain(key)) == "not_found", "domain found: " << key);
    BOOST_TEST(outcome(writer->find_manager(key)) == "not_found", "manager found: " << key);
    BOOST_TEST(outcome(writer->remove_user(key)) == "not_found", "removed: " << key);
    BOOST_TEST(outcome(writer->remove_domain(key, true)) == "not_found", "removed: " << key);
    BOOST_TEST(outcome(resolve(*writer, key, {})) == "not_found", "resolved: " << key);
  }
  BOOST_TEST(outcome(writer->find_user("alice@example.org")) == "done");
}

void nul_control_and_broken_bytes_are_no_names(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  for (const std::string& key :
       {std::string("alice\0@example.org", 18), std::string("alice@example.org\0", 18),
        std::string("alice@example.org\0.evil", 23), std::string("alice\r\n@example.org"),
        std::string("alice\x7F@example.org"), std::string("\xC0\xAF@example.org"),
        std::string("\xED\xA0\x80@example.org"), std::string("a\xFF@example.org")}) {
    BOOST_TEST(outcome(writer->find_user(key)) == "not_found");
    BOOST_TEST(outcome(writer->add_user(new_user(key), "")) == "malformed");
    BOOST_TEST(outcome(add_alias(*writer, key, {"alice@example.org"})) == "malformed");
    BOOST_TEST(outcome(add_alias(*writer, "x@example.org", {key})) == "malformed");
  }
  BOOST_TEST(writer->list_users("", "", 10)->items.size() == 1U);
  BOOST_TEST(writer->list_aliases("", "", 10)->items.empty());
}

void ten_kilobytes_are_no_name_anywhere(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  const std::string much(10'240, 'a');
  for (const std::string& key :
       {much, much + "@example.org", "alice@" + much, "@" + much, std::string(10'240, '@')}) {
    BOOST_TEST(outcome(writer->find_user(key)) == "not_found");
    BOOST_TEST(outcome(writer->find_domain(key)) == "not_found");
    BOOST_TEST(outcome(writer->find_alias(key)) == "not_found");
    BOOST_TEST(outcome(writer->find_manager(key)) == "not_found");
    BOOST_TEST(outcome(writer->add_user(new_user(key), "")) == "malformed");
    BOOST_TEST(outcome(writer->list_users(key, "", 10)) == "not_found");
  }
  auto user = new_user("alice@example.org");
  user.name = much;
  BOOST_TEST(outcome(writer->add_user(user, "")) == "malformed");
  // Where a page goes on is ours to choose, but comes back through others' hands.
  BOOST_TEST(writer->list_users("", much, 10).has_value());
  BOOST_TEST(writer->list_users("", "'*)(\\", 10).has_value());
  BOOST_TEST(writer->list_domains("'*)(\\", 10).has_value());
  BOOST_TEST(writer->list_audit({}, "'*)(\\", 10).has_value());
}

void case_makes_no_second_account(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "Example.ORG");
  add_user(*writer, "Alice@EXAMPLE.org");
  BOOST_TEST(outcome(writer->add_user(new_user("ALICE@example.org"), "")) == "exists");
  BOOST_TEST(outcome(add_alias(*writer, "aLiCe@example.org", {"x@else.example"})) == "exists");
  BOOST_TEST(writer->find_user("aLICE@eXAMPLE.oRG")->address == "alice@example.org");
  BOOST_TEST(outcome(writer->remove_user("ALICE@example.ORG")) == "done");
}

void international_names_are_kept_byte_by_byte(const Backend& backend) {
  const auto writer = backend.open();
  for (const std::string domain : {"例子.测试", "xn--fsqu00a.xn--0zwm56d", "bücher.example"}) {
    add_domain(*writer, domain);
    BOOST_TEST(writer->find_domain(domain)->name == domain);
    for (const std::string local : {"用户", "jörg", "josé", "𝒶"}) {
      const std::string address = local + "@" + domain;
      add_user(*writer, address);
      BOOST_TEST(writer->find_user(address)->address == address);
    }
    BOOST_TEST(writer->list_users(domain, "", 10)->items.size() == 4U);
    // Nothing is folded that looks alike.
    BOOST_TEST(outcome(writer->find_user("jorg@" + domain)) == "not_found");
    BOOST_TEST(outcome(writer->find_user("jose@" + domain)) == "not_found");
    BOOST_TEST(outcome(writer->find_user("jose\xCC\x81@" + domain)) == "not_found");
  }
  BOOST_TEST(outcome(writer->find_domain("bucher.example")) == "not_found");
  BOOST_TEST(outcome(writer->remove_domain("例子.测试", true)) == "done");
}

void an_alias_of_ten_thousand_is_refused_and_one_of_a_thousand_works(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  std::vector<std::string> targets;
  for (int i = 0; i < 10'000; ++i) {
    targets.push_back("p" + std::to_string(i) + "@elsewhere.example");
  }
  const auto refused = add_alias(*writer, "all@example.org", targets);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Errc::malformed));
  BOOST_TEST(refused.error().detail.find("1 to 1000 targets") != std::string::npos);
  targets.resize(resolve_recipients);
  BOOST_TEST(outcome(add_alias(*writer, "all@example.org", targets)) == "done");
  BOOST_TEST(resolve(*writer, "all@example.org", {})->size() == resolve_recipients);
}

void a_chain_of_aliases_is_followed_so_far_and_no_further(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "end@example.org");
  std::string next = "end@example.org";
  for (int i = 0; i < 20; ++i) {
    const std::string address = "c" + std::to_string(i) + "@example.org";
    BOOST_REQUIRE(add_alias(*writer, address, {next}).has_value());
    next = address;
  }
  BOOST_TEST(outcome(resolve(*writer, "c15@example.org", {})) == "done");
  BOOST_TEST(outcome(resolve(*writer, "c19@example.org", {})) == "over_quota");
}

constexpr std::array cases{
    BackendCase{"odd_names_are_stored_and_found_as_themselves_alone",
                odd_names_are_stored_and_found_as_themselves_alone},
    BackendCase{"no_key_is_ever_read_as_syntax", no_key_is_ever_read_as_syntax},
    BackendCase{"nul_control_and_broken_bytes_are_no_names",
                nul_control_and_broken_bytes_are_no_names},
    BackendCase{"ten_kilobytes_are_no_name_anywhere", ten_kilobytes_are_no_name_anywhere},
    BackendCase{"case_makes_no_second_account", case_makes_no_second_account},
    BackendCase{"international_names_are_kept_byte_by_byte",
                international_names_are_kept_byte_by_byte},
    BackendCase{"an_alias_of_ten_thousand_is_refused_and_one_of_a_thousand_works",
                an_alias_of_ten_thousand_is_refused_and_one_of_a_thousand_works},
    BackendCase{"a_chain_of_aliases_is_followed_so_far_and_no_further",
                a_chain_of_aliases_is_followed_so_far_and_no_further},
};

}  // namespace

std::span<const BackendCase> hostile_cases() {
  return cases;
}

}  // namespace directory
