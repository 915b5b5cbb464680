// milter/face.hh -- libmilter's callbacks, and the threads they run on.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// libmilter runs a thread for each connection; its state is global, so a process has one Face. The
// callbacks post DNS questions to the loop at connect and wait for the answer at the end of the
// message, at most until the deadline. Settings change between two mails, never within one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/log.hh"
#include "base/loop/listener.hh"
#include "base/loop/loop.hh"
#include "base/result.hh"

#include "milter/iprev.hh"
#include "milter/settings.hh"

namespace milter {

class Face {
 public:
  // Starts the check of an address on the loop thread; the answer may come on any thread.
  using AskIprev = std::function<void(const std::string& address, base::Duration deadline,
                                      std::function<void(IprevResult)> done)>;
  struct Parts {
    loop::Loop& loop;  // both outlive the Face
    base::Log& log;
    AskIprev ask;       // called on the loop thread
    loop::Task on_end;  // called on the loop thread when libmilter gives up by itself
  };

  // Listens and serves from now on. exists when another process serves the socket.
  static base::Result<std::unique_ptr<Face>> start(const loop::Address& address,
                                                   std::shared_ptr<const Rules> rules, Parts parts);
  Face(const Face&) = delete;
  Face& operator=(const Face&) = delete;
  Face(Face&&) = delete;
  Face& operator=(Face&&) = delete;
  // Ends serving: no callback is at work afterwards; mails under way get a temporary failure.
  ~Face();

  void set_rules(std::shared_ptr<const Rules> rules);

 private:
  struct Engine;
  friend struct Callbacks;

  Face(loop::Address address, std::shared_ptr<Engine> engine);
  void run();

  loop::Address address_;
  std::shared_ptr<Engine> engine_;
  std::thread thread_;
};

}  // namespace milter
