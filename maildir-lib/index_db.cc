// maildir-lib/index_db.cc -- the file of an account's index: SQLite, one writer, made anew at will.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/index_db.hh"

#include <array>
#include <cerrno>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.hh"
#include "base/files.hh"
#include "base/random.hh"
#include "base/text.hh"

namespace maildir {

namespace {

constexpr std::int64_t version = 1;
constexpr std::chrono::milliseconds busy_timeout{5000};
constexpr std::chrono::milliseconds lock_patience{3000};  // a daemon that ends while we start
constexpr std::chrono::milliseconds lock_step{10};

const std::string schema = R"(
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE known_id (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE folder (
  number INTEGER PRIMARY KEY, disk_name TEXT NOT NULL UNIQUE, inode INTEGER NOT NULL DEFAULT 0,
  guid TEXT NOT NULL DEFAULT '', keywords TEXT NOT NULL DEFAULT '', scan TEXT NOT NULL DEFAULT '',
  subscribed INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 0, threads INTEGER NOT NULL DEFAULT 0,
  unread_threads INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, changed INTEGER NOT NULL,
  counted INTEGER NOT NULL);
CREATE TABLE file (
  folder INTEGER NOT NULL, base_hash INTEGER NOT NULL, base TEXT NOT NULL, info TEXT NOT NULL,
  in_new INTEGER NOT NULL, uid INTEGER NOT NULL, guid TEXT NOT NULL, email INTEGER NOT NULL,
  PRIMARY KEY (folder, base_hash)) WITHOUT ROWID;
CREATE INDEX file_of_email ON file (email);
CREATE TABLE email (
  number INTEGER PRIMARY KEY, received INTEGER NOT NULL, size INTEGER NOT NULL,
  thread INTEGER NOT NULL, threaded INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL,
  changed INTEGER NOT NULL, places TEXT NOT NULL, has_content INTEGER NOT NULL DEFAULT 0,
  omitted INTEGER NOT NULL DEFAULT 0, attachment INTEGER NOT NULL DEFAULT 0,
  preview TEXT NOT NULL DEFAULT '', header TEXT NOT NULL DEFAULT '');
CREATE INDEX email_of_thread ON email (thread);
CREATE INDEX email_by_change ON email (changed);
CREATE INDEX email_to_thread ON email (received) WHERE threaded = 0;
CREATE TABLE member (
  folder INTEGER NOT NULL, received INTEGER NOT NULL, email INTEGER NOT NULL,
  thread INTEGER NOT NULL, unread INTEGER NOT NULL,
  PRIMARY KEY (folder, received, email)) WITHOUT ROWID;
CREATE TABLE thread_box (
  folder INTEGER NOT NULL, thread INTEGER NOT NULL, emails INTEGER NOT NULL,
  unread INTEGER NOT NULL, PRIMARY KEY (folder, thread)) WITHOUT ROWID;
CREATE TABLE thread_key (key INTEGER PRIMARY KEY, thread INTEGER NOT NULL);
CREATE TABLE gone (
  modseq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, number INTEGER NOT NULL,
  created INTEGER NOT NULL);
CREATE TABLE gap (low INTEGER PRIMARY KEY, high INTEGER NOT NULL);
)";

base::Result<base::Fd> take_lock(const std::string& path) {
  auto fd = base::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!fd) {
    return fd;
  }
  const auto until = base::system_clock().ticks() + lock_patience;
  while (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return base::errno_error(path, errno);
    }
    if (base::system_clock().ticks() >= until) {
      return base::make_error(base::Errc::unavailable, path + ": locked by another process");
    }
    std::this_thread::sleep_for(lock_step);
  }
  return fd;
}

std::uint64_t inode_of(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
}

// Tells one run of the machine from another.
std::string boot_id() {
  const auto id = base::read_file("/proc/sys/kernel/random/boot_id", 64);
  return id ? std::string(base::trim(*id)) : "unknown";
}

// Lower-case letters and digits, for state strings.
std::string new_epoch() {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
  std::string epoch;
  for (const char c : base::random_bytes(8)) {
    epoch += digits[static_cast<unsigned char>(c) % digits.size()];
  }
  return epoch;
}

}  // namespace

