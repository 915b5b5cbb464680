// bench/bench_list.cc -- JMAP list requests over one folder of 50,000 mails, without an index.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Prints, in milliseconds: the first request after a start (listing, time of each mail, 50 rows
// read), the same again, another page, and the first after one delivery.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "webmail-cgi/jmap/mail_methods.hh"

namespace {

namespace fs = std::filesystem;

constexpr int mails = 50000;

std::string mail_name(int i) {
  return std::to_string(1700000000 + i) + ".M" + std::to_string(i) + "P1.host,S=300,W=310";
}

void write_mail(const fs::path& folder, int i) {
  std::ofstream(folder / (mail_name(i) + ":2,S"))
      << "From: Sender " << i << " <s" << i
      << "@example.org>\nTo: alice@example.org\nSubject: Mail " << i
      << "\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <" << i
      << "@example.org>\nContent-Type: text/plain; charset=utf-8\n\nThis is the text of mail " << i
      << ".\n";
}

void make_maildir(const fs::path& root) {
  for (const char* name : {"new", "cur", "tmp"}) {
    fs::create_directories(root / name);
  }
  std::ofstream uidlist(root / "dovecot-uidlist");
  uidlist << "3 V1 N" << mails + 1 << " G4e2c39203387026bcd77000083ecc375\n";
  for (int i = 0; i < mails; ++i) {
    write_mail(root / "cur", i);
    uidlist << i + 1 << " :" << mail_name(i) << "\n";
  }
}

std::string call(const webmail::Account& account, webmail::jmap::MethodFunction method,
                 const std::string& arguments) {
  base::JsonParser parser;
  const auto value = parser.parse(arguments);
  const webmail::jmap::Limits limits;
  webmail::jmap::MethodCall call(account, *value, limits,
                                 base::system_clock().ticks() + std::chrono::minutes(5));
  base::JsonWriter response;
  return method(call, response) ? response.take() : "";
}

// Email/query and Email/get of 50 rows, as a list view asks; in milliseconds.
double list(const webmail::Account& account, int position) {
  const auto start = base::system_clock().ticks();
  const std::string found =
      call(account, webmail::jmap::email_query,
           "{\"limit\":50,\"calculateTotal\":true,\"position\":" + std::to_string(position) +
               ",\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":false}],"
               "\"filter\":{\"inMailbox\":\"Mndo2jxdlylk5zehchiniu5gu\"}}");
  const std::size_t at = found.find("\"ids\":");
  const std::string rows =
      call(account, webmail::jmap::email_get,
           "{" + found.substr(at, found.find(']') + 1 - at) +
               ",\"properties\":[\"mailboxIds\",\"keywords\",\"receivedAt\",\"from\","
               "\"subject\",\"preview\",\"hasAttachment\",\"size\"]}");
  if (rows.find("This is the text") == std::string::npos) {
    std::fprintf(stderr, "bench_list: a list without rows\n");
    std::exit(1);
  }
  const auto took = base::system_clock().ticks() - start;
  return static_cast<double>(took.count()) / 1000;
}

double median_of_nine(const webmail::Account& account, int position) {
  std::array<double, 9> all{};
  for (double& one : all) {
    one = list(account, position);
  }
  std::sort(all.begin(), all.end());
  return all[4];
}

}  // namespace

int main() {
  std::string pattern = (fs::temp_directory_path() / "bench-list-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return 1;
  }
  const fs::path root = pattern;
  make_maildir(root);
  const webmail::Account account{"alice@example.org", "a1", pattern, pattern};
  std::printf("list50 of %d: first %.1f ms\n", mails, list(account, 0));
  std::printf("list50 again, Maildir changed within 2 s: %.1f ms\n", list(account, 0));
  ::usleep(2'500'000);
  list(account, 0);
  std::printf("list50 again: %.2f ms (median of 9)\n", median_of_nine(account, 0));
  std::printf("list50 at 25000, rows not seen before: %.2f ms\n", list(account, 25000));
  std::printf("list50 at 25000, again: %.2f ms (median of 9)\n", median_of_nine(account, 25000));
  write_mail(root / "cur", mails);
  std::printf("list50 after a delivery: %.1f ms\n", list(account, 0));
  fs::remove_all(root);
  return 0;
}
