// lookupd/server.hh -- posthouse-lookupd at work: connections, cache, workers.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One question: Stream -> Connection (frame, parse) -> Cache, or else Workers -> maps.cc on a
// directory of the pool -> Cache -> all Connections that wait for the same question -> Stream.
// A connection waits while its question is asked and reads no further; answers keep their order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/loop/daemon.hh"
#include "base/loop/listener.hh"
#include "base/loop/stream.hh"
#include "base/loop/workers.hh"
#include "base/result.hh"

#include "directory-lib/pool.hh"
#include "directory-lib/socketmap.hh"

#include "lookupd/cache.hh"
#include "lookupd/maps.hh"
#include "lookupd/settings.hh"

namespace lookup {

class Server final : public loop::Service<Settings> {
 public:
  // Starts even when the directory cannot be read now: then every answer is "later".
  static base::Result<std::unique_ptr<loop::Service<Settings>>> start(
      const Settings& settings, const loop::DaemonContext& context);
  Server(Settings settings, const loop::DaemonContext& context);  // for start()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;
  ~Server() override;

  base::Result<void> reload(const Settings& settings) override;
  void stop() override;

 private:
  class Connection;

  base::Result<void> open();
  void add_verbs(loop::ControlServer& control);
  void accept(base::Fd socket);
  void closed(std::uint64_t connection);
  void apply_limits();
  std::size_t flush();

  // For Connection. The answer, or null when it comes later through Connection::answer().
  const directory::SocketmapReply* ask(Map map, std::string_view question, std::string_view key,
                                       std::uint64_t connection);
  void submit(Map map, const std::string& question, std::string_view key);
  void learned(const std::string& question, std::uint64_t age,
               const base::Result<directory::SocketmapReply>& result);
  void note_trouble(const base::Error& why);
  void note_success();
  void log_answer(std::string_view map, std::string_view key,
                  const directory::SocketmapReply& reply) const;

  Settings settings_;
  loop::Loop& loop_;
  base::Log& log_;
  Cache cache_;
  std::shared_ptr<directory::Pool> pool_;
  std::unordered_map<std::string, std::vector<std::uint64_t>> waiting_;  // by question
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_connection_ = 0;
  std::uint64_t age_ = 0;      // grows with each flush; older results are not remembered
  std::int64_t failures_ = 0;  // questions the directory could not answer since it last did
  base::SteadyTime complained_;
  bool is_told_ = false;  // the log speaks of trouble that has not ended
  std::unique_ptr<loop::Workers> workers_;
  std::unique_ptr<loop::Listener> listener_;
};

}  // namespace lookup
