// lookupd/server.hh -- posthouse-lookupd at work: connections, cache, workers.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One question: Stream -> Connection (frame, parse) -> Cache, or else Questions -> maps.cc on a
// directory of the pool, on a worker -> Cache -> all Connections that wait for the same question ->
// Stream. A connection may ask many questions before it reads an answer; answers keep their order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/loop/daemon.hh"
#include "base/loop/listener.hh"
#include "base/result.hh"

#include "directory-lib/pool.hh"
#include "directory-lib/socketmap.hh"

#include "lookupd/cache.hh"
#include "lookupd/maps.hh"
#include "lookupd/questions.hh"
#include "lookupd/settings.hh"

namespace lookup {

class Connection;

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
  friend class Connection;
  // Who waits for a question's answer.
  struct Waiter {
    std::uint64_t connection;
    std::uint64_t slot;
  };
  // Looks questions up without copying them.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  base::Result<void> open();
  void add_verbs(loop::ControlServer& control);
  void accept(base::Fd socket);
  void closed(std::uint64_t connection);
  void apply_limits();
  std::size_t flush();

  // For Connection. The answer, or null when it comes later through Connection::answer(). It is
  // valid until the next call.
  const directory::SocketmapReply* ask(Map map, std::string_view question, std::string_view key,
                                       std::uint64_t connection, std::uint64_t slot);
  void learned(std::span<const Question> questions, std::span<const Questions::Reply> replies,
               bool are_fresh);
  void tell(const Question& question, const directory::SocketmapReply& reply);
  void note_trouble(const base::Error& why);
  void note_success();
  void log_answer(std::string_view map, std::string_view key,
                  const directory::SocketmapReply& reply) const;

  Settings settings_;
  loop::Loop& loop_;
  base::Log& log_;
  Cache cache_;
  std::shared_ptr<directory::Pool> pool_;
  std::unordered_map<std::string, std::vector<Waiter>, Hash, std::equal_to<>> waiting_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_connection_ = 0;
  std::int64_t failures_ = 0;  // questions the directory could not answer since it last did
  base::SteadyTime complained_;
  bool is_told_ = false;                 // the log speaks of trouble that has not ended
  std::vector<std::uint64_t> answered_;  // connections that have got answers and not sent them
  std::string out_;                      // replies on their way into a Stream; empty in between
  std::unique_ptr<Questions> questions_;
  std::unique_ptr<loop::Listener> listener_;
};

}  // namespace lookup
