// maildir-lib/upkeep.hh -- going through the mail of an account and replacing some of it in place.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Compression, packing and tiering choose mail by a policy, make for each file what comes into its
// place, and replace it in batches (replace.hh). What is done stays done: a run that was killed is
// begun again, and goes on where the other ended. All of it is done under the account's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "maildir-lib/account_files.hh"
#include "maildir-lib/replace.hh"

namespace maildir {

// Who is told while it goes on.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void progress(std::uint64_t done, std::uint64_t total) = 0;
  virtual void problem(const std::string& text) = 0;  // the mail stays as it was

 protected:
  Watcher() = default;
  Watcher(const Watcher&) = default;
  Watcher& operator=(const Watcher&) = default;
};

struct Upkeep {
  Policy policy;
  bool is_rehearsal = false;  // counts what would be done
  const base::Clock* clock = &base::system_clock();
  DiskCalls* calls = &DiskCalls::real();
};

// Files, each once whatever its links. Octets as the files have them.
struct UpkeepCounts {
  std::uint64_t replaced = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  std::uint64_t shared = 0;    // left alone: links of it are elsewhere
  std::uint64_t unsized = 0;   // left alone: no sizes in its name
  std::uint64_t useless = 0;   // left alone: nothing would be won
  std::uint64_t gone = 0;      // expunged, or changed, meanwhile
  std::uint64_t problems = 0;  // could not be read, or are not what their names say
};

// One file with all its names.
struct Choice {
  std::vector<std::size_t> files;  // in AccountFiles::files
};
// Which files are asked about; the policy is looked at besides.
using Asked = std::function<bool(const AccountFiles& account, const MailFile& file)>;
// Every name of a file must fit, and all of its links be among them.
std::vector<Choice> choose(const AccountFiles& account, const Upkeep& how, const Asked& is_asked,
                           UpkeepCounts& counts);

// The octets of a mail, uncompressed: a file, plain or zstd. Its name is put right when it was
// renamed. corrupt: it is not what S= and W= say.
base::Result<std::string> read_sized(const AccountFiles& account, MailFile& file);

// What takes its place; nothing to leave it alone (counted as useless).
using Make = std::function<base::Result<std::optional<Substitute>>(MailFile& file)>;
// An error of `make` is a problem of that mail alone, but for over_quota, denied and unavailable,
// which end the run: the next mail would have them too. `settle` makes durable, before each batch
// is put in place, what its links point to.
base::Result<void> replace_all(AccountFiles& account, const std::vector<Choice>& choices,
                               const Upkeep& how, const Make& make, Watcher& watcher,
                               UpkeepCounts& counts,
                               const std::function<base::Result<void>()>& settle = {});

// An account under its lock, without what killed runs left in tmp/, and all its mail listed. A
// rehearsal takes no lock and removes nothing.
struct OpenedAccount {
  std::optional<AccountLock> lock;
  AccountFiles account;
};
base::Result<OpenedAccount> open_for_upkeep(const std::string& maildir, const Upkeep& how);

// A mail as zstd in two frames; nothing when that takes as many blocks of the disk.
base::Result<std::optional<std::string>> shrink(std::string_view mail, int level);

// Plain mail becomes zstd in two frames where that saves blocks of the disk.
base::Result<UpkeepCounts> compress_account(const std::string& maildir, const Upkeep& how,
                                            int level, Watcher& watcher);

}  // namespace maildir
