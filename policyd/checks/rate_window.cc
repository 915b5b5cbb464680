// policyd/checks/rate_window.cc -- slots that age, and reading "100/1h".
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/rate_window.hh"

#include <algorithm>
#include <limits>

#include "base/text.hh"

namespace policy {

namespace {

const base::SettingRow window_row{"window", 2, "1h", "1s..60d", base::Reload::live, "A time."};
constexpr std::string_view hint = "write COUNT/TIME, such as 100/1h";

base::Error wrong(std::string_view word, const std::string& what, std::string advice) {
  return base::make_error(base::Errc::malformed, "\"" + base::printable(word, 40) + "\": " + what,
                          std::move(advice));
}

base::Result<RateLimit> parse_rate_limit(std::string_view word) {
  const std::size_t slash = word.find('/');
  const auto most = base::parse_number<std::uint32_t>(word.substr(0, slash));
  if (slash == std::string_view::npos || !most) {
    return wrong(word, "not a limit", std::string(hint));
  }
  const auto window = base::parse_setting_value(window_row, word.substr(slash + 1));
  if (!window) {
    return wrong(word, window.error().detail, window.error().hint);
  }
  const auto length =
      std::chrono::ceil<std::chrono::seconds>(std::get<base::Duration>(*window)).count();
  return RateLimit{*most, static_cast<Seconds>(length)};
}

}  // namespace

base::Result<std::vector<RateLimit>> parse_rate_limits(const base::Words& words) {
  std::vector<RateLimit> limits;
  if (words.size() > rate_limits_at_most) {
    return base::make_error(base::Errc::malformed, "too many limits",
                            "at most " + std::to_string(rate_limits_at_most));
  }
  for (const std::string& word : words) {
    const auto limit = parse_rate_limit(word);
    if (!limit) {
      return limit.error();
    }
    for (const RateLimit& other : limits) {
      if (other.window == limit->window) {
        return wrong(word, "this time has a limit already", "leave one of them out");
      }
      const bool is_longer = limit->window > other.window;
      if (is_longer ? limit->most <= other.most : limit->most >= other.most) {
        return wrong(word, "one of two limits has no effect beside the other",
                     "a longer time must allow more");
      }
    }
    limits.push_back(*limit);
  }
  return limits;
}

std::uint32_t RateWindow::age(Seconds now) const {
  const std::uint32_t present = now / slot();
  if (present >= newest_) {
    return present - newest_;
  }
  return newest_ - present < slots ? 0 : slots;
}

void RateWindow::add(Seconds now, std::uint32_t count) {
  const std::uint32_t gone = std::min<std::uint32_t>(age(now), slots);
  if (gone == slots) {
    counts_.fill(0);
    newest_ = now / slot();
  } else if (gone > 0) {
    std::copy_backward(counts_.begin(), counts_.end() - gone, counts_.end());
    std::fill_n(counts_.begin(), gone, 0);
    newest_ += gone;
  }
  const std::uint64_t more = std::uint64_t{counts_[0]} + count;
  counts_[0] = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(more, std::numeric_limits<std::uint32_t>::max()));
}

std::uint64_t RateWindow::sum(Seconds now) const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i + age(now) < kept(); ++i) {
    total += counts_[i];
  }
  return total;
}

Seconds RateWindow::wait(Seconds now, std::uint64_t most) const {
  std::uint64_t total = sum(now);
  if (total <= most) {
    return 0;
  }
  const Seconds start = std::max(now, newest_ * slot());
  std::uint32_t left = kept() - age(now);
  while (left > 0 && total > most) {
    --left;
    total -= counts_[left];
  }
  // The last that has to go, `left`, goes when the first slot begins that is kept() newer.
  const std::uint64_t falls = (std::uint64_t{newest_} + kept() - left) * std::uint64_t{slot()};
  return falls > start ? static_cast<Seconds>(falls - start) : 1;
}

Seconds RateWindow::ends() const {
  const std::uint64_t end = (std::uint64_t{newest_} + kept()) * std::uint64_t{slot()};
  return static_cast<Seconds>(std::min<std::uint64_t>(end, std::numeric_limits<Seconds>::max()));
}

}  // namespace policy
