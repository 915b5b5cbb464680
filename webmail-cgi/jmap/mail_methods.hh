// webmail-cgi/jmap/mail_methods.hh -- the methods of RFC 8621 that read a Maildir, for the table.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "webmail-cgi/jmap/method.hh"

namespace webmail::jmap {

base::Result<void> mailbox_get(MethodCall& call, base::JsonWriter& response);  // s2.1
base::Result<void> thread_get(MethodCall& call, base::JsonWriter& response);   // s3.1
base::Result<void> email_get(MethodCall& call, base::JsonWriter& response);    // s4.2
base::Result<void> email_query(MethodCall& call, base::JsonWriter& response);  // s4.4

base::Result<void> mailbox_changes(MethodCall& call, base::JsonWriter& response);  // s2.2
base::Result<void> email_changes(MethodCall& call, base::JsonWriter& response);    // s4.3

}  // namespace webmail::jmap
