// base/loop/daemon.cc -- from main() to the end of a daemon.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/daemon.hh"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/files.hh"
#include "base/loop/events.hh"
#include "base/loop/options.hh"
#include "base/metrics.hh"
#include "base/text.hh"

namespace loop {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr mode_t daemon_umask = 0027;

// What the rows of the common settings cannot say.
base::Result<void> check_common(const DaemonSettings& settings) {
  const auto refuse = [](std::string_view what, const std::string& value, std::string hint) {
    return base::make_error(base::Errc::malformed,
                            std::string(what) + ": cannot use " + base::printable(value, 80),
                            std::move(hint));
  };
  if (settings.log_to != "syslog" && settings.log_to != "stderr" &&
      !settings.log_to.starts_with('/')) {
    return refuse("log_to", settings.log_to, "write syslog, stderr or an absolute path");
  }
  if (!settings.control_socket.empty() && !settings.control_socket.starts_with('/')) {
    return refuse("control_socket", settings.control_socket, "write an absolute path, or nothing");
  }
  if (auto uids = ControlServer::uids_of(settings.control_users); !uids) {
    return refuse("control_users", uids.error().detail, uids.error().hint);
  }
  return {};
}

struct Loaded {
  std::string text;
  std::shared_ptr<const DaemonSettings> settings;
};

// Runs one daemon; the room's half is in `parts`.
class Skeleton {
 public:
  Skeleton(const DaemonParts& parts, const DaemonOptions& options)
      : parts_(parts),
        program_("posthouse-" + std::string(parts.name)),
        is_config_given_(!options.config.empty()),
        config_(is_config_given_ ? options.config
                                 : "/etc/posthouse/" + std::string(parts.name) + ".conf") {}

  int check() {
    const auto loaded = load();
    if (!loaded) {
      complain(loaded.error());
      return exit_failed;
    }
    if (auto examined = parts_.examine(*loaded->settings); !examined) {
      complain(examined.error());
      return exit_failed;
    }
    return EXIT_SUCCESS;
  }

  int serve() {
    auto loaded = load();
    if (!loaded) {
      complain(loaded.error());
      return exit_failed;
    }
    current_ = std::move(*loaded);
    if (auto done = open(); !done) {
      complain(done.error());
      return exit_failed;
    }
    const auto started = start();
    if (!started) {
      fail(started.error());
    } else {
      log_->write(daemon_ready, {{"version", POSTHOUSE_VERSION}, {"config", config_}});
      notify_manager("READY=1");
      loop_->run();
      log_->write(daemon_stopped, {});
    }
    parts_.destroy();
    control_.reset();
    return started ? EXIT_SUCCESS : exit_failed;
  }

 private:
  base::Result<Loaded> load() const {
    auto text = base::read_file(config_, 1U << 20U);
    if (!text && (is_config_given_ || text.error().code != base::Errc::not_found)) {
      return text.error();
    }
    Loaded loaded;
    loaded.text = text ? std::move(*text) : std::string();
    auto settings = parts_.read(config_, loaded.text);
    if (!settings) {
      return settings.error();
    }
    loaded.settings = std::move(*settings);
    if (auto checked = check_common(*loaded.settings); !checked) {
      return base::make_error(checked.error().code, config_ + ": " + checked.error().detail,
                              checked.error().hint);
    }
    return loaded;
  }

  base::Result<void> open() {
    ::umask(daemon_umask);
    (void)std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    auto sink = base::open_log_sink(program_, current_.settings->log_to);
    if (!sink) {
      return sink.error();
    }
    log_ = std::make_unique<base::Log>(program_, std::move(*sink), level());
    auto made = Loop::make(*log_);
    if (!made) {
      return made.error();
    }
    loop_ = std::move(*made);
    return {};
  }

  base::Result<void> start() {
    const DaemonSettings& settings = *current_.settings;
    if (!settings.control_socket.empty()) {
      auto control = ControlServer::open(*loop_, settings.control_socket, settings.control_users);
      if (!control) {
        return control.error();
      }
      control_ = std::move(*control);
      control_->add("reload", "Reads the settings again, as SIGHUP does.",
                    [this](const ControlRequest&, ControlReply reply) {
                      const auto done = reload();
                      done ? reply.ok() : reply.fail(done.error());
                    });
    }
    for (const int number : {SIGTERM, SIGINT}) {
      if (auto caught = loop_->on_signal(number, [this] { end(); }); !caught) {
        return caught.error();
      }
    }
    if (auto caught = loop_->on_signal(SIGHUP, [this] { (void)reload(); }); !caught) {
      return caught.error();
    }
    return parts_.start(settings, {*loop_, *log_, control_.get()});
  }

