// policyd/accounts.cc -- questions to the directory, shared by those who wait for the same.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/accounts.hh"

#include "base/metrics.hh"

#include "directory-lib/owners.hh"
#include "directory-lib/settings.hh"
#include "mail-lib/address.hh"

#include "policyd/accounts_settings.hh"
#include "policyd/checks/list_set.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

using base::Errc;

base::Counter count_hits("policyd_directory_cache_hits", "Accounts answered from memory.");
base::Counter count_questions("policyd_directory_questions", "Questions asked of the directory.");
base::Counter count_failures("policyd_directory_failures",
                             "Questions the directory could not answer in time.");
base::Gauge remembered_accounts("policyd_directory_cache_entries", "Accounts now remembered.");

constexpr std::chrono::seconds rest{1};
constexpr std::chrono::minutes complaint_interval{1};

const Accounts::Answer& unknown_account() {
  static const Accounts::Answer account = std::make_shared<const Account>();
  return account;
}

std::size_t cost_of(const Account& account) {
  std::size_t cost = sizeof account;
  for (const std::string& mailbox : account.mailboxes) {
    cost += sizeof(std::string) + mailbox.capacity();
  }
  for (const auto& owned : {account.lists, account.domain_lists}) {
    cost += owned != nullptr ? owned->cost() : 0;
  }
  return cost;
}

// The key under which it is remembered that a whole domain is not ours.
std::string_view domain_key(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? address : address.substr(at);
}

Account::State state_of(directory::Owners::State state) {
  switch (state) {
    case directory::Owners::State::foreign:
      return Account::State::foreign;
    case directory::Owners::State::nobody:
      return Account::State::nobody;
    case directory::Owners::State::found:
      return Account::State::found;
  }
  return Account::State::unknown;
}

base::Result<std::shared_ptr<const OwnedLists>> read_lists(directory::Directory& directory,
                                                           std::string_view owner) {
  auto entries = directory.list_entries(owner);
  if (!entries) {
    return entries.error();
  }
  return entries->empty() ? nullptr : std::make_shared<const OwnedLists>(std::move(*entries));
}

// What the owner of the only mailbox wants.
base::Result<void> read_wishes(directory::Directory& directory, Account& account) {
  const std::string* mailbox = account.only_mailbox();
  if (mailbox == nullptr) {
    return {};
  }
  const auto user = directory.find_user(*mailbox);
  if (!user) {
    // It went while we asked.
    return user.error().code == Errc::not_found ? base::Result<void>() : user.error();
  }
  auto lists = read_lists(directory, *mailbox);
  auto domain_lists = read_lists(directory, mailbox->substr(mailbox->rfind('@') + 1));
  if (!lists || !domain_lists) {
    return !lists ? lists.error() : domain_lists.error();
  }
  account.wants_greylist = user->greylist;
  account.lists = std::move(*lists);
  account.domain_lists = std::move(*domain_lists);
  return {};
}

}  // namespace

base::Result<AccountsOptions> accounts_options_of(const AccountsSettings& settings) {
  auto where = directory::load_settings(settings.directory_settings);
  if (!where) {
    return where.error();
  }
  return AccountsOptions{.directory = std::move(*where),
                         .cache_bytes = settings.directory_cache_size.count,
                         .cache_time = settings.directory_cache_time,
                         .cache_negative_time = settings.directory_cache_negative_time,
                         .timeout = settings.directory_timeout};
}

base::Result<Account> read_account(directory::Directory& directory, std::string_view address,
                                   base::WallTime now) {
  auto owners = directory::owners_of(directory, address, now);
  if (!owners) {
    return owners.error();
  }
  Account account{.state = state_of(owners->state),
                  .is_catch_all = owners->is_catch_all,
                  .leaves = owners->leaves,
                  .mailboxes = std::move(owners->mailboxes)};
  if (auto wishes = read_wishes(directory, account); !wishes) {
    return wishes.error();
  }
  return account;
}

Accounts::Accounts(loop::Loop& loop, base::Log& log)
    : loop_(loop),
      log_(log),
      cache_(base::system_clock()),
      rest_until_(loop.ticks()),
      complained_(loop.ticks() - complaint_interval) {}

