// directory-lib/ldap_call.cc -- libldap's messages and codes turned into values.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/ldap_call.hh"

#include <algorithm>
#include <array>

#include <ldap.h>

#include "base/text.hh"

namespace directory {

namespace {

using base::Errc;

// Questions on their way at a time; slapd hangs up on who has 1000 waiting.
constexpr std::size_t window = 64;
constexpr const char* any_entry = "(objectClass=*)";
constexpr std::chrono::microseconds least_wait = std::chrono::milliseconds(1);

struct CodeRow {
  int code;
  Errc errc;
  std::string_view hint;
};

constexpr std::string_view schema_hint =
    "load ExtMan's schema into the server, after core, cosine and nis";
constexpr std::string_view limit_hint =
    "let the server give this bind name all entries: limits dn.exact=NAME size=unlimited";
constexpr std::string_view right_hint = "see the server's access rules for ldap_bind_dn";

// What is not here is unavailable.
constexpr std::array<CodeRow, 24> codes{{
    {LDAP_TIMEOUT, Errc::timeout, ""},
    {LDAP_TIMELIMIT_EXCEEDED, Errc::timeout, ""},
    {LDAP_INVALID_CREDENTIALS, Errc::denied, "check ldap_bind_dn and ldap_password_file"},
    {LDAP_INAPPROPRIATE_AUTH, Errc::denied, "check ldap_bind_dn and ldap_password_file"},
    {LDAP_STRONG_AUTH_REQUIRED, Errc::denied, right_hint},
    {LDAP_CONFIDENTIALITY_REQUIRED, Errc::denied, "the server wants TLS: set ldap_tls"},
    {LDAP_INSUFFICIENT_ACCESS, Errc::denied, right_hint},
    {LDAP_SIZELIMIT_EXCEEDED, Errc::denied, limit_hint},
    {LDAP_ADMINLIMIT_EXCEEDED, Errc::denied, limit_hint},
    {LDAP_NO_SUCH_OBJECT, Errc::not_found, ""},
    {LDAP_ALREADY_EXISTS, Errc::exists, ""},
    {LDAP_TYPE_OR_VALUE_EXISTS, Errc::exists, ""},
    {LDAP_NO_SUCH_ATTRIBUTE, Errc::not_found, ""},
    {LDAP_NOT_ALLOWED_ON_NONLEAF, Errc::exists, "entries lie below it"},
    {LDAP_UNDEFINED_TYPE, Errc::corrupt, schema_hint},
    {LDAP_OBJECT_CLASS_VIOLATION, Errc::corrupt, schema_hint},
    {LDAP_INVALID_SYNTAX, Errc::malformed, "the server's schema takes no such value"},
    {LDAP_INVALID_DN_SYNTAX, Errc::malformed, "the server's schema takes no such name"},
    {LDAP_NAMING_VIOLATION, Errc::malformed, ""},
    {LDAP_CONSTRAINT_VIOLATION, Errc::malformed, ""},
    {LDAP_FILTER_ERROR, Errc::internal, ""},
    {LDAP_PARAM_ERROR, Errc::internal, ""},
    {LDAP_PROTOCOL_ERROR, Errc::internal, ""},
    {LDAP_REFERRAL, Errc::unavailable,
     "the server holds a copy that may not be written: name the first server in ldap_uri"},
}};

timeval until(base::SteadyTime deadline) {
  const auto left = std::max(deadline - base::system_clock().ticks(), least_wait);
  const auto whole = std::chrono::floor<std::chrono::seconds>(left);
  timeval out{};
  out.tv_sec = whole.count();
  out.tv_usec = (left - whole).count();
  return out;
}

timeval span_of(base::Duration time) {
  timeval out{};
  out.tv_sec = time.count() / 1000;
  out.tv_usec = time.count() % 1000 * 1000;
  return out;
}

std::string text_of(const berval& value) {
  return {value.bv_val, value.bv_len};
}

// libldap takes what it does not change as if it might.
char* loan(const std::string& text) {
  return const_cast<char*>(text.c_str());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

}  // namespace

NoSigpipe::NoSigpipe() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigset_t pending;
  was_pending_ = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe, &before_);
}

NoSigpipe::~NoSigpipe() {
  if (!was_pending_) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    const timespec at_once{};
    while (sigtimedwait(&pipe, nullptr, &at_once) > 0) {}
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void close_ldap(ldap* connection) {
  const NoSigpipe guard;
  ldap_unbind_ext(connection, nullptr, nullptr);
}

void free_ldap_message(ldapmsg* message) {
  ldap_msgfree(message);
}

bool LdapNameLess::operator()(std::string_view a, std::string_view b) const {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return base::lower(x) < base::lower(y);
  });
}

