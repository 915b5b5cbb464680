// maildir-lib/index_model_test.cc -- random changes of a Maildir; the index must follow, ids stay.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>
#include <random>

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "maildir-lib/index.hh"
#include "maildir-lib/test_dovecot.hh"

namespace {

using maildir::Index;
using maildir::IndexDb;
using maildir::Kind;
using maildir::TestDovecot;

class Model {
 public:
  explicit Model(unsigned seed) : random_(seed) {
    for (const char* folder : {".Sent", ".Work", ".Work.Old"}) {
      dovecot_.add_folder(folder);
    }
  }

  void step() {
    const int what = pick(100);
    auto& files = dovecot_.files();
    const bool any = !files.empty();
    if (what < 25 || !any) {
      const std::string text = "Subject: s\nMessage-ID: <" + std::to_string(pick(1'000'000)) +
                               "@x>\n\nmail " + std::to_string(pick(1000)) + "\n";
      dovecot_.deliver(folder(), text, pick(3) != 0);
    } else if (what < 45) {
      dovecot_.set_flags(files[file()], flags());
    } else if (what < 60) {
      dovecot_.move(file(), folder());
    } else if (what < 70) {
      dovecot_.copy(file(), folder());
    } else if (what < 78) {
      dovecot_.expunge(file());
    } else if (what < 82) {
      dovecot_.rewrite_uidlist(folder());
    } else if (what < 85) {
      check();  // a GUID that nobody has seen dies with the uidlist
      dovecot_.lose_uidlist(folder());
    } else if (what < 90) {
      rename_folder();
    } else if (what < 92) {
      check();
      index_.reset();
      IndexDb::remove(options().file);
      states_.clear();
    } else if (what < 95) {
      index_.reset();  // a restart
    } else if (what < 97) {
      kill_somebody();
    } else {
      check();
    }
  }

  // The index against the Maildir; every mail has the number it always had.
  void check() {
    Index& index = open();
    const auto refreshed = index.refresh(base::system_clock().now());
    BOOST_REQUIRE_MESSAGE(refreshed.has_value(), (refreshed ? "" : refreshed.error().text()));
    if (pick(2) == 0) {
      BOOST_REQUIRE(
          index.build(base::system_clock().ticks() + std::chrono::seconds(5)).has_value());
    }
    BOOST_REQUIRE_EQUAL(index.folders().size(), dovecot_.folders().size());
    std::map<std::string, std::int64_t> folder_numbers;
    for (const auto& folder : index.folders()) {
      folder_numbers[folder.folder.disk_name] = folder.number;
    }
    std::map<std::int64_t, std::multiset<std::pair<std::int64_t, unsigned>>> wanted;
    for (const auto& file : dovecot_.files()) {
      const auto number = number_of(index, file);
      if (file.flags.find('T') == std::string::npos) {
        wanted[number].emplace(folder_numbers.at(file.folder),
                               maildir::parse_file_name(":2," + file.flags).flags.system);
      }
    }
    BOOST_REQUIRE_EQUAL(index.size(), static_cast<std::int64_t>(wanted.size()));
    for (const auto& [number, places] : wanted) {
      const auto email = index.email(number);
      BOOST_REQUIRE(email.has_value());
      std::multiset<std::pair<std::int64_t, unsigned>> found;
      for (const auto& place : email->places) {
        found.emplace(place.folder, place.flags.system);
      }
      BOOST_REQUIRE((found == places));
    }
    check_lists(index);
    check_changes(index);
  }

 private:
  maildir::IndexOptions options() const {
    return {dovecot_.maildir().string(), (dovecot_.home() / "ids.log").string(),
            (dovecot_.home() / "state/index.db").string()};
  }

  Index& open() {
    if (!index_) {
      auto index = Index::open(options());
      BOOST_REQUIRE_MESSAGE(index.has_value(), (index ? "" : index.error().text()));
      index_ = std::move(*index);
    }
    return *index_;
  }

  std::int64_t number_of(Index& index, const TestDovecot::File& file) {
    const auto number = index.find_guid(file.guid);
    BOOST_REQUIRE(number.has_value());
    BOOST_REQUIRE_MESSAGE(number->has_value(), file.guid);
    const auto [at, is_first] = numbers_.emplace(file.mail, **number);
    BOOST_REQUIRE_MESSAGE(at->second == **number, "mail " << file.mail << " has another number");
    if (is_first) {
      BOOST_REQUIRE_MESSAGE(given_.insert(**number).second, "a number was given twice");
    }
    return **number;
  }

