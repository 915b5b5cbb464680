// policyd/store/state_check.cc -- the walk, and the child it runs in.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/store/state_check.hh"

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hh"
#include "base/files.hh"
#include "base/lmdb.hh"
#include "base/text.hh"

#include "policyd/store/state_layout.hh"

namespace policy {

namespace {

// Pages 0 and 1 are LMDB's own; all tables are made by the first commit.
constexpr std::uint64_t first_data_page = 2;

base::Error damaged(std::string what) {
  return base::make_error(base::Errc::corrupt, std::move(what));
}

// All rows of a table in order, each judged by `is_good`; gives the table's counts.
template <typename IsGood>
base::Result<base::LmdbCounts> walk_table(base::LmdbTxn& txn, const char* name, IsGood is_good) {
  const auto table = txn.table(name, false);
  if (!table) {
    return damaged(table.error().detail);
  }
  auto cursor = base::LmdbCursor::open(txn, *table);
  auto counts = txn.counts(*table);
  if (!cursor || !counts) {
    return !cursor ? cursor.error() : counts.error();
  }
  std::uint64_t seen = 0;
  std::string before;
  auto row = cursor->first();
  for (; row && *row; row = cursor->next()) {
    if ((seen > 0 && (*row)->key <= before) || !is_good((*row)->key, (*row)->value)) {
      return damaged(std::string("table ") + name + ": row " + std::to_string(seen) +
                     " is damaged or out of order");
    }
    before.assign((*row)->key);
    ++seen;
  }
  if (!row) {
    return row.error();
  }
  if (seen != counts->rows) {
    return damaged(std::string("table ") + name + " holds " + std::to_string(seen) +
                   " rows instead of " + std::to_string(counts->rows));
  }
  return counts;
}

// The first two are as old as the format.
bool is_later(Table table) {
  return table != Table::triplets && table != Table::networks;
}

bool is_missing(base::LmdbTxn& txn, const char* name) {
  const auto table = txn.table(name, false);
  return !table && table.error().code == base::Errc::not_found;
}

base::Result<void> walk_pages(const base::LmdbEnv& env, base::LmdbTxn& txn, std::uint64_t used) {
  const auto free_pages = txn.walk_free_list(env.last_page());
  const auto own = txn.own_pages();
  if (!free_pages || !own) {
    return !free_pages ? free_pages.error() : own.error();
  }
  if (used + *own + *free_pages + first_data_page > env.last_page() + 1) {
    return damaged("pages are used twice");
  }
  return {};
}

struct Report {
  std::array<char, 200> error{};
  std::uint64_t rows = 0;
  bool is_damaged = false;
  bool is_unreadable = false;
};

[[noreturn]] void run_child(const std::string& path, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  constexpr rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) {
    (void)std::signal(number, SIG_DFL);
  }
  // LMDB says on stderr which of its assertions failed; the parent tells what matters.
  if (const auto silent = base::open_file("/dev/null", O_WRONLY); silent) {
    ::dup2(silent->get(), STDERR_FILENO);
  }
  Report report;
  if (const auto rows = walk_state_file(path); rows) {
    report.rows = *rows;
  } else {
    const base::Errc code = rows.error().code;
    report.is_unreadable = code == base::Errc::denied || code == base::Errc::not_found;
    report.is_damaged = !report.is_unreadable;
    rows.error().detail.copy(report.error.data(), report.error.size() - 1);
  }
  const ssize_t written = ::write(out, &report, sizeof report);
  ::_exit(written == sizeof report ? 0 : 1);
}

// True when `child` ended by itself; after `limit` it is killed.
bool wait_for_end(pid_t child, std::chrono::milliseconds limit, int& status) {
  const auto end = base::system_clock().ticks() + limit;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (base::system_clock().ticks() >= end) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace

base::Result<std::uint64_t> walk_state_file(const std::string& path) {
  auto env = base::LmdbEnv::open(path, {.tables = lmdb_tables, .inspect = true});
  if (!env) {
    return env.error();
  }
  auto txn = env->begin_read();
  if (!txn) {
    return txn.error();
  }
  if (env->last_page() < first_data_page) {
    return 0;  // made, but nothing was ever committed
  }
  base::LmdbCounts all;
  for (const TableLayout& layout : table_layouts) {
    if (is_later(layout.table) && is_missing(*txn, layout.name)) {
      continue;
    }
    const auto counts = walk_table(*txn, layout.name, [&layout](auto key, auto value) {
      return key.size() == layout.key_size && value.size() > row_head;
    });
    if (!counts) {
      return counts.error();
    }
    all.rows += counts->rows;
    all.pages += counts->pages;
  }
  const auto index = walk_table(*txn, expiry_table_name, [](auto key, auto value) {
    const std::size_t place =
        key.size() > index_head ? table_place(index_row(key).table()) : table_layouts.size();
    return value.empty() && place < table_layouts.size() &&
           key.size() == index_head + table_layouts[place].key_size;
  });
  bool has_key = false;
  const auto meta = walk_table(*txn, meta_table_name, [&has_key](auto key, auto value) {
    has_key = has_key || key == hash_key_name;
    return key == hash_key_name ? value.size() == HashKey().size()
                                : key == format_name && value == format_value;
  });
  if (!index || !meta) {
    return !index ? index.error() : meta.error();
  }
  if (index->rows < all.rows || (all.rows > 0 && !has_key)) {
    return damaged("rows without a place in the expiry index, or without the hash key");
  }
  if (auto pages = walk_pages(*env, *txn, all.pages + index->pages + meta->pages); !pages) {
    return pages.error();
  }
  return all.rows;
}

base::Result<StateCheck> check_state_file(const std::string& path,
                                          std::chrono::milliseconds limit) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    return base::errno_error("pipe", errno);
  }
  const base::Fd reader(ends[0]);
  base::Fd writer(ends[1]);
  // fork() without exec in a process with threads: the child takes no lock of ours, and the C
  // library keeps its allocator usable.
  const pid_t child = ::fork();
  if (child < 0) {
    return base::errno_error("fork", errno);
  }
  if (child == 0) {
    run_child(path, writer.get());
  }
  writer.reset();
  int status = 0;
  if (!wait_for_end(child, limit, status)) {
    return StateCheck{.outcome = StateCheck::Outcome::ended};
  }
  Report report;
  if (WIFSIGNALED(status) || ::read(reader.get(), &report, sizeof report) != sizeof report) {
    return StateCheck{.outcome = StateCheck::Outcome::damaged,
                      .error = "reading it kills the reader (signal " +
                               std::to_string(WIFSIGNALED(status) ? WTERMSIG(status) : 0) + ")"};
  }
  if (report.is_unreadable) {
    return base::make_error(base::Errc::unavailable, report.error.data());
  }
  return StateCheck{
      .outcome = report.is_damaged ? StateCheck::Outcome::damaged : StateCheck::Outcome::sound,
      .rows = report.rows,
      .error = report.error.data()};
}

}  // namespace policy
