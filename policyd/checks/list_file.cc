// policyd/checks/list_file.cc -- the grammar of list files and the look-up.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/list_file.hh"

#include <algorithm>
#include <array>

#include "base/text.hh"

namespace policy {

namespace {

// Longer than any address (RFC 5321 s4.5.3.1.3: 256) or name.
constexpr std::size_t entry_limit = 512;
constexpr std::size_t file_limit = 64U << 20U;

bool is_one_of(std::string_view text, std::string_view bytes) {
  return text.find_first_not_of(bytes) == std::string_view::npos;
}

// Letters, digits, "-", "_", "." and bytes of UTF-8: enough to catch mistakes.
bool is_name(std::string_view text) {
  return !text.empty() && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.' || (static_cast<unsigned char>(c) & 0x80U) != 0;
         });
}

std::string_view without_dots(std::string_view name) {
  while (name.starts_with('.')) {
    name.remove_prefix(1);
  }
  while (name.ends_with('.')) {
    name.remove_suffix(1);
  }
  return name;
}

// "192.0.2." or "10": the first octets of an IPv4 address, each whole.
std::optional<base::IpNetwork> parse_octets(std::string_view text) {
  if (text.ends_with('.')) {
    text.remove_suffix(1);
  }
  const auto octets = base::split(text, '.');
  if (octets.size() > 3) {
    return std::nullopt;
  }
  std::string whole(text);
  for (std::size_t i = octets.size(); i < 4; ++i) {
    whole += ".0";
  }
  const auto address = base::IpAddress::parse(whole);
  return address ? std::optional(base::IpNetwork(*address, 8U * octets.size())) : std::nullopt;
}

// "2001:db8:" : the first groups of an IPv6 address.
std::optional<base::IpNetwork> parse_groups(std::string_view text) {
  if (!text.ends_with(':') || text.ends_with("::")) {
    return std::nullopt;
  }
  const std::size_t groups = base::split(text, ':').size() - 1;
  const auto address = base::IpAddress::parse(std::string(text) + ":");
  return address ? std::optional(base::IpNetwork(*address, 16U * groups)) : std::nullopt;
}

base::SettingProblem problem_of(ListKind kind, std::size_t line, std::string_view entry) {
  const std::string shown = "\"" + base::printable(entry, 60) + "\"";
  if (entry.starts_with('/')) {
    return {line, "a regular expression: " + shown,
            kind == ListKind::clients
                ? "write a domain (example.org), a glob (*.dyn.example.org) or a network "
                  "(192.0.2.0/24)"
                : "write an address, a domain (example.org) or a glob (*-bounces@example.org)"};
  }
  if (is_one_of(entry, "0123456789./") ||
      (entry.find(':') != std::string_view::npos && is_one_of(entry, "0123456789abcdef:./"))) {
    return {line, "not an IP address or network: " + shown,
            kind == ListKind::clients ? "write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32"
                                      : "IP addresses belong into whitelist or blacklist"};
  }
  if (kind == ListKind::clients && entry.find('@') != std::string_view::npos) {
    return {line, "a mail address in a list of clients: " + shown,
            "move it to sender_whitelist or sender_blacklist"};
  }
  return {line, "not understood: " + shown,
          kind == ListKind::clients ? "write a name, a glob, an IP address or a network"
                                    : "write an address, @domain, domain, name@ or a glob"};
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

void List::add_network(const base::IpNetwork& network, Line line) {
  const unsigned bits = network.mapped_bits();
  networks_.try_emplace({bits, network.address()}, line);
  if (std::find(lengths_.begin(), lengths_.end(), bits) == lengths_.end()) {
    lengths_.push_back(bits);
  }
}

bool List::add_client(std::string_view entry, Line line) {
  auto network = base::IpNetwork::parse(entry);
  if (!network && is_one_of(entry, "0123456789.")) {
    network = parse_octets(entry);
  }
  if (!network && is_one_of(entry, "0123456789abcdef:")) {
    network = parse_groups(entry);
  }
  if (network) {
    add_network(*network, line);
    return true;
  }
  const std::string_view name = without_dots(entry);
  if (is_one_of(entry, "0123456789./") || !is_name(name)) {
    return false;
  }
  domains_.try_emplace(std::string(name), line);
  return true;
}

bool List::add_address(std::string_view entry, Line line) {
  const std::size_t at = entry.rfind('@');
  if (at == std::string_view::npos) {
    const std::string_view name = without_dots(entry);
    if (is_one_of(entry, "0123456789./") || !is_name(name)) {
      return false;
    }
    domains_.try_emplace(std::string(name), line);
    return true;
  }
  const std::string_view domain = without_dots(entry.substr(at + 1));
  if (entry.size() == 1 || (!domain.empty() && !is_name(domain)) ||
      entry.substr(0, at).find(' ') != std::string_view::npos) {
    return false;
  }
  exact_.try_emplace(std::string(entry.substr(0, at + 1)).append(domain), line);
  return true;
}

List::Parsed List::parse(ListKind kind, std::string_view text) {
  Parsed parsed;
  if (text.size() > file_limit) {
    parsed.problems.push_back({1, "larger than 64 MiB", "is this a list file?"});
    return parsed;
  }
  Line number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const std::string entry = base::to_lower(base::trim(raw.substr(0, raw.find('#'))));
    if (entry.empty()) {
      continue;
    }
    if (entry.size() > entry_limit || !base::is_utf8(entry) || entry.starts_with('/')) {
      parsed.problems.push_back(problem_of(kind, number, entry));
      continue;
    }
    bool taken = true;
    if (entry.find_first_of("*?") != std::string::npos) {
      parsed.list.globs_.push_back({entry, number});
    } else {
      taken = kind == ListKind::clients ? parsed.list.add_client(entry, number)
                                        : parsed.list.add_address(entry, number);
    }
    if (taken) {
      ++parsed.list.entries_;
    } else {
      parsed.problems.push_back(problem_of(kind, number, entry));
    }
  }
  return parsed;
}

std::optional<List::Line> List::find_domain(std::string_view name) const {
  while (!domains_.empty() && !name.empty()) {
    if (const auto found = domains_.find(name); found != domains_.end()) {
      return found->second;
    }
    const std::size_t dot = name.find('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  return std::nullopt;
}

std::optional<List::Line> List::find_glob(std::string_view text) const {
  for (const Glob& glob : globs_) {
    if (glob_matches(glob.pattern, text)) {
      return glob.line;
    }
  }
  return std::nullopt;
}

std::optional<List::Line> List::find_client(const std::optional<base::IpAddress>& address,
                                            std::string_view name) const {
  if (address) {
    for (const unsigned bits : lengths_) {
      const auto found = networks_.find({bits, base::masked(*address, bits)});
      if (found != networks_.end()) {
        return found->second;
      }
    }
  }
  if (name.empty() || name == "unknown") {
    return std::nullopt;
  }
  const auto domain = find_domain(name);
  return domain ? domain : find_glob(name);
}

std::optional<List::Line> List::find_address(std::string_view address) const {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  if (!exact_.empty()) {
    for (const std::string_view form : {address, address.substr(at), address.substr(0, at + 1)}) {
      if (const auto found = exact_.find(form); found != exact_.end()) {
        return found->second;
      }
    }
  }
  const auto domain = find_domain(address.substr(at + 1));
  return domain ? domain : find_glob(address);
}

}  // namespace policy
