// lookupd/main.cc -- posthouse-lookupd: answers Postfix's socketmap questions from the directory.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/daemon.hh"
#include "base/loop/listener.hh"

#include "lookupd/events.hh"
#include "lookupd/server.hh"
#include "lookupd/settings.hh"

namespace {

base::Result<void> check(const lookup::Settings& settings) {
  const auto address = loop::Address::parse(settings.listen);
  if (!address) {
    return base::make_error(base::Errc::malformed, "listen: " + address.error().detail,
                            address.error().hint);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return loop::daemon_main(argc, argv, lookup::settings_table,
                           loop::DaemonSpec<lookup::Settings>{.name = "lookupd",
                                                              .events = lookup::events,
                                                              .check = check,
                                                              .start = lookup::Server::start});
}
