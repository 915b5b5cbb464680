// lookupd/connection.cc -- reading ahead, and replies that wait for those before them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/connection.hh"

#include <array>
#include <utility>

#include "base/metrics.hh"

#include "lookupd/events.hh"

namespace lookup {

namespace {

using directory::SocketmapReply;
using directory::SocketmapStatus;

// Questions of one connection that wait; it is read no further until half of them are answered.
constexpr std::size_t pipeline_limit = 256;

base::Counter requests_of_map[map_count] = {
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"domains\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"mailboxes\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"aliases\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"transport\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"senderlogins\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"canonical\""),
};
base::Counter answers_ok("lookupd_answers", "Answers to Postfix, by status.", "status=\"ok\"");
base::Counter answers_not_found("lookupd_answers", "Answers to Postfix, by status.",
                                "status=\"not_found\"");
base::Counter answers_temp("lookupd_answers", "Answers to Postfix, by status.", "status=\"temp\"");
base::Counter answers_timeout("lookupd_answers", "Answers to Postfix, by status.",
                              "status=\"timeout\"");
base::Counter answers_perm("lookupd_answers", "Answers to Postfix, by status.", "status=\"perm\"");
base::Counter malformed_requests("lookupd_requests_malformed",
                                 "Requests that broke the protocol or named no map.");

struct StatusRow {
  SocketmapStatus status;
  std::string_view word;
  base::Counter& counter;
};
const std::array<StatusRow, 5> status_rows{{
    {SocketmapStatus::ok, "ok", answers_ok},
    {SocketmapStatus::not_found, "not_found", answers_not_found},
    {SocketmapStatus::temp, "temp", answers_temp},
    {SocketmapStatus::timeout, "timeout", answers_timeout},
    {SocketmapStatus::perm, "perm", answers_perm},
}};

const StatusRow& row_of(SocketmapStatus status) {
  return status_rows.at(static_cast<std::size_t>(status));
}

void append(std::string& out, const SocketmapReply& reply) {
  row_of(reply.status).counter.add();
  directory::append_socketmap_reply(out, reply);
}

}  // namespace

std::string_view status_name(SocketmapStatus status) {
  return row_of(status).word;
}

Connection::Connection(Server& server, std::uint64_t id, base::Fd socket,
                       const loop::StreamLimits& limits)
    : server_(server),
      id_(id),
      stream_(server.loop_, std::move(socket), limits,
              {[this](std::string_view bytes) { return read(bytes); },
               {},
               {},
               [this](loop::CloseReason) { server_.closed(id_); }}) {}

bool Connection::answer(std::uint64_t slot, const SocketmapReply& reply) {
  Slot& place = slots_.at(slot - first_);
  place.is_ready = true;
  append(place.frame, reply);
  return !std::exchange(has_answers_, true);
}

void Connection::send_answers() {
  has_answers_ = false;
  while (!slots_.empty() && slots_.front().is_ready) {
    server_.out_ += slots_.front().frame;
    slots_.pop_front();
    ++first_;
  }
  send();
  if (ends_ && slots_.empty()) {
    stream_.close_after_write();
  } else if (is_full_ && slots_.size() <= pipeline_limit / 2) {
    is_full_ = false;
    stream_.resume();
  }
}

std::size_t Connection::read(std::string_view bytes) {
  std::size_t taken = 0;
  while (!ends_ && slots_.size() < pipeline_limit) {
    const auto frame = directory::read_netstring(bytes.substr(taken));
    if (!frame) {
      refuse(frame.error());
      ends_ = true;
      break;
    }
    if (!*frame) {
      break;
    }
    taken += (*frame)->size;
    question((*frame)->payload);
  }
  send();
  if (ends_ && slots_.empty()) {
    stream_.close_after_write();
  } else if (ends_ || slots_.size() >= pipeline_limit) {
    is_full_ = !ends_;
    stream_.pause();
  }
  return ends_ ? bytes.size() : taken;
}

void Connection::question(std::string_view payload) {
  const auto request = directory::parse_socketmap_request(payload);
  if (!request) {
    refuse(request.error());
    return;
  }
  const auto map = parse_map(request->map);
  if (!map) {
    malformed_requests.add();
    server_.log_.write(map_unknown, {{"map", request->map}});
    write({SocketmapStatus::perm, "no such map"});
    return;
  }
  requests_of_map[static_cast<std::size_t>(*map)].add();
  const std::uint64_t slot = first_ + slots_.size();
  if (const auto* known = server_.ask(*map, payload, request->key, id_, slot)) {
    write(*known);
  } else {
    slots_.emplace_back();
  }
}

void Connection::refuse(const base::Error& why) {
  malformed_requests.add();
  server_.log_.write(request_malformed, {{"reason", why.detail}});
  write({SocketmapStatus::perm, why.detail});
}

// Behind the replies that are still to come.
void Connection::write(const SocketmapReply& reply) {
  if (slots_.empty()) {
    append(server_.out_, reply);
    return;
  }
  Slot& place = slots_.emplace_back();
  place.is_ready = true;
  append(place.frame, reply);
}

void Connection::send() {
  if (!server_.out_.empty()) {
    stream_.write(server_.out_);
    server_.out_.clear();
  }
}

}  // namespace lookup
