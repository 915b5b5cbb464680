// bench/bench_list.cc -- JMAP list requests over one folder of 50,000 mails, and its index.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Methods are called directly, without HTTP. Prints what each figure means; BAR marks a miss.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <unistd.h>

#include "webmail-cgi/jmap/mail_methods.hh"
#include "webmail-cgi/jmap/store.hh"

namespace {

namespace fs = std::filesystem;

constexpr int mails = 50000;

std::string mail_name(int i) {
  return std::to_string(1700000000 + i) + ".M" + std::to_string(i) + "P1.host,S=300,W=310";
}

void write_mail(const fs::path& folder, int i, const std::string& info) {
  std::ofstream(folder / (mail_name(i) + info))
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
    write_mail(root / "cur", i, ":2,S");
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

double since(base::SteadyTime start) {
  return static_cast<double>((base::system_clock().ticks() - start).count()) / 1000;
}

std::string inbox_of(const webmail::Account& account) {
  const std::string boxes = call(account, webmail::jmap::mailbox_get, R"({"properties":["role"]})");
  const std::size_t end = boxes.find("\",\"role\":\"inbox\"");
  const std::size_t start = boxes.rfind('"', end - 1) + 1;
  return boxes.substr(start, end - start);
}

// Email/query and Email/get of 50 rows, as a list view asks; in milliseconds.
double list(const webmail::Account& account, int position) {
  static const std::string inbox = inbox_of(account);
  const auto start = base::system_clock().ticks();
  const std::string found =
      call(account, webmail::jmap::email_query,
           "{\"limit\":50,\"calculateTotal\":true,\"position\":" + std::to_string(position) +
               ",\"sort\":[{\"property\":\"receivedAt\",\"isAscending\":false}],"
               "\"filter\":{\"inMailbox\":\"" +
               inbox + "\"}}");
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
  return since(start);
}

double median_of_nine(const webmail::Account& account, int position) {
  std::array<double, 9> all{};
  for (double& one : all) {
    one = list(account, position);
  }
  std::sort(all.begin(), all.end());
  return all[4];
}

void tell(const char* what, double found, double bar, const char* unit) {
  std::printf("%-64s %10.2f %s", what, found, unit);
  if (bar > 0) {
    std::printf("   bar %g%s", bar, found > bar ? "   MISSED" : "");
  }
  std::printf("\n");
}

// As Dovecot's LMTP delivers: a file in new/, a line of the uidlist.
void deliver(const fs::path& root, int i) {
  write_mail(root / "new", i, "");
  std::ofstream(root / "dovecot-uidlist", std::ios::app) << i + 1 << " :" << mail_name(i) << "\n";
}

double median_after(const webmail::Account& account, int times,
                    const std::function<void(int)>& act) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    act(i);
    all.push_back(list(account, 0));
  }
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

double build(const webmail::Account& account) {
  const auto start = base::system_clock().ticks();
  while (webmail::jmap::is_index_unfinished(account)) {
    if (!webmail::jmap::build_index(account, std::chrono::milliseconds(60))) {
      std::exit(1);
    }
  }
  return since(start);
}

double bytes_of(const std::string& index) {
  double bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code err;
    const auto size = fs::file_size(index + suffix, err);
    bytes += err ? 0.0 : static_cast<double>(size);
  }
  return bytes;
}

void measure(const webmail::Account& account, const fs::path& root) {
  const auto start = base::system_clock().ticks();
  inbox_of(account);
  tell("first build: names, dates, ids", since(start), 0, "ms");
  tell("list50, rows not read before", list(account, 0), 0, "ms");
  tell("first build: contents and threads of all", build(account), 0, "ms");
  tell("index", bytes_of(account.index) / mails, 0, "bytes a message");
  ::usleep(300'000);
  list(account, 0);
  tell("list50 of 50,000 (median of 9)", median_of_nine(account, 0), 1, "ms");
  tell("list50 at position 25,000 (median of 9)", median_of_nine(account, 25000), 1, "ms");
  const auto plain = [](int) {};
  tell("list50 after nothing", median_after(account, 9, plain), 1, "ms");
  tell("list50 after a delivery, fsync of its id included (median of 9)",
       median_after(account, 9, [&](int i) { deliver(root, mails + i); }), 10, "ms");
  tell("list50 after a flag change in cur/ (median of 9)",
       median_after(account, 9,
                    [&](int i) {
                      const auto path = root / "cur" / (mail_name(i) + ":2,S");
                      fs::rename(path, root / "cur" / (mail_name(i) + ":2,FS"));
                    }),
       0, "ms");
}

}  // namespace

int main() {
  std::string pattern = (fs::temp_directory_path() / "bench-list-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return 1;
  }
  const fs::path home = pattern;
  const fs::path root = home / "Maildir";
  make_maildir(root);
  ::usleep(300'000);
  webmail::Account account{"alice@example.org", "a1", home, root, home / "state/index"};
  measure(account, root);
  // Another process in its place: the same file under another name of the Maildir.
  fs::create_directory_symlink(root, home / "again");
  fs::copy_file(account.index, home / "state/copy");
  account.maildir = home / "again";
  account.index = home / "state/copy";
  const auto start = base::system_clock().ticks();
  inbox_of(account);
  list(account, 0);
  tell("list50, first of a process over a whole index", since(start), 0, "ms");
  fs::remove_all(home);
  return 0;
}
