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

}  // namespace policy
