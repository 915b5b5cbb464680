// dovecot-plugin/compat/mail_v2_4.hh -- Dovecot 2.4's storage: what differs.
// SPDX-License-Identifier: GPL-3.0-or-later
// Included by mail.hh alone, behind Dovecot's headers. Each function: see mail_v2_3.hh.
#pragma once

namespace plugin::dovecot {

inline constexpr const char* maildir_name = MAILDIR_STORAGE_NAME;

// Each mailbox looks for a storage of the driver's name: with another, every one gets a storage of
// its own. Settings are found by their info, not by the name.
inline constexpr const char* instance_name = "posthouse";

inline bool is_maildir(const mail_storage* storage) {
  return std::strcmp(storage->name, MAILDIR_STORAGE_NAME) == 0 ||
         std::strcmp(storage->name, instance_name) == 0;
}

// mail_compress keeps its choice to itself: docs/storage.md tells not to set both.
inline bool is_compressed_elsewhere(mail_user* /*user*/) {
  return false;
}

inline void log_error(mail_user* user, const char* text) {
  e_error(user->event, "posthouse: %s", text);
}

}  // namespace plugin::dovecot
