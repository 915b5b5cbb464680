// test/fuzz/fuzz_courier.cc -- any bytes as each of the files that Courier's servers leave.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <set>

#include "maildir-lib/courier.hh"
#include "maildir-lib/mutf7.hh"

namespace {

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

bool is_one_word(std::string_view text) {
  return !text.empty() && text.find_first_of(std::string_view("\0 \t\r\n", 5)) == text.npos;
}

void uids(std::string_view input) {
  const auto found = maildir::parse_courier_uids(input);
  if (!found) {
    return;
  }
  require(found->uid_validity != 0);
  std::set<std::string> bases;
  std::uint32_t last = 0;
  for (const auto& mail : found->mails) {
    // As Dovecot wants its own list: ascending, below the next, and no name twice.
    require(mail.uid > last && mail.uid < found->next_uid);
    require(!mail.base.empty() && mail.base.find_first_of("/\n") == std::string::npos);
    require(bases.insert(mail.base).second);
    last = mail.uid;
  }
}

void uidls(std::string_view input) {
  const auto found = maildir::parse_courier_pop3(input);
  std::set<std::string> all;
  for (const auto& mail : found ? found->mails : std::vector<maildir::CourierPop3Mail>()) {
    require(is_one_word(mail.uidl) && all.insert(mail.uidl).second);
    require(mail.base.find_first_of("/\n") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  uids(input);
  uidls(input);
  for (const auto& [base, words] : maildir::parse_courier_keywords(input)) {
    require(!base.empty());
  }
  (void)maildir::parse_courier_keyword_file(input);
  (void)maildir::parse_courier_keyword_name(input);
  (void)maildir::parse_courier_acl(input);
  const auto subscriptions = maildir::parse_courier_subscriptions(input);
  for (const std::string& name : subscriptions.names) {
    require(name.find_first_of("/\n\t") == std::string::npos);
    const auto again = maildir::to_dovecot_name(name);
    require(again && *again == name);  // once is enough
  }
  return 0;
}
