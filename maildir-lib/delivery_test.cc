// maildir-lib/delivery_test.cc -- deliveries, and every way in which a disk can fail them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/delivery.hh"

#include <cerrno>
#include <filesystem>
#include <map>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/test_disk.hh"

namespace {

namespace fs = std::filesystem;
using maildir::Delivery;

const std::string mail = "Subject: x\nFrom: a@example.org\n\nHello\r\nthere\n";

struct Killed {};

// Fails, or ends the "process", at the n-th call.
class Faults final : public maildir::TestDisk {
 public:
  int at = 0;     // 1 is the first call; 0: never
  int error = 0;  // 0: killed
  std::string only;
  bool lose_answer = false;  // the call is done, and then fails

  int unlink(const char* path) override {
    return is_dead_ ? 0 : TestDisk::unlink(path);  // a killed process runs no destructor
  }

 private:
  bool is_hit(std::string_view call) const { return only.empty() ? done == at : only == call; }
  int before(std::string_view call) override {
    if (is_hit(call) && error == 0) {
      is_dead_ = true;
      throw Killed{};
    }
    return is_hit(call) && !lose_answer ? error : 0;
  }
  int behind(std::string_view call) override { return is_hit(call) ? error : 0; }

  bool is_dead_ = false;
};

struct Folder {
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "delivery-test-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    for (const char* name : {"tmp", "new", "cur"}) {
      fs::create_directory(path + "/" + name);
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path); }

  std::vector<std::string> names(const std::string& part) const {
    return base::list_directory(path + "/" + part).value();
  }
  base::Result<std::string> deliver(maildir::DiskCalls& calls = maildir::DiskCalls::real(),
                                    const maildir::DeliveryOptions& options = {},
                                    std::optional<maildir::Flags> flags = std::nullopt) const {
    auto delivery = Delivery::begin(path, base::system_clock(), options, calls);
    if (!delivery) {
      return delivery.error();
    }
    if (auto written = delivery->write(mail); !written) {
      return written.error();
    }
    return delivery->commit(flags);
  }
  std::string path;
};

BOOST_FIXTURE_TEST_SUITE(delivery, Folder)

BOOST_AUTO_TEST_CASE(a_mail_lies_in_new_with_both_sizes_in_its_name) {
  const auto name = deliver();
  BOOST_REQUIRE(name);
  BOOST_TEST(name->ends_with(",S=45,W=49"));
  BOOST_TEST(base::read_file(path + "/new/" + *name).value() == mail);
  BOOST_TEST(names("tmp").empty());
  BOOST_TEST(mail.size() == 45U);
}

BOOST_AUTO_TEST_CASE(with_flags_it_lies_in_cur) {
  const auto name = deliver(maildir::DiskCalls::real(), {}, maildir::Flags{maildir::flag_seen, 1});
  BOOST_REQUIRE(name);
  BOOST_TEST(name->ends_with(",S=45,W=49:2,Sa"));
  BOOST_TEST(fs::exists(path + "/cur/" + *name));
}

BOOST_AUTO_TEST_CASE(compressed_it_has_the_sizes_of_the_mail_and_the_time_it_was_given) {
  maildir::DeliveryOptions options;
  options.zstd_level = 3;
  options.received = 1'600'000'000;
  const auto name = deliver(maildir::DiskCalls::real(), options);
  BOOST_REQUIRE(name);
  BOOST_TEST(name->ends_with(",S=45,W=49"));
  const auto file = base::read_file(path + "/new/" + *name).value();
  BOOST_TEST(maildir::is_zstd(file));
  BOOST_TEST(maildir::unzstd(file, 1000).value() == mail);
  struct stat st {};
  BOOST_TEST(::stat((path + "/new/" + *name).c_str(), &st) == 0);
  BOOST_TEST(st.st_mtime == 1'600'000'000);
}

BOOST_AUTO_TEST_CASE(names_are_unique_at_one_moment) {
  const base::ManualClock clock(base::WallTime(std::chrono::milliseconds(1'600'000'000'123)));
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(maildir::unique_name(clock.now()));
  }
  BOOST_TEST(seen.size() == 1000U);
  BOOST_TEST(seen.begin()->starts_with("1600000000.M123000P"));
}

