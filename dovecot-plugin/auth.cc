// dovecot-plugin/auth.cc -- passdb and userdb `posthouse` for Dovecot: libauthdb_posthouse.so.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Dovecot's auth process loads it and hands every question to an auth-worker process (`blocking`),
// which loads it too and calls the functions below: hashing and the database may take their time
// there. One login: verify_plain -> Accounts::log_in -> verdict -> callback; then, for the mail
// process, lookup -> Accounts::find_place -> fields -> callback.
// The settings are in /etc/posthouse, or in the folder that POSTHOUSE_CONFIG_DIR names in Dovecot's
// environment (import_environment).
#include <exception>
#include <memory>

#include "base/clock.hh"
#include "base/text.hh"

#include "dovecot-plugin/accounts.hh"
#include "dovecot-plugin/compat/dovecot.hh"

namespace plugin {

namespace {

constexpr const char* driver_name = "posthouse";

std::unique_ptr<Accounts> accounts;

std::string settings_folder() {
  const char* folder = std::getenv("POSTHOUSE_CONFIG_DIR");  // NOLINT(concurrency-mt-unsafe)
  return folder != nullptr && *folder != '\0' ? folder : "/etc/posthouse";
}

void log_trouble(auth_request* request, const char* text) {
  e_error(authdb_event(request), "%s", text);
}

// What `work` answers; `trouble` when an exception of a library came out of it.
template <typename Answer, typename Work>
Answer caught(auth_request* request, Answer trouble, Work work) {
  try {
    return work();
  } catch (const std::exception& e) {
    log_trouble(request, e.what());
  } catch (...) {
    log_trouble(request, "unknown exception");
  }
  return trouble;
}

// The name in its normal form, and where to pass the login on to.
void set_login_fields(auth_request* request, const Login& login) {
  if (std::strcmp(request->fields.user, login.address.c_str()) != 0) {
    auth_request_set_field(request, "user", login.address.c_str(), nullptr);
  }
  if (!login.host.empty()) {
    auth_request_set_field(request, "proxy", "y", nullptr);
    auth_request_set_field(request, "host", login.host.c_str(), nullptr);
    if (login.port != 0) {
      auth_request_set_field(request, "port", std::to_string(login.port).c_str(), nullptr);
    }
  }
}

Question question_of(const auth_request* request) {
  return {request->fields.user, dovecot::service_of(request), request->fields.skip_password_check};
}

// Dovecot is silent about what a passdb tells of one login until auth_verbose is set; who came in
// by which app password, who acted for whom, and why a right password was refused, is always told.
void tell(const auth_request* request, const std::string& text) {
  i_info("posthouse(%s,%s,%s): %s", base::printable(request->fields.user).c_str(),
         dovecot::peer_of(request), dovecot::service_of(request), text.c_str());
}

void tell_warning(auth_request* request) {
  if (const std::string warning = accounts->take_warning(); !warning.empty()) {
    e_warning(authdb_event(request), "%s", warning.c_str());
  }
}

passdb_result passdb_answer(auth_request* request, const Login& login) {
  switch (login.verdict) {
    case Verdict::unknown:
      dovecot::log_unknown_user(request);
      return PASSDB_RESULT_USER_UNKNOWN;
    case Verdict::mismatch:
      dovecot::log_password_mismatch(request);
      return PASSDB_RESULT_PASSWORD_MISMATCH;
    case Verdict::refused:
      tell(request, "refused: " + login.reason);
      return PASSDB_RESULT_USER_DISABLED;
    case Verdict::ok:
      break;
  }
  set_login_fields(request, login);
  return dovecot::finish_passdb_reply(request) ? PASSDB_RESULT_OK : PASSDB_RESULT_INTERNAL_FAILURE;
}

// The webmail logs in with its own name and secret, and names the user it acts for. What that user
// may do is looked at here too, so that no order of passdbs in a configuration goes without.
passdb_result act_for_user(auth_request* request, const char* secret) {
  const std::string host = dovecot::peer_of(request);
  const char* user = request->fields.requested_login_user;
  const auto login =
      accounts->act_for({request->fields.user, dovecot::service_of(request), host, secret}, user);
  if (!login) {
    log_trouble(request, login.error().text().c_str());
    return PASSDB_RESULT_INTERNAL_FAILURE;
  }
  switch (login->verdict) {
    case Verdict::unknown:
      dovecot::log_unknown_user(request);
      return PASSDB_RESULT_USER_UNKNOWN;
    case Verdict::mismatch:
      tell(request, "wrong secret to act for " + base::printable(user));
      return PASSDB_RESULT_PASSWORD_MISMATCH;
    case Verdict::refused:
      tell(request, login->reason + ": " + base::printable(user));
      return PASSDB_RESULT_USER_DISABLED;
    case Verdict::ok:
      break;
  }
  tell(request, "acts for " + base::printable(user));
  return dovecot::finish_passdb_reply(request) ? PASSDB_RESULT_OK : PASSDB_RESULT_INTERNAL_FAILURE;
}

void verify_plain(auth_request* request, const char* password, verify_plain_callback_t* callback) {
  LoginNote note;
  const passdb_result result = caught(request, PASSDB_RESULT_INTERNAL_FAILURE, [&] {
    if (request->fields.requested_login_user != nullptr) {
      return act_for_user(request, password);
    }
    auto login = accounts->log_in(question_of(request), password);
    tell_warning(request);
    if (!login) {
      log_trouble(request, login.error().text().c_str());
      return PASSDB_RESULT_INTERNAL_FAILURE;
    }
    if (login->verdict == Verdict::ok && !login->app_password.empty()) {
      tell(request, "app password " + login->app_password);
    }
    note = std::move(login->note);
    return passdb_answer(request, *login);
  });
  // The answer goes out first; the request may be gone after it.
  callback(result, request);
  try {
    accounts->send_note(note);
  } catch (const std::exception&) {
    // Out of memory: the next login leaves it again.
  }
}

void lookup_credentials(auth_request* request, lookup_credentials_callback_t* callback) {
  const char* password = nullptr;
  const char* wanted = request->wanted_credentials_scheme;
  const bool is_lookup = wanted != nullptr && *wanted == '\0';
  const passdb_result result = caught(request, PASSDB_RESULT_INTERNAL_FAILURE, [&] {
    if (request->fields.requested_login_user != nullptr) {
      dovecot::log_refusal(request, "acting for a user takes the mechanism PLAIN");
      return PASSDB_RESULT_USER_UNKNOWN;
    }
    // An empty scheme asks for no secret: LMTP and doveadm want to know where the account is.
    Question question = question_of(request);
    question.is_verified = question.is_verified || is_lookup;
    const auto secret = accounts->find_secret(question);
    tell_warning(request);
    if (!secret) {
      log_trouble(request, secret.error().text().c_str());
      return PASSDB_RESULT_INTERNAL_FAILURE;
    }
    password = p_strdup(request->pool, secret->password.c_str());
    return passdb_answer(request, secret->login);
  });
  if (result != PASSDB_RESULT_OK) {
    callback(result, nullptr, 0, request);
    return;
  }
  if (*password == '\0' && is_lookup) {
    callback(result, nullptr, 0, request);
    return;
  }
  if (*password == '\0') {
    dovecot::log_refusal(request, "no password is stored");
    callback(PASSDB_RESULT_PASSWORD_MISMATCH, nullptr, 0, request);
    return;
  }
  const char* scheme = password_get_scheme(&password);
  passdb_handle_credentials(result, password, scheme != nullptr ? scheme : "CRYPT", callback,
                            request);
}

userdb_result userdb_answer(auth_request* request, const Place& place) {
  if (!place.found) {
    dovecot::log_unknown_user(request);
    return USERDB_RESULT_USER_UNKNOWN;
  }
  dovecot::begin_userdb_reply(request);
  if (std::strcmp(request->fields.user, place.address.c_str()) != 0) {
    auth_request_set_userdb_field(request, "user", place.address.c_str());
  }
  auth_request_set_userdb_field(request, "uid", std::to_string(place.owner.uid).c_str());
  auth_request_set_userdb_field(request, "gid", std::to_string(place.owner.gid).c_str());
  auth_request_set_userdb_field(request, "home", place.home.c_str());
  if (!place.maildir.empty()) {
    dovecot::set_mail_path(request, place.maildir.c_str());
  }
  dovecot::set_quota(request, place.quota);
  if (!place.generation.empty()) {
    auth_request_set_userdb_field(request, "login_generation", place.generation.c_str());
  }
  return dovecot::finish_userdb_reply(request) ? USERDB_RESULT_OK : USERDB_RESULT_INTERNAL_FAILURE;
}

void lookup(auth_request* request, userdb_callback_t* callback) {
  const userdb_result result = caught(request, USERDB_RESULT_INTERNAL_FAILURE, [&] {
    const auto place = accounts->find_place(request->fields.user, dovecot::service_of(request));
    if (!place) {
      log_trouble(request, place.error().text().c_str());
      return USERDB_RESULT_INTERNAL_FAILURE;
    }
    return userdb_answer(request, *place);
  });
  callback(result, request);
}

// Walks all accounts, a page at a time; Dovecot sees the part it knows.
struct Iteration : userdb_iterate_context {
  directory::Page<std::string> page;
  std::size_t at = 0;
  bool started = false;
};

userdb_iterate_context* begin_iteration(auth_request* request, userdb_iter_callback_t* callback,
                                        void* context) {
  auto iteration = std::make_unique<Iteration>();
  iteration->auth_request = request;
  iteration->callback = callback;
  iteration->context = context;
  return iteration.release();
}

// The next name; nothing at the end and after a failure, which the iteration remembers.
const char* next_name(Iteration& iteration) {
  if (iteration.at == iteration.page.items.size() &&
      (!iteration.started || !iteration.page.next.empty())) {
    auto page = accounts->list(iteration.page.next);
    if (!page) {
      log_trouble(iteration.auth_request, page.error().text().c_str());
      iteration.failed = true;
      return nullptr;
    }
    iteration.page = std::move(*page);
    iteration.at = 0;
    iteration.started = true;
  }
  return iteration.at < iteration.page.items.size() ? iteration.page.items[iteration.at++].c_str()
                                                    : nullptr;
}

void next_of_iteration(userdb_iterate_context* context) {
  auto& iteration = static_cast<Iteration&>(*context);
  bool failed = true;
  const char* name = caught(iteration.auth_request, static_cast<const char*>(nullptr), [&] {
    const char* next = next_name(iteration);
    failed = iteration.failed;
    return next;
  });
  iteration.failed = failed;
  // At the end the callback frees the iteration: nothing may follow it.
  iteration.callback(name, iteration.context);
}

int end_iteration(userdb_iterate_context* context) {
  const std::unique_ptr<Iteration> iteration(static_cast<Iteration*>(context));
  return iteration->failed ? -1 : 0;
}

passdb_module* make_passdb(pool_t pool) {
  auto* const module = p_new(pool, passdb_module, 1);
  module->blocking = true;
  module->default_pass_scheme = "CRYPT";
  if (dovecot::forgets_soon_enough()) {
    module->default_cache_key = auth_cache_parse_key(pool, dovecot::cache_key_of_login);
  }
  return module;
}

userdb_module* make_userdb(pool_t pool) {
  auto* const module = p_new(pool, userdb_module, 1);
  module->blocking = true;
  // Never kept in the auth cache: an account that is switched off is not found from then on.
  return module;
}

// Once more after preinit: Dovecot 2.4 overwrites it by use_worker of the configuration.
void init_passdb(passdb_module* module) {
  module->blocking = true;
}
void init_userdb(userdb_module* module) {
  module->blocking = true;
}

passdb_module_interface make_passdb_interface() {
  passdb_module_interface interface {};
  interface.name = driver_name;
  interface.preinit = dovecot::preinit_passdb<make_passdb>;
  interface.init = init_passdb;
  interface.verify_plain = verify_plain;
  interface.lookup_credentials = lookup_credentials;
  return interface;
}

userdb_module_interface make_userdb_interface() {
  userdb_module_interface interface {};
  interface.name = driver_name;
  interface.preinit = dovecot::preinit_userdb<make_userdb>;
  interface.init = init_userdb;
  interface.lookup = lookup;
  interface.iterate_init = begin_iteration;
  interface.iterate_next = next_of_iteration;
  interface.iterate_deinit = end_iteration;
  return interface;
}

passdb_module_interface passdb = make_passdb_interface();
userdb_module_interface userdb = make_userdb_interface();

}  // namespace

}  // namespace plugin

// The names Dovecot looks for; its loader checks the version.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming)
__attribute__((visibility("default"))) extern const char* authdb_posthouse_version;
const char* authdb_posthouse_version = DOVECOT_ABI_VERSION;

__attribute__((visibility("default"))) void authdb_posthouse_init(module*) {
  plugin::accounts =
      std::make_unique<plugin::Accounts>(plugin::settings_folder(), base::system_clock());
  passdb_register_module(&plugin::passdb);
  userdb_register_module(&plugin::userdb);
}

__attribute__((visibility("default"))) void authdb_posthouse_deinit() {
  passdb_unregister_module(&plugin::passdb);
  userdb_unregister_module(&plugin::userdb);
  plugin::accounts.reset();
}
// NOLINTEND(readability-identifier-naming)
}
