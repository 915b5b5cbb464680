// webmail-cgi/jmap/message_source.hh -- the file of an Email, for blobs and the view.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "base/result.hh"

#include "maildir-lib/message.hh"

#include "webmail-cgi/account.hh"

namespace webmail::jmap {

// not_found when the account has no Email of this number.
base::Result<maildir::Message> open_message(const Account& account, std::int64_t number);

}  // namespace webmail::jmap
