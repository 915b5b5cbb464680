// policyd/checks/quota_settings.hh -- the settings of refusing mail for full mailboxes.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct QuotaSettings {
  std::string quota_status;
  std::int64_t quota_status_connections = 0;
  base::Duration quota_status_timeout{};
  base::Duration quota_cache_time{};
  std::string quota_text;
};

template <typename S>
inline constexpr base::Setting<S> quota_rows[] = {
    {"quota_status", &S::quota_status, "", "", base::Reload::live,
     "Where Dovecot's quota-status listens: unix:PATH or inet:ADDRESS:PORT. Empty: mailboxes are "
     "not asked for their room. Aliases are expanded first, and mail is refused when every mailbox "
     "that would get it is full. Whatever cannot be found out in time lets it in."},
    {"quota_status_connections", &S::quota_status_connections, "4", "1..1000", base::Reload::live,
     "Connections to quota-status, each of which occupies a process of Dovecot."},
    {"quota_status_timeout", &S::quota_status_timeout, "200ms", "1ms..10s", base::Reload::live,
     "How long one question may take. After that, and for a second after any failure, quotas are "
     "unknown."},
    {"quota_cache_time", &S::quota_cache_time, "10s", "0s..10m", base::Reload::live,
     "How long it is remembered whether a mailbox has room."},
    {"quota_text", &S::quota_text, "452 4.2.2 Mailbox is full", "", base::Reload::live,
     "Reply code, enhanced status code and text of a refusal; a code of 552 refuses for good."},
};

}  // namespace policy
