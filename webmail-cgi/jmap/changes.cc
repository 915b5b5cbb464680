// webmail-cgi/jmap/changes.cc -- Mailbox/changes and Email/changes (RFC 8621 s2.2, s4.3).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/arguments.hh"
#include "webmail-cgi/jmap/ids.hh"
#include "webmail-cgi/jmap/mail_methods.hh"
#include "webmail-cgi/jmap/store.hh"

namespace webmail::jmap {

namespace {

void write_ids(base::JsonWriter& out, std::string_view key, char letter,
               const std::vector<std::int64_t>& numbers) {
  out.key(key).begin_array();
  for (const std::int64_t number : numbers) {
    out.string(id_of(letter, number));
  }
  out.end_array();
}

// RFC 8620 s5.2.
base::Result<void> answer_changes(MethodCall& call, maildir::Kind kind,
                                  base::JsonWriter& response) {
  const auto since = text_argument(call, "sinceState");
  const auto limit = since ? number_argument(call, "maxChanges")
                           : base::Result<std::optional<std::int64_t>>(since.error());
  if (!limit) {
    return limit.error();
  }
  if (!*since) {
    return invalid_argument(call, "sinceState", "a state is needed");
  }
  if (limit->value_or(1) < 1) {
    return invalid_argument(call, "maxChanges", "must be positive");
  }
  const auto store = StoreLock::take(call.account());
  if (!store) {
    return store.error();
  }
  const auto state = parse_state(**store, **since);
  const auto most = static_cast<std::size_t>(limit->value_or(0));
  const auto changes = state ? (*store)->changes(kind, *state, most)
                             : base::make_error(base::Errc::not_found, "of another index");
  if (!changes) {
    return changes.error().code == base::Errc::not_found
               ? call.refuse("cannotCalculateChanges", "what changed since then is not known")
               : changes.error();
  }
  const char letter = kind == maildir::Kind::email ? 'E' : 'M';
  response.begin_object();
  response.key("accountId").string(call.account().id);
  response.key("oldState").string(**since);
  response.key("newState").string((*store)->epoch() + "-" + std::to_string(changes->until));
  response.key("hasMoreChanges").boolean(changes->has_more);
  write_ids(response, "created", letter, changes->created);
  write_ids(response, "updated", letter, changes->updated);
  write_ids(response, "destroyed", letter, changes->destroyed);
  if (kind == maildir::Kind::folder) {
    response.key("updatedProperties");
    if (changes->only_counts) {
      response.begin_array();
      for (const char* name : {"totalEmails", "unreadEmails", "totalThreads", "unreadThreads"}) {
        response.string(name);
      }
      response.end_array();
    } else {
      response.null();
    }
  }
  response.end_object();
  return {};
}

}  // namespace

base::Result<void> mailbox_changes(MethodCall& call, base::JsonWriter& response) {
  return answer_changes(call, maildir::Kind::folder, response);
}

base::Result<void> email_changes(MethodCall& call, base::JsonWriter& response) {
  return answer_changes(call, maildir::Kind::email, response);
}

}  // namespace webmail::jmap