// Questions on their way.
struct LdapConnection::Reading {
  std::span<const std::string> names;
  std::vector<char*> wanted;
  std::size_t sent = 0;
  std::map<int, std::size_t> waiting;  // by message id, the place in `found`
  std::vector<std::optional<LdapAttributes>> found;
};

base::Error LdapConnection::error(int code, std::string_view diagnostic) {
  if (code < 0 || code == LDAP_UNAVAILABLE || code == LDAP_BUSY) {
    is_broken_ = true;
  }
  std::string detail = uri_ + ": " + ldap_err2string(code);
  if (!diagnostic.empty()) {
    detail.append(": ").append(base::printable(diagnostic, 200));
  }
  const auto* row =
      std::find_if(codes.begin(), codes.end(), [&](const CodeRow& x) { return x.code == code; });
  return row == codes.end() ? base::make_error(Errc::unavailable, detail)
                            : base::make_error(row->errc, detail, std::string(row->hint));
}

base::Error LdapConnection::last_error() {
  int code = LDAP_OTHER;
  ldap_get_option(connection_.get(), LDAP_OPT_RESULT_CODE, &code);
  return error(code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code);
}

base::Result<LdapConnection> LdapConnection::open(const LdapServer& server,
                                                  base::SteadyTime deadline) {
  const NoSigpipe guard;
  LDAP* raw = nullptr;
  const int code = ldap_initialize(&raw, server.uri.c_str());
  if (code != LDAP_SUCCESS) {
    return base::make_error(
        Errc::malformed,
        "ldap_uri: '" + base::printable(server.uri, 80) + "': " + ldap_err2string(code),
        "write ldap://HOST, ldaps://HOST or ldapi://%2Fpath%2Fto%2Fsocket");
  }
  LdapConnection connection(raw, server.uri);
  if (auto ok = connection.configure(server); !ok) {
    return ok.error();
  }
  if (server.start_tls) {
    if (auto ok = connection.start_tls(deadline); !ok) {
      return ok.error();
    }
  }
  if (auto ok = connection.bind(server, deadline); !ok) {
    return ok.error();
  }
  return connection;
}

base::Result<void> LdapConnection::configure(const LdapServer& server) {
  const int version = LDAP_VERSION3;
  const int never = LDAP_DEREF_NEVER;
  const int no_limit = LDAP_NO_LIMIT;
  const timeval patience = span_of(server.connect_timeout);
  LDAP* handle = connection_.get();
  for (const int code : {ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version),
                         ldap_set_option(handle, LDAP_OPT_DEREF, &never),
                         ldap_set_option(handle, LDAP_OPT_SIZELIMIT, &no_limit),
                         ldap_set_option(handle, LDAP_OPT_TIMELIMIT, &no_limit),
                         ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF),
                         ldap_set_option(handle, LDAP_OPT_RESTART, LDAP_OPT_ON),
                         ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &patience)}) {
    if (code != LDAP_OPT_SUCCESS) {
      return error(LDAP_PARAM_ERROR, "an option was refused");
    }
  }
  if (!server.start_tls && server.uri.find("ldaps://") == std::string::npos) {
    return {};
  }
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int as_client = 0;
  if (ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) != LDAP_OPT_SUCCESS ||
      (!server.ca_file.empty() && ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE,
                                                  server.ca_file.c_str()) != LDAP_OPT_SUCCESS) ||
      ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &as_client) != LDAP_OPT_SUCCESS) {
    return base::make_error(Errc::unavailable, "no TLS with ldap_tls_ca '" + server.ca_file + "'",
                            "it must be a readable file of certificates in PEM form");
  }
  return {};
}

base::Result<void> LdapConnection::start_tls(base::SteadyTime deadline) {
  int id = 0;
  if (const int code = ldap_start_tls(connection_.get(), nullptr, nullptr, &id);
      code != LDAP_SUCCESS) {
    return error(code);
  }
  if (auto ok = plain_outcome(id, deadline); !ok) {
    return ok.error();
  }
  if (const int code = ldap_install_tls(connection_.get()); code != LDAP_SUCCESS) {
    return error(code, "TLS was not agreed on");
  }
  return {};
}

base::Result<void> LdapConnection::bind(const LdapServer& server, base::SteadyTime deadline) {
  berval password{server.password.size(), loan(server.password)};
  int id = 0;
  const int code = ldap_sasl_bind(connection_.get(), server.bind_name.c_str(), LDAP_SASL_SIMPLE,
                                  &password, nullptr, nullptr, &id);
  return code == LDAP_SUCCESS ? plain_outcome(id, deadline) : error(code);
}

base::Result<LdapConnection::Message> LdapConnection::receive(int id, bool is_all,
                                                              base::SteadyTime deadline) {
  timeval patience = until(deadline);
  LDAPMessage* raw = nullptr;
  const int type =
      ldap_result(connection_.get(), id, is_all ? LDAP_MSG_ALL : LDAP_MSG_ONE, &patience, &raw);
  Message message(raw);
  if (type == 0) {
    return error(LDAP_TIMEOUT);
  }
  if (type < 0) {
    return last_error();
  }
  return message;
}

