// cli/progress.hh -- one line on a terminal that tells how far a long verb has come.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hh"

namespace cli {

// "compress  [#######-------]  47 %  12 of 51 accounts  alice@example.org", on standard error;
// nothing where that is no terminal. It is redrawn at most ten times a second.
class Progress {
 public:
  explicit Progress(std::string title, int fd = 2);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;
  ~Progress() { clear(); }

  void show(double part, std::string_view text);
  void clear();  // before something else is printed there

 private:
  std::string title_;
  int fd_;
  bool is_terminal_;
  bool is_shown_ = false;
  base::SteadyTime last_{};
};

// The bar and its text, at most `width` columns.
std::string progress_line(std::string_view title, double part, std::string_view text,
                          std::size_t width);

}  // namespace cli