base::Result<std::unique_ptr<Accounts>> Accounts::make(loop::Loop& loop, base::Log& log,
                                                       std::size_t threads,
                                                       AccountsOptions options) {
  auto workers = loop::Workers::make(loop, {.name = "directory", .threads = threads});
  if (!workers) {
    return workers.error();
  }
  auto accounts = std::make_unique<Accounts>(loop, log);
  accounts->workers_ = std::move(*workers);
  accounts->apply(std::move(options));
  return accounts;
}

void Accounts::apply(AccountsOptions options) {
  options_ = std::move(options);
  pool_ = std::make_shared<directory::Pool>(options_.directory);
  ++age_;
  cache_.clear();
  cache_.set_rules({.bytes = options_.cache_bytes,
                    .lifetime =
                        [this](const Answer& answer) {
                          switch (answer->state) {
                            case Account::State::unknown:
                              return base::Duration::zero();
                            case Account::State::nobody:
                              return options_.cache_negative_time;
                            default:
                              return options_.cache_time;
                          }
                        },
                    .cost = [](const Answer& answer) { return cost_of(*answer); }});
}

Accounts::Answer Accounts::remembered(std::string_view address) {
  const Answer* found = cache_.find(address);
  if (found == nullptr) {
    found = cache_.find(domain_key(address));
  }
  if (found != nullptr) {
    count_hits.add();
    return *found;
  }
  return loop_.ticks() < rest_until_ ? unknown_account() : nullptr;
}

std::uint64_t Accounts::find(const std::string& address, Done done) {
  Waiting& waiting = waiting_[address];
  const std::uint64_t id = ++last_;
  questions_.emplace(id, address);
  waiting.emplace_back(id, std::move(done));
  if (waiting.size() == 1) {
    submit(address);
  }
  return id;
}

// The question itself goes on: what it brings is worth remembering.
void Accounts::cancel(std::uint64_t id) {
  questions_.erase(id);
}

void Accounts::submit(const std::string& address) {
  count_questions.add();
  workers_->submit<Account>(
      options_.timeout,
      [pool = pool_, address]() -> base::Result<Account> {
        auto directory = pool->take();
        if (!directory) {
          return directory.error();
        }
        auto account = read_account(**directory, address, base::system_clock().now());
        if (account) {
          pool->give(std::move(*directory));
        }
        return account;
      },
      [this, address, age = age_](base::Result<Account> result) {
        learned(address, age, std::move(result));
      });
}

void Accounts::learned(const std::string& address, std::uint64_t age,
                       base::Result<Account> result) {
  Answer answer = unknown_account();
  if (result) {
    answer = std::make_shared<const Account>(std::move(*result));
    note_success();
  } else {
    note_trouble(result.error());
  }
  if (age == age_) {
    remember(address, answer);
  }
  const auto waiting = waiting_.extract(address);
  if (waiting.empty()) {
    return;
  }
  for (const auto& [id, done] : waiting.mapped()) {
    if (questions_.erase(id) > 0) {
      done(answer);
    }
  }
}

void Accounts::remember(const std::string& address, const Answer& answer) {
  // What is no address may still stand in a domain of ours.
  const bool is_whole_domain = answer->state == Account::State::foreign &&
                               mail::parse_address(address, mail::Local::wire).has_value();
  cache_.put(is_whole_domain ? domain_key(address) : address, answer);
  remembered_accounts.set(static_cast<std::int64_t>(cache_.size()));
}

void Accounts::note_trouble(const base::Error& error) {
  count_failures.add();
  ++failures_;
  rest_until_ = loop_.ticks() + rest;
  if (loop_.ticks() - complained_ >= complaint_interval) {
    complained_ = loop_.ticks();
    is_told_ = true;
    log_.write(event::directory_trouble,
               {{"reason", error.text()}, {"times", std::to_string(failures_)}});
  }
}

void Accounts::note_success() {
  if (is_told_) {
    is_told_ = false;
    log_.write(event::directory_back, {{"times", std::to_string(failures_)}});
  }
  failures_ = 0;
}

}  // namespace policy
