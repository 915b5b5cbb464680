// policyd/control_verbs.hh -- what the posthouse command and the web may ask of policyd.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Verbs on the control socket (docs/formats/greylist.md, "Control verbs"): greylist.list,
// greylist.release, greylist.forget, explain. Those that walk the store do so on a worker.
#pragma once

#include "base/loop/control.hh"
#include "base/loop/workers.hh"

#include "policyd/engine.hh"
#include "policyd/explain.hh"

namespace policy {

// All must outlive the control server's last request.
struct ControlParts {
  Engine& engine;
  Store& store;
  Explainer& explainer;
  loop::Workers& workers;
  const base::Clock& clock;
};

void add_verbs(loop::ControlServer& control, const ControlParts& parts);

}  // namespace policy
