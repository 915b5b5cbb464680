// policyd/checks/list.cc -- loading the lists, and asking them in their order.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/list.hh"

#include "base/files.hh"
#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/list_settings.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_white("policyd_list_white_requests", "Requests that a whitelist names.");
base::Counter count_black("policyd_list_black_requests", "Requests that a blacklist names.");

constexpr std::array<std::string_view, list_count> names{
    "sender_whitelist", "recip_whitelist", "whitelist",
    "sender_blacklist", "recip_blacklist", "blacklist",
};

bool holds_clients(ListName name) {
  return name == ListName::whitelist || name == ListName::blacklist;
}

bool is_white(ListName name) {
  return name <= ListName::whitelist;
}

}  // namespace

ListOptions list_options_of(const ListSettings& settings) {
  return {.accept_white = settings.list_white_action == "ok",
          .black_text = settings.list_black_text};
}

std::string_view list_file_name(ListName name) {
  return names[static_cast<std::size_t>(name)];
}

std::shared_ptr<const Lists> load_lists(const std::string& folder, const Lists* old,
                                        base::Log& log) {
  auto lists = std::make_shared<Lists>();
  for (std::size_t i = 0; i < list_count; ++i) {
    const auto name = static_cast<ListName>(i);
    const std::string path = folder + "/" + std::string(list_file_name(name));
    const auto text = base::read_file(path);
    if (!text) {
      if (text.error().code != base::Errc::not_found) {
        log.write(event::list_unreadable, {{"file", path}, {"error", text.error().text()}});
        lists->lists[i] = old != nullptr ? old->lists[i] : List();
      }
      continue;
    }
    auto parsed = List::parse(holds_clients(name) ? ListKind::clients : ListKind::addresses, *text);
    for (const base::SettingProblem& problem : parsed.problems) {
      log.write(event::list_bad_line, {{"file", path},
                                       {"line", std::to_string(problem.line)},
                                       {"error", problem.text},
                                       {"hint", problem.hint}});
    }
    log.write(event::list_loaded,
              {{"file", path}, {"entries", std::to_string(parsed.list.size())}});
    lists->lists[i] = std::move(parsed.list);
  }
  return lists;
}

struct ListCheck::Hit {
  ListName list;
  List::Line line;
};

std::optional<ListCheck::Hit> ListCheck::find(const Inquiry& inquiry) const {
  const std::string sender = base::to_lower(inquiry.request[Attribute::sender]);
  const std::string recipient = base::to_lower(inquiry.request[Attribute::recipient]);
  const std::string client = base::to_lower(inquiry.request[Attribute::client_name]);
  for (std::size_t i = 0; i < list_count; ++i) {
    const auto name = static_cast<ListName>(i);
    const List& list = lists_->lists[i];
    if (list.size() == 0) {
      continue;
    }
    std::optional<List::Line> line;
    if (holds_clients(name)) {
      line = list.find_client(inquiry.facts.client, client);
      if (!line && name == ListName::blacklist) {
        line = list.find_client(std::nullopt,
                                base::to_lower(inquiry.request[Attribute::reverse_client_name]));
      }
    } else {
      const bool of_sender =
          name == ListName::sender_whitelist || name == ListName::sender_blacklist;
      line = list.find_address(of_sender ? sender : recipient);
    }
    if (line) {
      return Hit{name, *line};
    }
  }
  return std::nullopt;
}

Answer ListCheck::ask(const Inquiry& inquiry) {
  const auto hit = find(inquiry);
  if (!hit) {
    inquiry.note([] { return "no list names it"; });
    return NoOpinion{};
  }
  std::string reason =
      std::string(list_file_name(hit->list)) + " line " + std::to_string(hit->line);
  if (is_white(hit->list)) {
    if (!inquiry.is_rehearsal()) {
      count_white.add();
    }
    return Verdict{.action = options_.accept_white ? Action::ok : Action::dunno,
                   .event = &event::list_accept,
                   .reason = std::move(reason)};
  }
  if (!inquiry.is_rehearsal()) {
    count_black.add();
  }
  return Verdict{.action = Action::reject,
                 .text = options_.black_text,
                 .event = &event::list_reject,
                 .reason = std::move(reason)};
}

}  // namespace policy
