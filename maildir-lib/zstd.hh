// maildir-lib/zstd.hh -- mail that Dovecot compressed (the zstd wrapper).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace maildir {

bool is_zstd(std::string_view start);

// All frames, one after another. corrupt for what is none; over_quota beyond `limit` octets.
base::Result<std::string> unzstd(std::string_view bytes, std::size_t limit);

}  // namespace maildir
