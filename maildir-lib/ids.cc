// maildir-lib/ids.cc -- ids.log: the numbers behind the ids of e-mails and folders, kept for ever.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/ids.hh"

#include <algorithm>
#include <cerrno>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.hh"
#include "base/files.hh"
#include "base/random.hh"

namespace maildir {

namespace {

constexpr std::string_view magic = "posthouse ids 1\n";
constexpr std::string_view any_version = "posthouse ids ";
constexpr std::size_t checked_bytes = 28;
constexpr std::size_t key_at = 8;
constexpr std::size_t tail_step = 1U << 16U;
constexpr std::chrono::milliseconds lock_step{5};
// 2026-01-01T00:00:00Z: keeps ids short.
constexpr base::WallTime number_epoch{std::chrono::milliseconds(1'767'225'600'000)};

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 1U) != 0 ? crc >> 1U ^ 0x82F63B78U : crc >> 1U;
    }
    table[i] = crc;
  }
  return table;
}

std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = make_crc_table();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc = crc >> 8U ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  }
  return ~crc;
}

void put(std::string& out, std::uint64_t value, int octets) {
  for (int i = 0; i < octets; ++i) {
    out += static_cast<char>(value >> (8U * static_cast<unsigned>(i)) & 0xFFU);
  }
}

std::uint64_t get(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

bool is_good(std::string_view record) {
  return record.size() == id_record_bytes &&
         get(record.substr(checked_bytes)) == crc32c(record.substr(0, checked_bytes)) &&
         get(record.substr(0, key_at)) != 0;
}

IdKey key_of(char kind, std::string_view text) {
  const std::string hash = base::sha256(std::string(1, kind) + ":" + std::string(text));
  IdKey key{};
  std::copy_n(hash.begin(), key.size(), key.begin());
  return key;
}

std::string_view without_number(std::string_view guid, std::string_view name) {
  const std::size_t comma = guid.rfind(',');
  if (comma == std::string_view::npos || comma == 0 || guid.substr(comma, name.size()) != name ||
      comma + name.size() == guid.size() ||
      guid.find_first_not_of("0123456789", comma + name.size()) != std::string_view::npos) {
    return guid;
  }
  return guid.substr(0, comma);
}

}  // namespace

std::string_view bare_guid(std::string_view guid) {
  return without_number(without_number(guid, ",W="), ",S=");
}

IdKey email_key(std::string_view guid) {
  return key_of('E', bare_guid(guid));
}

IdKey folder_guid_key(std::string_view guid) {
  return key_of('G', guid);
}

IdKey folder_name_key(std::string_view disk_name) {
  return key_of('N', disk_name);
}

ParsedIds parse_id_records(std::string_view bytes) {
  ParsedIds parsed;
  std::size_t bad = 0;
  for (std::size_t at = 0; at + id_record_bytes <= bytes.size(); at += id_record_bytes) {
    const std::string_view text = bytes.substr(at, id_record_bytes);
    if (!is_good(text)) {
      ++bad;
      continue;
    }
    IdRecord record;
    record.number = get(text.substr(0, key_at));
    std::copy_n(text.begin() + key_at, record.key.size(), record.key.begin());
    parsed.records.push_back(record);
    parsed.damaged += std::exchange(bad, 0);
    parsed.good_end = at + id_record_bytes;
  }
  return parsed;
}

std::string id_record_text(const IdRecord& record) {
  std::string text;
  put(text, record.number, 8);
  text.append(record.key.begin(), record.key.end());
  put(text, 0, 4);
  put(text, crc32c(text), 4);
  return text;
}

std::uint64_t first_free_number(std::uint64_t largest, base::WallTime now) {
  const auto clock = (now - number_epoch).count();
  return std::max(largest + 1, clock < 1 ? 1 : static_cast<std::uint64_t>(clock));
}

base::Result<IdsLog> IdsLog::open(const std::string& path, std::chrono::milliseconds patience) {
  auto fd = base::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!fd) {
    return fd.error();
  }
  IdsLog log(std::move(*fd), path);
  if (auto locked = log.lock(patience); !locked) {
    return locked.error();
  }
  if (auto begun = log.begin(); !begun) {
    return begun.error();
  }
  if (auto cut = log.cut_torn_tail(); !cut) {
    return cut.error();
  }
  return log;
}

base::Result<void> IdsLog::lock(std::chrono::milliseconds patience) const {
  const auto until = base::system_clock().ticks() + patience;
  while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return base::errno_error(path_, errno);
    }
    if (base::system_clock().ticks() >= until) {
      return base::make_error(base::Errc::unavailable, path_ + ": locked by another process");
    }
    std::this_thread::sleep_for(lock_step);
  }
  return {};
}

