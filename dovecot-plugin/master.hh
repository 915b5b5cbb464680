// dovecot-plugin/master.hh -- may the webmail act for a user: its secret, its services, its hosts.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hh"

#include "dovecot-plugin/settings.hh"

namespace plugin {

struct MasterLogin {
  std::string_view name;     // who acts
  std::string_view service;  // as Dovecot names it
  std::string_view host;     // the address that the connection came from; may be empty
  std::string_view secret;
};

enum class MasterVerdict {
  granted,
  unknown,   // not the webmail's name, or nobody may act for users here
  mismatch,  // wrong secret
  service,   // the right secret for a service on which nobody acts for others
  host,      // the right secret from a host that is no web host
};

// Reads the file of digests anew each time: a secret is changed without a restart. unavailable when
// it is there and cannot be read or understood. Blocks.
base::Result<MasterVerdict> judge_master(const Settings& settings, const MasterLogin& login);

}  // namespace plugin
