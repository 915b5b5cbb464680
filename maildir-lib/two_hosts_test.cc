// maildir-lib/two_hosts_test.cc -- one Maildir as two hosts see it that share it by NFS.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// POSTHOUSE_TWO_MOUNTS=A:B names one folder on two mounts of a file system, each with a cache of
// its own (test/nfs); without it both are the same folder. `here` is the host under test: it has
// looked at everything just before `there` changes it, so that its cache is warm and wrong.
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/account_files.hh"
#include "maildir-lib/delivery.hh"
#include "maildir-lib/dotlock.hh"
#include "maildir-lib/filename.hh"
#include "maildir-lib/ids.hh"
#include "maildir-lib/index.hh"
#include "maildir-lib/keywords.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/replace.hh"

namespace {

namespace fs = std::filesystem;
using maildir::MailPlace;
using maildir::Replaced;
using maildir::Substitute;
using namespace std::chrono_literals;

const std::string old_bytes = "Subject: old\n\nbody\n";
const Substitute shrunk{"what it is compressed\n", false};
const Substitute packed{"pack:abc#0+19", true};
const std::string name = "1600000000.M1P2.vm,S=19,W=22:2,";
const std::string flagged = name + "FS";

struct TwoHosts {
  TwoHosts() {
    const char* given = std::getenv("POSTHOUSE_TWO_MOUNTS");
    const std::string mounts = given == nullptr ? "" : given;
    const std::string first =
        given == nullptr ? fs::temp_directory_path().string() : mounts.substr(0, mounts.find(':'));
    std::string pattern = first + "/two-hosts-XXXXXX";
    here = ::mkdtemp(pattern.data());
    there =
        given == nullptr ? here : mounts.substr(mounts.find(':') + 1) + here.substr(first.size());
    for (const char* folder : {"tmp", "new", "cur"}) {
      fs::create_directory(here + "/" + folder);
    }
  }
  TwoHosts(const TwoHosts&) = delete;
  TwoHosts& operator=(const TwoHosts&) = delete;
  TwoHosts(TwoHosts&&) = delete;
  TwoHosts& operator=(TwoHosts&&) = delete;
  ~TwoHosts() { fs::remove_all(here); }

  // A mail that both have looked at; what `here` knows of it.
  maildir::Stamp put(const std::string& what = name) const {
    BOOST_REQUIRE(base::replace_file(here + "/cur/" + what, old_bytes));
    const auto stamp = look(here, what);
    BOOST_REQUIRE(stamp);
    BOOST_REQUIRE(look(there, what));
    return *stamp;
  }
  static std::optional<maildir::Stamp> look(const std::string& host, const std::string& what) {
    BOOST_REQUIRE(base::list_directory(host + "/cur"));
    (void)base::read_file(host + "/cur/" + what);
    return maildir::Directory::open(host + "/cur")->stamp(what);
  }
  void rename_there(const std::string& from, const std::string& to) const {
    BOOST_REQUIRE(::rename((there + "/cur/" + from).c_str(), (there + "/cur/" + to).c_str()) == 0);
  }
  Replaced replace(const maildir::Stamp& seen, const Substitute& by = shrunk) const {
    const auto done =
        maildir::replace_in_place({MailPlace{here, name, false}}, seen, by, base::system_clock());
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().text()));
    return *done;
  }
  // The only name in cur/ on both; empty when there is none.
  std::string only_name() const {
    const auto one = base::list_directory(here + "/cur").value();
    const auto other = base::list_directory(there + "/cur").value();
    BOOST_TEST(one == other, boost::test_tools::per_element());
    BOOST_TEST(base::list_directory(here + "/tmp").value().empty());
    BOOST_REQUIRE(one.size() < 2U);
    return one.empty() ? "" : one.front();
  }
  std::string bytes(const std::string& host, const std::string& what) const {
    return base::read_file(host + "/cur/" + what).value();
  }
  // Both hosts at the same time, one in a process of its own; true when both said so.
  template <typename Work>
  bool both(Work work) const {
    const pid_t child = ::fork();
    if (child == 0) {
      ::_exit(work(there, 1) ? 0 : 1);
    }
    const bool done = work(here, 0);
    int status = 1;
    return ::waitpid(child, &status, 0) == child && status == 0 && done;
  }

  std::string here;
  std::string there;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(two_hosts, TwoHosts)

BOOST_AUTO_TEST_CASE(mail_delivered_by_either_is_seen_by_both_at_once) {
  for (int i = 0; i < 20; ++i) {
    const auto& [from, to] = i % 2 == 0 ? std::pair(here, there) : std::pair(there, here);
    auto delivery = maildir::Delivery::begin(from, base::system_clock(), {});
    BOOST_REQUIRE(delivery);
    BOOST_REQUIRE(delivery->write(old_bytes));
    const auto made = delivery->commit(maildir::Flags{});
    BOOST_REQUIRE(made);
    BOOST_TEST(base::list_directory(to + "/cur").value().size() == static_cast<std::size_t>(i) + 1);
    BOOST_TEST(bytes(to, *made) == old_bytes);
    BOOST_TEST(base::list_directory(to + "/tmp").value().empty());
  }
}

