// webmail-cgi/jmap/email_get.cc -- Email/get (RFC 8621 s4.2): mails and what is in them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Each mail is read as far as the properties need: not at all for what its file name and time tell,
// its cached row for header and preview, the whole file for body parts.
#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include "base/clock.hh"
#include "base/text.hh"

#include "mail-lib/body.hh"
#include "mail-lib/date.hh"

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
std::set<std::string> keywords_of(const Store& store, const Email& email) {
  static constexpr std::array<std::pair<maildir::Flag, std::string_view>, 4> names{{
      {maildir::flag_draft, "$draft"},
      {maildir::flag_flagged, "$flagged"},
      {maildir::flag_passed, "$forwarded"},
      {maildir::flag_replied, "$answered"},
  }};
  std::set<std::string> keywords;
  if (email.seen) {
    keywords.emplace("$seen");
  }
  for (const Copy& copy : email.copies) {
    const maildir::Flags& flags = store.mail(copy).flags;
    for (const auto& [flag, name] : names) {
      if (flags.has(flag)) {
        keywords.emplace(name);
      }
    }
    const maildir::Keywords& letters = store.boxes()[copy.box].mailbox->keywords();
    for (unsigned i = 0; i < letters.size(); ++i) {
      if ((flags.keywords >> i & 1U) != 0 && !letters.at(i).empty()) {
        keywords.insert(base::to_lower(letters.at(i)));
      }
    }
  }
  keywords.erase("$recent");
  return keywords;
}

void write_metadata(base::JsonWriter& out, const Store& store, const Email& email,
                    std::string_view name) {
  const maildir::Mail& mail = store.mail(email);
  out.key(name);
  if (name == "id") {
    out.string("E" + email.digits);
  } else if (name == "blobId") {
    out.string("B" + email.digits);
  } else if (name == "threadId") {
    out.string("T" + email.digits);
  } else if (name == "size") {
    out.number(static_cast<std::int64_t>(mail.size));
  } else if (name == "receivedAt") {
    out.string(mail::date_text(
        {std::chrono::sys_seconds(std::chrono::seconds(mail.received)), std::chrono::minutes(0)}));
  } else if (name == "mailboxIds") {
    out.begin_object();
    for (std::size_t i = 0; i < email.copies.size(); ++i) {
      const std::uint32_t box = email.copies[i].box;
      if (i == 0 || email.copies[i - 1].box != box) {
        out.key(store.boxes()[box].id).boolean(true);
      }
    }
    out.end_object();
  } else {
    out.begin_object();
    for (const std::string& keyword : keywords_of(store, email)) {
      out.key(keyword).boolean(true);
    }
    out.end_object();
  }
}

// What of one mail had to be read.
struct Contents {
  std::string header_bytes;
  mail::Header header;
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

base::Result<void> read_contents(Store& store, const Email& email, const Request& request,
                                 Contents& contents) {
  if (request.needs_body) {
    auto bytes = store.read(email);
    if (!bytes && !is_unreadable(bytes.error())) {
      return bytes.error();
    }
    if (!bytes) {
      bytes = std::string();  // listed still, with nothing in it
    }
    contents.header_bytes = bytes->substr(0, mail::scan_header(*bytes).body);
    contents.message = mail::Message::parse(*bytes);
    contents.lists = mail::body_lists(contents.message->root());
    if (request.needs_row) {
      contents.preview = mail::preview(*contents.message, contents.lists);
      contents.has_attachment = mail::has_attachment(contents.lists);
    }
  } else if (request.needs_header || request.needs_row) {
    const auto row = store.row(email, request.needs_row);
    if (!row && !is_unreadable(row.error())) {
      return row.error();
    }
    if (row) {
      contents.header_bytes = (*row)->header;
      contents.preview = (*row)->preview;
      contents.has_attachment = (*row)->has_attachment;
    }
  }
  contents.header = mail::scan_header(contents.header_bytes);
  return {};
}

void write_body(base::JsonWriter& out, const Request& request, const Email& email,
                const Contents& contents, std::string_view name) {
  const BodySource source{*contents.message, contents.lists, email.digits};
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

void write_email(base::JsonWriter& out, const Store& store, const Email& email,
                 const Request& request, const Contents& contents) {
  out.begin_object();
  for (std::size_t i = 0; i < request.properties.size(); ++i) {
    const std::string& name = request.properties[i];
    if (request.headers[i]) {
      write_header_property(out, *request.headers[i], contents.header.fields);
    } else if (name == "headers") {
      write_all_headers(out, contents.header.fields);
    } else if (name == "preview") {
      out.key(name).string(contents.preview);
    } else if (name == "hasAttachment") {
      out.key(name).boolean(contents.has_attachment);
    } else if (is_among(body_properties, name)) {
      write_body(out, request, email, contents, name);
    } else {
      write_metadata(out, store, email, name);
    }
  }
  out.end_object();
}

// False when the mail is gone meanwhile.
base::Result<bool> write_one(Store& store, const std::string& id, const Request& request,
                             base::JsonWriter& out) {
  const auto digits = digits_in(id, 'E');
  const Email* email = digits ? store.find(*digits) : nullptr;
  if (email == nullptr) {
    return false;
  }
  Contents contents;
  if (const auto read = read_contents(store, *email, request, contents); !read) {
    return read.error().code == base::Errc::not_found ? base::Result<bool>(false) : read.error();
  }
  write_email(out, store, *email, request, contents);
  return true;
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
  const auto write = [&](const std::string& id, base::JsonWriter& out) {
    return write_one(**store, id, *request, out);
  };
  return answer_get(call, **store, *ids, write, response);
}

}  // namespace webmail::jmap
