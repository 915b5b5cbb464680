// cli/webmail.cc -- the secret by which the webmail acts for users, made at installation.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two files: the secret, which the webmail's user alone can read, and beside it the SHA-256 of it
// (FILE.sha256), which Dovecot's auth workers read. 256 random bits need no slow hash.
#include <array>
#include <cerrno>
#include <string>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/digest.hh"
#include "base/files.hh"
#include "base/random.hh"
#include "base/text.hh"

#include "directory-lib/password_digest.hh"
#include "directory-lib/settings.hh"

#include "cli/verb.hh"

namespace cli {

namespace {

using base::Errc;

constexpr std::string_view default_file = "/etc/posthouse/webmail-secret";
constexpr std::string_view default_owner = "vmail";
constexpr std::size_t secret_bytes = 32;

constexpr std::array<Option, 3> secret_options{{
    {"file", "FILE", "Where the secret goes (/etc/posthouse/webmail-secret)."},
    {"owner", "USER", "The user of the webmail, who alone may read it (vmail)."},
    {"group", "GROUP", "Who may read FILE.sha256; password_group of directory.conf otherwise."},
}};
constexpr std::array<Column, 2> columns{{{"secret", "Secret"}, {"digest", "Digest"}}};

std::string digest_of(std::string_view secret) {
  return base::hex(base::bytes_of(base::sha256(secret)));
}

base::Result<void> give_to(const std::string& path, uid_t owner, gid_t group) {
  return ::chown(path.c_str(), owner, group) == 0 ? base::Result<void>()
                                                  : base::errno_error(path, errno);
}

base::Result<gid_t> group_of(const Call& call) {
  std::string name = call.arguments.value("group").value_or("");
  if (name.empty()) {
    const auto config = call.arguments.value("config");
    const auto settings = config ? directory::load_settings(*config) : directory::load_settings();
    if (!settings) {
      return settings.error();
    }
    name = settings->password_group;
  }
  if (name.empty()) {
    return gid_t{0};
  }
  const group* found = ::getgrnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
  return found != nullptr ? base::Result<gid_t>(found->gr_gid)
                          : base::make_error(Errc::not_found, "the system has no group " + name);
}

// What other web hosts were given stays; the old secret of this file goes.
base::Result<std::string> new_digests(const std::string& path, std::string_view old_digest,
                                      std::string_view digest) {
  const auto text = base::read_file(path);
  if (!text && text.error().code != Errc::not_found) {
    return text.error();
  }
  const std::string_view known = text ? std::string_view(*text) : std::string_view();
  std::string digests;
  for (const std::string_view line : base::split(known, '\n')) {
    if (!line.empty() && line != old_digest) {
      digests.append(line).append("\n");
    }
  }
  return digests.append(digest).append("\n");
}

base::Result<void> make_secret(Call& call) {
  const std::string file = call.arguments.value("file").value_or(std::string(default_file));
  const std::string owner = call.arguments.value("owner").value_or(std::string(default_owner));
  const passwd* user = ::getpwnam(owner.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
  if (user == nullptr) {
    return base::make_error(Errc::not_found, "the system has no user " + owner);
  }
  const uid_t uid = user->pw_uid;
  const gid_t gid = user->pw_gid;
  const auto group = group_of(call);
  if (!group) {
    return group.error();
  }
  const auto old = base::read_file(file);
  if (!old && old.error().code != Errc::not_found) {
    return old.error();
  }
  std::string secret = base::base64url(base::random_bytes(secret_bytes));
  const std::string beside = file + ".sha256";
  const auto digests =
      new_digests(beside, old ? digest_of(base::trim(*old)) : "", digest_of(secret));
  if (!digests) {
    return digests.error();
  }
  // Dovecot knows the new one before the webmail uses it.
  auto done = base::replace_file(beside, *digests, 0640);
  if (done) {
    done = give_to(beside, ::geteuid(), *group);
  }
  if (done) {
    done = base::replace_file(file, secret + "\n", 0600);
  }
  directory::wipe(secret);
  if (done) {
    done = give_to(file, uid, gid);
  }
  if (!done) {
    return done;
  }
  call.output.done("a new secret for " + owner + " is in " + file + ", its digest in " + beside,
                   columns, {text_cell(file), text_cell(beside)});
  return {};
}

constexpr std::array<Verb, 1> verbs{{
    {"webmail secret", "", "Make a new secret by which the webmail acts for users.", 0, 0,
     secret_options, make_secret},
}};

}  // namespace

std::span<const Verb> webmail_verbs() {
  return verbs;
}

}  // namespace cli
