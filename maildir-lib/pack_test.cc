// maildir-lib/pack_test.cc -- packs there and back, damaged in every way, on disks that fail.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/pack.hh"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <random>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/pack_format.hh"
#include "maildir-lib/test_disk.hh"

namespace {

namespace fs = std::filesystem;
using maildir::PackedMail;
using maildir::PackReader;
using maildir::PackScan;
using maildir::PackWriter;
using maildir::Stub;

const std::string id = "0123456789abcdef";

// Fails the n-th call of one kind.
class Faults final : public maildir::TestDisk {
 public:
  std::string only;
  int error = 0;
  int left = 0;  // that go well

  ssize_t write(int fd, const void* data, std::size_t size) override {
    return TestDisk::write(fd, data, std::min<std::size_t>(size, 100'000));
  }

 private:
  int before(std::string_view call) override { return call == only && left-- == 0 ? error : 0; }
};

struct Fixture {
  Fixture() {
    std::string pattern = (fs::temp_directory_path() / "pack-test-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  Fixture(Fixture&&) = delete;
  Fixture& operator=(Fixture&&) = delete;
  ~Fixture() { fs::remove_all(folder); }

  fs::path folder;
  std::vector<std::string> mails;
  std::vector<Stub> stubs;

  std::string file() const { return (folder / maildir::pack_file_name(id)).string(); }
  maildir::Directory packs() const { return maildir::Directory::open(folder.string()).value(); }
  PackReader reader() const { return PackReader::open(packs(), id).value(); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  static PackedMail about(std::size_t i) {
    return {i % 3 == 0 ? "" : ".Work.&X1JoYw-", "1795400000.M" + std::to_string(i) + "P1.vm:2,S",
            i % 2 == 0 ? "" : "guid" + std::to_string(i), static_cast<std::int64_t>(i) - 5};
  }

  base::Result<void> write(maildir::DiskCalls& calls = maildir::DiskCalls::real()) {
    auto writer = PackWriter::begin(folder.string(), id, 3, calls);
    if (!writer) {
      return writer.error();
    }
    for (std::size_t i = 0; i < mails.size(); ++i) {
      const auto ticket = writer->add(about(i), mails[i]);
      if (!ticket) {
        return ticket.error();
      }
      BOOST_REQUIRE(*ticket == i);
    }
    auto made = writer->finish();
    if (!made) {
      return made.error();
    }
    stubs = std::move(*made);
    return {};
  }

  // Mails of all sizes: some without a body, one without a header, some larger than a block.
  void make_mails(std::size_t count) {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < count; ++i) {
      std::string mail = "Subject: mail " + std::to_string(i) + "\n\n";
      const std::size_t size = i % 50 == 7 ? 5'000'000 : random() % 40'000;
      while (i % 10 != 0 && mail.size() < size) {
        mail += "line " + std::to_string(random()) + "\n";
      }
      mails.push_back(std::move(mail));
    }
    mails.emplace_back();
    mails.emplace_back("no header at all");
    mails.emplace_back("A: " + std::string(300'000, 'x') + "\n\nbody\n");
  }

  // The numbers of the mails that can be read, by way of a scan.
  std::vector<std::size_t> scanned(std::uint64_t* damaged = nullptr) const {
    std::vector<std::size_t> found;
    auto scan = PackScan::open(packs(), id);
    BOOST_REQUIRE(scan.has_value());
    for (auto record = scan->next(); record && *record; record = scan->next()) {
      const auto at = std::find(stubs.begin(), stubs.end(), (*record)->stub);
      if (at != stubs.end() && scan->read(**record)) {
        found.push_back(static_cast<std::size_t>(at - stubs.begin()));
        BOOST_TEST((*record)->mail.name == about(found.back()).name);
      }
    }
    if (damaged != nullptr) {
      *damaged = scan->damaged_bytes();
    }
    return found;
  }
  void flip(std::uint64_t at) const {
    std::fstream f(file(), std::ios::in | std::ios::out | std::ios::binary);
    f.seekg(static_cast<std::streamoff>(at));
    const char was = static_cast<char>(f.get());
    f.seekp(static_cast<std::streamoff>(at));
    f.put(static_cast<char>(was ^ 0x40));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(packs, Fixture)

BOOST_AUTO_TEST_CASE(a_stub_is_a_text_and_nothing_else_is_one) {
  const Stub stub{id, 123, 456};
  BOOST_TEST(maildir::stub_text(stub) == "pack:" + id + "#123+456");
  BOOST_TEST((maildir::parse_stub(maildir::stub_text(stub)) == stub));
  for (const char* text :
       {"", "pack:", "pack:0123456789", "pack:0123456789#1", "pack:0123456789#1+", "pack:short#1+2",
        "pack:0123456789+1#2", "pack:../3456789#1+2", "pack:0123456789#-1+2",
        "/pack:0123456789#1+2", "pack:0123456789#1+2 ", "pack:0123456789#99999999999999999999+2",
        "PACK:0123456789#1+2"}) {
    BOOST_TEST(!maildir::parse_stub(text).has_value(), text);
  }
  BOOST_TEST(maildir::is_pack_id(maildir::new_pack_id()));
  BOOST_TEST(maildir::new_pack_id() != maildir::new_pack_id());
  BOOST_TEST(maildir::pack_id_of(id + ".pack").value() == id);
  BOOST_TEST(!maildir::pack_id_of(id + ".tmp").has_value());
}

BOOST_AUTO_TEST_CASE(what_goes_in_comes_out) {
  make_mails(400);
  BOOST_REQUIRE(write());
  BOOST_TEST(files() == 1U);
  auto in = reader();
  std::uint64_t octets = 0;
  for (std::size_t i = 0; i < mails.size(); ++i) {
    BOOST_TEST_CONTEXT(i) {
      BOOST_REQUIRE((in.read(stubs[i]).value() == mails[i]));
      BOOST_TEST(stubs[i].length == mails[i].size());
      const auto mail = in.about(stubs[i]).value();
      BOOST_TEST(mail.name == about(i).name);
      BOOST_TEST(mail.folder == about(i).folder);
      BOOST_TEST(mail.guid == about(i).guid);
      BOOST_TEST(mail.received == about(i).received);
      octets += mails[i].size();
    }
  }
  BOOST_TEST(in.read_header(stubs[7]).value() == "Subject: mail 7\n\n");
  BOOST_TEST(in.read_header(stubs[mails.size() - 1]).value().size() == 300'005U);
  BOOST_TEST(in.read_header(stubs[mails.size() - 2]).value().empty());
  BOOST_TEST(in.totals()->mails == mails.size());
  BOOST_TEST(in.totals()->octets == octets);
  BOOST_TEST(scanned().size() == mails.size());
}

BOOST_AUTO_TEST_CASE(a_pack_of_nothing_is_a_pack) {
  BOOST_REQUIRE(write());
  BOOST_TEST(reader().totals()->mails == 0U);
  BOOST_TEST(scanned().empty());
}

BOOST_AUTO_TEST_CASE(pieces_begin_where_they_are_asked_for) {
  make_mails(60);
  BOOST_REQUIRE(write());
  auto in = reader();
  const std::string& large = mails[57];
  for (const std::uint64_t from : {0U, 5U, 16U, 17U, 100U, 2'097'152U, 2'097'169U, 4'999'999U}) {
    const auto piece = in.piece(stubs[57], from).value();
    BOOST_TEST(!piece.empty());
    BOOST_TEST((large.substr(from, piece.size()) == piece));
  }
  BOOST_TEST(in.piece(stubs[57], 0).value() == large.substr(0, 18 + maildir::lookahead_bytes));
  BOOST_TEST(in.piece(stubs[57], large.size()).value().empty());
  BOOST_TEST(in.piece(stubs[57], ~0ULL).value().empty());
}

BOOST_AUTO_TEST_CASE(the_next_mail_is_known_by_its_base_name) {
  make_mails(20);
  BOOST_REQUIRE(write());
  auto in = reader();
  const auto base = [](std::size_t i) { return "1795400000.M" + std::to_string(i) + "P1.vm"; };
  BOOST_TEST(!in.neighbour(base(0)).has_value());
  BOOST_REQUIRE(in.read_header(stubs[3]).has_value());
  BOOST_TEST((in.neighbour(base(4)) == stubs[4]));
  BOOST_TEST((in.neighbour(base(2)) == stubs[2]));
  BOOST_TEST(!in.neighbour(base(3)).has_value());
  BOOST_TEST(!in.neighbour(base(5)).has_value());
}

BOOST_AUTO_TEST_CASE(stubs_that_name_no_mail_are_refused) {
  make_mails(20);
  BOOST_REQUIRE(write());
  auto in = reader();
  for (Stub stub : {Stub{id, 0, 1}, Stub{id, stubs[0].offset, 1}, Stub{id, ~0ULL, 1},
                    Stub{id, stubs[0].offset + 100, mails[0].size()},
                    Stub{id, stubs[0].offset + 1024, mails[0].size()}}) {
    BOOST_TEST((in.read(stub).error().code == base::Errc::corrupt));
  }
  BOOST_TEST((PackReader::open(packs(), "0000000000").error().code == base::Errc::not_found));
  BOOST_TEST((PackReader::open(packs(), "../x").error().code == base::Errc::malformed));
  BOOST_TEST((PackWriter::begin(folder.string(), id).error().code == base::Errc::exists));
}

BOOST_AUTO_TEST_CASE(a_pack_without_its_end_is_scanned_to_where_it_was_cut) {
  make_mails(400);
  BOOST_REQUIRE(write());
  const auto size = fs::file_size(file());
  BOOST_TEST(PackScan::open(packs(), id)->is_finished());
  fs::resize_file(file(), size - 32);
  BOOST_TEST(!PackScan::open(packs(), id)->is_finished());
  BOOST_TEST((reader().totals().error().code == base::Errc::corrupt));
  BOOST_TEST(scanned().size() == mails.size());
  fs::resize_file(file(), stubs.back().offset);  // inside the last headers
  const auto found = scanned();
  BOOST_TEST(!found.empty());
  BOOST_TEST(found.size() < mails.size());
  BOOST_TEST((reader().read(stubs.back()).error().code == base::Errc::corrupt));
  BOOST_TEST((reader().read(stubs[1]).value() == mails[1]));
  fs::resize_file(file(), 0);
  BOOST_TEST(scanned().empty());
}

BOOST_AUTO_TEST_CASE(a_damaged_block_costs_the_mails_in_it_alone) {
  make_mails(400);
  BOOST_REQUIRE(write());
  const auto size = fs::file_size(file());
  std::mt19937_64 random(2);
  for (int i = 0; i < 12; ++i) {
    const std::uint64_t at = random() % size;
    flip(at);
    auto in = reader();
    std::size_t lost = 0;
    for (std::size_t k = 0; k < mails.size(); ++k) {
      const auto octets = in.read(stubs[k]);
      BOOST_REQUIRE((octets ? *octets == mails[k] : octets.error().code == base::Errc::corrupt));
      lost += octets ? 0 : 1;
    }
    BOOST_TEST(lost < 350U);
    BOOST_TEST(scanned().size() == mails.size() - lost);
    flip(at);
  }
}

BOOST_AUTO_TEST_CASE(a_scan_finds_its_way_behind_a_hole) {
  make_mails(400);
  BOOST_REQUIRE(write());
  std::fstream(file(), std::ios::in | std::ios::out | std::ios::binary) << std::string(5000, '\0');
  std::uint64_t damaged = 0;
  const auto found = scanned(&damaged);
  BOOST_TEST(found.size() > mails.size() / 2);
  BOOST_TEST(found.size() < mails.size());
  BOOST_TEST(damaged > 0U);
  BOOST_TEST(PackScan::open(packs(), id)->is_finished());
}

BOOST_AUTO_TEST_CASE(a_failing_disk_leaves_no_pack) {
  make_mails(60);
  for (const char* call : {"open", "write", "fsync", "rename"}) {
    for (const int left : {0, 1, 3}) {
      Faults faults;
      faults.only = call;
      faults.left = left;
      faults.error = std::string(call) == "write" ? ENOSPC : EIO;
      const auto done = write(faults);
      BOOST_TEST_CONTEXT(call << " after " << left) {
        BOOST_TEST(done.has_value() == (faults.left >= 0));
        if (!done) {
          BOOST_TEST((done.error().code ==
                      (faults.error == ENOSPC ? base::Errc::over_quota : base::Errc::unavailable)));
          BOOST_TEST(files() == 0U);
        }
      }
      fs::remove(file());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_writer_that_is_dropped_leaves_nothing) {
  {
    auto writer = PackWriter::begin(folder.string(), id).value();
    BOOST_REQUIRE(writer.add({}, "A: b\n\nc").has_value());
    BOOST_TEST(files() == 1U);
    BOOST_TEST(!fs::exists(file()));
  }
  BOOST_TEST(files() == 0U);
}

BOOST_AUTO_TEST_CASE(too_large_a_mail_is_refused_and_the_pack_goes_on) {
  auto writer = PackWriter::begin(folder.string(), id).value();
  const std::string large(201'326'593, 'x');
  BOOST_TEST((writer.add({}, large).error().code == base::Errc::over_quota));
  BOOST_TEST(writer.add({}, "A: b\n\nc").value() == 0U);
  const auto stub = writer.finish().value().at(0);
  BOOST_TEST(reader().read(stub).value() == "A: b\n\nc");
}

BOOST_AUTO_TEST_SUITE_END()