// Reads the header; writes it when the file is new, or a crash of the machine left none of it.
base::Result<void> IdsLog::begin() {
  const auto header = octets(0, id_header_bytes);
  if (!header) {
    return header.error();
  }
  const auto whole = size();
  if (!whole) {
    return whole.error();
  }
  const bool is_blank =
      *whole <= id_header_bytes && header->find_first_not_of('\0') == std::string::npos;
  if (header->size() == id_header_bytes && !is_blank) {
    if (!header->starts_with(magic)) {
      return header->starts_with(any_version)
                 ? base::make_error(base::Errc::malformed, path_ + ": written by another release",
                                    "install that release again")
                 : base::make_error(base::Errc::malformed, path_ + ": not a log of ids",
                                    "put it back from a copy; nothing of it was changed");
    }
    log_ = header->substr(magic.size());
    return {};
  }
  log_ = base::random_bytes(id_header_bytes - magic.size());
  if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0) {
    return base::errno_error(path_, errno);
  }
  if (auto written = base::write_all(fd_.get(), std::string(magic) + log_, path_); !written) {
    return written;
  }
  if (auto synced = base::sync_file(fd_.get(), path_); !synced) {
    return synced;
  }
  return base::sync_directory(base::parent_directory(path_));
}

// What a crash left of an append that never returned: nobody was shown a number of it.
base::Result<void> IdsLog::cut_torn_tail() {
  auto end = size();
  if (!end) {
    return end.error();
  }
  const std::uint64_t before = *end;
  std::uint64_t good = before - (before - id_header_bytes) % id_record_bytes;
  while (good > id_header_bytes) {
    const std::uint64_t from = good - std::min<std::uint64_t>(tail_step, good - id_header_bytes);
    const auto bytes = octets(from, good);
    if (!bytes) {
      return bytes.error();
    }
    const std::size_t good_end = parse_id_records(*bytes).good_end;
    good = from + good_end;
    if (good_end > 0) {
      break;
    }
  }
  if (good != before && ::ftruncate(fd_.get(), static_cast<off_t>(good)) != 0) {
    return base::errno_error(path_, errno);
  }
  return {};
}

// Whether the log still begins with what was seen.
base::Result<bool> IdsLog::continues(const IdsPlace& seen, std::uint64_t end) const {
  if (seen.log != log_ || seen.end > end || seen.end < id_header_bytes) {
    return false;
  }
  if (seen.end == id_header_bytes) {
    return true;
  }
  const auto last = octets(seen.end - id_record_bytes, seen.end);
  return last ? base::Result<bool>(*last == seen.last) : last.error();
}

base::Result<IdsLog::News> IdsLog::read(IdsPlace& seen) const {
  const auto end = size();
  if (!end) {
    return end.error();
  }
  const auto same = continues(seen, *end);
  if (!same) {
    return same.error();
  }
  News news;
  news.is_other = !*same;
  const auto bytes = octets(news.is_other ? id_header_bytes : seen.end, *end);
  if (!bytes) {
    return bytes.error();
  }
  ParsedIds parsed = parse_id_records(*bytes);
  std::string last = *end > (news.is_other ? id_header_bytes : seen.end)
                         ? bytes->substr(bytes->size() - id_record_bytes)
                         : (news.is_other ? "" : seen.last);
  seen = {log_, *end, news.is_other ? 0 : seen.largest, std::move(last)};
  for (const IdRecord& record : parsed.records) {
    seen.largest = std::max(seen.largest, record.number);
  }
  news.records = std::move(parsed.records);
  news.damaged = parsed.damaged;
  return news;
}

base::Result<void> IdsLog::append(std::span<const IdRecord> records, IdsPlace& seen) {
  std::string text;
  text.reserve(records.size() * id_record_bytes);
  for (const IdRecord& record : records) {
    text += id_record_text(record);
  }
  if (::lseek(fd_.get(), static_cast<off_t>(seen.end), SEEK_SET) < 0) {
    return base::errno_error(path_, errno);
  }
  auto done = base::write_all(fd_.get(), text, path_);
  if (done && ::fdatasync(fd_.get()) != 0) {
    done = base::errno_error(path_, errno);
  }
  if (!done) {
    // A full disk: what was written of it must not be taken for given out.
    (void)::ftruncate(fd_.get(), static_cast<off_t>(seen.end));
    return done;
  }
  if (!text.empty()) {
    seen.last = text.substr(text.size() - id_record_bytes);
  }
  seen.end += text.size();
  for (const IdRecord& record : records) {
    seen.largest = std::max(seen.largest, record.number);
  }
  return {};
}

base::Result<std::string> IdsLog::octets(std::uint64_t from, std::uint64_t to) const {
  std::string bytes(to - from, '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(fd_.get(), bytes.data() + have, bytes.size() - have,
                                static_cast<off_t>(from + have));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return base::errno_error(path_, errno);
    }
    if (got == 0) {
      break;
    }
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

base::Result<std::uint64_t> IdsLog::size() const {
  struct stat st {};
  if (::fstat(fd_.get(), &st) != 0) {
    return base::errno_error(path_, errno);
  }
  return static_cast<std::uint64_t>(st.st_size);
}

}  // namespace maildir
