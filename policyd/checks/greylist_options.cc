// policyd/checks/greylist_options.cc -- from the greylist's settings to its options.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist_options.hh"

#include "base/text.hh"

#include "mail-lib/address.hh"

#include "policyd/checks/greylist_settings.hh"

namespace policy {

namespace {

// Up to a whole second: a shorter time must not become none.
Seconds whole_seconds(base::Duration duration) {
  return static_cast<Seconds>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

NullSender null_sender_of(std::string_view word) {
  if (word == "rcpt") {
    return NullSender::rcpt;
  }
  return word == "never" ? NullSender::never : NullSender::end_of_message;
}

Correspondence correspondence_of(std::string_view word) {
  if (word == "pair") {
    return Correspondence::pair;
  }
  return word == "address" ? Correspondence::address : Correspondence::none;
}

GreylistRules rules_of(const GreylistSettings& settings) {
  return {
      .delay = whole_seconds(settings.greylist_delay),
      .retry_window = whole_seconds(settings.greylist_retry_window),
      .lifetime = whole_seconds(settings.greylist_lifetime),
      .auto_whitelist_after = static_cast<std::uint32_t>(settings.greylist_auto_whitelist),
      .auto_whitelist_lifetime = whole_seconds(settings.greylist_auto_whitelist_lifetime),
  };
}

SourceRules source_rules_of(const GreylistSettings& settings) {
  return {
      .after = static_cast<std::uint32_t>(settings.greylist_throttle),
      .rows = static_cast<std::uint32_t>(settings.greylist_throttle_rows),
      .grace = whole_seconds(settings.greylist_throttle_grace),
      .window = whole_seconds(settings.greylist_throttle_window),
  };
}

}  // namespace

GreylistOptions greylist_options_of(const GreylistSettings& settings) {
  GreylistOptions options{
      .enabled = settings.greylist,
      .rules = rules_of(settings),
      .ipv4_prefix = static_cast<unsigned>(settings.greylist_ipv4_prefix),
      .ipv6_prefix = static_cast<unsigned>(settings.greylist_ipv6_prefix),
      .spf_pools = settings.greylist_spf_pools,
      .dnswl = settings.greylist_dnswl,
      .user_switch = settings.greylist_user_switch,
      .domains = {.after = static_cast<std::uint32_t>(settings.greylist_spf_domains),
                  .age = whole_seconds(settings.greylist_spf_age),
                  .lifetime = whole_seconds(settings.greylist_auto_whitelist_lifetime)},
      .correspondents = {.mode = correspondence_of(settings.greylist_correspondents),
                         .lifetime = whole_seconds(settings.greylist_correspondents_lifetime)},
      .sources = source_rules_of(settings),
      .throttle_delay = whole_seconds(settings.greylist_throttle_delay),
      .null_sender = null_sender_of(settings.greylist_null_sender),
      .recipient_delimiter = settings.greylist_recipient_delimiter,
      .defer_on_error = settings.greylist_on_error == "defer",
      .text = settings.greylist_text,
  };
  for (const std::string& name : settings.greylist_name_pools) {
    options.name_pools.push_back(base::to_lower(name));
  }
  return options;
}

std::string waiting_address(std::string_view recipient, std::string_view delimiters) {
  const std::size_t at = recipient.rfind('@');
  if (at == std::string_view::npos || recipient.starts_with('"')) {
    return base::to_lower(recipient);
  }
  const auto [local, extension] = mail::split_extension(recipient.substr(0, at), delimiters);
  return base::to_lower(std::string(local).append(recipient.substr(at)));
}

}  // namespace policy
