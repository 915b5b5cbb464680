// policyd/checks/list_test.cc -- the list files, their order, and what happens when they change.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/list.hh"

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/must.hh"
#include "base/random.hh"
#include "base/text.hh"

#include "policyd/checks/list_files.hh"

using policy::Attribute;
using policy::ListRead;

namespace {

struct Fixture {
  std::string folder = "/tmp/list_test." + base::hex(base::bytes_of(base::random_bytes(6)));
  std::string log_text{};
  base::Log log{"test", base::memory_log_sink(log_text), base::Level::debug};
  std::shared_ptr<const policy::ListFiles> files{};
  std::shared_ptr<const policy::Lists> lists = std::make_shared<policy::Lists>();
  policy::ListOptions options{.black_text = "5.7.1 Blocked"};
  policy::ListCheck check{options, lists};
  policy::Request request{};
  policy::Facts facts{};

  Fixture() {
    base::must(base::make_directories(folder).has_value(), "/tmp can be written");
    request.set(Attribute::sender, "Alice@Example.org");
    request.set(Attribute::recipient, "bob@example.net");
    request.set(Attribute::client_address, "192.0.2.1");
    request.set(Attribute::client_name, "mx.example.org");
    request.set(Attribute::reverse_client_name, "claimed.example");
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture() { std::system(("rm -r " + folder).c_str()); }

  void write(std::string_view name, std::string_view text) {
    base::must(base::replace_file(folder + "/" + std::string(name), text).has_value(), "writable");
    read();
  }
  void read(ListRead which = ListRead::changed) {
    files = policy::read_list_files(folder, files.get(), which, log);
    auto fresh = std::make_shared<policy::Lists>();
    fresh->files = files->lists;
    lists = std::move(fresh);
  }
  // "ACTION reason", or "" without an opinion.
  std::string asked() {
    facts = policy::facts_of(request);
    const policy::Answer answer = check.ask({request, facts, {}});
    const auto* verdict = std::get_if<policy::Verdict>(&answer);
    return verdict == nullptr
               ? ""
               : std::string(policy::action_word(verdict->action)) + " " + verdict->reason;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(list_check, Fixture)

BOOST_AUTO_TEST_CASE(without_files_there_is_no_opinion) {
  read();
  BOOST_TEST(asked().empty());
  BOOST_TEST(log_text.empty());
}

BOOST_AUTO_TEST_CASE(white_goes_before_black_and_ends_the_chain_with_dunno) {
  write("blacklist", "example.org\n");
  BOOST_TEST(asked() == "reject blacklist line 1");
  write("recip_whitelist", "\nbob@example.net\n");
  BOOST_TEST(asked() == "dunno recip_whitelist line 2");
  options.accept_white = true;
  BOOST_TEST(asked() == "ok recip_whitelist line 2");
  write("sender_whitelist", "@example.org\n");
  BOOST_TEST(asked() == "ok sender_whitelist line 1");
}

BOOST_AUTO_TEST_CASE(an_unverified_name_can_be_blocked_but_never_trusted) {
  write("whitelist", "claimed.example\n");
  BOOST_TEST(asked().empty());
  write("blacklist", "claimed.example\n");
  BOOST_TEST(asked() == "reject blacklist line 1");
}

BOOST_AUTO_TEST_CASE(bad_lines_are_logged_with_file_line_and_hint) {
  write("whitelist", "ok.example\n/re/\n");
  BOOST_TEST(log_text.find("policyd.list.bad_line file=" + folder + "/whitelist line=2") !=
             std::string::npos);
  BOOST_TEST(log_text.find("policyd.list.loaded file=" + folder + "/whitelist entries=1") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_that_cannot_be_read_stays_as_it_was) {
  write("sender_blacklist", "@example.org\n");
  std::system(
      ("rm " + folder + "/sender_blacklist && mkdir " + folder + "/sender_blacklist").c_str());
  read();
  BOOST_TEST(asked() == "reject sender_blacklist line 1");
  BOOST_TEST(log_text.find("policyd.list.unreadable") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_files_that_changed_are_read_again) {
  write("whitelist", "a.example\n");
  write("blacklist", "b.example\n");
  const auto before = files;
  log_text.clear();
  read();
  BOOST_TEST(log_text.empty());
  write("blacklist", "b.example\nc.example\n");
  BOOST_TEST(log_text == "policyd.list.loaded file=" + folder + "/blacklist entries=2\n");
  BOOST_TEST(files->lists.shared(policy::ListName::whitelist) ==
             before->lists.shared(policy::ListName::whitelist));
  std::system(("rm " + folder + "/blacklist").c_str());
  read();
  BOOST_TEST(files->lists.size() == 1U);
  log_text.clear();
  read(ListRead::all);
  BOOST_TEST(log_text == "policyd.list.loaded file=" + folder + "/whitelist entries=1\n");
}

BOOST_AUTO_TEST_CASE(all_problems_of_all_files_are_told_at_once) {
  BOOST_TEST(policy::list_file_problems(folder).empty());
  write("whitelist", "ok.example\n/\\.example$/\n");
  write("sender_blacklist", "192.0.2.1\n");
  BOOST_TEST(policy::list_file_problems(folder) ==
             folder +
                 "/whitelist:2: a regular expression: \"/\\\\.example$/\" (write *.example, or a "
                 "domain (example.org), a glob (*.dyn.example.org) or a network (192.0.2.0/24))\n" +
                 folder +
                 "/sender_blacklist:1: not an IP address or network: \"192.0.2.1\" (IP addresses "
                 "belong into whitelist or blacklist)");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(list_watch)

namespace {

policy::ListStamps stamps(std::uint64_t size) {
  policy::ListStamps all{};
  all[2].size = size;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_is_read_when_two_looks_agree) {
  policy::ListWatch watch;
  BOOST_TEST(!watch.is_due(stamps(1), stamps(1)));
  BOOST_TEST(!watch.is_due(stamps(2), stamps(1)));  // half written
  BOOST_TEST(!watch.is_due(stamps(3), stamps(1)));
  BOOST_TEST(watch.is_due(stamps(3), stamps(1)));
  BOOST_TEST(!watch.is_due(stamps(3), stamps(3)));
  // A change that is taken back needs nothing.
  BOOST_TEST(!watch.is_due(stamps(4), stamps(3)));
  BOOST_TEST(!watch.is_due(stamps(3), stamps(3)));
  BOOST_TEST(!watch.is_due(stamps(4), stamps(3)));
  BOOST_TEST(watch.is_due(stamps(4), stamps(3)));
}

BOOST_AUTO_TEST_CASE(a_file_that_never_rests_is_read_all_the_same) {
  policy::ListWatch watch;
  int reads = 0;
  for (std::uint64_t size = 2; size < 22; ++size) {
    reads += watch.is_due(stamps(size), stamps(1)) ? 1 : 0;
  }
  BOOST_TEST(reads == 4);
}

BOOST_AUTO_TEST_SUITE_END()
