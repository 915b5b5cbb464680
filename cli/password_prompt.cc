// cli/password_prompt.cc -- byte by byte, so that nothing buffers a secret.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/password_prompt.hh"

#include <cerrno>
#include <utility>

#include <unistd.h>

#include <termios.h>

#include "base/files.hh"
#include "base/text.hh"

#include "directory-lib/password.hh"
#include "directory-lib/password_digest.hh"

namespace cli {

namespace {

using base::Errc;

constexpr char interrupt = '\x03';  // Ctrl-C, which is a byte like others while we read
constexpr char end_of_file = '\x04';
constexpr char kill_line = '\x15';
constexpr char backspace = '\x08';
constexpr char erase = '\x7F';

// The terminal without echo and without signals, put back at the end.
class QuietTerminal {
 public:
  QuietTerminal() {
    is_set_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    is_set_ = is_set_ && ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  QuietTerminal(QuietTerminal&&) = delete;
  QuietTerminal& operator=(QuietTerminal&&) = delete;
  ~QuietTerminal() {
    if (is_set_) {
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
  }
  bool is_set() const { return is_set_; }

 private:
  termios before_{};
  bool is_set_ = false;
};

enum class Got { byte, end, failed };

Got read_byte(char& c) {
  ssize_t size = 0;
  do {
    size = ::read(STDIN_FILENO, &c, 1);
  } while (size < 0 && errno == EINTR);
  return size == 1 ? Got::byte : size == 0 ? Got::end : Got::failed;
}

base::Error too_long() {
  return base::make_error(
      Errc::malformed,
      "the password is longer than " + std::to_string(directory::password_limit) + " bytes");
}

std::string secret_buffer() {
  std::string secret;
  // Never grows, so that no unwiped copy is left behind.
  secret.reserve(directory::password_limit + 1);
  return secret;
}

base::Result<std::string> read_line() {
  std::string secret = secret_buffer();
  char c = 0;
  for (;;) {
    const Got got = read_byte(c);
    if (got == Got::failed) {
      directory::wipe(secret);
      return base::errno_error("standard input", errno);
    }
    if (got == Got::end || c == '\n') {
      break;
    }
    if (secret.size() == directory::password_limit) {
      directory::wipe(secret);
      return too_long();
    }
    secret += c;
  }
  if (secret.empty()) {
    return base::make_error(Errc::malformed, "no password on standard input",
                            "write it as the first line");
  }
  return secret;
}

void drop_character(std::string& secret) {
  while (!secret.empty()) {
    const auto last = static_cast<unsigned char>(secret.back());
    secret.pop_back();
    if ((last & 0xC0U) != 0x80U) {
      return;
    }
  }
}

base::Result<std::string> ask(const std::string& question) {
  const auto prompt = [](const std::string& text) {
    return base::write_all(STDERR_FILENO, text, "the terminal");
  };
  const QuietTerminal terminal;
  if (!terminal.is_set()) {
    return base::make_error(Errc::unavailable, "the terminal's echo cannot be switched off",
                            "use --password-stdin");
  }
  if (auto ok = prompt(question); !ok) {
    return ok.error();
  }
  std::string secret = secret_buffer();
  char c = 0;
  Got got = read_byte(c);
  while (got == Got::byte && c != '\n' && c != '\r' && c != end_of_file && c != interrupt) {
    if (c == erase || c == backspace) {
      drop_character(secret);
    } else if (c == kill_line) {
      directory::wipe(secret);
    } else if (secret.size() < secret.capacity()) {
      secret += c;
    }
    got = read_byte(c);
  }
  if (auto ok = prompt("\n"); !ok || got != Got::byte || c == interrupt) {
    directory::wipe(secret);
    return base::make_error(Errc::denied, "given up; nothing was changed");
  }
  if (secret.size() > directory::password_limit) {
    directory::wipe(secret);
    return too_long();
  }
  return secret;
}

}  // namespace

base::Result<std::string> read_new_password(std::string_view whose, bool from_stdin) {
  if (from_stdin || ::isatty(STDIN_FILENO) == 0) {
    return read_line();
  }
  auto first = ask("New password of " + base::printable(whose, 80) + ": ");
  if (!first) {
    return first;
  }
  auto second = ask("Once more: ");
  if (!second) {
    directory::wipe(*first);
    return second;
  }
  const bool same = directory::equal_secrets(*first, *second);
  directory::wipe(*second);
  if (!same || first->empty()) {
    const bool none = same;
    directory::wipe(*first);
    return base::make_error(Errc::malformed,
                            none ? "the password is empty" : "the two passwords differ",
                            "nothing was changed; try again");
  }
  return first;
}

}  // namespace cli