BOOST_AUTO_TEST_CASE(killed_at_any_call_there_is_one_whole_mail_or_none) {
  for (int at = 1;; ++at) {
    const std::size_t before = names("new").size();
    Faults faults;
    faults.at = at;
    bool is_killed = false;
    try {
      BOOST_REQUIRE(deliver(faults));
    } catch (const Killed&) {
      is_killed = true;
    }
    const auto now = names("new");
    BOOST_TEST(now.size() <= before + 1);
    for (const std::string& name : now) {
      BOOST_TEST(base::read_file(path + "/new/" + name).value() == mail);
    }
    if (!is_killed) {
      BOOST_TEST(now.size() == before + 1);
      BOOST_TEST(at > 6);
      return;
    }
  }
}

BOOST_AUTO_TEST_CASE(a_failing_call_leaves_no_mail_and_no_rest) {
  const std::map<std::string, int> calls{
      {"open", ENOSPC}, {"write", ENOSPC}, {"fsync", EIO}, {"link", EROFS}};
  for (const auto& [call, error] : calls) {
    Faults faults;
    faults.only = call;
    faults.error = error;
    const auto delivered = deliver(faults);
    BOOST_TEST(!delivered, call);
    BOOST_TEST(names("new").empty(), call);
    BOOST_TEST(names("tmp").empty(), call);
    if (error == ENOSPC) {
      BOOST_TEST((delivered.error().code == base::Errc::over_quota), call);
    }
  }
}

BOOST_AUTO_TEST_CASE(each_single_failure_is_reported_or_harmless) {
  for (int at = 1; at < 20; ++at) {
    fs::remove_all(path + "/new");
    fs::create_directory(path + "/new");
    Faults faults;
    faults.at = at;
    faults.error = EIO;
    const auto delivered = deliver(faults);
    BOOST_TEST(names("new").size() == (delivered ? 1U : 0U), "call " << at);
  }
}

BOOST_AUTO_TEST_CASE(a_link_whose_answer_is_lost_counts) {
  Faults faults;
  faults.only = "link";
  faults.error = EEXIST;  // what NFS says when it sends the request twice
  faults.lose_answer = true;
  BOOST_TEST(deliver(faults).has_value());
  BOOST_TEST(names("new").size() == 1U);
  BOOST_TEST(names("tmp").empty());
}

BOOST_AUTO_TEST_CASE(without_hard_links_it_is_renamed) {
  Faults faults;
  faults.only = "link";
  faults.error = EPERM;
  BOOST_TEST(deliver(faults).has_value());
  BOOST_TEST(names("new").size() == 1U);
  BOOST_TEST(names("tmp").empty());
}

BOOST_AUTO_TEST_CASE(a_delivery_that_is_dropped_leaves_nothing) {
  {
    auto dropped = Delivery::begin(path, base::system_clock(), {});
    BOOST_REQUIRE(dropped);
    BOOST_REQUIRE(dropped->write("part"));
    BOOST_TEST(names("tmp").size() == 1U);
  }
  BOOST_TEST(names("tmp").empty());
  BOOST_TEST((Delivery::begin(path + "/none", base::system_clock(), {}).error().code ==
              base::Errc::not_found));
}

BOOST_AUTO_TEST_CASE(another_recipient_gets_the_same_file) {
  const auto name = deliver();
  BOOST_REQUIRE(name);
  const std::string file = path + "/new/" + *name;
  const auto other = maildir::link_message(file, path, 45, 49, base::system_clock());
  BOOST_REQUIRE(other);
  BOOST_TEST(*other != *name);
  BOOST_TEST(other->ends_with(",S=45,W=49"));
  BOOST_TEST(fs::hard_link_count(file) == 2U);
}

BOOST_AUTO_TEST_CASE(flags_are_a_rename_into_cur) {
  const auto name = deliver();
  BOOST_REQUIRE(name);
  const auto seen = maildir::set_flags(path, *name, true, {maildir::flag_seen, 0});
  BOOST_REQUIRE(seen);
  BOOST_TEST(fs::exists(path + "/cur/" + *seen));
  BOOST_TEST(names("new").empty());
  const auto same = maildir::set_flags(path, *seen, false, {maildir::flag_seen, 0});
  BOOST_TEST(same.value() == *seen);
  BOOST_TEST((maildir::set_flags(path, "gone", false, {maildir::flag_seen, 0}).error().code ==
              base::Errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
