// policyd/checks/list_set.cc -- asking six lists in their order.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/list_set.hh"

#include "base/text.hh"

namespace policy {

namespace {

constexpr std::array<std::string_view, list_count> names{
    "sender_whitelist", "recip_whitelist", "whitelist",
    "sender_blacklist", "recip_blacklist", "blacklist",
};

ListName list_of(directory::ListKind kind, mail::ListSubject subject) {
  const bool is_good = kind == directory::ListKind::white;
  switch (subject) {
    case mail::ListSubject::sender:
      return is_good ? ListName::sender_whitelist : ListName::sender_blacklist;
    case mail::ListSubject::recipient:
      return is_good ? ListName::recip_whitelist : ListName::recip_blacklist;
    case mail::ListSubject::client:
      return is_good ? ListName::whitelist : ListName::blacklist;
  }
  return ListName::blacklist;
}

const std::shared_ptr<const List>& empty_list() {
  static const auto empty = std::make_shared<const List>();
  return empty;
}

}  // namespace

std::string_view list_file_name(ListName name) {
  return names[static_cast<std::size_t>(name)];
}

mail::ListKind list_kind(ListName name) {
  return name == ListName::whitelist || name == ListName::blacklist ? mail::ListKind::clients
                                                                    : mail::ListKind::addresses;
}

ListQuery list_query_of(const Request& request, const std::optional<base::IpAddress>& client) {
  return {.sender = base::to_lower(request[Attribute::sender]),
          .recipient = base::to_lower(request[Attribute::recipient]),
          .name = base::to_lower(request[Attribute::client_name]),
          .reverse_name = base::to_lower(request[Attribute::reverse_client_name]),
          .client = client};
}

ListSet::ListSet() {
  lists_.fill(empty_list());
}

ListSet ListSet::of_entries(std::span<const directory::ListEntry> entries) {
  std::array<List, list_count> lists;
  List::Line line = 0;
  for (const directory::ListEntry& written : entries) {
    ++line;
    const auto entry = mail::parse_list_entry(written.pattern);
    if (entry) {
      List& list = lists[static_cast<std::size_t>(list_of(written.kind, entry->subject))];
      (void)list.add(entry->kind(), entry->pattern, line);
    }
  }
  ListSet set;
  for (std::size_t i = 0; i < list_count; ++i) {
    if (lists[i].size() > 0) {
      set.lists_[i] = std::make_shared<const List>(std::move(lists[i]));
    }
  }
  return set;
}

std::optional<List::Line> ListSet::ask(ListName name, const ListQuery& query) const {
  const List& list = (*this)[name];
  if (list.size() == 0) {
    return std::nullopt;
  }
  switch (name) {
    case ListName::sender_whitelist:
    case ListName::sender_blacklist:
      return list.find_address(query.sender);
    case ListName::recip_whitelist:
    case ListName::recip_blacklist:
      return list.find_address(query.recipient);
    case ListName::whitelist:
      return list.find_client(query.client, query.name);
    case ListName::blacklist:
      break;
  }
  const auto line = list.find_client(query.client, query.name);
  return line ? line : list.find_client(std::nullopt, query.reverse_name);
}

std::optional<ListSet::Hit> ListSet::find_white(const ListQuery& query) const {
  for (const ListName name :
       {ListName::sender_whitelist, ListName::recip_whitelist, ListName::whitelist}) {
    if (const auto line = ask(name, query); line) {
      return Hit{name, *line};
    }
  }
  return std::nullopt;
}

std::optional<ListSet::Hit> ListSet::find_black(const ListQuery& query) const {
  for (const ListName name :
       {ListName::sender_blacklist, ListName::recip_blacklist, ListName::blacklist}) {
    if (const auto line = ask(name, query); line) {
      return Hit{name, *line};
    }
  }
  return std::nullopt;
}

std::size_t ListSet::size() const {
  std::size_t count = 0;
  for (const auto& list : lists_) {
    count += list->size();
  }
  return count;
}

std::string OwnedLists::reason_of(const ListSet::Hit& hit) const {
  const directory::ListEntry& entry = entries[hit.line - 1];
  return std::string(directory::list_kind_name(entry.kind)) + " list of " +
         (entry.owner.empty() ? std::string("all") : entry.owner) + ": " +
         base::printable(entry.pattern, 80);
}

std::size_t OwnedLists::cost() const {
  constexpr std::size_t entry_cost = 3 * sizeof(directory::ListEntry);  // in the lists too
  std::size_t cost = sizeof *this;
  for (const directory::ListEntry& entry : entries) {
    cost += entry_cost + 3 * entry.pattern.size();
  }
  return cost;
}

}  // namespace policy
