// webmail-cgi/auth_connection.hh -- one socket to Dovecot's auth on the loop, reopened when needed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/loop/loop.hh"
#include "base/loop/stream.hh"
#include "base/loop/workers.hh"
#include "base/result.hh"

#include "webmail-cgi/dovecot_auth.hh"

namespace webmail {

// Loop thread. Every question is answered once: by Dovecot, or by timeout or unavailable. An idle
// connection is given up: an auth process that Dovecot has replaced goes on with its old
// configuration as long as anybody is connected to it.
class AuthConnection {
 public:
  using Answer = std::function<void(const base::Result<AuthReply>& reply)>;

  // All references must outlive it.
  AuthConnection(loop::Loop& loop, loop::Workers& workers, DovecotAuth::Kind kind,
                 std::string socket);
  AuthConnection(const AuthConnection&) = delete;
  AuthConnection& operator=(const AuthConnection&) = delete;
  AuthConnection(AuthConnection&&) = delete;
  AuthConnection& operator=(AuthConnection&&) = delete;
  ~AuthConnection();  // questions under way are not answered any more

  // Errors as DovecotAuth's, told by `answer` too; it may be called before these return.
  void ask_password(std::string_view user, std::string_view password,
                    std::string_view client_address, loop::Duration deadline, Answer answer);
  void look_up(std::string_view user, loop::Duration deadline, Answer answer);

 private:
  struct Question {
    Answer answer;
    std::unique_ptr<loop::Timer> deadline;
  };

  void await(const base::Result<std::uint32_t>& id, loop::Duration deadline, Answer answer);
  bool need_connection();
  void connected(const base::Result<std::shared_ptr<base::Fd>>& socket, std::uint64_t attempt);
  std::size_t take(std::string_view bytes);
  void answer(std::uint32_t id, const base::Result<AuthReply>& reply);
  void lose(const base::Error& why);
  void disconnect();

  loop::Loop& loop_;
  loop::Workers& workers_;
  DovecotAuth::Kind kind_;
  std::string socket_;
  std::unique_ptr<DovecotAuth> protocol_;  // null: no connection, and none being made
  std::unique_ptr<loop::Stream> stream_;
  std::unordered_map<std::uint32_t, Question> questions_;
  std::uint64_t attempt_ = 0;
  loop::Timer idle_;
  base::SteadyTime rest_until_;  // after a failure, so that a dead server is not hammered
  std::shared_ptr<AuthConnection*> self_;
};

}  // namespace webmail
