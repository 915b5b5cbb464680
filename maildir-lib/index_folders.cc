// maildir-lib/index_folders.cc -- the folders of an index: which are there, renamed, new or gone.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A folder is the same when its directory is (a rename keeps it), else when its GUID is, else when
// its name is: so its number survives renames, restored backups and a lost uidlist.
#include <algorithm>

#include "base/text.hh"

#include "maildir-lib/index.hh"

namespace maildir {

struct Index::Present {
  Folder folder;
  std::uint64_t inode = 0;
  std::string guid;                // read when the directory is not one we know
  std::optional<std::size_t> row;  // of folders_
  bool is_same = false;            // name and directory are as they were
};

namespace {

template <typename Rows, typename Is>
std::optional<std::size_t> free_row(const Rows& rows, const std::vector<bool>& taken, Is is) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!taken[i] && is(i)) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

base::Result<void> Index::refresh_folders(const Directory& root, base::WallTime now) {
  const Stamp stamp = root.stamp();
  const auto subscriptions = root.stamp("subscriptions");
  if (stamp == root_stamp_ && subscriptions == subscriptions_stamp_) {
    return {};
  }
  auto folders = list_folders(root);
  if (!folders) {
    return folders.error();
  }
  std::vector<Present> present;
  for (Folder& folder : *folders) {
    const auto own = folder.is_inbox() ? std::optional(stamp) : root.stamp(folder.disk_name);
    present.push_back({std::move(folder), own ? own->inode : 0, {}, {}, false});
  }
  match_folders(root, present);
  const bool is_same = present.size() == folders_.size() &&
                       std::all_of(present.begin(), present.end(),
                                   [](const Present& folder) { return folder.is_same; });
  if (!is_same || subscriptions != subscriptions_stamp_ || root_stamp_ == std::nullopt) {
    if (auto done = take_folders(root, is_same, present, now); !done) {
      return done;
    }
  }
  const bool is_racy = stamp.is_racy(now) || (subscriptions && subscriptions->is_racy(now));
  root_stamp_ = is_racy ? distrusted : stamp;
  subscriptions_stamp_ = is_racy ? std::optional(distrusted) : subscriptions;
  return {};
}

base::Result<void> Index::take_folders(const Directory& root, bool is_same,
                                       std::vector<Present>& present, base::WallTime now) {
  auto change = IndexChange::begin(*db_);
  if (!change) {
    return change.error();
  }
  auto done = is_same ? base::Result<void>() : store_folders(present, now);
  done = done ? note_subscriptions(read_subscriptions(root)) : done;
  done = done ? save_states() : done;
  return done ? change->commit() : done;
}

void Index::match_folders(const Directory& root, std::vector<Present>& present) const {
  std::vector<bool> taken(folders_.size(), false);
  const auto match = [&](Present& folder, auto is) {
    folder.row = free_row(folders_, taken, is);
    if (folder.row) {
      taken[*folder.row] = true;
    }
  };
  for (Present& folder : present) {
    match(folder, [&](std::size_t i) {
      return folders_[i].folder.disk_name == folder.folder.disk_name &&
             work_[i].inode == folder.inode;
    });
    folder.is_same = folder.row.has_value();
  }
  for (Present& folder : present) {
    if (folder.row) {
      continue;
    }
    const auto directory =
        folder.folder.is_inbox() ? root.again() : root.open_directory(folder.folder.disk_name);
    folder.guid = directory ? folder_guid(*directory) : "";
    match(folder,
          [&](std::size_t i) { return !folder.guid.empty() && folders_[i].guid == folder.guid; });
  }
  for (Present& folder : present) {
    if (!folder.row) {
      match(folder,
            [&](std::size_t i) { return folders_[i].folder.disk_name == folder.folder.disk_name; });
    }
  }
}

base::Result<void> Index::store_folders(std::vector<Present>& present, base::WallTime now) {
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    const bool is_there = std::any_of(present.begin(), present.end(),
                                      [i](const Present& folder) { return folder.row == i; });
    if (!is_there) {
      if (auto done = remove_folder(folders_[i].number); !done) {
        return done;
      }
    }
  }
  // Names may have changed places: no two may be equal on the way.
  if (auto done = db_->execute("UPDATE folder SET disk_name = '/' || number"); !done) {
    return done;
  }
  std::vector<IdWish> wishes;
  for (const Present& folder : present) {
    auto wish = wish_for(folder, present);
    if (!wish) {
      return wish.error();
    }
    wishes.push_back(std::move(*wish));
  }
  if (auto done = ids_.grant(wishes, now); !done) {
    return done;
  }
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (auto done = store_folder(present[i], wishes[i].number); !done) {
      return done;
    }
  }
  return load_folders();
}

