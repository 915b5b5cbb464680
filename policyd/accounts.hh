// policyd/accounts.hh -- asks the directory about addresses, on workers, and remembers the answers.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One question an address; requests that want the same address at the same time share it. After a
// failure the directory has a second of rest, in which every address is unknown at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.hh"
#include "base/loop/workers.hh"
#include "base/lru_cache.hh"

#include "directory-lib/pool.hh"

#include "policyd/account.hh"

namespace policy {

struct AccountsSettings;
struct AccountsOptions {
  directory::Settings directory{};
  std::size_t cache_bytes = 0;
  base::Duration cache_time{};
  base::Duration cache_negative_time{};
  base::Duration timeout{};
};
// Reads the file `directory_settings` names; errors as directory::load_settings().
base::Result<AccountsOptions> accounts_options_of(const AccountsSettings& settings);

// What the directory knows now. Blocks. Errors as Directory's, never not_found.
base::Result<Account> read_account(directory::Directory& directory, std::string_view address,
                                   base::WallTime now);

// Loop thread.
class Accounts {
 public:
  using Answer = std::shared_ptr<const Account>;  // never null
  using Done = std::function<void(const Answer& answer)>;

  // Errors as Workers::make(). Both must outlive it.
  static base::Result<std::unique_ptr<Accounts>> make(loop::Loop& loop, base::Log& log,
                                                      std::size_t threads, AccountsOptions options);
  // See make().
  Accounts(loop::Loop& loop, base::Log& log);
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;
  ~Accounts() = default;

  // Forgets what is remembered.
  void apply(AccountsOptions options);

  // The answer when it costs no question, else null. Addresses are in lower case here and below.
  Answer remembered(std::string_view address);

  // Calls `done` once, never from inside. Returns an id for cancel().
  std::uint64_t find(const std::string& address, Done done);
  // `done` will not be called. An id that is done already is fine.
  void cancel(std::uint64_t id);

 private:
  using Waiting = std::vector<std::pair<std::uint64_t, Done>>;

  void submit(const std::string& address);
  void learned(const std::string& address, std::uint64_t age, base::Result<Account> result);
  void remember(const std::string& address, const Answer& answer);
  void note_trouble(const base::Error& error);
  void note_success();

  loop::Loop& loop_;
  base::Log& log_;
  AccountsOptions options_{};
  std::shared_ptr<directory::Pool> pool_{};
  base::LruCache<Answer> cache_;
  std::unordered_map<std::string, Waiting> waiting_{};          // by address
  std::unordered_map<std::uint64_t, std::string> questions_{};  // whose `done` is to be called
  std::uint64_t last_ = 0;
  std::uint64_t age_ = 0;  // grows with each apply(); older answers are not remembered
  base::SteadyTime rest_until_{};
  base::SteadyTime complained_{};
  std::int64_t failures_ = 0;  // since the directory last answered
  bool is_told_ = false;       // the log speaks of trouble that has not ended
  std::unique_ptr<loop::Workers> workers_{};
};

}  // namespace policy
