// dovecot-plugin/after_login_main.cc -- posthouse-after-login: writes down what a login left.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Dovecot's service of that name runs it for each note, with the note on standard input. It ends
// with 0 always, since Dovecot would slow down a service that fails; what went wrong is a line on
// standard error, which Dovecot logs.
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "base/clock.hh"
#include "base/settings.hh"
#include "base/text.hh"

#include "directory-lib/password_digest.hh"
#include "directory-lib/settings.hh"

#include "dovecot-plugin/after_login.hh"
#include "dovecot-plugin/settings.hh"

namespace {

constexpr unsigned patience = 60;  // seconds, for all of it

constexpr const char* usage =
    "usage: posthouse-after-login [--config-dir DIR] < NOTE\n"
    "       posthouse-after-login [--config-dir DIR] --check\n"
    "       posthouse-after-login --settings=conf|man|json\n"
    "       posthouse-after-login --version\n"
    "A service of Dovecot: writes down when an app password was used, and passwords hashed anew.\n"
    "DIR holds dovecot-plugin.conf and directory.conf; /etc/posthouse otherwise.\n"
    "--check looks for mistakes in dovecot-plugin.conf.\n";

base::Result<std::string> read_line() {
  std::string line;
  line.reserve(plugin::login_note_limit);
  while (line.size() < plugin::login_note_limit) {
    const int c = std::cin.get();
    if (c == std::char_traits<char>::eof()) {
      break;
    }
    line += static_cast<char>(c);
    if (c == '\n') {
      return line;
    }
  }
  return base::make_error(base::Errc::malformed, "no whole line");
}

base::Result<void> run(const std::string& folder) {
  auto line = read_line();
  if (!line) {
    return line.error();
  }
  auto note = plugin::parse_login_note(*line);
  directory::wipe(*line);
  if (!note) {
    return note.error();
  }
  const auto settings = plugin::load_settings(folder + "/dovecot-plugin.conf", true);
  if (!settings) {
    return settings.error();
  }
  const auto where = directory::load_settings(folder + "/directory.conf");
  if (!where) {
    return where.error();
  }
  auto accounts = directory::open(*where, directory::OpenAs::recorder);
  auto done = accounts ? plugin::perform(**accounts, settings->rehash_scheme, *note,
                                         base::system_clock().now())
                       : base::Result<void>(accounts.error());
  plugin::wipe(*note);
  if (!done) {
    return base::make_error(done.error().code,
                            base::printable(note->address) + ": " + done.error().detail,
                            done.error().hint);
  }
  return {};
}

void print(std::FILE* stream, const std::string& text) {
  (void)std::fputs(text.c_str(), stream);
}

int check(const std::string& folder) {
  const auto settings = plugin::load_settings(folder + "/dovecot-plugin.conf", false);
  const auto owner =
      settings ? plugin::find_owner(*settings) : base::Result<plugin::MailOwner>(settings.error());
  if (!owner) {
    print(stderr, owner.error().text() + "\n");
    return 1;
  }
  return 0;
}

// Programs ask for this; nothing when `word` is no such question.
std::optional<int> answer(std::string_view word) {
  constexpr std::string_view settings_word = "--settings=";
  if (word == "--version") {
    print(stdout, "posthouse-after-login " POSTHOUSE_VERSION "\n");
    return 0;
  }
  if (word == "--help") {
    print(stdout, usage);
    return 0;
  }
  if (!word.starts_with(settings_word)) {
    return std::nullopt;
  }
  const auto form = base::parse_settings_form(word.substr(settings_word.size()));
  if (!form) {
    print(stderr, form.error().text() + "\n");
    return 2;
  }
  print(stdout, base::print_settings(plugin::settings_rows(), *form));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string_view> words(argv + 1, argv + argc);
  std::string folder = "/etc/posthouse";
  if (words.size() >= 2 && words[0] == "--config-dir") {
    folder = words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.size() == 1 && words[0] == "--check") {
    return check(folder);
  }
  if (!words.empty()) {
    if (const auto code = words.size() == 1 ? answer(words[0]) : std::nullopt) {
      return *code;
    }
    print(stderr, usage);
    return 2;
  }
  ::alarm(patience);
  try {
    if (const auto done = run(folder); !done) {
      print(stderr, "posthouse-after-login: " + done.error().text() + "\n");
    }
  } catch (const std::exception& e) {
    print(stderr, "posthouse-after-login: " + std::string(e.what()) + "\n");
  }
  return 0;
}
