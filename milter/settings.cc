// milter/settings.cc -- from settings to rules.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "milter/settings.hh"

#include "base/loop/listener.hh"

namespace milter {

namespace {

base::Error in_setting(std::string_view name, const base::Error& error) {
  return base::make_error(error.code, std::string(name) + ": " + error.detail, error.hint);
}

base::Result<void> check_name(std::string_view setting, const std::string& name) {
  if (!name.empty() && !loop::dns_name(name)) {
    return base::make_error(base::Errc::malformed,
                            std::string(setting) + ": not a host name: " + name,
                            "write a name such as mx1.example.org");
  }
  return {};
}

// [::1]/128 is Postfix's way to write ::1/128.
std::string without_brackets(std::string text) {
  if (const std::size_t end = text.find(']'); text.starts_with('[') && end != std::string::npos) {
    text.erase(end, 1);
    text.erase(0, 1);
  }
  return text;
}

}  // namespace

base::Result<Rules> make_rules(const Settings& settings) {
  if (auto listen = loop::Address::parse(settings.listen); !listen) {
    return in_setting("listen", listen.error());
  }
  if (auto resolver = loop::Resolver::check(settings); !resolver) {
    return resolver.error();
  }
  if (auto name = check_name("authserv_id", settings.authserv_id); !name) {
    return name.error();
  }
  Rules rules{settings.authserv_id, settings.also_strip, {}, settings.dns_deadline};
  for (const std::string& id : settings.also_strip) {
    if (auto name = check_name("also_strip", id); !name) {
      return name.error();
    }
  }
  for (const std::string& text : settings.trusted_networks) {
    auto network = Network::parse(without_brackets(text));
    if (!network) {
      return in_setting("trusted_networks", network.error());
    }
    rules.trusted.push_back(*network);
  }
  return rules;
}

}  // namespace milter
