// webmail-cgi/settings.cc -- the table of settings, and the checks a table cannot express.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/settings.hh"

#include <algorithm>

#include "base/loop/listener.hh"
#include "base/text.hh"

namespace webmail {

namespace {

using base::Reload;

constexpr base::Setting<Settings> table[] = {
    loop::log_to_setting<Settings>(),
    loop::log_level_setting<Settings>(),
    loop::control_socket_setting<Settings>("/run/posthouse/webmail/control"),
    loop::control_users_setting<Settings>(""),
    {"listen", &Settings::listen, "unix:/run/posthouse/webmail/socket", "", Reload::restart,
     "Where FastCGI requests are taken: unix:/path or inet:ADDRESS:PORT. Only the web server may "
     "reach it, for the client address it names is believed."},
    {"listen_mode", &Settings::listen_mode, "0660", "0600|0660|0666", Reload::restart,
     "Permissions of the socket file; the folder it is in should bar everybody but the web "
     "server."},
    {"public_origin", &Settings::public_origin, "https://localhost", "", Reload::live,
     "Scheme, host and port by which browsers reach the page, as https://mail.example.org. It is "
     "what requests that change something must come from, and what JMAP addresses begin with. "
     "Plain http is taken for localhost and names below it only."},
    {"mail_root", &Settings::mail_root, "/var/vmail", "", Reload::restart,
     "All homes lie below this folder; a user whose home lies elsewhere cannot log in."},
    {"maildir", &Settings::maildir, "Maildir", "", Reload::restart,
     "The Maildir's name inside a home."},
    {"tier_roots", &Settings::tier_roots, "", "", Reload::restart,
     "Folders that old mail may have been moved to, as mail.conf's tier_roots; mail elsewhere that "
     "a link leads to is not shown."},
    {"auth_socket", &Settings::auth_socket, "/run/dovecot/auth-client", "", Reload::restart,
     "Dovecot's auth-client socket, which checks passwords."},
    {"userdb_socket", &Settings::userdb_socket, "/run/dovecot/auth-userdb", "", Reload::restart,
     "Dovecot's auth-userdb socket, which tells homes."},
    {"state_directory", &Settings::state_directory, "/var/lib/posthouse/webmail", "",
     Reload::restart,
     "Where sessions are kept over a clean restart; empty to let all users log in again."},
    {"index_directory", &Settings::index_directory, "/var/lib/posthouse/webmail/index", "",
     Reload::restart,
     "Where the indexes of accounts are kept: on a local disk, for they are read with each list. "
     "They may be deleted at any time and are made anew from the mail; some 1 kB a message."},
    {"auth_timeout", &Settings::auth_timeout, "20s", "1s..5m", Reload::live,
     "How long a login waits for Dovecot."},
    {"basic_lifetime", &Settings::basic_lifetime, "5s", "0s..1h", Reload::live,
     "How long a password that came with a request itself (HTTP Basic) is taken without asking "
     "Dovecot again."},
    {"session_check", &Settings::session_check, "3s", "0s..1h", Reload::live,
     "How old Dovecot's word on an account may be while a session is used: so long a session "
     "outlives "
     "a changed password or a disabled account, a second more for its answer. One question a user "
     "and this time."},
    {"session_idle", &Settings::session_idle, "12h", "1m..365d", Reload::live,
     "A session that is not used for so long ends."},
    {"session_lifetime", &Settings::session_lifetime, "7d", "1m..365d", Reload::live,
     "A session ends so long after its login, used or not."},
    {"sessions_per_user", &Settings::sessions_per_user, "32", "1..10000", Reload::live,
     "One more login ends the session of that user that was not used for the longest time."},
    {"user_failures", &Settings::user_failures, "10", "0..100000", Reload::live,
     "Failed logins of one user within failure_window before that user has to wait; 0 for any "
     "number."},
    {"net_failures", &Settings::net_failures, "50", "0..100000", Reload::live,
     "Failed logins from one network (IPv4 /24, IPv6 /56) within failure_window before it has to "
     "wait; 0 for any number."},
    {"failure_window", &Settings::failure_window, "10m", "10s..1d", Reload::live,
     "The time after which a full count of failed logins is forgotten; it goes down evenly."},
    {"workers", &Settings::workers, "8", "1..256", Reload::restart,
     "Threads that read mail. An account never holds more than one."},
    {"max_connections", &Settings::max_connections, "10000", "10..200000", Reload::restart,
     "FastCGI connections at a time; more wait in the kernel's queue."},
    {"max_waiting", &Settings::max_waiting, "16", "1..1000", Reload::restart,
     "Requests of one account that may wait for the one that runs."},
    {"receive_timeout", &Settings::receive_timeout, "30s", "1s..1h", Reload::live,
     "How long a request may take to arrive."},
    {"request_timeout", &Settings::request_timeout, "30s", "1s..1h", Reload::live,
     "How long a request may wait and run before it is answered by an error."},
    {"send_timeout", &Settings::send_timeout, "60s", "1s..1h", Reload::live,
     "How long the web server may take nothing of an answer."},
    {"max_request", &Settings::max_request, "10M", "16k..1G", Reload::live,
     "Size of a request's body."},
    {"max_headers", &Settings::max_headers, "64k", "8k..1M", Reload::live,
     "Size of a request's headers and FastCGI parameters."},
    {"max_held", &Settings::max_held, "512M", "1M..64G", Reload::live,
     "Memory for all requests together that are still coming in; what exceeds it is cut off."},
    {"max_calls", &Settings::max_calls, "32", "16..1000", Reload::live,
     "Method calls in one JMAP request."},
    {"max_objects", &Settings::max_objects, "1000", "500..100000", Reload::live,
     "Objects that one JMAP method call may ask for."},
};
static_assert(base::is_documented(table));
static_assert(std::size(table) == settings_count);

base::Error mistake(std::string_view name, std::string_view what, std::string_view hint) {
  return base::make_error(base::Errc::malformed, std::string(name) + ": " + std::string(what),
                          std::string(hint));
}

bool is_host(std::string_view host) {
  return !host.empty() && host.front() != '.' && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

}  // namespace

const base::Setting<Settings> (&settings_table)[settings_count] = table;

base::Result<void> check_origin(std::string_view origin) {
  constexpr std::string_view secure = "https://";
  constexpr std::string_view plain = "http://";
  const bool is_secure = origin.substr(0, secure.size()) == secure;
  if (!is_secure && origin.substr(0, plain.size()) != plain) {
    return mistake("public_origin", "no http address", "write https://mail.example.org");
  }
  std::string_view host = origin.substr(is_secure ? secure.size() : plain.size());
  if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    const auto port = base::parse_number<std::uint16_t>(host.substr(colon + 1));
    if (!port || *port == 0 || *port == (is_secure ? 443 : 80)) {
      return mistake("public_origin", "a port that browsers do not send",
                     "leave out the port when it is the usual one");
    }
    host = host.substr(0, colon);
  }
  if (!is_host(host)) {
    return mistake("public_origin", "no host name in lower case",
                   "write scheme, host and port alone, without a / at the end");
  }
  if (!is_secure && host != "localhost" && !base::iends_with(host, ".localhost")) {
    return mistake("public_origin", "http would send passwords in the clear",
                   "write https, or a name below .localhost for a trial");
  }
  return {};
}

bool is_below(std::string_view path, std::string_view root) {
  if (root.empty() || path.size() <= root.size() + 1 || path.substr(0, root.size()) != root ||
      path[root.size()] != '/') {
    return false;
  }
  const auto parts = base::split(path.substr(1), '/');
  return path.front() == '/' && std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
           return part.empty() || part == "." || part == "..";
         });
}

