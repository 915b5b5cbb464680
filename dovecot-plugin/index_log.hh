// dovecot-plugin/index_log.hh -- Dovecot's index log behind what its main file has.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dovecot-plugin/compat/mail.hh"

namespace plugin {

// True when a session has asked for flags or expunges that are still to be done in the Maildir, or
// when that cannot be told. Within a sync of the index.
bool has_unsynced_changes(mailbox* box);

// Writes the main file of the index when the log behind it has become long, and begins a new log
// when that is large; nothing when there is a change that waits for the files. Each delivery reads
// the log, and where nobody but deliveries comes, Dovecot lets it grow without end
// (docs/notes/0090-large-folders.md). Outside of a sync of the index.
void keep_log_short(mailbox* box);

}  // namespace plugin
