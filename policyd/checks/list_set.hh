// policyd/checks/list_set.hh -- six lists that belong together: white and black, of three subjects.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A site has such a set in files and one in the directory; a user and a domain may each have one.
// A client's name counts for a whitelist only when Postfix has verified it; a blacklist also looks
// at the unverified one.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "directory-lib/directory.hh"
#include "mail-lib/access_list.hh"

#include "policyd/request.hh"

namespace policy {

using List = mail::AccessList;

// The names of Spam Locker's files. White first: is_white() compares.
enum class ListName {
  sender_whitelist,
  recip_whitelist,
  whitelist,
  sender_blacklist,
  recip_blacklist,
  blacklist,
};
inline constexpr std::size_t list_count = 6;
std::string_view list_file_name(ListName name);
constexpr bool is_white(ListName name) {
  return name <= ListName::whitelist;
}
mail::ListKind list_kind(ListName name);

// What lists are asked about; texts in lower case.
struct ListQuery {
  std::string sender{};
  std::string recipient{};
  std::string name{};          // verified
  std::string reverse_name{};  // claimed
  std::optional<base::IpAddress> client{};
};
ListQuery list_query_of(const Request& request, const std::optional<base::IpAddress>& client);

class ListSet {
 public:
  struct Hit {
    ListName list;
    List::Line line;
  };

  ListSet();
  // Entry n of the directory is line n + 1. One that is not understood has no effect.
  static ListSet of_entries(std::span<const directory::ListEntry> entries);

  const List& operator[](ListName name) const { return *lists_[static_cast<std::size_t>(name)]; }
  const std::shared_ptr<const List>& shared(ListName name) const {
    return lists_[static_cast<std::size_t>(name)];
  }
  // Never null.
  void set(ListName name, std::shared_ptr<const List> list) {
    lists_[static_cast<std::size_t>(name)] = std::move(list);
  }

  // The first entry of the three white or black lists that names what is asked for.
  std::optional<Hit> find_white(const ListQuery& query) const;
  std::optional<Hit> find_black(const ListQuery& query) const;
  std::size_t size() const;  // entries

 private:
  std::optional<List::Line> ask(ListName name, const ListQuery& query) const;

  std::array<std::shared_ptr<const List>, list_count> lists_{};
};

// The entries of one owner in the directory, and the lists they make.
struct OwnedLists {
  explicit OwnedLists(std::vector<directory::ListEntry> all)
      : entries(std::move(all)), lists(ListSet::of_entries(entries)) {}

  // "white list of alice@example.org: friend.example".
  std::string reason_of(const ListSet::Hit& hit) const;
  // Roughly the bytes it takes.
  std::size_t cost() const;

  std::vector<directory::ListEntry> entries;
  ListSet lists;
};

}  // namespace policy
