// dovecot-plugin/after_login.cc -- the line of a note, and its way into the socket.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/after_login.hh"

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

#include "base/handle.hh"
#include "base/text.hh"

#include "directory-lib/password.hh"
#include "directory-lib/password_digest.hh"

namespace plugin {

namespace {

using base::Errc;

// Version 4 of Dovecot's script protocol: no answer is wanted, and no arguments are given.
constexpr std::string_view script_head = "VERSION\tscript\t4\t0\nnoreply\n\n";
constexpr std::string_view used_word = "used";
constexpr std::string_view rehash_word = "rehash";

base::Result<void> note_use(directory::Directory& accounts, const LoginNote& note,
                            base::WallTime now) {
  const auto held = accounts.list_app_passwords(note.address);
  if (!held) {
    return held.error();
  }
  for (const directory::AppPassword& one : *held) {
    if (one.id == note.id) {
      return accounts.note_app_password_use(one, now);
    }
  }
  return base::make_error(Errc::not_found, "no app password " + base::printable(note.id, 20));
}

base::Result<void> rehash(directory::Directory& accounts, std::string_view scheme,
                          const LoginNote& note) {
  const auto stored = accounts.find_credentials(note.address);
  if (!stored) {
    return stored.error();
  }
  if (stored->password.empty() || !directory::needs_rehash(scheme, stored->password)) {
    return {};
  }
  const auto fits = directory::verify_password(stored->password, note.password);
  if (!fits || !*fits) {
    return fits ? base::Result<void>() : fits.error();
  }
  const auto hash = directory::hash_password(scheme, note.password);
  if (!hash) {
    return hash.error();
  }
  const auto done = accounts.rehash_password(note.address, stored->password, *hash);
  return done ? base::Result<void>() : done.error();
}

bool is_field(std::string_view text) {
  return !text.empty() && text.find_first_of(std::string_view("\t\r\n\0", 4)) == text.npos;
}

}  // namespace

std::string login_note_line(const LoginNote& note) {
  const bool is_use = note.kind == LoginNote::Kind::used;
  std::string line(is_use ? used_word : rehash_word);
  line.append("\t").append(note.address).append("\t");
  return line.append(is_use ? note.id : base::base64(note.password)).append("\n");
}

base::Result<LoginNote> parse_login_note(std::string_view line) {
  const auto malformed = [](const char* why) { return base::make_error(Errc::malformed, why); };
  if (line.size() > login_note_limit || !line.ends_with('\n')) {
    return malformed("no whole line");
  }
  line.remove_suffix(1);
  const auto fields = base::split(line, '\t');
  if (fields.size() != 3 || !is_field(fields[1]) || !is_field(fields[2])) {
    return malformed("no three fields");
  }
  LoginNote note;
  note.address = fields[1];
  if (fields[0] == used_word) {
    note.kind = LoginNote::Kind::used;
    note.id = fields[2];
    return note;
  }
  if (fields[0] != rehash_word) {
    return malformed("an unknown kind of note");
  }
  auto password = base::from_base64(fields[2]);
  if (!password) {
    return password.error();
  }
  if (password->empty()) {
    return malformed("no password");
  }
  note.kind = LoginNote::Kind::rehash;
  note.password = std::move(*password);
  return note;
}

base::Result<void> send_login_note(const std::string& socket, const LoginNote& note) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (socket.size() >= sizeof where.sun_path) {
    return base::make_error(Errc::malformed, "after_login_socket: the path is too long");
  }
  std::memcpy(where.sun_path, socket.data(), socket.size());
  const base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) {
    return base::errno_error("socket", errno);
  }
  // A full queue is EAGAIN at once.
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
    return base::errno_error(socket, errno);
  }
  const directory::WipedString text(script_head, login_note_line(note));
  const auto sent = ::send(fd.get(), text.value().data(), text.value().size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(text.value().size())) {
    return base::errno_error(socket, sent < 0 ? errno : EAGAIN);
  }
  return {};
}

void wipe(LoginNote& note) {
  directory::wipe(note.password);
}

base::Result<void> perform(directory::Directory& accounts, std::string_view rehash_scheme,
                           const LoginNote& note, base::WallTime now) {
  if (note.kind == LoginNote::Kind::used) {
    return note_use(accounts, note, now);
  }
  return note.kind == LoginNote::Kind::rehash ? rehash(accounts, rehash_scheme, note)
                                              : base::Result<void>();
}

}  // namespace plugin
