// cli/accounts.cc -- the directory as the command line wants it opened, and secrets taken in.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/accounts.hh"

#include <array>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

#include "base/text.hh"

#include "directory-lib/password.hh"
#include "directory-lib/password_digest.hh"

#include "cli/password_prompt.hh"

namespace cli {

namespace {

using base::Errc;

// For the audit trail: who became root is told by sudo alone.
std::string unix_user() {
  std::array<char, 4096> buffer{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  (void)::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  std::string name = found != nullptr ? found->pw_name : "uid " + std::to_string(::getuid());
  const char* before =
      ::getuid() == 0 ? std::getenv("SUDO_USER") : nullptr;  // NOLINT(concurrency-mt-unsafe)
  if (before != nullptr && *before != '\0') {
    name += " (" + base::printable(before, 40) + ")";
  }
  return name;
}

}  // namespace

base::Result<Accounts> open_accounts(const Call& call, directory::OpenAs mode) {
  const auto config = call.arguments.value("config");
  auto settings = config ? directory::load_settings(*config) : directory::load_settings();
  if (!settings) {
    return settings.error();
  }
  auto accounts = directory::open(*settings, mode);
  if (!accounts) {
    return accounts;
  }
  (*accounts)->rehearse(call.arguments.has("dry-run"));
  if (const auto manager = call.arguments.value("as")) {
    if (auto ok = (*accounts)->act_as_manager(*manager); !ok) {
      return ok.error();
    }
  } else {
    (*accounts)->act_as(unix_user());
  }
  return accounts;
}

base::Result<void> take_services(const Arguments& arguments, directory::Services& disabled) {
  const auto off = parse_services(arguments.values("disable"));
  if (!off) {
    return off.error();
  }
  const auto on = parse_services(arguments.values("enable"));
  if (!on) {
    return on.error();
  }
  for (int i = 0; i < directory::service_count; ++i) {
    const auto service = static_cast<directory::Service>(i);
    if (on->has(service) && off->has(service)) {
      return base::make_error(Errc::malformed, std::string(directory::service_name(service)) +
                                                   " is to be enabled and disabled");
    }
  }
  disabled.add(*off);
  disabled.remove(*on);
  return {};
}

base::Result<std::string> take_password(const Arguments& arguments, const std::string& scheme,
                                        const std::string& whose) {
  if (auto stored = arguments.value("password-hash")) {
    // Whether it can be read at all; nobody's password is a single blank.
    const auto known = directory::verify_password(*stored, " ");
    return known ? base::Result<std::string>(std::move(*stored)) : known.error();
  }
  if (auto given = arguments.value("password")) {
    auto stored = directory::hash_password(scheme, *given);
    directory::wipe(*given);
    return stored;
  }
  if (arguments.has("no-password") || arguments.has("csv")) {
    return std::string();
  }
  auto password = read_new_password(whose, arguments.has("password-stdin"));
  if (!password) {
    return password.error();
  }
  auto stored = directory::hash_password(scheme, *password);
  directory::wipe(*password);
  return stored;
}

}  // namespace cli
