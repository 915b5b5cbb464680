// dovecot-plugin/compat/mail_v2_3.hh -- Dovecot 2.3's storage: what differs.
// SPDX-License-Identifier: GPL-3.0-or-later
// Included by mail.hh alone, behind Dovecot's headers.
#pragma once

namespace plugin::dovecot {

inline constexpr const char* maildir_name = MAILDIR_STORAGE_NAME;

// What an instance of the class `posthouse` calls itself. Here the driver's settings are looked up
// by this name, and were gathered before any plugin came in: another name is a panic.
inline constexpr const char* instance_name = MAILDIR_STORAGE_NAME;

inline bool is_maildir(const mail_storage* storage) {
  return std::strcmp(storage->name, MAILDIR_STORAGE_NAME) == 0;
}

// Another plugin writes compressed mail for this user.
inline bool is_compressed_elsewhere(mail_user* user) {
  const char* handler = mail_user_plugin_getenv(user, "zlib_save");
  return handler != nullptr && *handler != '\0';
}

inline void log_error(mail_user* user, const char* text) {
  e_error(user->event, "posthouse: %s", text);
}

}  // namespace plugin::dovecot
