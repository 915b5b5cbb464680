// base/loop/daemon_test.cc -- a whole daemon in a child process: start, reload, mistakes, end.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/daemon.hh"

#include <csignal>
#include <thread>

#include <sys/un.h>
#include <sys/wait.h>

#include "base/files.hh"
#include "base/loop/control_client.hh"
#include "base/loop/options.hh"
#include "base/loop/test_stage.hh"

using loop::ControlClient;
using loop::DaemonAction;
using loop::Duration;
using loop::TestStage;

namespace {

struct Settings : loop::DaemonSettings {
  std::int64_t count = 0;
  std::string place;
};

constexpr base::Setting<Settings> table[] = {
    loop::log_to_setting<Settings>(),
    loop::log_level_setting<Settings>(),
    loop::control_socket_setting<Settings>(""),
    loop::control_users_setting<Settings>(""),
    {"count", &Settings::count, "1", "1..9", base::Reload::live, "A number of the sample."},
    {"place", &Settings::place, "here", "", base::Reload::restart, "A place of the sample."},
};
static_assert(base::is_documented(table));

class Sample final : public loop::Service<Settings> {
 public:
  Sample(const Settings& settings, const loop::DaemonContext& context) : count_(settings.count) {
    context.control->add("count", "Tells the number.",
                         [this](const loop::ControlRequest&, loop::ControlReply reply) {
                           reply.ok("\"count\":" + std::to_string(count_));
                         });
  }
  base::Result<void> reload(const Settings& settings) override {
    if (settings.count == 8) {
      return base::make_error(base::Errc::unavailable, "eight is not to be had");
    }
    count_ = settings.count;
    return {};
  }

 private:
  std::int64_t count_;
};

int sample_main(std::vector<std::string> words) {
  words.insert(words.begin(), "posthouse-sample");
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  const loop::DaemonSpec<Settings> spec{
      .name = "sample",
      .events = {},
      .check = [](const Settings& settings) -> base::Result<void> {
        if (settings.count == 7) {
          return base::make_error(base::Errc::malformed, "count: seven brings bad luck");
        }
        return {};
      },
      .start = [](const Settings& settings, const loop::DaemonContext& context)
          -> base::Result<std::unique_ptr<loop::Service<Settings>>> {
        return std::unique_ptr<loop::Service<Settings>>(
            std::make_unique<Sample>(settings, context));
      }};
  return loop::daemon_main(static_cast<int>(arguments.size()), arguments.data(), table, spec);
}

// The sample daemon as a child process.
class Child {
 public:
  explicit Child(const std::vector<std::string>& words) : pid_(::fork()) {
    if (pid_ == 0) {
      ::_exit(sample_main(words));
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&&) = delete;
  Child& operator=(Child&&) = delete;
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  void signal(int number) const { ::kill(pid_, number); }
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
  }

 private:
  pid_t pid_;
};

// What `verb` answers once the daemon is there and says `wanted`; the last answer after 5 s.
std::string ask_until(const std::string& socket, std::string_view verb, std::string_view wanted) {
  std::string last;
  for (int i = 0; i < 500 && last.find(wanted) == std::string::npos; ++i) {
    std::this_thread::sleep_for(Duration(10));
    if (auto client = ControlClient::connect(socket, Duration(2000))) {
      const auto answer = client->ask(verb);
      last = answer ? *answer : answer.error().text();
    }
  }
  return last;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_daemon)

BOOST_AUTO_TEST_CASE(it_serves_reloads_keeps_old_settings_when_new_are_wrong_and_ends) {
  TestStage stage;
  const std::string conf = stage.path("sample.conf");
  const std::string log = stage.path("log");
  const std::string socket = stage.path("control");
  const std::string head = "log_to = " + log + "\ncontrol_socket = " + socket + "\n";
  BOOST_REQUIRE(base::replace_file(conf, head + "count = 2\n"));
  Child child({"--config", conf});
  BOOST_TEST(ask_until(socket, "count", "2") == R"({"ok":true,"count":2})");

  BOOST_REQUIRE(base::replace_file(conf, head + "count = 3\nplace = there\n"));
  child.signal(SIGHUP);
  BOOST_TEST(ask_until(socket, "count", "3") == R"({"ok":true,"count":3})");

  BOOST_REQUIRE(base::replace_file(conf, head + "count = many\n"));
  BOOST_TEST(ask_until(socket, "reload", "sample.conf:3").find("sample.conf:3") !=
             std::string::npos);
  BOOST_REQUIRE(base::replace_file(conf, head + "count = 8\n"));
  BOOST_TEST(ask_until(socket, "reload", "eight") == "eight is not to be had");
  BOOST_TEST(ask_until(socket, "count", "3") == R"({"ok":true,"count":3})");

  child.signal(SIGTERM);
  BOOST_TEST(child.wait() == 0);
  const std::string lines = *base::read_file(log);
  for (const char* event : {"daemon.ready version=", "daemon.reload.done", "daemon.reload.failed",
                            "daemon.reload.restart setting=place", "daemon.stopped"}) {
    BOOST_TEST(lines.find(event) != std::string::npos, event);
  }
  BOOST_TEST(::access(socket.c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(check_accepts_good_settings_and_names_the_mistake_in_bad_ones) {
  TestStage stage;
  const std::string conf = stage.path("sample.conf");
  const struct {
    const char* text;
    int status;
  } cases[] = {{"count = 2\n", 0},
               {"count = 99\n", 1},
               {"count = 7\n", 1},
               {"log_to = nowhere\n", 1},
               {"control_users = no-such-user-here\n", 1},
               {"control_socket = relative\n", 1}};
  for (const auto& [text, status] : cases) {
    BOOST_REQUIRE(base::replace_file(conf, text));
    BOOST_TEST(Child({"--check", "--config", conf}).wait() == status, text);
  }
  BOOST_TEST(Child({"--check", "--config", stage.path("none")}).wait() == 1);
  BOOST_TEST(Child({"--check"}).wait() == 0);  // no default file: all defaults
  BOOST_TEST(Child({"--chekc"}).wait() == 2);
}

BOOST_AUTO_TEST_CASE(readiness_reaches_the_service_manager) {
  TestStage stage;
  const base::Fd manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un own{};
  own.sun_family = AF_UNIX;
  const std::string path = stage.path("notify");
  path.copy(own.sun_path, sizeof(own.sun_path) - 1);
  BOOST_REQUIRE_EQUAL(::bind(manager.get(), reinterpret_cast<sockaddr*>(&own), sizeof(own)), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  loop::notify_manager("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  BOOST_TEST(loop::read_now(manager.get()) == "READY=1");
  loop::notify_manager("READY=1");
  BOOST_TEST(loop::read_now(manager.get()).empty());
}

BOOST_AUTO_TEST_CASE(options_are_read_and_unknown_ones_refused) {
  const char* const good[] = {"--config=/x", "--check"};
  const auto options = loop::parse_daemon_options("p", good);
  BOOST_REQUIRE(options);
  BOOST_TEST(options->config == "/x");
  BOOST_CHECK(options->action == DaemonAction::check);
  const char* const bad[] = {"--settings=xml"};
  BOOST_TEST(!loop::parse_daemon_options("p", bad));
  const char* const cut[] = {"--config"};
  BOOST_TEST(!loop::parse_daemon_options("p", cut));
}

BOOST_AUTO_TEST_SUITE_END()
