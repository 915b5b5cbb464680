// maildir-lib/adopt_test.cc -- a Maildir of Courier is taken over, whole, twice, and killed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/adopt.hh"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/dotlock.hh"
#include "maildir-lib/test_disk.hh"
#include "maildir-lib/test_watcher.hh"

namespace {

namespace fs = std::filesystem;
using maildir::Adopted;
using maildir::AdoptedAccount;
using maildir::Adoption;

constexpr const char* archive = ".\xE5\xBD\x92\xE6\xA1\xA3";  // 归档, as Courier IMAP 5 writes it

// What the servers of Courier IMAP 5.0 left, as they left it.
struct Account {
  Account() {
    std::string pattern = (fs::temp_directory_path() / "adopt-test-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    for (const std::string folder : {"", "/.Sent", "/.Empty"}) {
      add_folder(folder);
    }
    add_folder(std::string("/") + archive);
    put("/cur/1111.M1P1.host:2,S", "Subject: one\n\nhello\n");
    put("/cur/1112.M1P1.host,S=18:2,A", "Subject: two\r\n\r\nx\n");
    put("/cur/1113.M1P1.host:2,FS", "three");
    put("/cur/1114.M1P1.host:2,", "four\n");
    put("/new/1115.M1P1.host", "five\n");
    put("/courierimapuiddb",
        "1 795373429 12\n9 1111.M1P1.host\n4 1112.M1P1.host,S=18\n7 1113.M1P1.host\n"
        "11 gone.host\n");
    put("/courierpop3dsizelist",
        "/3 6 795000000\n1111.M1P1.host:2,S 22 1:795000000:0\n1112.M1P1.host,S=18:2, 18 "
        "2:795000000:0\n"
        "1114.M1P1.host:2, 6 5:795000000:0\n");
    fs::create_directory(root + "/courierimapkeywords");
    put("/courierimapkeywords/:list",
        "$Label1\nwork\nnaïve\n\n1111.M1P1.host:0 1\n1112.M1P1.host,S=18:0\n1113.M1P1.host:1 2\n"
        "gone.host:0\n");
    put("/courierimapkeywords/.5984580.1112.M1P1.host,S=18", "");
    put("/courierimapkeywords/.5984581.1112.M1P1.host,S=18", "WORK\n");
    put("/courierimapkeywords/1114.M1P1.host", "later\n");
    put("/courierimapsubscribed", "INBOX.Sent\nINBOX.归档\n#shared.bob\n");
    put("/.Sent/cur/2111.M1P1.host:2,S", "sent\n");
    put("/.Sent/courierimapuiddb", "1 795373500 2\n1 2111.M1P1.host\n");
    put("/.Sent/courierimapacl", "owner aceilrstwx\nuser=bob lr\n");
    put(std::string("/") + archive + "/courierimapuiddb", "1 795373600 1\n");
    put("/maildirfilter", "to Maildir\n");
  }
  // As some seconds would make them: a lock is believed for so long without asking who holds it.
  void age_locks() const {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().extension() == ".lock") {
        fs::last_write_time(entry.path(),
                            fs::file_time_type::clock::now() - std::chrono::seconds(10));
      }
    }
  }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;
  Account(Account&&) = delete;
  Account& operator=(Account&&) = delete;
  ~Account() { fs::remove_all(root); }

  void add_folder(const std::string& folder) const {
    for (const char* part : {"/tmp", "/new", "/cur"}) {
      fs::create_directories(root + folder + part);
    }
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(root + name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    return base::read_file(root + name).value_or("(none)");
  }
  bool has(const std::string& name) const { return fs::exists(root + name); }

  AdoptedAccount adopt(const Adoption& how = {}) const {
    maildir::TestWatcher watcher;
    const auto adopted = maildir::adopt_account(root, how, watcher);
    BOOST_REQUIRE_MESSAGE(adopted.has_value(), (adopted ? std::string() : adopted.error().text()));
    return *adopted;
  }
  // Every file with what is in it, but locks: one whose process is gone counts for nobody.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const std::string name = entry.path().string().substr(root.size());
      if (entry.is_regular_file() && !name.starts_with("/packs") && !name.ends_with(".lock")) {
        all[name] = read(name);
      }
    }
    return all;
  }

  std::string root;
};

bool has_note(const AdoptedAccount& adopted, const std::string& what, const std::string& part) {
  return std::any_of(adopted.notes.begin(), adopted.notes.end(), [&](const auto& note) {
    return note.what == what && (note.path + ": " + note.detail).find(part) != std::string::npos;
  });
}

// A run's letters depend on none but the folder: a and b, in the order of use.
constexpr const char* inbox_uidlist =
    "3 V795373429 N13\n4 PUID2-795000000 O2 :1112.M1P1.host,S=18\n7 :1113.M1P1.host\n"
    "9 PUID1-795000000 O1 :1111.M1P1.host\n12 PUID5-795000000 O3 :1114.M1P1.host\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(adopt)

