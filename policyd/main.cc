// policyd/main.cc -- posthouse-policyd: Postfix asks, checks decide.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/workers.hh"

#include "policyd/control_verbs.hh"
#include "policyd/events.hh"
#include "policyd/list_keeper.hh"
#include "policyd/rate_verbs.hh"
#include "policyd/self_test.hh"
#include "policyd/server.hh"
#include "policyd/settings.hh"
#include "policyd/shadow.hh"
#include "policyd/store/lmdb_store.hh"
#include "policyd/trap_verbs.hh"

namespace policy {

namespace {

// How long the start waits for the check of the state file before it serves without it.
constexpr std::chrono::milliseconds patience{800};

LmdbStoreOptions store_options(const Settings& settings) {
  return {.path = settings.state_file,
          .size_limit = settings.state_size_limit.count,
          .check_limit = settings.state_check_limit};
}

ServerLimits server_limits(const Settings& settings) {
  return {.connections = static_cast<std::size_t>(settings.max_connections),
          .idle = settings.idle_timeout,
          .request = settings.request_deadline};
}

class PolicyService final : public loop::Service<Settings> {
 public:
  static base::Result<std::unique_ptr<loop::Service<Settings>>> start(
      const Settings& settings, const loop::DaemonContext& context) {
    auto service = std::make_unique<PolicyService>(settings, context);
    if (auto opened = service->open(settings, context); !opened) {
      return opened.error();
    }
    return std::unique_ptr<loop::Service<Settings>>(std::move(service));
  }

  PolicyService(const Settings& settings, const loop::DaemonContext& context)
      : loop_(context.loop),
        log_(context.log),
        store_(store_options(settings), base::system_clock(), context.log),
        engine_(settings, store_, base::system_clock(), context.log) {}

  base::Result<void> reload(const Settings& settings) override {
    auto accounts = accounts_options_of(settings);
    if (!accounts) {
      return accounts.error();
    }
    accounts_->apply(std::move(*accounts));
    quota_status_->apply(quota_status_options_of(settings));
    engine_.apply(settings);
    cast_shadow(settings);
    server_->apply(server_limits(settings));
    list_keeper_->reload(settings, settings);
    self_test_->look();
    return {};
  }

 private:
  base::Result<void> open(const Settings& settings, const loop::DaemonContext& context) {
    auto workers = loop::Workers::make(context.loop, {.name = "policyd", .threads = 2});
    if (!workers) {
      return workers.error();
    }
    workers_ = std::move(*workers);
    auto resolver = loop::Resolver::make(context.loop, settings);
    if (!resolver) {
      return resolver.error();
    }
    resolver_ = std::move(*resolver);
    if (auto opened = open_accounts(settings, context); !opened) {
      return opened;
    }
    quota_status_.emplace(context.loop, log_);
    quota_status_->apply(quota_status_options_of(settings));
    gatherer_.emplace(Sources{context.loop, *resolver_, *accounts_, *quota_status_});
    explainer_.emplace(engine_, *gatherer_);
    self_test_.emplace(context.loop, *gatherer_, engine_.dnsbl_zones(), base::system_clock());
    list_keeper_.emplace(context.loop, *workers_, log_, [this](std::shared_ptr<const Lists> lists) {
      engine_.use_lists(std::move(lists));
    });
    list_keeper_->open(settings, settings);
    cast_shadow(settings);
    store_.wait_until_open(patience);
    auto server =
        Server::open(context.loop, engine_, *gatherer_, settings.listen, server_limits(settings));
    if (!server) {
      return server.error();
    }
    server_ = std::move(*server);
    if (context.control != nullptr) {
      const ControlParts parts{engine_, store_, *explainer_, *workers_, base::system_clock()};
      add_verbs(*context.control, parts);
      add_rate_verbs(*context.control, parts);
      add_trap_verbs(*context.control, parts);
    }
    return {};
  }

  base::Result<void> open_accounts(const Settings& settings, const loop::DaemonContext& context) {
    auto options = accounts_options_of(settings);
    if (!options) {
      return options.error();
    }
    auto accounts =
        Accounts::make(context.loop, log_, static_cast<std::size_t>(settings.directory_threads),
                       std::move(*options));
    if (!accounts) {
      return accounts.error();
    }
    accounts_ = std::move(*accounts);
    return {};
  }

  // A shadow that cannot be used is no reason not to serve.
  void cast_shadow(const Settings& settings) {
    engine_.set_witness({});
    shadow_.reset();
    if (settings.shadow_settings.empty()) {
      return;
    }
    auto shadow = Shadow::open(settings.shadow_settings,
                               {loop_, *workers_, store_, *gatherer_, base::system_clock(), log_});
    if (!shadow) {
      log_.write(event::shadow_unusable,
                 {{"file", settings.shadow_settings}, {"error", shadow.error().text()}});
      return;
    }
    shadow_ = std::move(*shadow);
    engine_.set_witness(
        [this](const auto& request, const auto& facts, const auto& before, const auto& verdict) {
          shadow_->compare(request, facts, before, verdict);
        });
  }

  loop::Loop& loop_;
  base::Log& log_;
  LmdbStore store_;
  Engine engine_;
  std::unique_ptr<loop::Workers> workers_{};
  std::unique_ptr<loop::Resolver> resolver_{};
  std::unique_ptr<Accounts> accounts_{};
  std::optional<QuotaStatus> quota_status_{};
  std::optional<Gatherer> gatherer_{};
  std::optional<Explainer> explainer_{};
  std::optional<ListKeeper> list_keeper_{};
  std::optional<SelfTest> self_test_{};
  std::unique_ptr<Shadow> shadow_{};
  std::unique_ptr<Server> server_{};
};

// Lines of list files that have no effect stop no start, but --check tells of them.
base::Result<void> examine(const Settings& settings) {
  std::string problems = list_file_problems(settings.list_folder);
  if (!problems.empty()) {
    return base::make_error(base::Errc::malformed, std::move(problems));
  }
  return {};
}

}  // namespace

}  // namespace policy

int main(int argc, char** argv) {
  return loop::daemon_main(argc, argv, policy::settings_table,
                           loop::DaemonSpec<policy::Settings>{
                               .name = "policyd",
                               .events = policy::events,
                               .check = policy::check_settings,
                               .examine = policy::examine,
                               .start = policy::PolicyService::start,
                           });
}
