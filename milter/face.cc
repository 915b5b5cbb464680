// milter/face.cc -- the only file that sees libmilter.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "milter/face.hh"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "base/metrics.hh"

#include "mail-lib/authres.hh"

#include "milter/events.hh"
#include "milter/session.hh"

namespace milter {

namespace {

constexpr mode_t socket_umask = 0117;  // mode 0660: Postfix gets in by the folder's group
constexpr int backlog = 1024;
constexpr base::Duration deadline_slack{200};  // the loop answers by itself at the deadline
constexpr base::Duration ending_poll{50};
constexpr unsigned long edits_needed = SMFIF_ADDHDRS | SMFIF_CHGHDRS;
constexpr unsigned long steps_unwanted =
    SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NOBODY | SMFIP_NOEOH | SMFIP_NOUNKNOWN | SMFIP_NODATA;

base::Counter mails("milter_mails", "Mails whose header was stamped.");
base::Counter refusals("milter_refusals", "Mails rejected for too many fields in our name.");
base::Counter removed("milter_fields_removed",
                      "Authentication-Results fields in our name removed.");
base::Counter failures("milter_failures",
                       "Mails deferred because the header could not be changed.");
base::Counter iprev_pass("milter_iprev", "Results of the iprev check.", "result=\"pass\"");
base::Counter iprev_fail("milter_iprev", "Results of the iprev check.", "result=\"fail\"");
base::Counter iprev_temp("milter_iprev", "Results of the iprev check.", "result=\"temperror\"");
base::Counter iprev_perm("milter_iprev", "Results of the iprev check.", "result=\"permerror\"");
base::Gauge connections("milter_connections", "Connections of Postfix at this moment.");

void count(Iprev outcome) {
  switch (outcome) {
    case Iprev::pass:
      return iprev_pass.add();
    case Iprev::fail:
      return iprev_fail.add();
    case Iprev::temperror:
      return iprev_temp.add();
    case Iprev::permerror:
      return iprev_perm.add();
    case Iprev::none:
      return;
  }
}

// An answer on its way from the loop to the thread that waits.
struct Answer {
  std::mutex mutex;
  std::condition_variable came;
  std::optional<IprevResult> result;
};

std::string numeric(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address == nullptr) {
    return {};
  }
  if (address->sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text.data(),
                text.size());
  } else if (address->sa_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text.data(),
                text.size());
  }
  return text.data();
}

std::string own_host() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

// libmilter's API takes char* for texts it only reads.
char* lent(std::string_view text) {
  return const_cast<char*>(text.data());
}

std::string_view macro(SMFICTX* context, std::string_view name) {
  const char* value = ::smfi_getsymval(context, lent(name));
  return value != nullptr ? value : "";
}

std::string connection_text(const loop::Address& address) {
  if (address.is_unix) {
    return "unix:" + address.path;
  }
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "inet6:" : "inet:") + std::to_string(address.port) + "@" + address.host;
}

}  // namespace

// Outlives the Face: libmilter's idle threads keep it until Postfix closes their connections.
struct Face::Engine {
  explicit Engine(Parts given) : parts(std::move(given)) {}

  Parts parts;
  std::mutex mutex;
  std::condition_variable quiet;  // no callback at work
  std::shared_ptr<const Rules> rules;
  int active = 0;
  bool is_ending = false;
  std::string host = own_host();
};

// The callbacks, and what they keep for each connection.
struct Callbacks {
  using Engine = Face::Engine;

  struct Connection {
    std::shared_ptr<Engine> engine;
    Session session;
    std::shared_ptr<Answer> iprev;  // none when not asked
    base::SteadyTime until;
    bool is_refused = false;
  };

  // A callback at work; false when the Face is ending, and then nothing of it may be touched.
  class Entry {
   public:
    explicit Entry(Engine& engine) : engine_(engine) {
      const std::lock_guard lock(engine_.mutex);
      is_in_ = !engine_.is_ending;
      engine_.active += is_in_ ? 1 : 0;
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    Entry(Entry&&) = delete;
    Entry& operator=(Entry&&) = delete;
    ~Entry() {
      const std::lock_guard lock(engine_.mutex);
      engine_.active -= is_in_ ? 1 : 0;
      if (engine_.active == 0) {
        engine_.quiet.notify_all();
      }
    }
    bool is_in() const { return is_in_; }

   private:
    Engine& engine_;
    bool is_in_ = false;
  };

  // The engine of this process; never destroyed, because libmilter's threads may outlive main().
  static std::shared_ptr<Engine>& current() {
    static auto* engine = new std::shared_ptr<Engine>();  // NOLINT: see above
    return *engine;
  }