BOOST_AUTO_TEST_CASE(uids_uidls_keywords_and_subscriptions_are_those_of_courier) {
  const Account account;
  const auto before = account.files();
  const AdoptedAccount adopted = account.adopt();
  BOOST_TEST(account.read("/subscriptions") == "V\t2\n\nSent\n&X1JoYw-\n");
  BOOST_TEST(account.read("/dovecot-keywords") == "0 work\n1 $Label1\n2 later\n");
  BOOST_TEST(account.has("/cur/1111.M1P1.host:2,Sab"));
  BOOST_TEST(account.has("/cur/1112.M1P1.host,S=18:2,Aa"));  // and ExtMail's letter stays
  BOOST_TEST(account.has("/cur/1113.M1P1.host:2,FSa"));
  BOOST_TEST(account.has("/cur/1114.M1P1.host:2,c"));
  BOOST_TEST(account.read("/.Sent/dovecot-uidlist") == "3 V795373500 N2\n1 :2111.M1P1.host\n");
  BOOST_TEST(!account.has("/.Empty/dovecot-uidlist"));
  BOOST_TEST(adopted.folders.at(0).counts.uids == 3U);
  BOOST_TEST(adopted.folders.at(0).counts.uidls == 3U);
  BOOST_TEST(adopted.folders.at(0).counts.keywords == 4U);
  BOOST_TEST(adopted.subscriptions == 2U);
  BOOST_TEST(has_note(adopted, "keyword", "naïve of 1 mails"));
  BOOST_TEST(has_note(adopted, "subscription", "#shared.bob"));
  BOOST_TEST(has_note(adopted, "shared", "user=bob"));
  BOOST_TEST(has_note(adopted, "filter", "/maildirfilter"));
  BOOST_TEST(has_note(adopted, "name", "--rename-folders"));
  for (const auto& [name, text] : before) {
    BOOST_TEST((name.starts_with("/cur/") || account.read(name) == text), name);
  }
}

BOOST_AUTO_TEST_CASE(the_uidlist_of_inbox_holds_the_order_of_pop3) {
  const Account account;
  (void)account.adopt();
  BOOST_TEST(account.read("/dovecot-uidlist") == inbox_uidlist);
}

BOOST_AUTO_TEST_CASE(a_second_run_changes_nothing_and_says_so) {
  const Account account;
  (void)account.adopt();
  const auto before = account.files();
  const AdoptedAccount again = account.adopt();
  BOOST_TEST(again.folders.at(0).disk_name == "");
  BOOST_TEST((again.folders.at(0).state == Adopted::before));
  BOOST_TEST(again.subscriptions == 0U);
  BOOST_TEST((account.files() == before));
}

BOOST_AUTO_TEST_CASE(a_rehearsal_counts_the_same_and_changes_nothing) {
  const Account account;
  const auto before = account.files();
  const AdoptedAccount told = account.adopt({.is_rehearsal = true, .gives_sizes = true});
  BOOST_TEST((account.files() == before));
  BOOST_TEST(told.folders.at(0).counts.uids == 3U);
  BOOST_TEST(told.folders.at(0).counts.keywords == 4U);
  BOOST_TEST(told.folders.at(0).counts.sized == 5U);
  BOOST_TEST(!account.has("/packs"));
}

BOOST_AUTO_TEST_CASE(of_too_many_keywords_those_of_most_mails_get_letters) {
  const Account account;
  std::string words;
  std::string all;
  for (int i = 0; i < 30; ++i) {
    words += "word" + std::to_string(i) + "\n";
    all += " " + std::to_string(i);
  }
  account.put("/courierimapkeywords/:list",
              words + "\n1111.M1P1.host:" + all + "\n1113.M1P1.host:27 28 29\n");
  const AdoptedAccount adopted = account.adopt();
  const auto told = std::count_if(adopted.notes.begin(), adopted.notes.end(),
                                  [](const auto& note) { return note.what == "keyword"; });
  BOOST_TEST(told == 6);  // with "work" and "later" there are 32
  BOOST_TEST(account.read("/dovecot-keywords").starts_with("0 word27\n1 word28\n2 word29\n"));
  BOOST_TEST(account.has("/cur/1113.M1P1.host:2,FSabc"));
}

