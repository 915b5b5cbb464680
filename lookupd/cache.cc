// lookupd/cache.cc -- the least recently used list behind the answers, and their ages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/cache.hh"

namespace lookup {

namespace {

// What a list node, an index node and their malloc heads take besides the two texts.
constexpr std::size_t overhead = 200;

}  // namespace

std::size_t Cache::cost_of(const Entry& entry) {
  return overhead + entry.question.size() + entry.reply.text.size();
}

bool Cache::is_fresh(const Entry& entry) const {
  const base::Duration time =
      entry.reply.status == directory::SocketmapStatus::ok ? limits_.time : limits_.negative_time;
  return clock_.ticks() - entry.born < time;
}

void Cache::set_limits(const CacheLimits& limits) {
  limits_ = limits;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (!is_fresh(*entry)) {
      erase(entry);
    }
    entry = next;
  }
  shrink();
}

const directory::SocketmapReply* Cache::find(std::string_view question) {
  const auto found = index_.find(question);
  if (found == index_.end()) {
    return nullptr;
  }
  const auto entry = found->second;
  if (!is_fresh(*entry)) {
    erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return &entry->reply;
}

void Cache::put(std::string_view question, const directory::SocketmapReply& reply) {
  const bool is_certain = reply.status == directory::SocketmapStatus::ok ||
                          reply.status == directory::SocketmapStatus::not_found;
  if (const auto old = index_.find(question); old != index_.end()) {
    erase(old->second);
  }
  Entry entry{std::string(question), reply, clock_.ticks()};
  if (!is_certain || !is_fresh(entry) || cost_of(entry) > limits_.bytes) {
    return;
  }
  entries_.push_front(std::move(entry));
  index_.emplace(entries_.front().question, entries_.begin());
  bytes_ += cost_of(entries_.front());
  shrink();
}

void Cache::clear() {
  index_.clear();
  entries_.clear();
  bytes_ = 0;
}

void Cache::erase(Entries::iterator entry) {
  bytes_ -= cost_of(*entry);
  index_.erase(entry->question);
  entries_.erase(entry);
}

void Cache::shrink() {
  while (bytes_ > limits_.bytes) {
    erase(std::prev(entries_.end()));
  }
}

}  // namespace lookup
