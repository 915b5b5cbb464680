// dovecot-plugin/store_hooks.hh -- what the mail plugin adds to each user, mailbox and mail.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dovecot-plugin/compat/mail.hh"

namespace plugin {

// Once a process, before the first user.
void load_store_settings();

// Dovecot's hooks. No exception leaves them.
void user_created(mail_user* user);
void mailbox_allocated(mailbox* box);
void mail_allocated(mail* mail);

}  // namespace plugin
