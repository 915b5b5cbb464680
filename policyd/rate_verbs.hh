// policyd/rate_verbs.hh -- the verbs of rates on the control socket: showing and forgetting counts.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policyd/control_verbs.hh"

namespace policy {

// rate.list, rate.reset: docs/formats/rates.md.
void add_rate_verbs(loop::ControlServer& control, const ControlParts& parts);

}  // namespace policy
