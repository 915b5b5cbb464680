// maildir-lib/index_build.cc -- contents of messages, and the threads they make.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Threads are made in the order of arrival, so that the oldest message of a thread gives it its
// number, also when the index is made anew. A thread once given stays: a message that would join
// two takes the older one, and neither is changed.
#include <algorithm>

#include "maildir-lib/index.hh"
#include "maildir-lib/summary.hh"

namespace maildir {

namespace {

constexpr std::int64_t slice = 64;  // messages in one transaction

// There, and never to be read: what is known of it is that.
bool is_unreadable(const base::Error& why) {
  return why.code == base::Errc::corrupt || why.code == base::Errc::over_quota ||
         why.code == base::Errc::denied;
}

}  // namespace

base::Result<void> Index::build(base::SteadyTime until) {
  while (!is_complete() && base::system_clock().ticks() < until) {
    std::vector<std::int64_t> next;
    {
      auto row =
          db_->prepare("SELECT number FROM email WHERE threaded = 0 ORDER BY received LIMIT ?1");
      if (!row) {
        return row.error();
      }
      row->bind(1, slice);
      for (auto more = row->step(); !more || *more; more = row->step()) {
        if (!more) {
          return more.error();
        }
        next.push_back(row->number(0));
      }
    }
    if (next.empty()) {
      return base::make_error(base::Errc::corrupt, options_.file + ": wrong count of Emails");
    }
    auto change = IndexChange::begin(*db_);
    if (!change) {
      return change.error();
    }
    base::Result<void> done;
    for (auto number = next.begin(); done && number != next.end(); ++number) {
      done = take_thread(*number);
    }
    done = done ? save_counts() : done;
    done = done ? save_states() : done;
    done = done ? change->commit() : done;
    if (!done) {
      is_loaded_ = false;
      return done;
    }
  }
  return {};
}

base::Result<void> Index::fill(std::span<const std::int64_t> numbers) {
  std::vector<std::int64_t> empty;
  for (const std::int64_t number : numbers) {
    auto row = db_->prepare("SELECT 1 FROM email WHERE number = ?1 AND has_content = 0");
    if (!row) {
      return row.error();
    }
    const auto found = row->bind(1, number).step();
    if (!found) {
      return found.error();
    }
    if (*found) {
      empty.push_back(number);
    }
  }
  if (empty.empty()) {
    return {};
  }
  auto change = IndexChange::begin(*db_);
  if (!change) {
    return change.error();
  }
  for (const std::int64_t number : empty) {
    if (auto done = take_content(number, nullptr); !done) {
      return done.error();
    }
  }
  return change->commit();
}

// Held from one message to the next: many of a pack are read one after another.
Packs* Index::reading_packs() {
  if (!packs_) {
    auto root = Directory::open(options_.maildir);
    if (!root) {
      return nullptr;
    }
    packs_.emplace(std::move(*root));
  }
  return &*packs_;
}

// False when the message is gone, or cannot be reached now.
base::Result<bool> Index::take_content(std::int64_t email, std::vector<std::int64_t>* keys) {
  auto message = open_message(email, reading_packs());
  const auto bytes =
      message ? message->read_start(summary_octets) : base::Result<std::string>(message.error());
  if (!bytes && !is_unreadable(bytes.error())) {
    return false;
  }
  const Summary summary = bytes ? summarize(*bytes) : Summary();
  if (keys != nullptr) {
    *keys = summary.thread_keys;
  }
  auto row = db_->prepare(
      "UPDATE email SET has_content = 1, omitted = ?2, attachment = ?3, preview = ?4, header = ?5"
      " WHERE number = ?1");
  if (!row) {
    return row.error();
  }
  row->bind(1, email).bind(2, std::int64_t{summary.omitted});
  row->bind(3, std::int64_t{summary.has_attachment ? 1 : 0}).bind(4, summary.preview);
  if (auto done = row->bind(5, summary.header).run(); !done) {
    return done.error();
  }
  return true;
}

base::Result<void> Index::take_thread(std::int64_t number) {
  auto email = load_email(number);
  if (!email || !*email) {
    return email ? base::Result<void>() : email.error();
  }
  std::vector<std::int64_t> keys;
  if ((*email)->has_content && (*email)->omitted == 0) {
    keys = thread_keys(listed_header((*email)->header));
  } else if (const auto taken = take_content(number, &keys); !taken) {
    return taken.error();
  }
  const auto thread = choose_thread(number, keys);
  if (!thread) {
    return thread.error();
  }
  auto row = db_->prepare(
      "UPDATE email SET threaded = 1, thread = ?2, changed = MAX(changed, ?3) WHERE number = ?1");
  if (!row) {
    return row.error();
  }
  const bool moves = *thread != (*email)->thread;
  if (moves) {
    email_state_ = next_modseq();
  }
  row->bind(1, number).bind(2, *thread).bind(3, moves ? email_state_ : 0);
  if (auto done = row->run(); !done) {
    return done;
  }
  --unthreaded_;
  if (!moves) {
    return {};
  }
  Email after = **email;
  after.thread = *thread;
  note_thread(after);
  return enlist(**email, after);
}

base::Result<std::int64_t> Index::choose_thread(std::int64_t email,
                                                const std::vector<std::int64_t>& keys) {
  std::optional<std::int64_t> chosen;
  std::vector<std::int64_t> fresh;
  for (const std::int64_t key : keys) {
    auto row = db_->prepare("SELECT thread FROM thread_key WHERE key = ?1");
    if (!row) {
      return row.error();
    }
    const auto found = row->bind(1, key).step();
    if (!found) {
      return found.error();
    }
    if (!*found) {
      fresh.push_back(key);
    } else {
      chosen = std::min(chosen.value_or(row->number(0)), row->number(0));
    }
  }
  const std::int64_t thread = chosen.value_or(email);
  for (const std::int64_t key : fresh) {
    auto row = db_->prepare("INSERT INTO thread_key VALUES (?1, ?2)");
    if (!row) {
      return row.error();
    }
    if (auto done = row->bind(1, key).bind(2, thread).run(); !done) {
      return done.error();
    }
  }
  return thread;
}

}  // namespace maildir
