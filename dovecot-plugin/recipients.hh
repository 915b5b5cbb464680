// dovecot-plugin/recipients.hh -- one delivery to several: the next ones link what the first got.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// LMTP saves a mail for its first recipient, opens it there by its UID, and copies it to each of
// the others. Maildir reads the whole uidlist of the first for the name of that UID, and that of
// each other to see whether the name is free there. Here the first one's name is taken from the
// list's last line as it is written, and the others get names of their own, which are always free.
// docs/notes/0099-several-recipients.md
#pragma once

#include "dovecot-plugin/compat/mail.hh"

namespace plugin {

// Dovecot's hooks. No exception leaves them.
void delivery_allocated(mailbox* box);
void delivered_mail_allocated(mail* mail);

// True for a mail that a delivery has just saved and not looked up: no link to a pack leaves its
// account when it is copied.
bool is_just_delivered(const mail* mail);

}  // namespace plugin
