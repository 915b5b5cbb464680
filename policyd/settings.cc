// policyd/settings.cc -- settings that contradict each other or the world.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/settings.hh"

#include <array>
#include <utility>

#include "base/loop/listener.hh"
#include "base/text.hh"

#include "policyd/action_type.hh"
#include "policyd/checks/dnsbl.hh"
#include "policyd/checks/quota.hh"
#include "policyd/checks/rate.hh"
#include "policyd/checks/sender_login.hh"
#include "policyd/checks/spf.hh"
#include "policyd/checks/trap.hh"

namespace policy {

namespace {

base::Error wrong(std::string_view name, const std::string& what, std::string hint) {
  return base::make_error(base::Errc::malformed, std::string(name) + ": " + what, std::move(hint));
}

}  // namespace

base::Result<void> check_settings(const Settings& settings) {
  if (settings.listen.empty()) {
    return wrong("listen", "no address", "write unix:/path or inet:127.0.0.1:10030");
  }
  for (const std::string& word : settings.listen) {
    if (const auto address = loop::Address::parse(word); !address) {
      return wrong("listen", address.error().detail, address.error().hint);
    }
  }
  if (const auto resolver = loop::Resolver::check(settings); !resolver) {
    return wrong("resolver", resolver.error().detail, resolver.error().hint);
  }
  for (const auto& [name, path] : {std::pair("list_folder", settings.list_folder),
                                   std::pair("state_file", settings.state_file)}) {
    if (!path.starts_with('/')) {
      return wrong(name, "cannot use \"" + base::printable(path, 80) + "\"",
                   "write an absolute path");
    }
  }
  if (auto spf = check_spf_settings(settings); !spf) {
    return spf;
  }
  if (auto dnsbl = check_dnsbl_settings(settings); !dnsbl) {
    return dnsbl;
  }
  if (settings.spf_deadline > settings.lookup_deadline) {
    return wrong("spf_deadline", "longer than lookup_deadline",
                 "leave the checks behind it some time: less than lookup_deadline");
  }
  if (settings.greylist_delay >= settings.greylist_retry_window) {
    return wrong("greylist_delay", "not below greylist_retry_window, so no mail could ever pass",
                 "write a delay of minutes and a window of days");
  }
  if (settings.greylist_throttle_delay >= settings.greylist_retry_window) {
    return wrong("greylist_throttle_delay",
                 "not below greylist_retry_window, so no such mail could ever pass",
                 "write a delay of an hour and a window of days");
  }
  for (auto checked : {check_sender_login_settings(settings), check_rate_settings(settings),
                       check_quota_settings(settings), check_trap_settings(settings),
                       check_action_settings(settings)}) {
    if (!checked) {
      return checked;
    }
  }
  return {};
}

}  // namespace policy
