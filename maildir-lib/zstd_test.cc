// maildir-lib/zstd_test.cc -- frames: header and body apart, any piece size, damage seen.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/zstd.hh"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace {

std::string compress(std::string_view mail, std::size_t piece) {
  maildir::FrameWriter writer(3);
  std::string out;
  while (!mail.empty()) {
    BOOST_REQUIRE(writer.write(mail.substr(0, piece), out));
    mail.remove_prefix(std::min(piece, mail.size()));
  }
  BOOST_REQUIRE(writer.finish(out));
  return out;
}

// What a reader finds before the end of the first frame.
std::string first_frame(std::string_view file) {
  maildir::FrameReader reader;
  std::string out;
  std::array<char, 100> room{};
  do {
    const auto step = reader.read(file, room);
    BOOST_REQUIRE(step);
    BOOST_REQUIRE(step->taken + step->made > 0);
    out.append(room.data(), step->made);
    file.remove_prefix(step->taken);
  } while (!reader.at_frame_end());
  return out;
}

std::string words(std::size_t size) {
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  std::string text;
  while (text.size() < size) {
    text += "word" + std::to_string(random() % 5000) + (random() % 9 == 0 ? "\n" : " ");
  }
  text.resize(size);
  return text;
}

const std::string header = "Subject: x\nFrom: a@example.org\n\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(zstd)

BOOST_AUTO_TEST_CASE(the_header_ends_behind_its_empty_line) {
  BOOST_TEST(maildir::header_size("A: b\n\nbody") == 6U);
  BOOST_TEST(maildir::header_size("A: b\r\n\r\nbody") == 8U);
  BOOST_TEST(maildir::header_size("A: b\n\r\nbody") == 7U);
  BOOST_TEST(maildir::header_size("\nbody") == 1U);
  BOOST_TEST(maildir::header_size("\r\nbody") == 2U);
  BOOST_TEST(maildir::header_size("A: b\n c\n") == 0U);
  BOOST_TEST(maildir::header_size("") == 0U);
}

BOOST_AUTO_TEST_CASE(a_mail_comes_back_whole_whatever_the_size_of_its_pieces) {
  for (const std::size_t size : {0U, 1U, 1000U, 100'000U, 3'000'000U}) {
    const std::string mail = header + words(size);
    for (const std::size_t piece : {std::size_t{97}, std::size_t{8192}, mail.size()}) {
      const std::string file = compress(mail, piece);
      BOOST_TEST(maildir::is_zstd(file));
      BOOST_TEST((maildir::unzstd(file, mail.size()).value() == mail));
      BOOST_TEST(first_frame(file) == header);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_mail_without_a_body_or_without_an_end_of_header_is_one_frame) {
  BOOST_TEST(first_frame(compress(header, 5)) == header);
  const std::string no_end = words(5000);
  BOOST_TEST(first_frame(compress(no_end, 1000)) == no_end);
  const std::string large = std::string(2'000'000, 'x');
  BOOST_TEST((maildir::unzstd(compress(large, 4096), large.size()).value() == large));
}

BOOST_AUTO_TEST_CASE(an_empty_mail_is_an_empty_file) {
  BOOST_TEST(compress("", 1).empty());
  BOOST_TEST(maildir::unzstd("", 10).value().empty());
}

BOOST_AUTO_TEST_CASE(a_cut_or_damaged_file_is_corrupt_and_nothing_else) {
  const std::string file = compress(header + words(10'000), 8192);
  for (std::size_t size = 1; size < file.size(); size += 13) {
    const auto text = maildir::unzstd(std::string_view(file).substr(0, size), 1U << 20U);
    // A cut behind the header frame leaves a whole mail without a body.
    BOOST_TEST((!text || *text == header));
  }
  std::string damaged = file;
  damaged[file.size() / 2] ^= 0x40;
  BOOST_TEST((maildir::unzstd(damaged, 1U << 20U).error().code == base::Errc::corrupt));
  BOOST_TEST((maildir::unzstd("no frame", 100).error().code == base::Errc::corrupt));
}

BOOST_AUTO_TEST_CASE(more_than_the_limit_is_not_read) {
  const std::string file = compress(header + std::string(100'000, 'a'), 8192);
  BOOST_TEST((maildir::unzstd(file, 99'999).error().code == base::Errc::over_quota));
}

BOOST_AUTO_TEST_CASE(a_reader_starts_again) {
  const std::string mail = header + words(50'000);
  const std::string file = compress(mail, 8192);
  maildir::FrameReader reader;
  std::vector<char> room(1000);
  const auto part = reader.read(file, room);
  BOOST_REQUIRE(part);
  reader.restart();
  room.resize(mail.size());
  const auto start = reader.read(file, room);
  BOOST_REQUIRE(start);
  BOOST_TEST(std::string(room.data(), start->made) == header);
}

BOOST_AUTO_TEST_SUITE_END()
