// dovecot-plugin/master.cc -- the webmail's secret against the digests of the file.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/master.hh"

#include <algorithm>
#include <array>

#include "base/digest.hh"
#include "base/files.hh"
#include "base/ip.hh"
#include "base/text.hh"

#include "directory-lib/password_digest.hh"

namespace plugin {

namespace {

using base::Errc;

// Where the webmail reads, filters and sends mail. Postfix asks as "smtp".
constexpr std::array<std::string_view, 5> services{"imap", "sieve", "managesieve", "submission",
                                                   "smtp"};
constexpr std::size_t file_limit = 16384;
constexpr std::size_t digest_size = 64;

bool is_web_host(const Settings& settings, std::string_view host) {
  const auto address = base::IpAddress::parse(host);
  return std::any_of(settings.master_hosts.begin(), settings.master_hosts.end(),
                     [&](const std::string& word) {
                       const auto network = base::IpNetwork::parse(word);
                       return address && network && network->contains(*address);
                     });
}

// Every line is compared, so that the time tells nothing.
base::Result<bool> knows(const std::string& path, std::string_view text, std::string_view secret) {
  const std::string digest = base::hex(base::bytes_of(base::sha256(secret)));
  bool found = false;
  for (const std::string_view line : base::split(text, '\n')) {
    const std::string_view word = base::trim(line);
    if (word.empty() || word.front() == '#') {
      continue;
    }
    if (word.size() != digest_size) {
      return base::make_error(Errc::unavailable, path + ": a line is no SHA-256 in hex",
                              "posthouse webmail secret");
    }
    found = directory::equal_secrets(base::to_lower(word), digest) || found;
  }
  return found;
}

}  // namespace

base::Result<MasterVerdict> judge_master(const Settings& settings, const MasterLogin& login) {
  if (settings.master_user.empty() || settings.master_secret.empty() ||
      login.name != settings.master_user) {
    return MasterVerdict::unknown;
  }
  const auto text = base::read_file(settings.master_secret, file_limit);
  if (!text) {
    if (text.error().code == Errc::not_found) {
      return MasterVerdict::unknown;
    }
    return base::make_error(Errc::unavailable, text.error().detail);
  }
  const auto fits = knows(settings.master_secret, *text, login.secret);
  if (!fits) {
    return fits.error();
  }
  if (!*fits) {
    return MasterVerdict::mismatch;
  }
  if (std::find(services.begin(), services.end(), login.service) == services.end()) {
    return MasterVerdict::service;
  }
  return is_web_host(settings, login.host) ? MasterVerdict::granted : MasterVerdict::host;
}

}  // namespace plugin