base::Result<void> check_settings(const Settings& settings) {
  if (auto origin = check_origin(settings.public_origin); !origin) {
    return origin;
  }
  if (const auto address = loop::Address::parse(settings.listen); !address) {
    return mistake("listen", address.error().detail, address.error().hint);
  }
  if (settings.mail_root.size() < 2 || settings.mail_root.front() != '/' ||
      settings.mail_root.back() == '/') {
    return mistake("mail_root", "not an absolute path without a / at its end", "write /var/vmail");
  }
  if (settings.maildir.empty() || settings.maildir.find('/') != std::string::npos ||
      settings.maildir == "." || settings.maildir == "..") {
    return mistake("maildir", "not the name of a folder", "write Maildir");
  }
  if (settings.index_directory.empty() || settings.index_directory.front() != '/') {
    return mistake("index_directory", "not an absolute path", "write a folder on a local disk");
  }
  for (const std::string& root : settings.tier_roots) {
    if (root.size() < 2 || root.front() != '/' || root.back() == '/') {
      return mistake("tier_roots", "not an absolute path without a / at its end: " + root,
                     "write /srv/cold");
    }
  }
  for (const auto& [name, path] : {std::pair("auth_socket", &settings.auth_socket),
                                   std::pair("userdb_socket", &settings.userdb_socket)}) {
    if (path->empty() || path->front() != '/') {
      return mistake(name, "not an absolute path", "write the path of Dovecot's socket");
    }
  }
  if (settings.session_idle > settings.session_lifetime) {
    return mistake("session_idle", "longer than session_lifetime",
                   "an idle session cannot outlive its lifetime");
  }
  return {};
}

}  // namespace webmail
