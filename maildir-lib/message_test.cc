// maildir-lib/message_test.cc -- messages as plain files, zstd frames, links to packs and tiers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/message.hh"

#include <array>

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "maildir-lib/test_maildir.hh"
#include "maildir-lib/zstd.hh"

namespace {

namespace fs = std::filesystem;
using maildir::Message;

const std::string name = "1795400003.M1P1.vm,S=8,W=10:2,S";
const std::string octets = "A: b\n\nc\n";

struct Fixture {
  maildir::TestMaildir sample;
  maildir::Directory root = maildir::Directory::open(sample.text()).value();
  maildir::TierRoots tiers{(sample.path() / "tier").string()};

  base::Result<Message> open(const std::string& which = name) const {
    return Message::open(root, root.open_directory("cur").value(), which, tiers);
  }
  std::string text() const {
    auto message = open();
    return message ? message->read().value_or("unreadable")
                   : std::string(base::errc_name(message.error().code));
  }
  std::string start(std::size_t limit) const { return open()->read_start(limit).value_or("bad"); }
  void link(const std::string& to) const {
    fs::remove(sample.path() / "cur" / name);
    fs::create_symlink(to, sample.path() / "cur" / name);
  }
  maildir::Stub pack(const std::string& id) const {
    const auto folder = sample.path() / "packs";
    fs::create_directories(folder);
    auto writer = maildir::PackWriter::begin(folder.string(), id).value();
    BOOST_REQUIRE(writer.add({"", name, "", 0}, octets).has_value());
    return writer.finish().value().at(0);
  }
};

std::string frames() {
  maildir::FrameWriter writer(3);
  std::string out;
  BOOST_REQUIRE(writer.write(octets, out));
  BOOST_REQUIRE(writer.finish(out));
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(messages, Fixture)

BOOST_AUTO_TEST_CASE(every_form_gives_the_same_octets) {
  const std::string compressed = frames();
  for (const std::string& form :
       {std::string("plain"), std::string("zstd"), std::string("tier"), std::string("pack")}) {
    fs::remove(sample.path() / "cur" / name);
    if (form == "pack") {
      link(maildir::stub_text(pack("0123456789")));
    } else if (form == "tier") {
      fs::create_directories(sample.path() / "tier/a/b");
      std::ofstream(sample.path() / "tier/a/b/mail") << compressed;
      link(tiers[0] + "/a/b/mail");
    } else {
      sample.add("cur", name, form == "zstd" ? compressed : octets);
    }
    BOOST_TEST_CONTEXT(form) {
      BOOST_TEST(text() == octets);
      BOOST_TEST(start(100) == octets);
      BOOST_TEST(start(6) == "A: b\n\n");
      BOOST_TEST(start(7) == "A: b\n\nc");
      BOOST_TEST(start(3) == "A: ");
      BOOST_TEST(open()->size() == 8U);
      BOOST_TEST(open()->take_plain_file().has_value() == (form == "plain"));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_date_of_a_link_is_its_own) {
  link(maildir::stub_text(pack("0123456789")));
  const std::array<timespec, 2> then{timespec{0, 0}, timespec{1'600'000'000, 5}};
  BOOST_REQUIRE(::utimensat(AT_FDCWD, (sample.path() / "cur" / name).c_str(), then.data(),
                            AT_SYMLINK_NOFOLLOW) == 0);
  BOOST_TEST(open()->received() == 1'600'000'000);
}

BOOST_AUTO_TEST_CASE(damage_is_told_from_absence) {
  BOOST_TEST(text() == "not_found");
  link("pack:0123456789#1024+8");
  BOOST_TEST(text() == "unavailable");
  auto stub = pack("0123456789");
  stub.length = 9;
  link(maildir::stub_text(stub));
  BOOST_TEST(text() == "unreadable");
  link(tiers[0] + "/none");
  BOOST_TEST(text() == "unavailable");
  sample.add("cur", "1795400004.M1P1.vm:2,S", frames());
  fs::resize_file(sample.path() / "cur/1795400004.M1P1.vm:2,S", 20);
  BOOST_TEST(!open("1795400004.M1P1.vm:2,S")->read().has_value());
}

BOOST_AUTO_TEST_CASE(no_link_leads_out_of_the_account) {
  link("/etc/passwd");
  BOOST_TEST(text() == "denied");
  link(tiers[0] + "/../cur/" + name);
  BOOST_TEST(text() != octets);
  fs::create_directories(sample.path() / "tier");
  fs::create_symlink("/etc/passwd", sample.path() / "tier/passwd");
  link(tiers[0] + "/passwd");
  BOOST_TEST(text() == "denied");
  link(tiers[0] + "/../../etc/passwd");
  BOOST_TEST(text() == "denied");
  BOOST_TEST((open("../cur/" + name).error().code == base::Errc::denied));
  const auto stub = pack("0123456789");
  fs::rename(sample.path() / "packs", sample.path() / "elsewhere");
  fs::create_directory_symlink(sample.path() / "elsewhere", sample.path() / "packs");
  link(maildir::stub_text(stub));
  BOOST_TEST(text() == "unavailable");
}

BOOST_AUTO_TEST_CASE(frames_end_where_they_say) {
  const std::string header(
      "\x28\xB5\x2F\xFD\x20\x06\x31\x00\x00"
      "A: b\n\n",
      15);
  const std::string body(
      "\x28\xB5\x2F\xFD\x20\x02\x11\x00\x00"
      "c\n",
      11);
  BOOST_TEST(maildir::unzstd(header + body, 100).value() == octets);
  BOOST_TEST((maildir::unzstd(header + body, 7).error().code == base::Errc::over_quota));
  BOOST_TEST((maildir::unzstd(header.substr(0, 12), 100).error().code == base::Errc::corrupt));
}

BOOST_AUTO_TEST_SUITE_END()