BOOST_AUTO_TEST_CASE(mail_is_replaced_and_seen_whole_by_the_other) {
  const auto seen = put();
  BOOST_TEST((replace(seen) == Replaced::done));
  BOOST_TEST(only_name() == name);
  BOOST_TEST(bytes(there, name) == shrunk.bytes);
}

BOOST_AUTO_TEST_CASE(a_flag_that_the_other_has_set_is_kept) {
  for (const Substitute* by : {&shrunk, &packed}) {
    const auto seen = put();
    rename_there(name, flagged);
    BOOST_TEST((replace(seen, *by) == Replaced::done));
    BOOST_TEST(only_name() == flagged);
    fs::remove(here + "/cur/" + flagged);
  }
}

BOOST_AUTO_TEST_CASE(mail_that_the_other_has_expunged_does_not_come_back) {
  for (const Substitute* by : {&shrunk, &packed}) {
    const auto seen = put();
    BOOST_REQUIRE(::unlink((there + "/cur/" + name).c_str()) == 0);
    BOOST_TEST((replace(seen, *by) == Replaced::gone));
    BOOST_TEST(only_name().empty());
  }
}

BOOST_AUTO_TEST_CASE(mail_that_the_other_has_replaced_is_left_alone) {
  const auto seen = put();
  BOOST_REQUIRE(base::replace_file(there + "/cur/" + name, "of another\n"));
  BOOST_TEST((replace(seen) == Replaced::changed));
  BOOST_TEST(only_name() == name);
  BOOST_TEST(bytes(here, name) == "of another\n");
}

BOOST_AUTO_TEST_CASE(where_a_mail_is_now_is_found_with_a_wrong_cache) {
  (void)put();
  rename_there(name, flagged);
  MailPlace place{here, name, false};
  BOOST_TEST(maildir::find_again(place).value());
  BOOST_TEST(bytes(here, place.name) == old_bytes);
  BOOST_REQUIRE(::unlink((there + "/cur/" + flagged).c_str()) == 0);
  BOOST_TEST(!maildir::find_again(place).value());
}

BOOST_AUTO_TEST_CASE(a_dotlock_keeps_the_other_out) {
  BOOST_REQUIRE(base::replace_file(here + "/count", "0"));
  BOOST_TEST(both([](const std::string& host, int) {
    for (int i = 0; i < 50; ++i) {
      const auto lock = maildir::Dotlock::take(host + "/dovecot-uidlist", 60s);
      const auto count = lock ? base::read_file(host + "/count") : base::Result<std::string>("");
      if (!lock || !count ||
          !base::replace_file(host + "/count", std::to_string(std::stoi(*count) + 1))) {
        return false;
      }
    }
    return true;
  }));
  BOOST_REQUIRE(base::list_directory(here));  // a name alone may lead to what was there before
  BOOST_TEST(base::read_file(here + "/count").value() == "100");
}

BOOST_AUTO_TEST_CASE(keywords_of_both_get_letters_of_their_own) {
  BOOST_TEST(both([](const std::string& host, int number) {
    for (int i = 0; i < 13; ++i) {
      const std::vector<std::string> one{"k" + std::to_string(2 * i + number)};
      if (!maildir::add_keywords(host, one, 60s)) {
        return false;
      }
    }
    return true;
  }));
  BOOST_REQUIRE(base::list_directory(there));
  const auto keywords =
      maildir::parse_keywords(base::read_file(there + "/dovecot-keywords").value());
  for (int i = 0; i < 26; ++i) {
    BOOST_TEST(maildir::keyword_index(keywords, "k" + std::to_string(i)) < 26U);
  }
}

BOOST_AUTO_TEST_CASE(one_works_on_an_account_at_a_time) {
  auto lock = maildir::AccountLock::take(here);
  BOOST_REQUIRE(lock);
  if (here != there) {
    const auto other = maildir::AccountLock::take(there);
    BOOST_REQUIRE(!other);
    BOOST_TEST((other.error().code == base::Errc::unavailable));
  }
  { const auto ended = std::move(*lock); }
  BOOST_TEST(maildir::AccountLock::take(there).has_value());
}

BOOST_AUTO_TEST_CASE(numbers_of_ids_are_given_out_once) {
  BOOST_TEST(both([](const std::string& host, int) {
    maildir::IdsPlace seen;
    for (int i = 0; i < 30; ++i) {
      auto log = maildir::IdsLog::open(host + "/ids.log", 60s);
      if (!log || !log->read(seen)) {
        return false;
      }
      const maildir::IdRecord next{seen.largest + 1, {}};
      if (!log->append({&next, 1}, seen)) {
        return false;
      }
    }
    return true;
  }));
  maildir::IdsPlace seen;
  const auto all = maildir::IdsLog::open(there + "/ids.log", 1s)->read(seen);
  BOOST_REQUIRE(all);
  BOOST_TEST(all->damaged == 0U);
  BOOST_REQUIRE(all->records.size() == 60U);
  for (std::size_t i = 0; i < 60; ++i) {
    BOOST_TEST(all->records[i].number == i + 1);
  }
}

