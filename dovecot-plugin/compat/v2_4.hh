// dovecot-plugin/compat/v2_4.hh -- Dovecot 2.4: what differs, under the names all versions share.
// SPDX-License-Identifier: GPL-3.0-or-later
// Included by dovecot.hh alone, behind Dovecot's headers. Each function: see v2_3.hh.
#pragma once

namespace plugin::dovecot {

inline constexpr const char* cache_key_of_login =
    "%{user}%{protocol}%{real_remote_ip}%{login_user}";

inline const char* service_of(const auth_request* request) {
  return request->fields.protocol;
}

inline const char* peer_of(const auth_request* request) {
  const ip_addr& peer = request->fields.real_remote_ip;
  return peer.family != 0 ? net_ip2addr(&peer) : "";
}

inline void log_unknown_user(auth_request* request) {
  auth_request_db_log_unknown_user(request);
}
inline void log_password_mismatch(auth_request* request) {
  auth_request_db_log_password_mismatch(request);
}
inline void log_refusal(auth_request* request, const char* why) {
  auth_request_db_log_login_failure(request, why);
}

// The fields of the passdb's and the userdb's block in the configuration are merged in last.
inline bool finish_passdb_reply(auth_request* request) {
  return auth_request_set_passdb_fields(request, nullptr) >= 0;
}
inline void begin_userdb_reply(auth_request*) {}
inline bool finish_userdb_reply(auth_request* request) {
  return auth_request_set_userdb_fields(request, nullptr) >= 0;
}

inline void set_quota(auth_request* request, std::uint64_t bytes) {
  const auto limit = static_cast<unsigned long long>(bytes);
  auth_request_set_userdb_field(request, "quota_storage_size",
                                bytes == 0 ? "unlimited" : t_strdup_printf("%lluB", limit));
}

inline void set_mail_path(auth_request* request, const char* path) {
  auth_request_set_userdb_field(request, "mail_path", path);
}

template <passdb_module* (*make)(pool_t)>
int preinit_passdb(pool_t pool, event* /*event*/, passdb_module** module, const char** /*error*/) {
  *module = make(pool);
  return 0;
}
template <userdb_module* (*make)(pool_t)>
int preinit_userdb(pool_t pool, event* /*event*/, userdb_module** module, const char** /*error*/) {
  *module = make(pool);
  return 0;
}

}  // namespace plugin::dovecot