  // Lists and counts that were carried on, against the files' own story.
  void check_lists(Index& index) {
    for (const auto& folder : index.folders()) {
      const auto list = index.list(folder.number);
      BOOST_REQUIRE(list.has_value());
      std::int64_t unread = 0;
      std::set<std::int64_t> threads;
      std::set<std::int64_t> unread_threads;
      for (std::size_t i = 0; i < (*list)->size(); ++i) {
        const auto& entry = (**list)[i];
        BOOST_REQUIRE((i == 0 || (**list)[i - 1].received <= entry.received));
        const auto email = index.email(entry.number);
        BOOST_REQUIRE(email.has_value());
        BOOST_REQUIRE_EQUAL(email->thread, entry.thread);
        threads.insert(entry.thread);
        if (!email->is_seen() && !email->has(maildir::flag_draft)) {
          ++unread;
          unread_threads.insert(entry.thread);
        }
      }
      const maildir::FolderCounts counts{static_cast<std::int64_t>((*list)->size()), unread,
                                         static_cast<std::int64_t>(threads.size()),
                                         static_cast<std::int64_t>(unread_threads.size())};
      BOOST_REQUIRE((counts == folder.counts));
    }
    BOOST_REQUIRE_EQUAL((*index.list(0))->size(), static_cast<std::size_t>(index.size()));
  }

  // A client that keeps up by changes alone knows the same Emails.
  void check_changes(Index& index) {
    std::set<std::int64_t> now;
    for (const auto& entry : **index.list(0)) {
      now.insert(entry.number);
    }
    if (states_.empty() || epoch_ != index.epoch()) {
      epoch_ = index.epoch();
      states_ = {index.state(Kind::email)};
      known_ = now;
      return;
    }
    std::int64_t since = states_.back();
    for (bool more = true; more;) {
      const auto changes = index.changes(Kind::email, since, 3);
      BOOST_REQUIRE(changes.has_value());
      for (const std::int64_t number : changes->created) {
        BOOST_REQUIRE(known_.insert(number).second);
      }
      for (const std::int64_t number : changes->destroyed) {
        known_.erase(number);
      }
      BOOST_REQUIRE((!changes->has_more || changes->until > since));
      since = changes->until;
      more = changes->has_more;
    }
    BOOST_REQUIRE((known_ == now));
    states_.push_back(since);
  }

  // Another process at the same work, killed in the middle of it.
  void kill_somebody() {
    index_.reset();
    const pid_t child = ::fork();
    if (child == 0) {
      auto index = Index::open(options());
      for (int i = 0; index && i < 20; ++i) {
        (void)(*index)->refresh(base::system_clock().now());
        (void)(*index)->build(base::system_clock().ticks() + std::chrono::milliseconds(1));
      }
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(pick(30'000)));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }

  void rename_folder() {
    const std::string from = folder();
    const std::string to = "." + std::to_string(pick(1'000'000));
    if (!from.empty() && !dovecot_.folders().contains(to)) {
      dovecot_.rename_folder(from, to);
    }
  }

  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::size_t file() {
    return static_cast<std::size_t>(pick(static_cast<int>(dovecot_.files().size())));
  }
  std::string folder() {
    auto at = dovecot_.folders().begin();
    std::advance(at, pick(static_cast<int>(dovecot_.folders().size())));
    return at->first;
  }
  std::string flags() {
    std::string flags;
    for (const char letter : std::string("DFRST")) {
      flags += pick(4) == 0 ? std::string(1, letter) : "";
    }
    return flags;
  }

  std::mt19937 random_;
  TestDovecot dovecot_;
  std::unique_ptr<Index> index_;
  std::map<int, std::int64_t> numbers_;  // of each mail, for ever
  std::set<std::int64_t> given_;
  std::string epoch_;
  std::vector<std::int64_t> states_;
  std::set<std::int64_t> known_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_index_follows_random_changes_and_ids_stay) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      Model model(seed);
      for (int i = 0; i < 150; ++i) {
        model.step();
      }
      model.check();
    }
  }
}
