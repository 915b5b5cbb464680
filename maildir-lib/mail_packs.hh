// maildir-lib/mail_packs.hh -- putting the mail of an account into packs, and taking it out again.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A pack is written whole and durable, and read back; then its stubs take the places of the mails
// (replace.hh). Killed in between, the mails that have no stub yet are still themselves, and the
// next run packs them again; a pack of which less than half is alive is written anew into another;
// a pack that no stub points to goes by the rule of unused.hh. docs/formats/pack.md
#pragma once

#include <string>

#include "base/result.hh"

#include "maildir-lib/upkeep.hh"

namespace maildir {

struct Packing {
  int zstd_level = 6;
  std::uint64_t pack_bytes = 64U << 20U;   // a pack is ended at this size
  std::uint64_t least_octets = 1U << 20U;  // less mail than this waits for more
};

struct PackingCounts {
  UpkeepCounts mails;         // `after` is the size of the packs
  std::size_t written = 0;    // packs
  std::size_t rewritten = 0;  // packs of which little was alive
  std::size_t removed = 0;    // packs
};

base::Result<PackingCounts> pack_account(const std::string& maildir, const Upkeep& how,
                                         const Packing& packing, Watcher& watcher);

// Packed mail becomes files again: zstd at `zstd_level`, or plain for 0.
base::Result<PackingCounts> unpack_account(const std::string& maildir, const Upkeep& how,
                                           int zstd_level, Watcher& watcher);

}  // namespace maildir
