// dovecot-plugin/streams.hh -- maildir-lib's zstd frames as streams of Dovecot.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dovecot-plugin/compat/mail.hh"

namespace plugin {

// The mail in a file of frames. Takes over the reference to `file`. A read ends at the end of a
// frame, so whoever wants the header alone never uncompresses the body.
istream* make_frame_input(istream* file);

// What is written comes out at `file` as frames; its reference is taken over. Its offset counts the
// octets of the mail.
ostream* make_frame_output(ostream* file, int level);

}  // namespace plugin