BOOST_AUTO_TEST_CASE(a_pack_of_the_other_is_read_and_missed_when_it_goes) {
  const std::string folder = there + "/packs";
  fs::create_directory(folder);
  const std::string body(200'000, 'x');
  const std::string mail = "Subject: packed\n\n" + body;
  const auto write = [&](const std::string& id) {
    auto writer = maildir::PackWriter::begin(folder, id).value();
    (void)writer.add({"", name, "", 1'600'000'000}, mail).value();
    return writer.finish().value().front();
  };
  maildir::Packs packs(maildir::Directory::open(here).value());
  const std::string id = maildir::new_pack_id();
  const maildir::Stub missing{id, 0, mail.size()};
  BOOST_TEST((packs.read(missing).error().code == base::Errc::not_found));
  const auto one = write(maildir::new_pack_id());
  const auto two = write(id);
  BOOST_TEST(packs.read(one).value() == mail);
  BOOST_TEST(packs.read(two).value() == mail);
  fs::remove_all(folder);
  maildir::Packs others(maildir::Directory::open(here).value());
  BOOST_TEST((others.read(one).error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_pack_is_opened_anew_when_its_descriptor_is_of_no_use) {
  const std::string folder = here + "/packs";
  fs::create_directory(folder);
  const std::string mail = "Subject: packed\n\n" + std::string(200'000, 'x');
  const maildir::Stub stub = [&] {
    auto writer = maildir::PackWriter::begin(folder, maildir::new_pack_id()).value();
    (void)writer.add({"", name, "", 1'600'000'000}, mail).value();
    return writer.finish().value().front();
  }();
  maildir::Packs packs(maildir::Directory::open(here).value());
  BOOST_TEST(packs.piece(stub, 0).value().starts_with("Subject"));
  const base::Fd unreadable(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  int spoiled = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code closed;
    const auto target = fs::read_symlink(entry.path(), closed);
    if (!closed && target.filename().string().starts_with(stub.pack)) {
      BOOST_REQUIRE(::dup2(unreadable.get(), std::stoi(entry.path().filename())) >= 0);
      ++spoiled;
    }
  }
  BOOST_TEST(spoiled == 1);
  BOOST_TEST(packs.read(stub).value() == mail);
}

BOOST_AUTO_TEST_CASE(a_mail_that_is_open_is_replaced_and_read_on) {
  // The client of NFS keeps what is open under another name in the folder, .nfs and a number.
  const auto seen = put();
  const auto open = base::open_file(here + "/cur/" + name, O_RDONLY).value();
  BOOST_TEST((replace(seen) == Replaced::done));
  BOOST_TEST(maildir::read_all(open.get(), 1000).value() == old_bytes);
  const auto account = maildir::list_account(here);
  BOOST_REQUIRE(account);
  BOOST_REQUIRE(account->files.size() == 1U);
  BOOST_TEST(account->files.front().name == name);
  BOOST_REQUIRE(base::list_directory(there + "/cur"));
  BOOST_TEST(bytes(there, name) == shrunk.bytes);
}

BOOST_AUTO_TEST_CASE(links_are_counted_and_made_by_both) {
  (void)put();
  for (const std::string& host : {there, here, there}) {
    const auto linked =
        maildir::link_message(host + "/cur/" + name, host, 19, 22, base::system_clock());
    BOOST_REQUIRE_MESSAGE(linked.has_value(), (linked ? "" : linked.error().text()));
  }
  const auto account = maildir::list_account(here);
  BOOST_REQUIRE(account);
  BOOST_REQUIRE(account->files.size() == 4U);
  for (const auto& file : account->files) {
    BOOST_TEST(file.links == 4U);
  }
}

BOOST_AUTO_TEST_CASE(the_index_follows_what_the_other_does) {
  const std::string state = (fs::temp_directory_path() / "two-hosts-index").string();
  auto index = maildir::Index::open({here, here + "/ids.log", state + "/index.db", {}}).value();
  const auto count = [&] {
    BOOST_REQUIRE(index->refresh(base::system_clock().now()));
    return index->folders().front().counts.emails;
  };
  BOOST_TEST(count() == 0);
  for (int i = 1; i < 6; ++i) {
    auto delivery = maildir::Delivery::begin(there, base::system_clock(), {});
    BOOST_REQUIRE(delivery->write("Message-ID: <" + std::to_string(i) + "@x>\n\nx\n"));
    BOOST_REQUIRE(delivery->commit(maildir::Flags{}));
    BOOST_TEST(count() == i);
  }
  index.reset();
  fs::remove_all(state);
}

BOOST_AUTO_TEST_SUITE_END()