  // Runs one callback: no exception of ours crosses into C.
  template <typename F>
  static sfsistat enter(SMFICTX* context, F callback) {
    auto* connection = static_cast<Connection*>(::smfi_getpriv(context));
    if (connection == nullptr) {
      return SMFIS_TEMPFAIL;
    }
    const std::shared_ptr<Engine> engine = connection->engine;
    const Entry entry(*engine);
    if (!entry.is_in()) {
      return SMFIS_TEMPFAIL;
    }
    try {
      return callback(*connection);
    } catch (const std::exception& err) {
      failures.add();
      engine->parts.log.write(event::failed,
                              {{"client", connection->session.address()}, {"reason", err.what()}});
      return SMFIS_TEMPFAIL;
    }
  }

  static std::shared_ptr<const Rules> rules_now(Engine& engine) {
    const std::lock_guard lock(engine.mutex);
    return engine.rules;
  }

  static sfsistat negotiate(SMFICTX* /*context*/, unsigned long actions, unsigned long steps,
                            unsigned long /*f2*/, unsigned long /*f3*/, unsigned long* wanted,
                            unsigned long* skipped, unsigned long* g2, unsigned long* g3) {
    if ((actions & edits_needed) != edits_needed) {
      return SMFIS_REJECT;
    }
    *wanted = edits_needed;
    *skipped = steps & steps_unwanted;
    *g2 = 0;
    *g3 = 0;
    return SMFIS_CONTINUE;
  }

  static sfsistat connected(SMFICTX* context, char* /*host*/, sockaddr* from) {
    auto connection = std::make_unique<Connection>();
    connection->engine = current();
    if (::smfi_setpriv(context, connection.get()) != MI_SUCCESS) {
      return SMFIS_TEMPFAIL;
    }
    connections.add(1);
    (void)connection.release();  // closed() takes it back
    return enter(context, [from](Connection& self) {
      self.session.connected(numeric(from));
      const auto rules = rules_now(*self.engine);
      if (self.session.wants_iprev(*rules)) {
        ask(self, rules->dns_deadline);
      }
      return SMFIS_CONTINUE;
    });
  }

  static void ask(Connection& self, base::Duration deadline) {
    self.iprev = std::make_shared<Answer>();
    self.until = base::system_clock().ticks() + deadline + deadline_slack;
    self.engine->parts.loop.post([engine = self.engine.get(), address = self.session.address(),
                                  deadline, answer = self.iprev] {
      engine->parts.ask(address, deadline, [answer](IprevResult result) {
        const std::lock_guard lock(answer->mutex);
        answer->result = std::move(result);
        answer->came.notify_all();
      });
    });
  }

  // The answer, or temperror when it does not come before the deadline or the Face ends.
  static IprevResult wait_iprev(Connection& self) {
    if (!self.iprev) {
      return {};
    }
    std::unique_lock lock(self.iprev->mutex);
    while (!self.iprev->result) {
      if (base::system_clock().ticks() >= self.until || is_ending(*self.engine)) {
        return {Iprev::temperror, {}};
      }
      self.iprev->came.wait_for(lock, ending_poll);
    }
    return *self.iprev->result;
  }

  static bool is_ending(Engine& engine) {
    const std::lock_guard lock(engine.mutex);
    return engine.is_ending;
  }

  static sfsistat mail_from(SMFICTX* context, char** /*arguments*/) {
    return enter(context, [context](Connection& self) {
      const std::string_view host = macro(context, "j");
      self.is_refused = false;
      self.session.began(rules_now(*self.engine), host.empty() ? self.engine->host : host,
                         macro(context, "{auth_type}"), macro(context, "{auth_authen}"));
      return SMFIS_CONTINUE;
    });
  }

  static sfsistat header(SMFICTX* context, char* name, char* value) {
    return enter(context, [name, value](Connection& self) {
      self.is_refused = self.is_refused || !self.session.header(name, value);
      return SMFIS_CONTINUE;
    });
  }

  static sfsistat ended(SMFICTX* context) {
    return enter(context, [context](Connection& self) { return finish(context, self); });
  }

  static sfsistat finish(SMFICTX* context, Connection& self) {
    const std::string_view queue_id = macro(context, "i");
    base::Log& log = self.engine->parts.log;
    const std::string stripped = std::to_string(self.session.stripped());
    if (self.is_refused) {
      refusals.add();
      log.write(event::refused, {{"client", self.session.address()}, {"stripped", stripped}},
                queue_id);
      ::smfi_setreply(context, lent("550"), lent("5.7.1"),
                      lent("Too many Authentication-Results fields in the name of this host"));
      return SMFIS_REJECT;
    }
    const IprevResult iprev = self.session.is_authenticated() ? IprevResult{} : wait_iprev(self);
    if (!carry_out(context, self.session.ended(iprev))) {
      failures.add();
      log.write(event::failed, {{"client", self.session.address()}, {"reason", "edit refused"}},
                queue_id);
      return SMFIS_TEMPFAIL;
    }
    mails.add();
    removed.add(static_cast<std::int64_t>(self.session.stripped()));
    count(iprev.outcome);
    log.write(event::stamped,
              {{"client", self.session.address()},
               {"iprev", iprev_name(iprev.outcome)},
               {"name", iprev.name},
               {"auth", self.session.is_authenticated() ? "pass" : "none"},
               {"stripped", stripped}},
              queue_id);
    return SMFIS_CONTINUE;
  }

