// webmail-cgi/jmap/blob.cc -- blobs: the file of a message, the octets of a part.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/blob.hh"

#include "mail-lib/mime.hh"
#include "maildir-lib/message.hh"

#include "webmail-cgi/jmap/ids.hh"
#include "webmail-cgi/jmap/message_source.hh"
#include "webmail-cgi/jmap/store.hh"

namespace webmail {

namespace jmap {

base::Result<maildir::Message> open_message(const Account& account, std::int64_t number) {
  const auto store = StoreLock::take(account);
  if (!store) {
    return store.error();
  }
  return (*store)->open_message(number);
}

}  // namespace jmap

base::Result<Blob> open_blob(const Account& account, std::string_view blob_id) {
  const auto id = jmap::parse_blob_id(blob_id);
  auto source = id ? jmap::open_message(account, id->number)
                   : base::make_error(base::Errc::not_found, "no blob id");
  if (!source) {
    return source.error();
  }
  if (id->part.empty()) {
    if (auto file = source->take_plain_file()) {
      const std::uint64_t size = maildir::stamp_of(file->get()).size;
      return Blob{"message/rfc822", "message.eml", FileRange{std::move(*file), 0, size}};
    }
  }
  auto bytes = source->read();
  if (!bytes) {
    return bytes.error();
  }
  if (id->part.empty()) {
    return Blob{"message/rfc822", "message.eml", std::move(*bytes)};
  }
  const auto message = mail::Message::parse(*bytes);
  const mail::Part* part = message.find(id->part);
  if (part == nullptr) {
    return base::make_error(base::Errc::not_found, "no such part");
  }
  return Blob{part->type, part->name.value_or(""), message.content(*part)};
}

}  // namespace webmail