void IndexDb::remove(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    (void)::unlink((path + suffix).c_str());
  }
}

base::Result<std::unique_ptr<IndexDb>> IndexDb::open(const std::string& path) {
  if (auto made = base::make_directories(base::parent_directory(path), 0700); !made) {
    return made.error();
  }
  auto lock = take_lock(path + ".lock");
  if (!lock) {
    return lock.error();
  }
  if (inode_of(path) == 0) {
    remove(path);  // a log without its file would be played into the new one
  }
  // SQLite takes an empty file for a new database.
  if (const auto file = base::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600); !file) {
    return file.error();
  }
  auto db = base::Database::open(path, base::Database::Mode::write, busy_timeout);
  if (!db) {
    return db.error();
  }
  std::unique_ptr<IndexDb> index(new IndexDb(std::move(*db), std::move(*lock), path));
  if (auto begun = index->begin(); !begun) {
    return begun.error();
  }
  index->inode_ = inode_of(path);
  return index;
}

base::Result<void> IndexDb::begin() {
  // What a crash of the machine takes is found again in the Maildir: no fsync for each change.
  auto ready = db_.execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192;"
      "PRAGMA cell_size_check = ON");
  if (!ready) {
    return ready;
  }
  const auto found = db_.user_version("main");
  if (!found) {
    return found.error();
  }
  if (*found != 0 && *found != version) {
    return base::make_error(base::Errc::corrupt, path_ + ": made by another release");
  }
  if (*found == 0) {
    if (auto made = make(); !made) {
      return made;
    }
  }
  return note_boot();
}

base::Result<void> IndexDb::make() {
  auto change = IndexChange::begin(*this);
  if (!change) {
    return change.error();
  }
  for (auto done : {db_.execute(schema), set_meta("epoch", new_epoch()), set_meta("modseq", "1"),
                    db_.set_user_version("main", version)}) {
    if (!done) {
      return done;
    }
  }
  return change->commit();
}

// Changes that were shown may be lost with the machine: states up to the next jump are unknown.
base::Result<void> IndexDb::note_boot() {
  constexpr std::int64_t jump = 1'000'000;
  const std::string now = boot_id();
  const auto before = meta("boot");
  const auto modseq = meta("modseq");
  if (!before || !modseq) {
    return before ? modseq.error() : before.error();
  }
  if (*before == now) {
    return {};
  }
  auto change = IndexChange::begin(*this);
  if (!change) {
    return change.error();
  }
  const std::int64_t low = base::parse_number<std::int64_t>(*modseq).value_or(1);
  if (!before->empty()) {
    auto gap = prepare("INSERT INTO gap VALUES (?1, ?2)");
    if (!gap) {
      return gap.error();
    }
    if (auto done = gap->bind(1, low).bind(2, low + jump).run(); !done) {
      return done;
    }
    if (auto done = set_meta("modseq", std::to_string(low + jump)); !done) {
      return done;
    }
  }
  if (auto done = set_meta("boot", now); !done) {
    return done;
  }
  return change->commit();
}

base::Result<std::string> IndexDb::meta(std::string_view name) {
  auto row = prepare("SELECT value FROM meta WHERE name = ?1");
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, name).step();
  if (!found) {
    return found.error();
  }
  return *found ? std::string(row->text(0)) : std::string();
}

base::Result<void> IndexDb::set_meta(std::string_view name, std::string_view value) {
  auto row = prepare("INSERT OR REPLACE INTO meta VALUES (?1, ?2)");
  return row ? row->bind(1, name).bind(2, value).run() : row.error();
}

bool IndexDb::is_in_place() const {
  return inode_of(path_) == inode_;
}

base::Result<IndexChange> IndexChange::begin(IndexDb& db) {
  if (auto begun = db.execute("BEGIN IMMEDIATE"); !begun) {
    return begun.error();
  }
  return IndexChange(db);
}

IndexChange::~IndexChange() {
  if (db_ != nullptr) {
    (void)db_->execute("ROLLBACK");
  }
}

base::Result<void> IndexChange::commit() {
  auto done = db_->execute("COMMIT");
  if (done) {
    db_ = nullptr;
  }
  return done;
}

}  // namespace maildir
