// maildir-lib/id_book.hh -- numbers for GUIDs: ids.log, with a copy in the index to look them up.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "maildir-lib/ids.hh"
#include "maildir-lib/index_db.hh"

namespace maildir {

// What needs a number: the first key decides; the others will lead to the same number from now on.
struct IdWish {
  std::vector<IdKey> keys;  // the most reliable first
  std::int64_t number = 0;  // the answer; a wish that comes with one keeps it
  bool is_new = false;      // a number nobody had, whatever the keys lead to
};

class IdBook {
 public:
  IdBook(IndexDb& db, std::string path) : db_(db), path_(std::move(path)) {}

  // The number of a key, should it have one.
  base::Result<std::optional<std::int64_t>> find(const IdKey& key);

  // Fills in the numbers, new ones where no key has one. They are durable when it returns; ids.log
  // is not touched when nothing new is wished. Within an IndexChange.
  base::Result<void> grant(std::span<IdWish> wishes, base::WallTime now);

  // Takes over what the log knows, and gives back to it what it has lost. Within an IndexChange.
  base::Result<void> catch_up();

 private:
  base::Result<IdsLog> open_log(IdsPlace& place);
  base::Result<void> restore(IdsLog& log, IdsPlace& place, const std::vector<IdRecord>& in_log);
  base::Result<void> enter(std::span<const IdRecord> records);
  base::Result<bool> answer(IdWish& wish);
  base::Result<std::vector<IdWish*>> unsettled(std::span<IdWish> wishes);
  static bool number(IdWish& wish, std::int64_t next, const std::map<IdKey, std::int64_t>& fresh);
  base::Result<void> write_down(const IdWish& wish, std::map<IdKey, std::int64_t>& fresh,
                                std::vector<IdRecord>& records);
  base::Result<IdsPlace> load_place();
  base::Result<void> save_place(const IdsPlace& place);

  IndexDb& db_;
  std::string path_;
};

}  // namespace maildir