  static bool carry_out(SMFICTX* context, const Edits& edits) {
    for (const int index : edits.removals) {
      if (::smfi_chgheader(context, lent(mail::authres_name), index, nullptr) != MI_SUCCESS) {
        return false;
      }
    }
    return ::smfi_insheader(context, 0, lent(mail::authres_name), lent(edits.field)) == MI_SUCCESS;
  }

  static sfsistat closed(SMFICTX* context) {
    const std::unique_ptr<Connection> self(static_cast<Connection*>(::smfi_getpriv(context)));
    if (self) {
      ::smfi_setpriv(context, nullptr);
      connections.add(-1);
    }
    return SMFIS_CONTINUE;
  }
};

namespace {

base::Error milter_error(std::string_view what, std::string hint = {}) {
  return base::make_error(base::Errc::unavailable, "libmilter: " + std::string(what),
                          std::move(hint));
}

// libmilter would take over the socket of a daemon that lives.
base::Result<void> check_free(const loop::Address& address) {
  struct stat info {};
  if (loop::connect_to(address)) {
    return base::make_error(base::Errc::exists, address.text() + ": another process serves it",
                            "is it already running?");
  }
  if (address.is_unix && ::lstat(address.path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode)) {
    return base::make_error(base::Errc::exists, address.path + ": exists and is not a socket",
                            "remove it, or listen elsewhere");
  }
  return {};
}

base::Result<void> open_socket(const loop::Address& address) {
  static std::string name = "posthouse-milter";
  smfiDesc filter{};
  filter.xxfi_name = name.data();
  filter.xxfi_version = SMFI_VERSION;
  filter.xxfi_flags = edits_needed;
  filter.xxfi_negotiate = &Callbacks::negotiate;
  filter.xxfi_connect = &Callbacks::connected;
  filter.xxfi_envfrom = &Callbacks::mail_from;
  filter.xxfi_header = &Callbacks::header;
  filter.xxfi_eom = &Callbacks::ended;
  filter.xxfi_close = &Callbacks::closed;
  std::string where = connection_text(address);
  if (::smfi_register(filter) != MI_SUCCESS || ::smfi_setbacklog(backlog) != MI_SUCCESS ||
      ::smfi_setconn(where.data()) != MI_SUCCESS) {
    return milter_error("cannot use " + address.text());
  }
  const mode_t before = ::umask(socket_umask);
  const bool is_open = ::smfi_opensocket(true) == MI_SUCCESS;
  const int err = errno;
  ::umask(before);
  return is_open
             ? base::Result<void>()
             : base::Result<void>(base::errno_error(
                   address.text(), err, "does the folder exist, and may this user write there?"));
}

}  // namespace

Face::Face(loop::Address address, std::shared_ptr<Engine> engine)
    : address_(std::move(address)), engine_(std::move(engine)) {}

base::Result<std::unique_ptr<Face>> Face::start(const loop::Address& address,
                                                std::shared_ptr<const Rules> rules, Parts parts) {
  if (auto is_free = check_free(address); !is_free) {
    return is_free.error();
  }
  auto engine = std::make_shared<Engine>(std::move(parts));
  engine->rules = std::move(rules);
  Callbacks::current() = engine;
  if (auto opened = open_socket(address); !opened) {
    return opened.error();
  }
  std::unique_ptr<Face> face(new Face(address, std::move(engine)));
  face->run();
  return face;
}

// libmilter waits for SIGTERM and SIGHUP itself, on a thread of its own. The kernel gives a signal
// to the main thread first when that does not block it, so the loop sees them.
void Face::run() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([engine = engine_] {
    const int status = ::smfi_main();
    const std::lock_guard lock(engine->mutex);
    if (!engine->is_ending) {
      engine->parts.log.write(event::ended,
                              {{"reason", status == MI_SUCCESS ? "stopped" : "failed"}});
      engine->parts.loop.post(engine->parts.on_end);
    }
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Face::~Face() {
  {
    std::unique_lock lock(engine_->mutex);
    engine_->is_ending = true;
    engine_->quiet.wait(lock, [this] { return engine_->active == 0; });
  }
  if (address_.is_unix) {
    ::unlink(address_.path.c_str());
  }
  // smfi_stop() would wait up to 5 s for libmilter's next look. We are about to exit, and what its
  // threads still touch is never destroyed.
  thread_.detach();
}

void Face::set_rules(std::shared_ptr<const Rules> rules) {
  const std::lock_guard lock(engine_->mutex);
  engine_->rules = std::move(rules);
}

}  // namespace milter
