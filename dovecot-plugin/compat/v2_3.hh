// dovecot-plugin/compat/v2_3.hh -- Dovecot 2.3: what differs, under the names all versions share.
// SPDX-License-Identifier: GPL-3.0-or-later
// Included by dovecot.hh alone, behind Dovecot's headers.
#pragma once

namespace plugin::dovecot {

// All that an answer depends on. "Acting for" depends on who is acted for, and from where.
inline constexpr const char* cache_key_of_login = "%u%s%{real_rip}%{login_user}";

// "imap", "pop3", "smtp", "lmtp", "doveadm" ...
inline const char* service_of(const auth_request* request) {
  return request->fields.service;
}

// Where the connection comes from, whatever the client says of others behind it; may be empty.
inline const char* peer_of(const auth_request* request) {
  const ip_addr& peer = request->fields.real_remote_ip;
  return peer.family != 0 ? net_ip2addr(&peer) : "";
}

inline void log_unknown_user(auth_request* request) {
  auth_request_log_unknown_user(request, AUTH_SUBSYS_DB);
}
inline void log_password_mismatch(auth_request* request) {
  auth_request_log_password_mismatch(request, AUTH_SUBSYS_DB);
}
inline void log_refusal(auth_request* request, const char* why) {
  auth_request_log_login_failure(request, AUTH_SUBSYS_DB, why);
}

// After the fields of a passdb reply were set. False: fail for now.
inline bool finish_passdb_reply(auth_request*) {
  return true;
}

// Before and after the fields of a userdb reply are set. False: fail for now.
inline void begin_userdb_reply(auth_request* request) {
  auth_request_init_userdb_reply(request, true);
}
inline bool finish_userdb_reply(auth_request*) {
  return true;
}

// The limit on what a user may store; 0 is no limit.
inline void set_quota(auth_request* request, std::uint64_t bytes) {
  auth_request_set_userdb_field(
      request, "quota_rule",
      t_strdup_printf("*:bytes=%llu", static_cast<unsigned long long>(bytes)));
}

// A Maildir that is not ~/Maildir.
inline void set_mail_path(auth_request* request, const char* path) {
  auth_request_set_userdb_field(request, "mail", t_strconcat("maildir:", path, nullptr));
}

// `make(pool)` makes the module; these give it the form that Dovecot calls.
template <passdb_module* (*make)(pool_t)>
passdb_module* preinit_passdb(pool_t pool, const char* /*args*/) {
  return make(pool);
}
template <userdb_module* (*make)(pool_t)>
userdb_module* preinit_userdb(pool_t pool, const char* /*args*/) {
  return make(pool);
}

}  // namespace plugin::dovecot
