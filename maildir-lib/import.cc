// maildir-lib/import.cc -- mail of a source outside, stored once however often the run is begun.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/import.hh"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/digest.hh"
#include "base/files.hh"
#include "base/text.hh"

namespace maildir {

namespace {

using base::Errc;

constexpr std::string_view head = "posthouse imported 1\n";
constexpr const char* list_name = "/posthouse-imported";
constexpr std::size_t max_list_bytes = 512U << 20U;  // some sixteen million mails
constexpr std::size_t batch_mails = 64;
constexpr mode_t list_mode = 0600;

std::string hex_of(const ImportKey& key) {
  return base::hex(base::bytes_of(std::string_view(key.data(), key.size())));
}

std::optional<ImportKey> parse_key(std::string_view line) {
  ImportKey key{};
  if (line.size() != 2 * key.size()) {
    return std::nullopt;
  }
  const auto octets = base::from_hex(line);
  if (!octets || octets->size() != key.size()) {
    return std::nullopt;
  }
  std::copy(octets->begin(), octets->end(), key.begin());
  return key;
}

// As no other program makes it, and the same on every host.
std::string name_of(const ImportKey& key, std::int64_t received) {
  return std::to_string(std::max<std::int64_t>(received, 0)) + ".I" + hex_of(key) + ".imported";
}

}  // namespace

base::Result<std::vector<ImportKey>> parse_imported(std::string_view text) {
  std::vector<ImportKey> keys;
  if (text.empty() || head.starts_with(text)) {
    return keys;  // killed while it was begun
  }
  if (!text.starts_with(head)) {
    return base::make_error(Errc::corrupt, "it is no list of imported mail");
  }
  for (const std::string_view line : base::split(text.substr(head.size()), '\n')) {
    if (const auto key = parse_key(line)) {
      keys.push_back(*key);
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

base::Result<Import> Import::open(std::string folder, const ImportOptions& options,
                                  const base::Clock& clock, DiskCalls& calls) {
  Import import(std::move(folder), options, clock, calls);
  if (auto read = import.read_list(); !read) {
    return read.error();
  }
  if (auto read = import.read_names(); !read) {
    return read.error();
  }
  return import;
}

base::Result<void> Import::read_list() {
  const std::string path = folder_ + list_name;
  if (!options_.is_rehearsal) {
    const int flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
    list_.reset(calls_->open(path.c_str(), flags, list_mode));
    if (!list_.is_open()) {
      return base::errno_error(path, errno);
    }
    if (::flock(list_.get(), LOCK_EX | LOCK_NB) != 0) {
      return base::make_error(Errc::unavailable, folder_ + ": another import is at work there");
    }
  }
  const auto text = base::read_file(path, max_list_bytes);
  if (!text) {
    return text.error().code == Errc::not_found ? base::Result<void>()
                                                : base::Result<void>(text.error());
  }
  auto keys = parse_imported(*text);
  if (!keys) {
    return base::make_error(keys.error().code, path + ": " + keys.error().detail,
                            "move it away: mail is then known by its names alone");
  }
  stored_ = std::move(*keys);
  return options_.is_rehearsal ? base::Result<void>() : begin_list(*text);
}

// The head, or an end to a line that a killed run has left without.
base::Result<void> Import::begin_list(std::string_view text) {
  if (text.size() < head.size()) {
    if (::ftruncate(list_.get(), 0) != 0) {
      return base::errno_error(folder_ + list_name, errno);
    }
    text = {};
  }
  const std::string_view missing = text.empty()          ? head
                                   : text.back() != '\n' ? std::string_view("\n")
                                                         : std::string_view();
  if (!missing.empty() && calls_->write(list_.get(), missing.data(), missing.size()) !=
                              static_cast<ssize_t>(missing.size())) {
    return base::errno_error(folder_ + list_name, errno);
  }
  return {};
}

base::Result<void> Import::read_names() {
  for (const char* part : {"/new", "/cur"}) {
    const auto names = base::list_directory(folder_ + part);
    if (!names) {
      if (names.error().code == Errc::not_found && options_.is_rehearsal) {
        continue;
      }
      return names.error();
    }
    for (const std::string& name : *names) {
      const std::string_view base = base_name(name);
      const std::string_view unique = base.substr(0, base.find(','));
      if (unique.ends_with(".imported")) {
        names_.emplace(unique);
      }
    }
  }
  return {};
}

ImportKey Import::key_of(std::string_view octets, std::int64_t received) {
  const std::string digest = base::sha256(octets) + std::to_string(received);
  std::uint64_t alike = 0;
  const std::string both = base::sha256(digest);
  std::memcpy(&alike, both.data(), sizeof(alike));
  const std::string whole = base::sha256(digest + "#" + std::to_string(seen_[alike]++));
  ImportKey key{};
  std::copy_n(whole.begin(), key.size(), key.begin());
  return key;
}

base::Result<bool> Import::store(std::string_view octets, std::optional<std::int64_t> received,
                                 Flags flags) {
  const ImportKey key = key_of(octets, received.value_or(0));
  if (!options_.takes_again && std::binary_search(stored_.begin(), stored_.end(), key)) {
    return false;
  }
  std::string name = name_of(key, received.value_or(0));
  const bool is_there = names_.contains(name);
  if (options_.is_rehearsal) {
    return !is_there;
  }
  if (!is_there) {
    DeliveryOptions how;
    how.received = received;
    how.name = std::move(name);
    auto delivery = Delivery::begin(folder_, *clock_, how, *calls_);
    if (!delivery) {
      return delivery.error();
    }
    if (auto written = delivery->write(octets); !written) {
      return written.error();
    }
    if (auto done = delivery->commit(flags); !done) {
      return done.error();
    }
  }
  if (auto noted = note(key); !noted) {
    return noted.error();
  }
  return !is_there;
}

base::Result<void> Import::note(const ImportKey& key) {
  const std::string line = hex_of(key) + "\n";
  if (calls_->write(list_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return base::errno_error(folder_ + list_name, errno);
  }
  return ++unsynced_ < batch_mails ? base::Result<void>() : finish();
}

base::Result<void> Import::finish() {
  if (unsynced_ > 0 && calls_->fsync(list_.get()) != 0) {
    return base::errno_error(folder_ + list_name, errno);
  }
  unsynced_ = 0;
  return {};
}

}  // namespace maildir
