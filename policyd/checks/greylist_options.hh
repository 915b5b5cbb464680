// policyd/checks/greylist_options.hh -- the greylist's settings as it uses them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "policyd/checks/greylist_correspondents.hh"
#include "policyd/checks/greylist_rules.hh"
#include "policyd/checks/greylist_sources.hh"

namespace policy {

enum class NullSender { end_of_message, rcpt, never };

struct GreylistOptions {
  bool enabled = true;
  GreylistRules rules{};
  unsigned ipv4_prefix = 24;
  unsigned ipv6_prefix = 64;
  std::vector<std::string> name_pools{};  // lower case
  bool user_switch = false;
  CorrespondentRules correspondents{};
  SourceRules sources{};
  Seconds throttle_delay = 3600;
  NullSender null_sender = NullSender::end_of_message;
  bool defer_on_error = false;
  std::string text{};  // "{wait}" stands for the seconds left
};

struct GreylistSettings;
GreylistOptions greylist_options_of(const GreylistSettings& settings);

}  // namespace policy
