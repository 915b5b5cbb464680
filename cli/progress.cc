// cli/progress.cc -- one line on a terminal that tells how far a long verb has come.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/progress.hh"

#include <algorithm>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.hh"

#include "cli/output.hh"

namespace cli {

namespace {

constexpr std::chrono::milliseconds least_pause{100};
constexpr std::size_t bar_width = 24;
constexpr std::size_t usual_width = 80;
constexpr int hundred = 100;

std::size_t terminal_width(int fd) {
  struct winsize size {};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_width;
}

void write_out(int fd, std::string_view text) {
  // A terminal that went away is no reason to stop.
  (void)!::write(fd, text.data(), text.size());
}

}  // namespace

std::string progress_line(std::string_view title, double part, std::string_view text,
                          std::size_t width) {
  part = std::clamp(part, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(part * static_cast<double>(bar_width));
  std::string percent = std::to_string(static_cast<int>(part * hundred));
  percent.insert(0, percent.size() < 3 ? 3 - percent.size() : 0, ' ');
  std::string line(title);
  line +=
      "  [" + std::string(full, '#') + std::string(bar_width - full, '-') + "] " + percent + " %";
  line += text.empty() ? "" : "  " + base::printable(text);
  while (display_width(line) > width) {
    line.pop_back();
  }
  return line;
}

Progress::Progress(std::string title, int fd)
    : title_(std::move(title)), fd_(fd), is_terminal_(::isatty(fd) != 0) {}

void Progress::show(double part, std::string_view text) {
  const auto now = base::system_clock().ticks();
  if (!is_terminal_ || (is_shown_ && now - last_ < least_pause)) {
    return;
  }
  last_ = now;
  is_shown_ = true;
  write_out(fd_, "\r\x1B[K" + progress_line(title_, part, text, terminal_width(fd_) - 1));
}

void Progress::clear() {
  if (is_shown_) {
    write_out(fd_, "\r\x1B[K");
    is_shown_ = false;
  }
}

}  // namespace cli
