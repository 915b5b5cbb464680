// directory-lib/loose_ends.cc -- one walk over the aliases, or a few questions about one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/loose_ends.hh"

#include <algorithm>

#include "base/text.hh"

#include "directory-lib/resolve.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;
using Names = std::set<std::string, std::less<>>;

// "bob@example.org" of "Bob+news@example.org".
std::string without_extension(const std::string& address, std::string_view delimiters) {
  const std::size_t at = address.rfind('@');
  const std::size_t end =
      delimiters.empty() ? std::string::npos : address.find_first_of(delimiters, 1);
  return end >= at ? address : address.substr(0, end) + address.substr(at);
}

}  // namespace

base::Result<bool> leads_somewhere(Directory& directory, const std::string& target,
                                   base::WallTime now) {
  const auto domain = directory.find_domain(domain_of(target));
  if (!domain) {
    const Errc code = domain.error().code;
    return code == Errc::not_found || code == Errc::denied ? base::Result<bool>(true)
                                                           : domain.error();
  }
  if (target.starts_with('@')) {
    return true;
  }
  const auto next = expand_once(directory, target, now);
  if (!next && next.error().code != Errc::not_found) {
    return next.error();
  }
  return next.has_value();
}

base::Result<std::vector<std::string>> loose_targets(Directory& directory, const Alias& alias,
                                                     base::WallTime now) {
  std::vector<std::string> loose;
  const std::size_t count = std::min(alias.targets.size(), loose_end_lookups);
  for (std::size_t i = 0; i < count; ++i) {
    const auto somewhere = leads_somewhere(directory, alias.targets[i], now);
    if (!somewhere) {
      return somewhere.error();
    }
    if (!*somewhere) {
      loose.push_back(alias.targets[i]);
    }
  }
  return loose;
}

base::Result<std::vector<LooseEnd>> aliases_to(Directory& directory, const Names& gone) {
  const std::string& delimiters = directory.settings().recipient_delimiter;
  std::vector<LooseEnd> ends;
  std::string after;
  do {
    const auto page = directory.list_aliases("", after, page_limit);
    if (!page) {
      return page.error();
    }
    for (const Alias& alias : page->items) {
      if (gone.contains(domain_of(alias.address))) {
        continue;  // it goes too
      }
      for (const std::string& target : alias.targets) {
        const std::string key = base::to_lower(target);
        if (gone.contains(key) || gone.contains(domain_of(key)) ||
            gone.contains(without_extension(key, delimiters))) {
          ends.push_back({alias.address, target});
        }
      }
    }
    after = page->next;
  } while (!after.empty());
  return ends;
}

}  // namespace directory
