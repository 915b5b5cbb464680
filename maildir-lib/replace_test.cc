// maildir-lib/replace_test.cc -- replacing mail in place: kills at each step, renames in between.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/replace.hh"

#include <array>
#include <cerrno>
#include <filesystem>
#include <functional>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/test_disk.hh"

namespace {

namespace fs = std::filesystem;
using maildir::MailPlace;
using maildir::Replaced;
using maildir::Substitute;

const std::string old_bytes = "Subject: old\n\nbody\n";
const std::string new_bytes = "not the same, and longer than the old one\n";
constexpr std::int64_t arrival = 1'600'000'000;
constexpr std::int64_t arrival_part = 123'456'789;

// Ends the process, lets calls fail, and does something in between.
class Calls final : public maildir::Killer {
 public:
  bool has_exchange = true;
  std::string fails{};
  std::function<void()> before_exchange{};
  std::function<void()> before_rename{};

 private:
  static void once(std::function<void()>& hook) {
    if (hook) {
      const auto run_it = std::exchange(hook, nullptr);
      run_it();
    }
  }
  int before(std::string_view call) override {
    if (call == "rename") {
      once(before_rename);
    }
    if (call == "exchange") {
      once(before_exchange);
      if (!has_exchange) {
        --done;  // this disk has no such call
        return EINVAL;
      }
    }
    const int error = Killer::before(call);
    return call == fails ? EIO : error;
  }
};

struct Account {
  Account() {
    std::string pattern = (fs::temp_directory_path() / "replace-test-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    for (const char* folder : {"", "/.Sent"}) {
      for (const char* name : {"tmp", "new", "cur"}) {
        fs::create_directories(path + folder + "/" + name);
      }
    }
  }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;
  Account(Account&&) = delete;
  Account& operator=(Account&&) = delete;
  ~Account() { fs::remove_all(path); }

  MailPlace place(const std::string& folder, const std::string& name) const {
    return {path + folder, name, false};
  }
  static void age(const std::string& file) {
    const std::array<timespec, 2> times{timespec{arrival, arrival_part},
                                        timespec{arrival, arrival_part}};
    BOOST_REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0);
  }
  void put(const MailPlace& mail, const Substitute& what) const {
    if (what.is_link) {
      fs::create_symlink(what.bytes, mail.path());
    } else {
      const auto fd = base::open_file(mail.path(), O_WRONLY | O_CREAT | O_EXCL, 0640);
      BOOST_REQUIRE(fd);
      BOOST_REQUIRE(base::write_all(fd->get(), what.bytes, mail.path()));
    }
    age(mail.path());
  }
  static std::string content(const std::string& file) {
    return fs::is_symlink(file) ? "-> " + fs::read_symlink(file).string()
                                : base::read_file(file).value();
  }
  std::vector<std::string> names(const std::string& folder) const {
    return base::list_directory(path + folder).value();
  }
  static maildir::Stamp seen(const MailPlace& mail) {
    const auto folder = maildir::Directory::open(mail.folder + (mail.in_new ? "/new" : "/cur"));
    return folder->stamp(mail.name).value();
  }
  // The mail is there once, old or new, with its time of arrival; after remove_rests() alone.
  void check_once(const std::string& folder, const Substitute& before, const Substitute& after) {
    const auto shown = [](const Substitute& what) {
      return what.is_link ? "-> " + what.bytes : what.bytes;
    };
    BOOST_REQUIRE(maildir::remove_rests(path + folder));
    BOOST_TEST(names(folder + "/tmp").empty());
    BOOST_TEST(names(folder + "/new").empty());
    const auto found = names(folder + "/cur");
    BOOST_REQUIRE(found.size() == 1U);
    const std::string file = path + folder + "/cur/" + found.front();
    const std::string bytes = content(file);
    BOOST_TEST((bytes == shown(before) || bytes == shown(after)), bytes);
    struct stat st {};
    BOOST_REQUIRE(::lstat(file.c_str(), &st) == 0);
    BOOST_TEST(st.st_mtim.tv_sec == arrival);
    BOOST_TEST(st.st_mtim.tv_nsec == arrival_part);
  }

  std::string path;
};

const std::string name = "1600000000.M1P2.vm,S=19,W=23:2,S";
const Substitute plain{old_bytes, false};
const Substitute packed{"pack:abc#0+19", true};
const Substitute shrunk{new_bytes, false};

base::Result<Replaced> replace(const MailPlace& mail, const Substitute& by, Calls& calls) {
  return maildir::replace_in_place({mail}, Account::seen(mail), by, base::system_clock(), calls);
}

