// policyd/trap_verbs.hh -- the verbs of spamtraps on the control socket: who has an entry.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policyd/control_verbs.hh"

namespace policy {

// trap.list, trap.add, trap.del: docs/formats/traps.md.
void add_trap_verbs(loop::ControlServer& control, const ControlParts& parts);

}  // namespace policy
