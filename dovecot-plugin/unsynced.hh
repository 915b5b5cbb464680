// dovecot-plugin/unsynced.hh -- changes asked for in the index and not yet made to the files.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dovecot-plugin/compat/mail.hh"

namespace plugin {

// True when a session has asked for flags or expunges that are still to be done in the Maildir, or
// when that cannot be told. Within a sync of the index.
bool has_unsynced_changes(mailbox* box);

}  // namespace plugin
