// milter/service.hh -- posthouse-milter at work: resolver, libmilter's face and the verb `explain`.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "base/loop/daemon.hh"
#include "base/loop/resolver.hh"

#include "milter/face.hh"
#include "milter/settings.hh"

namespace milter {

class Milter final : public loop::Service<Settings> {
 public:
  static base::Result<std::unique_ptr<loop::Service<Settings>>> start(
      const Settings& settings, const loop::DaemonContext& context);

  base::Result<void> reload(const Settings& settings) override;

 private:
  Milter(const loop::DaemonContext& context, std::unique_ptr<loop::Resolver> resolver)
      : context_(context), resolver_(std::move(resolver)) {}
  base::Result<void> open(const Settings& settings);
  void explain(const loop::ControlRequest& request, loop::ControlReply reply);

  loop::DaemonContext context_;
  std::unique_ptr<loop::Resolver> resolver_;
  std::shared_ptr<const Rules> rules_;
  std::unique_ptr<Face> face_;  // ends first: its threads ask the others
};

}  // namespace milter
