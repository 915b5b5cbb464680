// webmail-cgi/jmap/session_object.cc -- what this server can do, said to a client.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/session_object.hh"

#include "base/digest.hh"
#include "base/json_writer.hh"
#include "base/text.hh"

namespace webmail::jmap {

namespace {

constexpr std::int64_t mailbox_name_max = 200;        // bytes; ext4 and Dovecot allow 255
constexpr std::int64_t attachments_max = 50'000'000;  // RFC 8621 s1.3.1's smallest

void write_core(base::JsonWriter& json, const Limits& limits) {
  const auto number = [&json](std::string_view name, std::size_t value) {
    json.key(name).number(static_cast<std::int64_t>(value));
  };
  json.key(core_capability).begin_object();
  number("maxSizeUpload", 0);  // uploads are not served yet
  number("maxConcurrentUpload", 1);
  number("maxSizeRequest", limits.max_size_request);
  number("maxConcurrentRequests", limits.max_concurrent_requests);
  number("maxCallsInRequest", limits.max_calls_in_request);
  number("maxObjectsInGet", limits.max_objects_in_get);
  number("maxObjectsInSet", limits.max_objects_in_set);
  json.key("collationAlgorithms").begin_array().end_array().end_object();
}

void write_account(base::JsonWriter& json, const Account& account) {
  json.key("accounts").begin_object().key(account.id).begin_object();
  json.key("name").string(account.username);
  json.key("isPersonal").boolean(true);
  json.key("isReadOnly").boolean(true);  // no method changes mail yet
  json.key("accountCapabilities").begin_object();
  json.key(core_capability).begin_object().end_object();
  json.key(mail_capability).begin_object();
  json.key("maxMailboxesPerEmail").null().key("maxMailboxDepth").null();
  json.key("maxSizeMailboxName").number(mailbox_name_max);
  json.key("maxSizeAttachmentsPerEmail").number(attachments_max);
  json.key("emailQuerySortOptions").begin_array().string("receivedAt").end_array();
  json.key("mayCreateTopLevelMailbox").boolean(false);
  json.end_object().end_object().end_object().end_object();
  json.key("primaryAccounts").begin_object();
  json.key(mail_capability).string(account.id).end_object();
}

void write_urls(base::JsonWriter& json, std::string_view origin) {
  const auto url = [&](std::string_view name, std::string_view path) {
    json.key(name).string(std::string(origin).append(path));
  };
  url("apiUrl", "/jmap/api");
  url("downloadUrl", "/jmap/download/{accountId}/{blobId}/{name}?type={type}");
  // RFC 8620 s2 demands both; they answer 501 until they are served.
  url("uploadUrl", "/jmap/upload/{accountId}/");
  url("eventSourceUrl", "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}");
}

}  // namespace

SessionObject session_object(const Account& account, std::string_view origin,
                             const Limits& limits) {
  base::JsonWriter json;
  json.begin_object().key("capabilities").begin_object();
  write_core(json, limits);
  json.key(mail_capability).begin_object().end_object().end_object();
  write_account(json, account);
  json.key("username").string(account.username);
  write_urls(json, origin);
  const std::string state = base::hex(base::bytes_of(base::sha256(json.text()))).substr(0, 16);
  json.key("state").string(state).end_object();
  return {json.take(), state};
}

}  // namespace webmail::jmap
