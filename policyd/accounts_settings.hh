// policyd/accounts_settings.hh -- the settings of asking the directory.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct AccountsSettings {
  std::string directory_settings;
  std::int64_t directory_threads = 0;
  base::Duration directory_timeout{};
  base::Bytes directory_cache_size;
  base::Duration directory_cache_time{};
  base::Duration directory_cache_negative_time{};
};

template <typename S>
inline constexpr base::Setting<S> accounts_rows[] = {
    {"directory_settings", &S::directory_settings, "/etc/posthouse/directory.conf", "",
     base::Reload::live,
     "The file that says where the accounts are. Only checks that need them ask: sender_login, "
     "quota."},
    {"directory_threads", &S::directory_threads, "4", "1..64", base::Reload::restart,
     "How many questions the directory is asked at a time."},
    {"directory_timeout", &S::directory_timeout, "2s", "10ms..1m", base::Reload::live,
     "How long one question to the directory may take, waiting included. After that, and for a "
     "second after any failure, the accounts are unknown, and each check that asks does what its "
     "own setting says of that."},
    {"directory_cache_size", &S::directory_cache_size, "16M", "0B..4G", base::Reload::live,
     "Memory for remembered accounts; 0B remembers nothing."},
    {"directory_cache_time", &S::directory_cache_time, "30s", "0s..1h", base::Reload::live,
     "How long an account is remembered, and that a domain is not ours."},
    {"directory_cache_negative_time", &S::directory_cache_negative_time, "5s", "0s..10m",
     base::Reload::live, "How long it is remembered that nobody has an address of our domains."},
};

}  // namespace policy
