// webmail-cgi/main.cc -- posthouse-webmail: puts the parts together and keeps them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "base/loop/daemon.hh"

#include "webmail-cgi/events.hh"
#include "webmail-cgi/service.hh"
#include "webmail-cgi/settings.hh"

int main(int argc, char** argv) {
  loop::DaemonSpec<webmail::Settings> spec;
  spec.name = "webmail";
  spec.events = webmail::events();
  spec.check = webmail::check_settings;
  spec.start = webmail::start_service;
  return loop::daemon_main(argc, argv, webmail::settings_table, spec);
}
