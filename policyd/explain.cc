// policyd/explain.cc -- a rehearsal of the whole chain.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/explain.hh"

#include "base/json_writer.hh"

namespace policy {

Explanation::Explanation(const Engine& engine, const Request& request)
    : engine_(engine), kept_(request), facts_(facts_of(kept_.request())) {}

bool Explanation::proceed() {
  const auto links = engine_.chain().links();
  while (checks_.size() < links.size()) {
    const Chain::Link& link = links[checks_.size()];
    if (!is_asked_) {
      since_ = engine_.clock().ticks();
      is_asked_ = true;
    }
    notes_.clear();  // an answer after waiting tells everything again
    Answer answer = link.check->ask({kept_.request(), facts_, engine_.clock().now(), &notes_});
    if (auto* waits = std::get_if<Waits>(&answer); waits != nullptr) {
      waits_ = std::move(*waits);
      return false;
    }
    take(answer, link);
    is_asked_ = false;
  }
  return true;
}

void Explanation::take(Answer& answer, const Chain::Link& link) {
  Explained explained{.check = link.check->name(),
                      .is_dry = link.is_dry,
                      .notes = std::move(notes_),
                      .time = engine_.clock().ticks() - since_};
  if (auto* verdict = std::get_if<Verdict>(&answer); verdict != nullptr) {
    explained.has_opinion = true;
    explained.verdict = std::move(*verdict);
    explained.decides = !is_decided_ && !(link.is_dry && explained.verdict.is_refusal());
    is_decided_ = is_decided_ || explained.decides;
  }
  notes_ = {};
  checks_.push_back(std::move(explained));
}

struct Explainer::Task {
  Task(const Engine& engine, const Request& request, Done to)
      : explanation(engine, request), done(std::move(to)) {}
  Explanation explanation;
  Done done;
  std::unique_ptr<Gatherer::Search> search{};
  base::SteadyTime since{};
};

Explainer::Explainer(Engine& engine, Gatherer& gatherer) : engine_(engine), gatherer_(gatherer) {}

Explainer::~Explainer() = default;

void Explainer::explain(const Request& request, Done done) {
  tasks_.push_back(std::make_unique<Task>(engine_, request, std::move(done)));
  tasks_.back()->since = engine_.clock().ticks();
  go_on(std::prev(tasks_.end()));
}

void Explainer::go_on(Tasks::iterator task) {
  Explanation& explanation = (*task)->explanation;
  if (!explanation.proceed()) {
    const auto waited =
        std::chrono::duration_cast<base::Duration>(engine_.clock().ticks() - (*task)->since);
    const auto left = time_left(explanation.waits(), engine_.lookup_deadline(), waited);
    (*task)->search = gatherer_.find(explanation.waits(), explanation.facts(), left, [this, task] {
      const auto finished = std::move((*task)->search);  // it is calling us
      go_on(task);
    });
    return;
  }
  const auto told = std::move(*task);
  tasks_.erase(task);
  told->done(told->explanation.checks());
}

std::string explained_json(const Explained& explained) {
  base::JsonWriter json;
  json.begin_object();
  json.key("check").string(explained.check);
  json.key("action").string(explained.has_opinion ? action_word(explained.verdict.action) : "none");
  json.key("text").string(explained.verdict.text);
  json.key("reason").string(explained.verdict.reason);
  json.key("decides").boolean(explained.decides);
  json.key("dry_run").boolean(explained.is_dry);
  json.key("microseconds").number(explained.time.count());
  json.key("notes").begin_array();
  for (const std::string& note : explained.notes) {
    json.string(note);
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace policy
