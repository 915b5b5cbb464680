// webmail-cgi/jmap/email_get.cc -- Email/get (RFC 8621 s4.2): mails and what is in them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Each mail is read as far as the properties need: not at all for what the index holds, its header
// for other header fields, the whole file for body parts.
#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include "base/clock.hh"
#include "base/text.hh"

#include "mail-lib/body.hh"
#include "mail-lib/date.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/summary.hh"

#include "webmail-cgi/jmap/arguments.hh"
#include "webmail-cgi/jmap/body_property.hh"
#include "webmail-cgi/jmap/get_answer.hh"
#include "webmail-cgi/jmap/header_property.hh"
#include "webmail-cgi/jmap/ids.hh"
#include "webmail-cgi/jmap/mail_methods.hh"
#include "webmail-cgi/jmap/store.hh"

namespace webmail::jmap {

namespace {

constexpr std::array<std::string_view, 24> default_properties = {
    "id",        "blobId",    "threadId",   "mailboxIds", "keywords",      "size",    "receivedAt",
    "messageId", "inReplyTo", "references", "sender",     "from",          "to",      "cc",
    "bcc",       "replyTo",   "subject",    "sentAt",     "hasAttachment", "preview", "bodyValues",
    "textBody",  "htmlBody",  "attachments"};
constexpr std::array<std::string_view, 7> metadata = {
    "id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt"};
constexpr std::array<std::string_view, 2> row_properties = {"preview", "hasAttachment"};
constexpr std::array<std::string_view, 5> body_properties = {"bodyStructure", "bodyValues",
                                                             "textBody", "htmlBody", "attachments"};

constexpr std::size_t usual_header_bytes = 32U << 10U;  // of a compressed mail: its header frame

template <std::size_t n>
bool is_among(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Request {
  std::vector<std::string> properties;                 // "id" among them
  std::vector<std::optional<HeaderProperty>> headers;  // of the property of the same index
  BodyRequest body;
  bool needs_header = false;
  bool needs_row = false;
  bool needs_body = false;
  bool needs_thread = false;
};

base::Result<void> add_property(MethodCall& call, Request& request, const std::string& name) {
  auto header = named_header_property(name);
  if (!header && name.starts_with("header:")) {
    header = parse_header_property(name);
  }
  const bool is_body = is_among(body_properties, name);
  const bool is_row = is_among(row_properties, name);
  if (!header && !is_body && !is_row && name != "headers" && !is_among(metadata, name)) {
    return invalid_argument(call, "properties", "no property " + name);
  }
  request.needs_header = request.needs_header || header || name == "headers";
  request.needs_row = request.needs_row || is_row;
  request.needs_body = request.needs_body || is_body;
  request.needs_thread = request.needs_thread || name == "threadId";
  request.properties.push_back(name);
  request.headers.push_back(std::move(header));
  return {};
}

base::Result<Request> parse_request(MethodCall& call) {
  const auto names = list_argument(call, "properties");
  if (!names) {
    return names.error();
  }
  Request request;
  std::vector<std::string> wanted = {"id"};
  if (*names) {
    wanted.insert(wanted.end(), (*names)->begin(), (*names)->end());
  } else {
    wanted.assign(default_properties.begin(), default_properties.end());
  }
  std::set<std::string> seen;
  for (const std::string& name : wanted) {
    if (!seen.insert(name).second) {
      continue;
    }
    if (const auto added = add_property(call, request, name); !added) {
      return added.error();
    }
  }
  auto body = parse_body_request(call);
  if (!body) {
    return body.error();
  }
  request.body = std::move(*body);
  return request;
}

// The keywords of all copies: of each the union, $seen only when every copy has it.
std::set<std::string> keywords_of(const maildir::Index& index, const maildir::Email& email) {
  static constexpr std::array<std::pair<maildir::Flag, std::string_view>, 4> names{{
      {maildir::flag_draft, "$draft"},
      {maildir::flag_flagged, "$flagged"},
      {maildir::flag_passed, "$forwarded"},
      {maildir::flag_replied, "$answered"},
  }};
  std::set<std::string> keywords;
  if (email.is_seen()) {
    keywords.emplace("$seen");
  }
  for (const auto& [flag, name] : names) {
    if (email.has(flag)) {
      keywords.emplace(name);
    }
  }
  for (const maildir::Place& place : email.places) {
    const maildir::IndexedFolder* folder = index.find_folder(place.folder);
    for (unsigned i = 0; folder != nullptr && i < folder->keywords.size(); ++i) {
      if ((place.flags.keywords >> i & 1U) != 0 && !folder->keywords.at(i).empty()) {
        keywords.insert(base::to_lower(folder->keywords.at(i)));
      }
    }
  }
  keywords.erase("$recent");
  return keywords;
}

void write_metadata(base::JsonWriter& out, const maildir::Index& index, const maildir::Email& email,
                    std::string_view name) {
  out.key(name);
  if (name == "id") {
    out.string(id_of('E', email.number));
  } else if (name == "blobId") {
    out.string(id_of('B', email.number));
  } else if (name == "threadId") {
    out.string(id_of('T', email.thread));
  } else if (name == "size") {
    out.number(static_cast<std::int64_t>(email.size));
  } else if (name == "receivedAt") {
    out.string(mail::date_text(
        {std::chrono::sys_seconds(std::chrono::seconds(email.received)), std::chrono::minutes(0)}));
  } else if (name == "mailboxIds") {
    out.begin_object();
    std::int64_t last = 0;  // places are sorted by folder
    for (const maildir::Place& place : email.places) {
      if (place.folder != last) {
        out.key(id_of('M', place.folder)).boolean(true);
      }
      last = place.folder;
    }
    out.end_object();
  } else {
    out.begin_object();
    for (const std::string& keyword : keywords_of(index, email)) {
      out.key(keyword).boolean(true);
    }
    out.end_object();
  }
}

// What of one mail had to be read.
struct Contents {
  std::string header_bytes;
  std::vector<mail::HeaderField> fields;  // views into it
  std::string preview;
  bool has_attachment = false;
  std::optional<mail::Message> message;
  mail::BodyLists lists;
};

// A file that is there and will never be read: one broken mail must not hide the others.
bool is_unreadable(const base::Error& why) {
  return why.code == base::Errc::corrupt || why.code == base::Errc::over_quota ||
         why.code == base::Errc::denied;
}

// Whether the index knows every header field asked for.
bool are_listed(const Request& request, const maildir::Email& email) {
  for (std::size_t i = 0; i < request.properties.size(); ++i) {
    const bool is_known = request.headers[i]
                              ? maildir::is_listed(request.headers[i]->name, email.omitted)
                              : request.properties[i] != "headers";
    if (!is_known) {
      return false;
    }
  }
  return email.has_content;
}

// Its octets, or its start when only the header is needed; nothing of one that cannot be read.
base::Result<std::string> octets_of(const maildir::Index& index, const maildir::Email& email,
                                    bool whole) {
  auto message = index.open_message(email.number);
  auto bytes = !message ? base::Result<std::string>(message.error())
               : whole  ? message->read()
                        : message->read_start(usual_header_bytes);
  if (bytes && !whole && mail::scan_header(*bytes).body >= usual_header_bytes) {
    bytes = message->read_start(mail::max_header_bytes);
  }
  return bytes || !is_unreadable(bytes.error()) ? std::move(bytes) : std::string();
}

base::Result<void> read_contents(const maildir::Index& index, const maildir::Email& email,
                                 const Request& request, Contents& contents) {
  contents.preview = email.preview;
  contents.has_attachment = email.has_attachment;
  if (!request.needs_body && (!request.needs_header || are_listed(request, email))) {
    contents.header_bytes = email.header;
    contents.fields = maildir::listed_header(contents.header_bytes);
    return {};
  }
  const auto bytes = octets_of(index, email, request.needs_body);
  if (!bytes) {
    return bytes.error();
  }
  contents.header_bytes = bytes->substr(0, mail::scan_header(*bytes).body);
  contents.fields = mail::scan_header(contents.header_bytes).fields;
  if (request.needs_body) {
    contents.message = mail::Message::parse(*bytes);
    contents.lists = mail::body_lists(contents.message->root());
  }
  return {};
}

void write_body(base::JsonWriter& out, const Request& request, const maildir::Email& email,
                const Contents& contents, std::string_view name) {
  const std::string digits = digits_of(email.number);
  const BodySource source{*contents.message, contents.lists, digits};
  if (name == "bodyStructure") {
    write_structure(out, source, request.body);
  } else if (name == "bodyValues") {
    write_values(out, source, request.body);
  } else {
    out.key(name);
    write_parts(out, source, request.body,
                name == "textBody"   ? contents.lists.text
                : name == "htmlBody" ? contents.lists.html
                                     : contents.lists.attachments);
  }
}

void write_email(base::JsonWriter& out, const maildir::Index& index, const maildir::Email& email,
                 const Request& request, const Contents& contents) {
  out.begin_object();
  for (std::size_t i = 0; i < request.properties.size(); ++i) {
    const std::string& name = request.properties[i];
    if (request.headers[i]) {
      write_header_property(out, *request.headers[i], contents.fields);
    } else if (name == "headers") {
      write_all_headers(out, contents.fields);
    } else if (name == "preview") {
      out.key(name).string(contents.preview);
    } else if (name == "hasAttachment") {
      out.key(name).boolean(contents.has_attachment);
    } else if (is_among(body_properties, name)) {
      write_body(out, request, email, contents, name);
    } else {
      write_metadata(out, index, email, name);
    }
  }
  out.end_object();
}

// False when the mail is gone meanwhile.
base::Result<bool> write_one(maildir::Index& index, const std::string& id, const Request& request,
                             base::JsonWriter& out) {
  const auto number = number_in(id, 'E');
  const auto email = number ? index.email(*number)
                            : base::Result<maildir::Email>(
                                  base::make_error(base::Errc::not_found, "no id of an Email"));
  Contents contents;
  const auto read =
      email ? read_contents(index, *email, request, contents) : base::Result<void>(email.error());
  if (!read) {
    return read.error().code == base::Errc::not_found ? base::Result<bool>(false) : read.error();
  }
  write_email(out, index, *email, request, contents);
  return true;
}

// What the answer needs that a first build has not come to yet.
base::Result<void> prepare(MethodCall& call, maildir::Index& index, const Request& request,
                           const std::vector<std::string>& ids) {
  if (request.needs_thread) {
    if (auto threads = complete_threads(call, index); !threads) {
      return threads;
    }
  }
  if (!request.needs_row && !request.needs_header) {
    return {};
  }
  std::vector<std::int64_t> numbers;
  for (const std::string& id : ids) {
    if (const auto number = number_in(id, 'E')) {
      numbers.push_back(*number);
    }
  }
  return index.fill(numbers);
}

}  // namespace

base::Result<void> email_get(MethodCall& call, base::JsonWriter& response) {
  auto asked = ids_argument(call);
  if (!asked) {
    return asked.error();
  }
  const auto request = parse_request(call);
  if (!request) {
    return request.error();
  }
  const auto store = StoreLock::take(call.account());
  if (!store) {
    return store.error();
  }
  const auto ids = ids_or_all(call, std::move(*asked), **store, 'E');
  if (!ids) {
    return ids.error();
  }
  if (auto prepared = prepare(call, **store, *request, *ids); !prepared) {
    return prepared;
  }
  const auto write = [&](const std::string& id, base::JsonWriter& out) {
    return write_one(**store, id, *request, out);
  };
  return answer_get(call, state_of(**store, maildir::Kind::email), *ids, write, response);
}

}  // namespace webmail::jmap
