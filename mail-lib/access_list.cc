// mail-lib/access_list.cc -- the grammar of list entries and the look-up.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/access_list.hh"

#include <algorithm>
#include <array>

#include "base/text.hh"

namespace mail {

namespace {

// Longer than any address (RFC 5321 s4.5.3.1.3: 256) or name.
constexpr std::size_t entry_limit = 512;
constexpr std::size_t file_limit = 64U << 20U;
constexpr std::string_view word_bytes = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::array<std::pair<ListSubject, std::string_view>, 3> subject_words{{
    {ListSubject::sender, "sender:"},
    {ListSubject::client, "client:"},
    {ListSubject::recipient, "recipient:"},
}};

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

std::optional<base::IpNetwork> network_of(std::string_view entry) {
  auto network = base::IpNetwork::parse(entry);
  if (!network && is_one_of(entry, "0123456789.")) {
    network = parse_octets(entry);
  }
  if (!network && is_one_of(entry, "0123456789abcdef:")) {
    network = parse_groups(entry);
  }
  return network;
}

// Spam Locker took /these/; users of other programs write them without the slashes.
bool is_regular_expression(std::string_view entry) {
  return entry.starts_with('/') || entry.starts_with('^') || entry.starts_with(".*") ||
         entry.ends_with('$') || entry.find_first_of("\\[]()|") != std::string_view::npos;
}

// Takes what a regular expression says of one place from the front: text, or "*" for any text.
std::optional<std::string> take_atom(std::string_view& regex) {
  for (const std::string_view any : {".*", ".+", "\\d+", "\\w+", "\\d*", "[0-9]+", "[0-9]*"}) {
    if (regex.starts_with(any)) {
      regex.remove_prefix(any.size());
      return "*";
    }
  }
  std::string atom(1, regex.front());
  if (regex.front() == '\\' && regex.size() > 1 && !is_one_of(regex.substr(1, 1), word_bytes)) {
    atom = regex[1];
    regex.remove_prefix(2);
  } else if (is_one_of(atom, R"(\[](){}|*+?^$)")) {
    return std::nullopt;
  } else {
    atom = atom == "." ? "?" : atom;
    regex.remove_prefix(1);
  }
  return regex.empty() || !is_one_of(regex.substr(0, 1), "*+?{") ? std::optional(std::move(atom))
                                                                 : std::nullopt;
}

// The glob that says the same as a simple regular expression, or at least as much.
std::optional<std::string> glob_of(std::string_view regex) {
  if (regex.starts_with('/')) {
    regex.remove_prefix(1);
    regex = regex.substr(0, regex.rfind('/'));
  }
  const bool is_open = !regex.starts_with('^');
  regex.remove_prefix(is_open ? 0 : 1);
  const bool is_open_end = !regex.ends_with('$');
  regex.remove_suffix(is_open_end ? 0 : 1);
  std::string glob(is_open ? "*" : "");
  while (!regex.empty()) {
    const auto atom = take_atom(regex);
    if (!atom) {
      return std::nullopt;
    }
    glob += *atom == "*" && glob.ends_with('*') ? "" : *atom;
  }
  glob += is_open_end && !glob.ends_with('*') ? "*" : "";
  return glob.find_first_not_of("*?") == std::string::npos ? std::nullopt : std::optional(glob);
}

std::string advice_for(ListKind kind, std::string_view regex) {
  std::string advice = "write ";
  if (const auto glob = glob_of(regex); glob) {
    advice += base::printable(*glob, 80) + ", or ";
  }
  return advice + (kind == ListKind::clients
                       ? "a domain (example.org), a glob (*.dyn.example.org) or a network "
                         "(192.0.2.0/24)"
                       : "an address, a domain (example.org) or a glob (*-bounces@example.org)");
}

base::Error problem_of(ListKind kind, std::string_view entry) {
  const auto problem = [&entry](std::string_view what, std::string hint) {
    return base::make_error(base::Errc::malformed,
                            std::string(what) + ": \"" + base::printable(entry, 60) + "\"",
                            std::move(hint));
  };
  if (is_regular_expression(entry)) {
    return problem("a regular expression", advice_for(kind, entry));
  }
  if (is_one_of(entry, "0123456789./") ||
      (entry.find(':') != std::string_view::npos && is_one_of(entry, "0123456789abcdef:./"))) {
    return problem("not an IP address or network",
                   kind == ListKind::clients ? "write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32"
                                             : "IP addresses belong into whitelist or blacklist");
  }
  if (kind == ListKind::clients && entry.find('@') != std::string_view::npos) {
    return problem("a mail address in a list of clients",
                   "move it to sender_whitelist or sender_blacklist");
  }
  return problem("not understood", kind == ListKind::clients
                                       ? "write a name, a glob, an IP address or a network"
                                       : "write an address, @domain, domain, name@ or a glob");
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

void AccessList::add_network(const base::IpNetwork& network, Line line) {
  const unsigned bits = network.mapped_bits();
  networks_.try_emplace({bits, network.address()}, line);
  if (std::find(lengths_.begin(), lengths_.end(), bits) == lengths_.end()) {
    lengths_.push_back(bits);
  }
}

bool AccessList::add_client(std::string_view entry, Line line) {
  if (const auto network = network_of(entry); network) {
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

bool AccessList::add_address(std::string_view entry, Line line) {
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

base::Result<void> AccessList::add(ListKind kind, std::string_view written, Line line) {
  const std::string entry = base::to_lower(base::trim(written));
  bool is_taken = false;
  const std::string_view foreign = kind == ListKind::clients ? " \t@" : " \t";
  if (entry.size() <= entry_limit && base::is_utf8(entry) && !is_regular_expression(entry) &&
      entry.find_first_of(foreign) == std::string::npos) {
    if (entry.find_first_of("*?") != std::string::npos) {
      globs_.push_back({entry, line});
      is_taken = true;
    } else {
      is_taken = kind == ListKind::clients ? add_client(entry, line) : add_address(entry, line);
    }
  }
  if (!is_taken) {
    return problem_of(kind, entry);
  }
  ++entries_;
  return {};
}

AccessList::Parsed AccessList::parse(ListKind kind, std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  Parsed parsed;
  if (text.size() > file_limit) {
    parsed.problems.push_back({1, "larger than 64 MiB", "is this a list file?"});
    return parsed;
  }
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  Line number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view raw = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const std::string_view entry = base::trim(raw.substr(0, raw.find('#')));
    if (entry.empty()) {
      continue;
    }
    if (auto added = parsed.list.add(kind, entry, number); !added) {
      parsed.problems.push_back({number, added.error().detail, added.error().hint});
    }
  }
  return parsed;
}

std::optional<AccessList::Line> AccessList::find_domain(std::string_view name) const {
  while (!domains_.empty() && !name.empty()) {
    if (const auto found = domains_.find(name); found != domains_.end()) {
      return found->second;
    }
    const std::size_t dot = name.find('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  return std::nullopt;
}

std::optional<AccessList::Line> AccessList::find_glob(std::string_view text) const {
  for (const Glob& glob : globs_) {
    if (glob_matches(glob.pattern, text)) {
      return glob.line;
    }
  }
  return std::nullopt;
}

std::optional<AccessList::Line> AccessList::find_client(
    const std::optional<base::IpAddress>& address, std::string_view name) const {
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

std::optional<AccessList::Line> AccessList::find_address(std::string_view address) const {
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

std::string ListEntry::text() const {
  const auto bare = parse_list_entry(pattern);
  if (bare && bare->subject == subject && bare->pattern == pattern) {
    return pattern;
  }
  return std::string(subject_words.at(static_cast<std::size_t>(subject)).second) + pattern;
}

base::Result<ListEntry> parse_list_entry(std::string_view text) {
  const std::string whole = base::to_lower(base::trim(text));
  ListEntry entry{ListSubject::sender, whole};
  bool is_said = false;
  for (const auto& [subject, word] : subject_words) {
    if (whole.starts_with(word)) {
      entry = {subject, std::string(base::trim(std::string_view(whole).substr(word.size())))};
      is_said = true;
    }
  }
  if (!is_said && network_of(whole)) {
    entry.subject = ListSubject::client;
  }
  AccessList list;
  if (auto added = list.add(entry.kind(), entry.pattern, 1); !added) {
    return added.error();
  }
  return entry;
}

}  // namespace mail