// What runs with a kill before and behind each call, until it comes through; how often it was
// killed.
int kill_everywhere(const std::function<void(Account&)>& prepare,
                    const std::function<void(const Account&, Calls&)>& work,
                    const std::function<void(Account&)>& check) {
  int kills = 0;
  for (const bool behind : {false, true}) {
    for (int at = 1; at < 200; ++at) {
      Account account;
      prepare(account);
      const pid_t child = ::fork();
      if (child == 0) {
        Calls calls;
        calls.kill_at = at;
        calls.kills_behind = behind;
        work(account, calls);
        ::_exit(0);
      }
      int status = 0;
      BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
      BOOST_REQUIRE(WIFEXITED(status));
      BOOST_TEST_CONTEXT("killed at call " << at << (behind ? " behind" : " before")) {
        check(account);
      }
      if (WEXITSTATUS(status) == 0) {
        break;
      }
      BOOST_REQUIRE(WEXITSTATUS(status) == 9);
      ++kills;
    }
  }
  return kills;
}

BOOST_AUTO_TEST_SUITE(replacing)

BOOST_AUTO_TEST_CASE(files_and_links_take_each_others_place) {
  for (const bool has_exchange : {true, false}) {
    Account account;
    const auto mail = account.place("", name);
    account.put(mail, plain);
    fs::permissions(account.path + "/cur", fs::perms::owner_all);
    Calls calls;
    calls.has_exchange = has_exchange;
    for (const Substitute* by : {&shrunk, &packed, &plain}) {
      BOOST_TEST((replace(mail, *by, calls).value() == Replaced::done));
      account.check_once("", *by, *by);
    }
    BOOST_TEST(((fs::status(mail.path()).permissions() & fs::perms::all) ==
                (fs::perms::owner_read | fs::perms::owner_write)));
  }
}

BOOST_AUTO_TEST_CASE(a_file_keeps_its_mode) {
  Account account;
  const auto mail = account.place("", name);
  account.put(mail, plain);
  fs::permissions(mail.path(), fs::perms(0640));
  Calls calls;
  BOOST_TEST((replace(mail, shrunk, calls).value() == Replaced::done));
  BOOST_TEST((fs::status(mail.path()).permissions() == fs::perms(0640)));
}

BOOST_AUTO_TEST_CASE(killed_at_any_call_the_mail_is_there_once) {
  for (const bool has_exchange : {true, false}) {
    for (const auto& [before, after] :
         {std::pair(plain, shrunk), std::pair(plain, packed), std::pair(packed, plain)}) {
      const int kills =
          kill_everywhere([&](Account& account) { account.put(account.place("", name), before); },
                          [&](const Account& account, Calls& calls) {
                            calls.has_exchange = has_exchange;
                            (void)replace(account.place("", name), after, calls);
                          },
                          [&](Account& account) { account.check_once("", before, after); });
      BOOST_TEST(kills >= 16);
    }
  }
}

BOOST_AUTO_TEST_CASE(killed_while_all_links_are_replaced_none_is_lost) {
  const std::string other = "1600000001.M1P2.vm,S=19,W=23:2,";
  for (const bool has_exchange : {true, false}) {
    const int kills = kill_everywhere(
        [&](Account& account) {
          account.put(account.place("", name), plain);
          fs::create_hard_link(account.place("", name).path(),
                               account.place("/.Sent", other).path());
        },
        [&](const Account& account, Calls& calls) {
          calls.has_exchange = has_exchange;
          const auto mail = account.place("", name);
          (void)maildir::replace_in_place({mail, account.place("/.Sent", other)},
                                          Account::seen(mail), shrunk, base::system_clock(), calls);
        },
        [&](Account& account) {
          account.check_once("", plain, shrunk);
          account.check_once("/.Sent", plain, shrunk);
        });
    BOOST_TEST(kills >= 20);
  }
}

BOOST_AUTO_TEST_CASE(all_links_are_one_file_again) {
  Account account;
  const auto mail = account.place("", name);
  const auto copy = account.place("/.Sent", name);
  account.put(mail, plain);
  fs::create_hard_link(mail.path(), copy.path());
  BOOST_TEST(
      (maildir::replace_in_place({mail, copy}, Account::seen(mail), shrunk, base::system_clock())
           .value() == Replaced::done));
  BOOST_TEST(fs::equivalent(mail.path(), copy.path()));
  BOOST_TEST(fs::hard_link_count(mail.path()) == 2U);
  account.check_once("/.Sent", shrunk, shrunk);
}

BOOST_AUTO_TEST_CASE(a_flag_that_changes_in_between_is_kept) {
  const std::string renamed = "1600000000.M1P2.vm,S=19,W=23:2,FS";
  for (const bool has_exchange : {true, false}) {
    Account account;
    const auto mail = account.place("", name);
    account.put(mail, plain);
    Calls calls;
    calls.has_exchange = has_exchange;
    calls.before_exchange = [&] { fs::rename(mail.path(), account.place("", renamed).path()); };
    BOOST_TEST((replace(mail, shrunk, calls).value() == Replaced::done));
    account.check_once("", shrunk, shrunk);
    BOOST_TEST(account.names("/cur").front() == renamed);
  }
}

