// policyd/shadow.cc -- rehearsing requests with other settings, and telling the differences.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/shadow.hh"

#include "base/files.hh"
#include "base/metrics.hh"

#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_requests("policyd_shadow_requests", "Requests tried on the shadow settings.");
base::Counter count_differences("policyd_shadow_differences",
                                "Requests that the shadow settings would answer otherwise.");
base::Counter count_skipped("policyd_shadow_skipped_requests",
                            "Requests not tried: too many waited for the DNS already.");

// Each holds a request and its facts, some kilobytes.
constexpr std::size_t tasks_at_most = 2000;

bool is_same_answer(const Verdict& one, const Verdict& other) {
  constexpr std::size_t digits = 3;
  return one.action == other.action &&
         (one.action != Action::code || one.text.substr(0, digits) == other.text.substr(0, digits));
}

base::Result<Settings> read_settings(const std::string& path) {
  const auto text = base::read_file(path);
  if (!text) {
    return text.error();
  }
  auto settings = base::settings_from_text(settings_table, path, *text);
  if (!settings) {
    return settings.error();
  }
  if (const auto checked = check_settings(*settings); !checked) {
    return base::make_error(checked.error().code, path + ": " + checked.error().detail,
                            checked.error().hint);
  }
  return settings;
}

}  // namespace

struct Shadow::Task {
  Task(const Request& request, Facts known, Before changed, Verdict verdict)
      : kept(request),
        facts(std::move(known)),
        before(std::move(changed)),
        live(std::move(verdict)) {}
  KeptRequest kept;
  Facts facts;
  Before before;
  Verdict live;
  Chain::Run run{};
  Notes notes{};
  std::unique_ptr<Gatherer::Search> search{};
};

base::Result<std::unique_ptr<Shadow>> Shadow::open(const std::string& path, const Parts& parts) {
  const auto settings = read_settings(path);
  if (!settings) {
    return settings.error();
  }
  auto shadow = std::make_unique<Shadow>(*settings, parts);
  shadow->lists_.open(*settings, *settings);
  return shadow;
}

Shadow::Shadow(const Settings& settings, const Parts& parts)
    : parts_(parts),
      before_(parts.store),
      engine_(settings, before_, parts.clock, parts.log, EngineRole::shadow),
      self_test_(parts.loop, parts.gatherer, engine_.dnsbl_zones(), parts.clock),
      lists_(parts.loop, parts.workers, parts.log,
             [this](std::shared_ptr<const Lists> lists) { engine_.use_lists(std::move(lists)); }) {}

Shadow::~Shadow() = default;

void Shadow::compare(const Request& request, const Facts& facts, const Before& before,
                     const Verdict& live) {
  if (tasks_.size() >= tasks_at_most) {
    count_skipped.add();
    return;
  }
  count_requests.add();
  tasks_.push_back(std::make_unique<Task>(request, facts, before, live));
  // Found under the live settings: other lists, other zones may be asked here.
  tasks_.back()->facts.spf.reset();
  tasks_.back()->facts.dnsbl.reset();
  go_on(std::prev(tasks_.end()));
}

void Shadow::go_on(Tasks::iterator at) {
  Task& task = **at;
  before_.show(&task.before);
  const auto verdict = engine_.rehearse(task.run, task.kept.request(), task.facts, task.notes);
  before_.show(nullptr);
  if (!verdict) {
    const auto deadline = time_left(task.run.waits, engine_.lookup_deadline(), {});
    task.search = parts_.gatherer.find(task.run.waits, task.facts, deadline, [this, at] {
      const auto finished = std::move((*at)->search);
      go_on(at);
    });
    return;
  }
  if (!is_same_answer(task.live, *verdict)) {
    count_differences.add();
    report(task, *verdict);
  }
  tasks_.erase(at);
}

void Shadow::report(const Task& task, const Verdict& shadow) {
  const Request& request = task.kept.request();
  parts_.log.write(event::shadow_differs,
                   {{"live", action_word(task.live.action)},
                    {"live_check", task.live.check},
                    {"live_reason", task.live.reason},
                    {"shadow", action_word(shadow.action)},
                    {"shadow_check", shadow.check},
                    {"shadow_reason", shadow.reason},
                    {"client", request[Attribute::client_address]},
                    {"sender", request[Attribute::sender]},
                    {"recipient", request[Attribute::recipient]}},
                   request[Attribute::queue_id]);
}

}  // namespace policy
