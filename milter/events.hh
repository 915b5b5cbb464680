// milter/events.hh -- the lines posthouse-milter logs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

#include "base/log.hh"

namespace milter {

namespace event {

inline constexpr base::Event stamped{
    "milter.stamp.done", base::Level::info, "client iprev name auth stripped",
    "A mail was stamped. `stripped` counts fields that claimed to be ours and were removed."};
inline constexpr base::Event refused{
    "milter.stamp.refused", base::Level::warning, "client stripped",
    "A mail carried more fields in our name than any honest one can; it was rejected."};
inline constexpr base::Event failed{
    "milter.stamp.failed", base::Level::error, "client reason",
    "Postfix did not take our change of the header and was told to try again later. Look at its "
    "log at the same time."};
inline constexpr base::Event ended{
    "milter.engine.ended", base::Level::error, "reason",
    "The milter library gave up serving; the daemon ends. Look for the reason in the system log."};

}  // namespace event

inline constexpr std::array events{event::stamped, event::refused, event::failed, event::ended};

}  // namespace milter
