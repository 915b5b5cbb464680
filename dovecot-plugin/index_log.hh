// dovecot-plugin/index_log.hh -- Dovecot's index log behind what its main file has.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dovecot-plugin/compat/mail.hh"

namespace plugin {

// True when a session has asked for flags or expunges that are still to be done in the Maildir, or
// when that cannot be told. Within a sync of the index.
bool has_unsynced_changes(mailbox* box);

// Has the next sync of the index write its main file when the log behind it has become long in
// proportion: each delivery reads that log from there. Dovecot itself lets it grow to 1 MB, as
// deliveries alone ask nothing of the files (docs/notes/0090-large-folders.md).
void keep_log_short(mailbox* box);

}  // namespace plugin
