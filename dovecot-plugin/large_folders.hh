// dovecot-plugin/large_folders.hh -- what a delivery must know of a list that it does not read.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/notes/0090-large-folders.md
#pragma once

#include "dovecot-plugin/compat/mail.hh"

namespace plugin {

// The folder's GUID from the first line of its uidlist; false when it is not there.
bool read_guid(mailbox* box, guid_128_t guid);

// Looks at the end of the uidlist and at the index log, and has Dovecot read the list when it must.
// In a commit, when maildir holds the lock of the uidlist and has not taken a UID yet. After
// copies within the folder the list is written anew.
void check_uidlist(mailbox* box, bool copies_within);

}  // namespace plugin
