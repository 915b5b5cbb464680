// cli/alias_warnings.cc -- loose ends as sentences.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/alias_warnings.hh"

#include "directory-lib/loose_ends.hh"

namespace cli {

std::vector<std::string> warnings_of(directory::Directory& accounts,
                                     const directory::Alias& alias) {
  const auto loose = directory::loose_targets(accounts, alias, base::system_clock().now());
  std::vector<std::string> warnings;
  // What cannot be told now is found by `posthouse directory check`.
  if (loose) {
    for (const std::string& target : *loose) {
      warnings.push_back("alias " + alias.address + " leads to " + target + ", which nobody has");
    }
  }
  return warnings;
}

base::Result<std::vector<std::string>> warn_of_aliases(directory::Directory& accounts,
                                                       const std::vector<std::string>& objects) {
  const auto ends = directory::aliases_to(accounts, {objects.begin(), objects.end()});
  if (!ends) {
    return ends.error();
  }
  std::vector<std::string> warnings;
  for (const directory::LooseEnd& end : *ends) {
    warnings.push_back("alias " + end.alias + " still leads to " + end.target);
  }
  return warnings;
}

}  // namespace cli