// The number it has, or one that its GUID or name once had and no other folder has now.
base::Result<IdWish> Index::wish_for(const Present& folder, const std::vector<Present>& present) {
  IdWish wish;
  if (!folder.guid.empty()) {
    wish.keys.push_back(folder_guid_key(folder.guid));
  }
  wish.keys.push_back(folder_name_key(folder.folder.disk_name));
  if (folder.row) {
    wish.number = folders_[*folder.row].number;
    return wish;
  }
  for (const IdKey& key : wish.keys) {
    const auto number = ids_.find(key);
    if (!number) {
      return number.error();
    }
    const bool is_taken =
        *number && std::any_of(present.begin(), present.end(), [&](const Present& other) {
          return other.row && folders_[*other.row].number == **number;
        });
    if (*number && !is_taken) {
      wish.number = **number;
      return wish;
    }
  }
  wish.is_new = true;
  return wish;
}

// Each of them counts as changed: a name may show itself in the names of those below it.
base::Result<void> Index::store_folder(const Present& folder, std::int64_t number) {
  const std::int64_t modseq = next_modseq();
  folder_state_ = modseq;
  auto row = folder.row ? db_->prepare(
                              "UPDATE folder SET disk_name = ?2, inode = ?3, changed = ?4"
                              " WHERE number = ?1")
                        : db_->prepare(
                              "INSERT INTO folder (number, disk_name, inode, created, changed,"
                              " counted) VALUES (?1, ?2, ?3, ?4, ?4, ?4)");
  if (!row) {
    return row.error();
  }
  row->bind(1, number).bind(2, folder.folder.disk_name);
  row->bind(3, static_cast<std::int64_t>(folder.inode)).bind(4, modseq);
  return row->run();
}

base::Result<void> Index::remove_folder(std::int64_t number) {
  Touched touched;
  {
    auto row = db_->prepare("DELETE FROM file WHERE folder = ?1 RETURNING email");
    if (!row) {
      return row.error();
    }
    row->bind(1, number);
    for (auto more = row->step(); !more || *more; more = row->step()) {
      if (!more) {
        return more.error();
      }
      touched.try_emplace(row->number(0));
    }
  }
  for (const auto& [email, seen] : touched) {
    if (auto done = settle(email, seen); !done) {
      return done;
    }
  }
  if (auto done = save_counts(); !done) {
    return done;
  }
  auto row = db_->prepare("DELETE FROM folder WHERE number = ?1 RETURNING created");
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, number).step();
  if (!found) {
    return found.error();
  }
  return note_gone(Kind::folder, number, *found ? row->number(0) : 0);
}

base::Result<void> Index::note_subscriptions(const Subscriptions& subscriptions) {
  for (IndexedFolder& folder : folders_) {
    const bool is_subscribed = folder.folder.is_inbox() || subscriptions.has(folder.folder);
    if (is_subscribed == folder.is_subscribed) {
      continue;
    }
    folder.is_subscribed = is_subscribed;
    auto row = db_->prepare("UPDATE folder SET subscribed = ?2, changed = ?3 WHERE number = ?1");
    if (!row) {
      return row.error();
    }
    folder_state_ = next_modseq();
    row->bind(1, folder.number).bind(2, is_subscribed ? 1 : 0).bind(3, folder_state_);
    if (auto done = row->run(); !done) {
      return done;
    }
  }
  return {};
}

// A folder's GUID is known once Dovecot has written its uidlist; a lost uidlist gives another.
base::Result<void> Index::learn_guid(std::size_t at, const std::string& guid, base::WallTime now) {
  IndexedFolder& folder = folders_[at];
  if (guid.empty() || guid == folder.guid) {
    return {};
  }
  folder.guid = guid;
  IdWish wish{
      {folder_guid_key(guid), folder_name_key(folder.folder.disk_name)}, folder.number, false};
  if (auto done = ids_.grant({&wish, 1}, now); !done) {
    return done;
  }
  auto row = db_->prepare("UPDATE folder SET guid = ?2 WHERE number = ?1");
  return row ? row->bind(1, folder.number).bind(2, guid).run() : row.error();
}

}  // namespace maildir
