// maildir-lib/import.hh -- mail of a source outside, stored once however often the run is begun.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Each mail has a key: of its octets, its time of arrival, and the how-manieth such mail of the
// source it is. Its name in the folder is made from the key, and the keys of all that was stored
// stand in `posthouse-imported` beside new/ and cur/:
//
//   imported = "posthouse imported 1" LF *(32HEXDIG LF)
//
// A key is added once its mail is durable. So a later run knows a mail by its key, whatever has
// become of it since (moved, expunged), and one that was being stored when a run was killed by its
// name, whatever its flags are by now. Neither depends on where in the source a mail stands: a
// source that has grown gives what is new. docs/formats/maildir.md
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hh"
#include "base/handle.hh"
#include "base/result.hh"

#include "maildir-lib/delivery.hh"
#include "maildir-lib/filename.hh"

namespace maildir {

using ImportKey = std::array<char, 16>;

// The keys in the text of a list, sorted; lines that are none are passed over. Nothing when it is
// not empty and of another kind.
base::Result<std::vector<ImportKey>> parse_imported(std::string_view text);

struct ImportOptions {
  bool is_rehearsal = false;  // nothing is written; the folder need not be there
  bool takes_again = false;   // what is no longer in the folder, though it was stored before
};

// One source into one folder. Blocks. One thread.
class Import {
 public:
  // `folder` has tmp/, new/ and cur/. unavailable while another import into it is at work; corrupt
  // when its list cannot be read.
  static base::Result<Import> open(std::string folder, const ImportOptions& options,
                                   const base::Clock& clock = base::system_clock(),
                                   DiskCalls& calls = DiskCalls::real());

  // True when it is stored now, durably; false when an earlier run has done so.
  base::Result<bool> store(std::string_view octets, std::optional<std::int64_t> received,
                           Flags flags);
  // Makes the list durable. Without it, the mails since the last time are known by their names.
  base::Result<void> finish();

 private:
  Import(std::string folder, const ImportOptions& options, const base::Clock& clock,
         DiskCalls& calls)
      : folder_(std::move(folder)), options_(options), clock_(&clock), calls_(&calls) {}

  base::Result<void> read_list();
  base::Result<void> begin_list(std::string_view text);
  base::Result<void> read_names();
  base::Result<void> note(const ImportKey& key);
  ImportKey key_of(std::string_view octets, std::int64_t received);

  std::string folder_;
  ImportOptions options_;
  const base::Clock* clock_;
  DiskCalls* calls_;
  base::Fd list_;                          // locked
  std::vector<ImportKey> stored_;          // by earlier runs
  std::unordered_set<std::string> names_;  // in new/ and cur/, without sizes and flags
  std::unordered_map<std::uint64_t, std::uint32_t> seen_;  // mails of the source, alike ones
  std::size_t unsynced_ = 0;
};

}  // namespace maildir