base::Result<LdapConnection::Outcome> LdapConnection::outcome(Message message) {
  Outcome out;
  char* diagnostic = nullptr;
  LDAPControl** controls = nullptr;
  const int parsed = ldap_parse_result(connection_.get(), message.get(), &out.code, nullptr,
                                       &diagnostic, nullptr, &controls, 0);
  if (parsed != LDAP_SUCCESS) {
    return error(parsed);
  }
  if (diagnostic != nullptr) {
    out.diagnostic = diagnostic;
    ldap_memfree(diagnostic);
  }
  LDAPControl* page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, nullptr);
  berval cookie{};
  ber_int_t total = 0;
  if (page != nullptr &&
      ldap_parse_pageresponse_control(connection_.get(), page, &total, &cookie) == LDAP_SUCCESS) {
    out.cookie = text_of(cookie);
    ber_memfree(cookie.bv_val);
  }
  ldap_controls_free(controls);
  return out;
}

base::Result<void> LdapConnection::plain_outcome(int id, base::SteadyTime deadline) {
  auto message = receive(id, true, deadline);
  if (!message) {
    return message.error();
  }
  const auto end = outcome(std::move(*message));
  if (!end) {
    return end.error();
  }
  return end->code == LDAP_SUCCESS ? base::Result<void>() : error(end->code, end->diagnostic);
}

LdapAttributes LdapConnection::attributes_of(ldapmsg* entry) {
  LdapAttributes out;
  BerElement* place = nullptr;
  for (char* name = ldap_first_attribute(connection_.get(), entry, &place); name != nullptr;
       name = ldap_next_attribute(connection_.get(), entry, place)) {
    LdapValues& values = out[name];
    berval** list = ldap_get_values_len(connection_.get(), entry, name);
    for (int i = 0; list != nullptr && list[i] != nullptr; ++i) {
      values.push_back(text_of(*list[i]));
    }
    ldap_value_free_len(list);
    ldap_memfree(name);
  }
  ber_free(place, 0);
  return out;
}

std::vector<char*> LdapConnection::names_of(std::span<const std::string> wanted) {
  std::vector<char*> names;
  names.reserve(wanted.size() + 1);
  for (const std::string& name : wanted) {
    names.push_back(loan(name));
  }
  names.push_back(nullptr);
  return names;
}

base::Result<void> LdapConnection::send_reads(Reading& reading) {
  while (reading.sent < reading.names.size() && reading.waiting.size() < window) {
    int id = 0;
    const int code = ldap_search_ext(connection_.get(), reading.names[reading.sent].c_str(),
                                     LDAP_SCOPE_BASE, any_entry, reading.wanted.data(), 0, nullptr,
                                     nullptr, nullptr, LDAP_NO_LIMIT, &id);
    if (code != LDAP_SUCCESS) {
      return error(code);
    }
    reading.waiting.emplace(id, reading.sent++);
  }
  return {};
}

base::Result<void> LdapConnection::take_read(Reading& reading, ldapmsg* message) {
  const auto asked = reading.waiting.find(ldap_msgid(message));
  if (asked == reading.waiting.end()) {
    return {};
  }
  if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY) {
    reading.found[asked->second] = attributes_of(message);
  }
  return {};
}

base::Result<std::vector<std::optional<LdapAttributes>>> LdapConnection::read(
    std::span<const std::string> names, std::span<const std::string> wanted,
    base::SteadyTime deadline) {
  const NoSigpipe guard;
  Reading reading;
  reading.names = names;
  reading.wanted = names_of(wanted);
  reading.found.resize(names.size());
  while (reading.sent < names.size() || !reading.waiting.empty()) {
    if (auto ok = send_reads(reading); !ok) {
      is_broken_ = true;
      return ok.error();
    }
    auto message = receive(LDAP_RES_ANY, false, deadline);
    if (!message) {
      is_broken_ = true;
      return message.error();
    }
    const int id = ldap_msgid(message->get());
    if (ldap_msgtype(message->get()) != LDAP_RES_SEARCH_RESULT) {
      if (auto ok = take_read(reading, message->get()); !ok) {
        return ok.error();
      }
      continue;
    }
    const auto end = outcome(std::move(*message));
    if (!end || (end->code != LDAP_SUCCESS && end->code != LDAP_NO_SUCH_OBJECT)) {
      is_broken_ = true;  // answers to the other questions are still to come
      return end ? error(end->code, end->diagnostic) : end.error();
    }
    reading.waiting.erase(id);
  }
  return std::move(reading.found);
}

}  // namespace directory