BOOST_AUTO_TEST_CASE(sizes_come_into_names_where_they_are_asked_for) {
  const Account account;
  (void)account.adopt({.gives_sizes = true});
  BOOST_TEST(account.has("/cur/1111.M1P1.host,S=20,W=23:2,Sab"));
  BOOST_TEST(account.has("/cur/1112.M1P1.host,S=18,W=19:2,Aa"));
  BOOST_TEST(account.has("/cur/1113.M1P1.host,S=5,W=5:2,FSa"));
  BOOST_TEST(account.has("/new/1115.M1P1.host,S=5,W=6"));
  BOOST_TEST(
      account.read("/dovecot-uidlist").find("9 PUID1-795000000 O1 :1111.M1P1.host,S=20,W=23\n") !=
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(folders_named_in_utf_8_get_the_names_of_dovecot) {
  const Account account;
  const AdoptedAccount adopted = account.adopt({.renames_folders = true});
  BOOST_TEST(adopted.renamed == 1U);
  BOOST_TEST(!account.has(std::string("/") + archive));
  BOOST_TEST(account.read("/.&X1JoYw-/dovecot-uidlist") == "3 V795373600 N1\n");
}

BOOST_AUTO_TEST_CASE(what_dovecot_has_opened_is_left_alone_and_told) {
  const Account account;
  account.put("/dovecot-uidlist",
              "3 V1795373778 N3 G327f5632d03a036b9e48000083ecc375\n1 :1111.M1P1.host\n");
  account.put("/subscriptions", "V\t2\n\nOther\n");
  const auto before = account.files();
  const AdoptedAccount adopted = account.adopt();
  BOOST_TEST((adopted.folders.at(0).state == Adopted::dovecots));
  BOOST_TEST(has_note(adopted, "dovecot", "Courier's was 795373429"));
  BOOST_TEST((adopted.folders.at(2).state == Adopted::now));  // Sent
  for (const auto& [name, text] : before) {
    BOOST_TEST(account.read(name) == text, name);
  }
}

BOOST_AUTO_TEST_CASE(who_used_pop3_alone_keeps_his_uidls) {
  const Account account;
  fs::remove(account.root + "/courierimapuiddb");
  const AdoptedAccount adopted = account.adopt();
  const std::string list = account.read("/dovecot-uidlist");
  BOOST_TEST(list.substr(list.find(" N")) ==
             " N4\n1 PUID1-795000000 :1111.M1P1.host\n2 PUID2-795000000 :1112.M1P1.host,S=18\n"
             "3 PUID5-795000000 :1114.M1P1.host\n");
  BOOST_TEST((account.adopt().folders.at(0).state == Adopted::before));
}

BOOST_AUTO_TEST_CASE(damaged_files_are_told_and_the_mail_stays) {
  const Account account;
  account.put("/courierimapuiddb", "nonsense\n");
  account.put("/courierpop3dsizelist", "/9 nonsense\n");
  const AdoptedAccount adopted = account.adopt();
  BOOST_TEST(has_note(adopted, "damaged", "courierimapuiddb"));
  BOOST_TEST(has_note(adopted, "damaged", "courierpop3dsizelist"));
  BOOST_TEST(!account.has("/dovecot-uidlist"));
  BOOST_TEST(account.has("/cur/1111.M1P1.host:2,Sab"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_dovecot_holds_is_waited_for) {
  const Account account;
  const auto lock =
      maildir::Dotlock::take(account.root + "/dovecot-uidlist", std::chrono::seconds(1));
  BOOST_REQUIRE(lock);
  maildir::TestWatcher watcher;
  const auto adopted =
      maildir::adopt_account(account.root, {.patience = std::chrono::milliseconds(50)}, watcher);
  BOOST_REQUIRE(!adopted);
  BOOST_TEST((adopted.error().code == base::Errc::timeout));
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_leaves_no_uidlist) {
  for (const char* call : {"open", "write", "fsync", "rename"}) {
    const Account account;
    maildir::BrokenDisk disk(call);
    maildir::TestWatcher watcher;
    BOOST_TEST(!maildir::adopt_account(account.root, {.calls = &disk}, watcher).has_value(), call);
    BOOST_TEST(!account.has("/dovecot-uidlist"), call);
    BOOST_TEST(!account.has("/subscriptions"), call);
  }
}

// Killed before and behind each call that changes the disk; then a run that is not killed.
BOOST_AUTO_TEST_CASE(killed_at_any_call_the_next_run_ends_the_same) {
  const Adoption how{.gives_sizes = true, .renames_folders = true};
  const Account whole;
  (void)whole.adopt(how);
  const auto wanted = whole.files();
  int kills = 0;
  for (const bool behind : {false, true}) {
    for (int at = 1;; ++at) {
      const Account account;
      const bool is_killed = maildir::run_killed(at, behind, [&](maildir::DiskCalls& disk) {
        Adoption mine = how;
        mine.calls = &disk;
        (void)account.adopt(mine);
      });
      account.age_locks();
      (void)account.adopt(how);
      auto found = account.files();
      for (const auto& [name, text] : found) {
        BOOST_TEST((wanted.contains(name) && wanted.at(name) == text),
                   "killed at call " << at << (behind ? ", behind it: " : ": ") << name);
      }
      BOOST_TEST(found.size() == wanted.size());
      if (!is_killed) {
        break;
      }
      ++kills;
    }
  }
  BOOST_TEST(kills > 50);
}

BOOST_AUTO_TEST_SUITE_END()