  base::Level level() const {
    return base::parse_level(current_.settings->log_level).value_or(base::Level::info);
  }

  // The old settings stay when anything about the new ones is wrong.
  base::Result<void> reload() {
    notify_manager("RELOADING=1");
    auto done = take_new_settings();
    if (done) {
      log_->write(daemon_reloaded, {{"config", config_}});
    } else {
      log_->write(daemon_reload_failed, {{"reason", done.error().text()}});
    }
    notify_manager("READY=1");
    return done;
  }

  base::Result<void> take_new_settings() {
    if (auto reopened = log_->reopen(); !reopened) {
      return reopened.error();
    }
    auto loaded = load();
    if (!loaded) {
      return loaded.error();
    }
    auto uids = ControlServer::uids_of(loaded->settings->control_users);
    if (!uids) {
      return uids.error();
    }
    if (auto taken = parts_.reload(*loaded->settings); !taken) {
      return taken.error();
    }
    warn_of_restart(loaded->text);
    current_ = std::move(*loaded);
    log_->set_threshold(level());
    if (control_) {
      control_->allow(*uids);
    }
    return {};
  }

  void warn_of_restart(std::string_view text) {
    const auto before = base::parse_settings(parts_.rows, current_.text);
    const auto after = base::parse_settings(parts_.rows, text);
    for (std::size_t i = 0; i < parts_.rows.size(); ++i) {
      if (parts_.rows[i].reload == base::Reload::restart && before.values[i] != after.values[i]) {
        log_->write(daemon_restart_needed, {{"setting", parts_.rows[i].name}});
      }
    }
  }

  void end() {
    notify_manager("STOPPING=1");
    parts_.stop();
    loop_->stop();
  }

  void complain(const base::Error& error) const {
    (void)std::fprintf(stderr, "%s: %s\n", program_.c_str(), error.text().c_str());
  }

  void fail(const base::Error& error) {
    log_->write(daemon_failed, {{"reason", error.text()}});
    if (current_.settings->log_to != "stderr") {
      complain(error);
    }
  }

  const DaemonParts& parts_;
  std::string program_;
  bool is_config_given_;
  std::string config_;
  Loaded current_;
  std::unique_ptr<base::Log> log_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<ControlServer> control_;
};

int print(std::string_view text) {
  const bool is_whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return is_whole && std::fflush(stdout) == 0 ? EXIT_SUCCESS : exit_failed;
}

}  // namespace

int run_daemon(int argc, char** argv, const DaemonParts& parts) {
  const std::string program = "posthouse-" + std::string(parts.name);
  const auto options =
      parse_daemon_options(program, {argv + 1, static_cast<std::size_t>(std::max(argc - 1, 0))});
  if (!options) {
    (void)std::fprintf(stderr, "%s: %s\n%s\n", program.c_str(), options.error().detail.c_str(),
                       options.error().hint.c_str());
    return exit_usage;
  }
  switch (options->action) {
    case DaemonAction::settings:
      return print(base::print_settings(parts.rows, options->form));
    case DaemonAction::events:
      return print(events_markdown(parts.events));
    case DaemonAction::metrics:
      return print(base::metrics_markdown());
    case DaemonAction::version:
      return print(program + " " POSTHOUSE_VERSION "\n");
    case DaemonAction::help:
      return print(daemon_usage(program) + "\n");
    case DaemonAction::check:
      return Skeleton(parts, *options).check();
    case DaemonAction::serve:
      break;
  }
  return Skeleton(parts, *options).serve();
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
      return raised.rlim_cur;
    }
  }
  return limit.rlim_cur;
}

void notify_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path == nullptr || std::strlen(path) >= sizeof(to.sun_path)) {
    return;
  }
  const std::size_t size = std::strlen(path);
  std::memcpy(to.sun_path, path, size);
  if (to.sun_path[0] == '@') {
    to.sun_path[0] = '\0';  // the abstract namespace
  }
  const base::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // A manager that does not listen is its own affair; we serve all the same.
  ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&to),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

}  // namespace loop
