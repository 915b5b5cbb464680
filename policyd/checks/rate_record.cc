// policyd/checks/rate_record.cc -- rate records to bytes and back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/rate_record.hh"

#include <algorithm>

#include "policyd/store/record.hh"

namespace policy {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t key_part = 12;
constexpr std::array<std::string_view, all_rate_kinds.size()> kind_names{"user", "user_domain",
                                                                         "client", "domain"};

bool is_kind(std::uint8_t number) {
  return number >= 1 && number <= all_rate_kinds.size();
}

bool is_unit(std::uint8_t number) {
  return number == static_cast<std::uint8_t>(RateUnit::messages) ||
         number == static_cast<std::uint8_t>(RateUnit::recipients);
}

// The oldest slots are mostly empty, and are left out.
void append_window(std::string& out, const RateCount& count) {
  const RateWindow& window = count.window;
  std::size_t used = RateWindow::slots;
  while (used > 0 && window.counts()[used - 1] == 0) {
    --used;
  }
  append_number(out, static_cast<std::uint8_t>(count.unit));
  append_number(out, window.length());
  append_number(out, window.newest());
  append_number(out, static_cast<std::uint8_t>(used));
  for (std::size_t i = 0; i < used; ++i) {
    append_number(out, window.counts()[i]);
  }
}

}  // namespace

std::string_view rate_kind_name(RateKind kind) {
  return kind_names[static_cast<std::size_t>(kind) - 1];
}

std::optional<RateKind> parse_rate_kind(std::string_view name) {
  for (const RateKind kind : all_rate_kinds) {
    if (rate_kind_name(kind) == name) {
      return kind;
    }
  }
  return std::nullopt;
}

std::string_view rate_unit_name(RateUnit unit) {
  return unit == RateUnit::messages ? "messages" : "recipients";
}

const RateWindow* RateRecord::find(RateUnit unit, Seconds length) const {
  for (const RateCount& count : counts) {
    if (count.unit == unit && count.window.length() == length) {
      return &count.window;
    }
  }
  return nullptr;
}

Seconds RateRecord::expires() const {
  Seconds last = 0;
  for (const RateCount& count : counts) {
    last = std::max(last, count.window.ends());
  }
  return last;
}

std::string encode(const RateRecord& record) {
  std::string out;
  append_number(out, format_version);
  append_number(out, static_cast<std::uint8_t>(record.kind));
  append_text(out, record.subject);
  append_number(out, static_cast<std::uint8_t>(record.counts.size()));
  for (const RateCount& count : record.counts) {
    append_window(out, count);
  }
  return out;
}

base::Result<RateRecord> decode_rate(std::string_view bytes) {
  const auto corrupt = [](std::string what) {
    return base::make_error(base::Errc::corrupt, "a rate record " + std::move(what));
  };
  RecordReader reader(bytes);
  if (reader.number<std::uint8_t>() != format_version) {
    return corrupt("of another version");
  }
  RateRecord record;
  const auto kind = reader.number<std::uint8_t>();
  record.subject = reader.text();
  const auto count = reader.number<std::uint8_t>();
  if (!is_kind(kind) || count > 2 * rate_limits_at_most) {
    return corrupt("that makes no sense");
  }
  record.kind = static_cast<RateKind>(kind);
  for (std::size_t i = 0; i < count; ++i) {
    const auto unit = reader.number<std::uint8_t>();
    const auto length = reader.number<Seconds>();
    const auto newest = reader.number<std::uint32_t>();
    const auto used = reader.number<std::uint8_t>();
    if (!is_unit(unit) || length == 0 || used > RateWindow::slots) {
      return corrupt("that makes no sense");
    }
    std::array<std::uint32_t, RateWindow::slots> counts{};
    for (std::size_t slot = 0; slot < used; ++slot) {
      counts[slot] = reader.number<std::uint32_t>();
    }
    record.counts.push_back({static_cast<RateUnit>(unit), RateWindow(length, newest, counts)});
  }
  if (!reader.is_whole()) {
    return corrupt("of the wrong length");
  }
  return record;
}

Key rate_key(const HashKey& hash_key, RateKind kind, std::string_view subject) {
  return {Table::rates, hashed(hash_key, 'l', rate_kind_name(kind), subject, key_part)};
}

}  // namespace policy
