// webmail-cgi/events.cc -- the table of webmail.* events.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/events.hh"

#include <array>

namespace webmail {

namespace {

using base::Level;

constexpr std::array<base::Event, 16> table{{
    {"webmail.login.ok", Level::info, "user client by", "A user logged in."},
    {"webmail.login.refused", Level::info, "user client by",
     "Dovecot refused the password, or does not serve this user. Its own log says why."},
    {"webmail.login.limited", Level::warning, "user client wait",
     "Too many failed logins of this user or network: refused without asking Dovecot for that many "
     "seconds. Bar the network when it goes on."},
    {"webmail.login.unavailable", Level::error, "user client reason suppressed",
     "A login could not be checked. See that Dovecot runs and its auth sockets can be reached. At "
     "most one line a minute; `suppressed` counts the logins in between."},
    {"webmail.login.home", Level::error, "user home",
     "Dovecot gave a home outside mail_root, so the user was not let in. Mend the user database or "
     "the setting."},
    {"webmail.auth.down", Level::error, "socket reason",
     "Dovecot's auth cannot be reached or speaks another protocol. Nobody can log in until it is "
     "back; sessions go on."},
    {"webmail.csrf.refused", Level::warning, "client path reason",
     "A request that changes something did not come from our page. Wrong public_origin, when it "
     "happens to everybody."},
    {"webmail.method.failed", Level::error, "user method reason",
     "A JMAP method failed for a cause on our side. The reason names the file or the defect."},
    {"webmail.request.failed", Level::error, "user path reason",
     "A request failed or took too long. The reason names the file, or a disk that hangs."},
    {"webmail.fastcgi.closed", Level::warning, "reason",
     "A FastCGI connection was closed for breaking the protocol or for a deadline. Only the web "
     "server should reach the socket."},
    {"webmail.sessions.kept", Level::info, "file sessions",
     "Sessions were taken over from the run before."},
    {"webmail.sessions.lost", Level::warning, "file reason",
     "Sessions could not be written or read; users log in again. Mend the state directory."},
    {"webmail.session.ended", Level::info, "user sessions",
     "Sessions of a user were ended by the control socket."},
    {"webmail.index.rebuilt", Level::warning, "user reason",
     "The index of an account was damaged, or of another release: it is made anew from the mail, "
     "and "
     "ids stay. When it happens again, look at the disk below index_directory."},
    {"webmail.index.stopped", Level::error, "user reason",
     "The first build of an account's index could not go on; the user's next request tries again. "
     "The reason names the file."},
    {"webmail.session.over", Level::info, "user sessions reason",
     "A session ended because the password is another now, or all of a user because the account "
     "may not use the webmail any more."},
}};

}  // namespace

const base::Event& login_ok = table[0];
const base::Event& login_refused = table[1];
const base::Event& login_limited = table[2];
const base::Event& login_unavailable = table[3];
const base::Event& login_home = table[4];
const base::Event& auth_down = table[5];
const base::Event& csrf_refused = table[6];
const base::Event& method_failed = table[7];
const base::Event& request_failed = table[8];
const base::Event& fastcgi_closed = table[9];
const base::Event& sessions_kept = table[10];
const base::Event& sessions_lost = table[11];
const base::Event& session_ended = table[12];
const base::Event& index_rebuilt = table[13];
const base::Event& index_stopped = table[14];
const base::Event& session_over = table[15];

std::span<const base::Event> events() {
  return table;
}

}  // namespace webmail