BOOST_AUTO_TEST_CASE(without_exchange_a_rename_at_the_last_moment_does_not_double_it) {
  const std::string renamed = "1600000000.M1P2.vm,S=19,W=23:2,FS";
  Account account;
  const auto mail = account.place("", name);
  account.put(mail, plain);
  Calls calls;
  calls.has_exchange = false;
  calls.before_rename = [&] { fs::rename(mail.path(), account.place("", renamed).path()); };
  BOOST_TEST((replace(mail, shrunk, calls).value() == Replaced::done));
  account.check_once("", shrunk, shrunk);
  BOOST_TEST(account.names("/cur").front() == renamed);
}

BOOST_AUTO_TEST_CASE(it_is_found_when_it_goes_from_new_to_cur) {
  Account account;
  MailPlace mail{account.path, "1600000000.M1P2.vm,S=19,W=23", true};
  account.put(mail, plain);
  Calls calls;
  calls.before_exchange = [&] { fs::rename(mail.path(), account.path + "/cur/" + name); };
  BOOST_TEST((replace(mail, shrunk, calls).value() == Replaced::done));
  account.check_once("", shrunk, shrunk);
}

BOOST_AUTO_TEST_CASE(an_expunged_mail_does_not_come_back) {
  for (const bool has_exchange : {true, false}) {
    Account account;
    const auto mail = account.place("", name);
    account.put(mail, plain);
    Calls calls;
    calls.has_exchange = has_exchange;
    calls.before_exchange = [&] { fs::remove(mail.path()); };
    BOOST_TEST((replace(mail, shrunk, calls).value() == Replaced::gone));
    BOOST_TEST(account.names("/cur").empty());
    BOOST_TEST(account.names("/tmp").empty());
  }
}

BOOST_AUTO_TEST_CASE(what_somebody_else_put_there_stays) {
  for (const bool has_exchange : {true, false}) {
    Account account;
    const auto mail = account.place("", name);
    account.put(mail, plain);
    const Substitute other{"Subject: restored\n\nx\n", false};
    Calls calls;
    calls.has_exchange = has_exchange;
    calls.before_exchange = [&] {
      fs::rename(mail.path(), account.path + "/aside");  // its inode is not given out again
      account.put(mail, other);
    };
    BOOST_TEST((replace(mail, shrunk, calls).value() == Replaced::changed));
    account.check_once("", other, other);
  }
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_leaves_the_mail) {
  for (const char* call : {"open", "write", "fsync", "exchange", "symlink"}) {
    for (const Substitute* by : {&shrunk, &packed}) {
      Account account;
      const auto mail = account.place("", name);
      account.put(mail, plain);
      Calls calls;
      calls.fails = call;
      const auto done = replace(mail, *by, calls);
      const bool is_asked =
          by->is_link ? call != std::string("write") : call != std::string("symlink");
      BOOST_TEST(static_cast<bool>(done) == !is_asked);
      account.check_once("", plain, is_asked ? plain : *by);
    }
  }
}

BOOST_AUTO_TEST_CASE(when_the_exchange_is_not_known_to_be_durable_the_old_file_stays_in_tmp) {
  Account account;
  const auto mail = account.place("", name);
  account.put(mail, plain);
  Calls calls;
  calls.before_exchange = [&] { calls.fails = "fsync"; };
  BOOST_TEST(!replace(mail, shrunk, calls));
  const auto rests = account.names("/tmp");
  BOOST_REQUIRE(rests.size() == 1U);
  // Where there is no exchange (NFS) a rename has put the new one in its place, and keeps a link.
  const std::string rest = account.path + "/tmp/" + rests.front();
  BOOST_TEST((Account::content(rest) == old_bytes || fs::equivalent(rest, mail.path())));
  account.check_once("", shrunk, shrunk);
}

BOOST_AUTO_TEST_CASE(many_are_replaced_at_once) {
  Account account;
  maildir::Replacements many(base::system_clock());
  for (int i = 0; i < 20; ++i) {
    const auto mail = account.place("", std::to_string(i) + ".M1P2.vm,S=19,W=23:2,S");
    account.put(mail, plain);
    BOOST_REQUIRE(many.add({mail}, Account::seen(mail), i % 2 == 0 ? shrunk : packed));
  }
  fs::remove(account.place("", "7.M1P2.vm,S=19,W=23:2,S").path());
  const auto done = many.commit();
  BOOST_REQUIRE(done);
  for (std::size_t i = 0; i < 20; ++i) {
    BOOST_TEST(((*done)[i] == (i == 7 ? Replaced::gone : Replaced::done)));
  }
  BOOST_TEST(account.names("/cur").size() == 19U);
  BOOST_TEST(account.names("/tmp").empty());
  BOOST_TEST(many.size() == 0U);
}

BOOST_AUTO_TEST_CASE(rests_of_others_stay_in_tmp) {
  Account account;
  const MailPlace delivery{account.path, "x", false};
  account.put(delivery, plain);
  fs::rename(delivery.path(), account.path + "/tmp/1600000000.M1P2.vm");
  fs::create_symlink("pack:gone", account.path + "/tmp/posthouse-1");
  BOOST_TEST(maildir::remove_rests(account.path).value() == 1U);
  BOOST_TEST(account.names("/tmp").front() == "1600000000.M1P2.vm");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
