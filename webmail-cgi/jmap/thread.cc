// webmail-cgi/jmap/thread.cc -- Thread/get (RFC 8621 s3.1): the Emails of a conversation.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/arguments.hh"
#include "webmail-cgi/jmap/get_answer.hh"
#include "webmail-cgi/jmap/ids.hh"
#include "webmail-cgi/jmap/mail_methods.hh"
#include "webmail-cgi/jmap/store.hh"

namespace webmail::jmap {

namespace {

// `properties` may name id and emailIds; both are few, so "id" alone is the one choice.
base::Result<bool> wants_emails(MethodCall& call) {
  const auto wanted = list_argument(call, "properties");
  if (!wanted) {
    return wanted.error();
  }
  bool emails = !*wanted;
  for (const std::string& name : wanted->value_or(std::vector<std::string>())) {
    if (name != "id" && name != "emailIds") {
      return invalid_argument(call, "properties", "no property " + name);
    }
    emails = emails || name == "emailIds";
  }
  return emails;
}

}  // namespace

base::Result<void> thread_get(MethodCall& call, base::JsonWriter& response) {
  auto asked = ids_argument(call);
  if (!asked) {
    return asked.error();
  }
  const auto emails = wants_emails(call);
  if (!emails) {
    return emails.error();
  }
  const auto store = StoreLock::take(call.account());
  if (!store) {
    return store.error();
  }
  if (const auto threads = complete_threads(call, **store); !threads) {
    return threads.error();
  }
  const auto ids = ids_or_all(call, std::move(*asked), **store, 'T');
  if (!ids) {
    return ids.error();
  }
  const auto write = [&](const std::string& id, base::JsonWriter& out) -> base::Result<bool> {
    const auto number = number_in(id, 'T');
    const auto found =
        number ? (*store)->thread(*number) : base::Result<maildir::List>(maildir::List());
    if (!found || found->empty()) {
      return found ? base::Result<bool>(false) : found.error();
    }
    out.begin_object().key("id").string(id);
    if (*emails) {
      out.key("emailIds").begin_array();
      for (const maildir::ListEntry& entry : *found) {
        out.string(id_of('E', entry.number));
      }
      out.end_array();
    }
    out.end_object();
    return true;
  };
  return answer_get(call, state_of(**store, maildir::Kind::email), *ids, write, response);
}

}  // namespace webmail::jmap
