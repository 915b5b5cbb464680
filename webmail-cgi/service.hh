// webmail-cgi/service.hh -- the running webmail: workers, login desk, sessions, FastCGI, control.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "base/loop/daemon.hh"
#include "base/result.hh"

#include "webmail-cgi/settings.hh"

namespace webmail {

// Errors of Listener::open() and of making threads.
base::Result<std::unique_ptr<loop::Service<Settings>>> start_service(
    const Settings& settings, const loop::DaemonContext& context);

}  // namespace webmail
