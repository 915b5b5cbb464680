// policyd/checks/list.cc -- asking the global lists, white before black.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/list.hh"

#include "base/metrics.hh"

#include "policyd/checks/list_settings.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_white("policyd_list_white_requests", "Requests that a whitelist names.");
base::Counter count_black("policyd_list_black_requests", "Requests that a blacklist names.");

using Find = std::optional<ListSet::Hit> (ListSet::*)(const ListQuery&) const;

// Why the mail is let in or kept out, if it is.
std::optional<std::string> reason_of(const Lists& lists, Find find, const ListQuery& query) {
  if (const auto hit = (lists.files.*find)(query); hit) {
    return std::string(list_file_name(hit->list)) + " line " + std::to_string(hit->line);
  }
  if (lists.directory != nullptr) {
    if (const auto hit = (lists.directory->lists.*find)(query); hit) {
      return lists.directory->reason_of(*hit);
    }
  }
  return std::nullopt;
}

}  // namespace

ListOptions list_options_of(const ListSettings& settings) {
  return {.accept_white = settings.list_white_action == "ok",
          .black_text = settings.list_black_text};
}

Answer ListCheck::ask(const Inquiry& inquiry) {
  const ListQuery query = list_query_of(inquiry.request, inquiry.facts.client);
  if (auto white = reason_of(*lists_, &ListSet::find_white, query); white) {
    if (!inquiry.is_rehearsal()) {
      count_white.add();
    }
    return Verdict{.action = options_.accept_white ? Action::ok : Action::dunno,
                   .event = &event::list_accept,
                   .reason = std::move(*white)};
  }
  if (auto black = reason_of(*lists_, &ListSet::find_black, query); black) {
    if (!inquiry.is_rehearsal()) {
      count_black.add();
    }
    return Verdict{.action = Action::reject,
                   .text = options_.black_text,
                   .event = &event::list_reject,
                   .reason = std::move(*black)};
  }
  inquiry.note([] { return "no list names it"; });
  return NoOpinion{};
}

}  // namespace policy
