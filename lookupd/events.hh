// lookupd/events.hh -- the log events of posthouse-lookupd.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "base/log.hh"

namespace lookup {

extern const base::Event& answer_given;
extern const base::Event& request_malformed;
extern const base::Event& map_unknown;
extern const base::Event& answer_refused;
extern const base::Event& directory_trouble;
extern const base::Event& directory_back;

// All of the above, for docs/events.md.
extern const std::span<const base::Event> events;

}  // namespace lookup
