// base/loop/control.hh -- the local control socket of a daemon: a JSON line in, JSON lines out.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A request is one line `{"verb":"...", ...}`. Its answer is any number of lines `{"row":VALUE}`,
// then one last line `{"ok":true, ...}` or `{"error":{"code":"...","detail":"...","hint":"..."}}`.
// A client may send the next request then. Only root, the daemon's own user and the listed users
// are heard (SO_PEERCRED). Built in: `verbs` (a row each) and `metrics` (OpenMetrics in "text").
// docs/formats/control.md
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

#include "base/json.hh"
#include "base/loop/listener.hh"
#include "base/loop/loop.hh"
#include "base/loop/stream.hh"
#include "base/result.hh"

namespace loop {

class ControlConnection;

// Where the answer to one request goes. Move it into whatever answers later; answering after the
// client has gone does nothing; dropping it unanswered answers `internal`. Loop thread.
class ControlReply {
 public:
  explicit ControlReply(std::weak_ptr<ControlConnection> to) : to_(std::move(to)) {}
  ControlReply(ControlReply&& other) noexcept;
  ControlReply& operator=(ControlReply&& other) noexcept;
  ControlReply(const ControlReply&) = delete;
  ControlReply& operator=(const ControlReply&) = delete;
  ~ControlReply();

  // One JSON value. False: the client reads slowly; rest until it is worth going on (large lists
  // should be sent in pages).
  bool row(std::string_view json);
  // `members` are more members of the last line: `"count":3,"more":false`, or nothing.
  void ok(std::string_view members = {});
  void fail(const base::Error& error);
  // The client has gone.
  bool is_orphan() const { return to_.expired(); }

 private:
  void last(std::string_view line);

  std::weak_ptr<ControlConnection> to_;
  bool is_answered_ = false;
};

struct ControlRequest {
  std::string_view verb;
  base::JsonValue arguments;  // the whole request object; dies when the handler returns
  uid_t uid;                  // who asks
};

// The JSON of one request line; malformed when it is no object with a verb. Views live until the
// parser's next parse().
struct ControlLine {
  std::string_view verb;
  base::JsonValue arguments;
};
base::Result<ControlLine> parse_control_line(base::JsonParser& parser, std::string_view line);

using ControlVerb = std::function<void(const ControlRequest& request, ControlReply reply)>;

class ControlServer {
 public:
  // Errors as Listener::open(). `users` are names of those who may ask besides root and the
  // daemon's own user; an unknown one is malformed.
  static base::Result<std::unique_ptr<ControlServer>> open(Loop& loop, const std::string& path,
                                                           const std::vector<std::string>& users);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  ControlServer(ControlServer&&) = delete;
  ControlServer& operator=(ControlServer&&) = delete;
  ~ControlServer();

  // `help` is one sentence. A verb is added once.
  void add(std::string verb, std::string help, ControlVerb run);

  void allow(const std::vector<uid_t>& uids) { allowed_ = uids; }  // replaces the list
  static base::Result<std::vector<uid_t>> uids_of(const std::vector<std::string>& users);

 private:
  friend class ControlConnection;
  struct Entry {
    std::string help;
    ControlVerb run;
  };

  explicit ControlServer(Loop& loop);
  void accept(base::Fd socket, const Peer& peer);
  void run(std::string_view line, uid_t uid, const std::shared_ptr<ControlConnection>& from);
  bool is_allowed(uid_t uid) const;

  Loop& loop_;
  std::map<std::string, Entry, std::less<>> verbs_;
  std::vector<uid_t> allowed_;
  base::JsonParser parser_;
  std::unordered_map<ControlConnection*, std::shared_ptr<ControlConnection>> connections_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace loop
