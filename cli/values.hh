// cli/values.hh -- sizes, dates and services as people write and read them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hh"
#include "base/settings.hh"

#include "directory-lib/directory.hh"

#include "cli/output.hh"

namespace cli {

// All malformed otherwise, with what to write as hint.
base::Result<base::Bytes> parse_size(std::string_view text);        // "2G"; "none" is 0
base::Result<std::uint64_t> parse_count(std::string_view text);     // "100"
base::Result<bool> parse_flag(std::string_view text);               // "yes", "no"
base::Result<directory::Expiry> parse_date(std::string_view text);  // "2030-12-31"; "never"

// The services of these names.
base::Result<directory::Services> parse_services(std::span<const std::string> names);

Cell date_cell(const directory::Expiry& expires);
Cell services_cell(directory::Services services);

}  // namespace cli
