// mail-lib/corpus_test.cc -- every message of the corpora is read to the last part, as valid UTF-8.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <filesystem>
#include <string>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/text.hh"

#include "mail-lib/address_list.hh"
#include "mail-lib/body.hh"
#include "mail-lib/forms.hh"
#include "mail-lib/header.hh"

namespace {

std::filesystem::path source_root() {
  const char* root = std::getenv("POSTHOUSE_SOURCE");
  return root == nullptr ? "." : root;
}

void check_part(const mail::Message& message, const mail::Part& part) {
  BOOST_TEST(base::is_utf8(part.name.value_or("") + part.type + part.cid.value_or("")));
  for (const mail::Part& child : part.parts) {
    check_part(message, child);
  }
  if (!part.is_multipart) {
    BOOST_TEST(message.find(part.id) == &part);
    BOOST_TEST(base::is_utf8(message.text(part).text));
  }
}

void check_message(const std::string& bytes) {
  for (const mail::HeaderField& field : mail::scan_header(bytes).fields) {
    BOOST_TEST(base::is_utf8(mail::text_form(field.value) + mail::raw_form(field.value)));
    for (const auto& address : mail::parse_addresses(field.value)) {
      BOOST_TEST(base::is_utf8(address.email + address.name.value_or("")));
    }
  }
  const auto message = mail::Message::parse(bytes);
  check_part(message, message.root());
  const auto lists = mail::body_lists(message.root());
  BOOST_TEST(!(lists.text.empty() && lists.html.empty() && lists.attachments.empty()));
  BOOST_TEST(base::is_utf8(mail::preview(message, lists)));
}

std::size_t check_folder(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".eml") {
      BOOST_TEST_CONTEXT(entry.path().string()) {
        const auto bytes = base::read_file(entry.path().string());
        BOOST_REQUIRE(bytes.has_value());
        check_message(*bytes);
        check_message(bytes->substr(0, bytes->size() / 2));  // and cut off in the middle
      }
      ++count;
    }
  }
  return count;
}

std::string subject_of(const std::string& name) {
  const auto bytes = base::read_file((source_root() / "test/data/mail" / name).string());
  BOOST_REQUIRE(bytes.has_value());
  const auto header = mail::scan_header(*bytes);
  const auto* field = mail::last_field(header.fields, "Subject");
  return field == nullptr ? "(none)" : mail::text_form(field->value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(corpus)

BOOST_AUTO_TEST_CASE(every_message_of_the_corpus_is_shown_somehow) {
  BOOST_TEST(check_folder(source_root() / "test/data/mail") >= 100U);
}

BOOST_AUTO_TEST_CASE(a_larger_corpus_beside_the_tree_is_read_when_it_is_there) {
  const auto folder = source_root() / "../shared/data/mail";
  if (!std::filesystem::exists(folder)) {
    BOOST_TEST_MESSAGE("no " << folder << ": nothing more to read");
    return;
  }
  BOOST_TEST(check_folder(folder) > 0U);
}

BOOST_AUTO_TEST_CASE(subjects_of_the_corpus_are_what_their_senders_wrote) {
  BOOST_TEST(subject_of("multi_charset/japanese.eml") == "まみむめも");
  BOOST_TEST(subject_of("multi_charset/japanese_iso_2022.eml") == "まみむめも");
  BOOST_TEST(subject_of("multi_charset/japanese_shift_jis.eml") == "test");
  BOOST_TEST(subject_of("rfc6532/utf8_headers.eml") == "Säying Hello");
}

BOOST_AUTO_TEST_SUITE_END()
