// base/loop/control.cc -- the control socket's connections, and the verbs every daemon has.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/control.hh"

#include <algorithm>
#include <array>

#include <pwd.h>
#include <unistd.h>

#include "base/json_writer.hh"
#include "base/loop/events.hh"
#include "base/metrics.hh"
#include "base/must.hh"

namespace loop {

namespace {

constexpr mode_t socket_mode = 0666;  // who may ask is decided by uid
constexpr StreamLimits limits{.input = 1U << 20U,
                              .output_high = 1U << 20U,
                              .output_limit = 64U << 20U,
                              .idle = Duration(300'000)};

std::string error_line(const base::Error& error) {
  base::JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.key("code").string(base::errc_name(error.code));
  json.key("detail").string(error.detail);
  json.key("hint").string(error.hint);
  json.end_object().end_object();
  return json.take() + "\n";
}

}  // namespace

// One client: a request at a time, the next is read when the last line has been written.
class ControlConnection : public std::enable_shared_from_this<ControlConnection> {
 public:
  ControlConnection(ControlServer& server, base::Fd socket, uid_t uid)
      : server_(server),
        uid_(uid),
        stream_(server.loop_, std::move(socket), limits,
                {.on_data = [this](std::string_view bytes) { return read(bytes); },
                 .on_drained = {},
                 .on_end = {},
                 .on_closed = [this](CloseReason) { server_.connections_.erase(this); }}) {}

  bool row(std::string_view json) {
    std::string line = "{\"row\":";
    line.append(json).append("}\n");
    return stream_.write(line);
  }
  void last(std::string_view line) {
    stream_.write(line);
    stream_.resume();
  }
  void refuse(const base::Error& error) {
    stream_.write(error_line(error));
    stream_.close_after_write();
  }

 private:
  std::size_t read(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      return 0;
    }
    stream_.pause();
    server_.run(bytes.substr(0, end), uid_, shared_from_this());
    return end + 1;
  }

  ControlServer& server_;
  uid_t uid_;
  Stream stream_;
};

ControlReply::ControlReply(ControlReply&& other) noexcept
    : to_(std::move(other.to_)), is_answered_(std::exchange(other.is_answered_, true)) {}

ControlReply& ControlReply::operator=(ControlReply&& other) noexcept {
  std::swap(to_, other.to_);
  std::swap(is_answered_, other.is_answered_);
  return *this;
}

ControlReply::~ControlReply() {
  if (!is_answered_) {
    fail(base::make_error(base::Errc::internal, "the request was dropped without an answer"));
  }
}

bool ControlReply::row(std::string_view json) {
  const auto to = to_.lock();
  return to && to->row(json);
}

void ControlReply::ok(std::string_view members) {
  std::string line = "{\"ok\":true";
  if (!members.empty()) {
    line.append(",").append(members);
  }
  last(line.append("}\n"));
}

void ControlReply::fail(const base::Error& error) {
  last(error_line(error));
}

void ControlReply::last(std::string_view line) {
  base::must(!is_answered_, "a control request has one answer");
  is_answered_ = true;
  if (const auto to = to_.lock()) {
    to->last(line);
  }
}

base::Result<std::unique_ptr<ControlServer>> ControlServer::open(
    Loop& loop, const std::string& path, const std::vector<std::string>& users) {
  auto uids = uids_of(users);
  if (!uids) {
    return uids.error();
  }
  std::unique_ptr<ControlServer> made(new ControlServer(loop));
  made->allowed_ = std::move(*uids);
  auto listener = Listener::open(loop, {.is_unix = true, .path = path}, socket_mode,
                                 [server = made.get()](base::Fd socket, const Peer& peer) {
                                   server->accept(std::move(socket), peer);
                                 });
  if (!listener) {
    return listener.error();
  }
  made->listener_ = std::move(*listener);
  return made;
}

ControlServer::ControlServer(Loop& loop) : loop_(loop) {
  add("verbs", "Lists the verbs of this daemon.",
      [this](const ControlRequest&, ControlReply reply) {
        for (const auto& [verb, entry] : verbs_) {
          base::JsonWriter json;
          json.begin_object().key("verb").string(verb).key("help").string(entry.help).end_object();
          reply.row(json.text());
        }
        reply.ok();
      });
  add("metrics", "Tells the counters as OpenMetrics text.",
      [](const ControlRequest&, ControlReply reply) {
        reply.ok("\"text\":" + base::json_string(base::open_metrics_text()));
      });
}

ControlServer::~ControlServer() = default;

void ControlServer::add(std::string verb, std::string help, ControlVerb run) {
  const bool is_new =
      verbs_.emplace(std::move(verb), Entry{std::move(help), std::move(run)}).second;
  base::must(is_new, "a control verb is added once");
}

base::Result<std::vector<uid_t>> ControlServer::uids_of(const std::vector<std::string>& users) {
  std::vector<uid_t> uids;
  for (const std::string& user : users) {
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
      return base::make_error(base::Errc::malformed, "no such user: " + user,
                              "name users of this machine");
    }
    uids.push_back(entry.pw_uid);
  }
  return uids;
}

bool ControlServer::is_allowed(uid_t uid) const {
  return uid == 0 || uid == ::geteuid() ||
         std::find(allowed_.begin(), allowed_.end(), uid) != allowed_.end();
}

void ControlServer::accept(base::Fd socket, const Peer& peer) {
  auto connection = std::make_shared<ControlConnection>(*this, std::move(socket), peer.uid);
  connections_.emplace(connection.get(), connection);
  if (!is_allowed(peer.uid)) {
    loop_.log().write(control_denied, {{"uid", std::to_string(peer.uid)}});
    connection->refuse(base::make_error(base::Errc::denied, "this user may not ask",
                                        "add the user to control_users"));
  }
}

base::Result<ControlLine> parse_control_line(base::JsonParser& parser, std::string_view line) {
  auto value = parser.parse(line);
  if (!value) {
    return value.error();
  }
  const auto verb = base::json_text(*value, "verb");
  if (!verb || verb->empty()) {
    return base::make_error(base::Errc::malformed, "no verb in the request",
                            R"(write {"verb":"verbs"})");
  }
  return ControlLine{*verb, *value};
}

void ControlServer::run(std::string_view line, uid_t uid,
                        const std::shared_ptr<ControlConnection>& from) {
  ControlReply reply(from);
  const auto request = parse_control_line(parser_, line);
  if (!request) {
    reply.fail(request.error());
    return;
  }
  const auto found = verbs_.find(request->verb);
  if (found == verbs_.end()) {
    reply.fail(
        base::make_error(base::Errc::not_found, "no such verb", "the verb verbs lists them"));
    return;
  }
  found->second.run({request->verb, request->arguments, uid}, std::move(reply));
}

}  // namespace loop
