// policyd/checks/greylist_options.hh -- the greylist's settings as it uses them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policyd/checks/greylist_correspondents.hh"
#include "policyd/checks/greylist_rules.hh"
#include "policyd/checks/greylist_sources.hh"

namespace policy {

enum class NullSender { end_of_message, rcpt, never };

// When a domain whose SPF names the client is trusted.
struct DomainRules {
  std::uint32_t after = 3;  // successes; 0: never
  Seconds age = 259'200;    // since the first
  Seconds lifetime = 3'024'000;
};

struct GreylistOptions {
  bool enabled = true;
  GreylistRules rules{};
  unsigned ipv4_prefix = 24;
  unsigned ipv6_prefix = 64;
  bool spf_pools = true;
  std::vector<std::string> name_pools{};  // lower case
  bool dnswl = true;
  bool user_switch = false;
  DomainRules domains{};
  CorrespondentRules correspondents{};
  SourceRules sources{};
  Seconds throttle_delay = 3600;
  NullSender null_sender = NullSender::end_of_message;
  std::string recipient_delimiter = "+";
  bool defer_on_error = false;
  std::string text{};  // "{wait}" stands for the seconds left
};

struct GreylistSettings;
GreylistOptions greylist_options_of(const GreylistSettings& settings);

// The address under which mail to `recipient` waits: in lower case, without its extension, so that
// a sender waits once for all extensions of an address, and its owner finds the mail.
std::string waiting_address(std::string_view recipient, std::string_view delimiters);

}  // namespace policy
