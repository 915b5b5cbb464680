// policyd/checks/dnsbl_rule.cc -- reading the rules of dnsbl_zones.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/dnsbl_rule.hh"

#include <algorithm>

#include "base/text.hh"

namespace policy {

namespace {

constexpr std::size_t zone_limit = 150;    // leaves room for a name, or for 32 nibbles
constexpr std::size_t domain_limit = 100;  // with the zone still below the DNS's 253
constexpr int weight_limit = 1000;

struct KindName {
  std::string_view name;
  unsigned kinds;
};
constexpr std::array<KindName, 5> kind_names{{
    {"ip", static_cast<unsigned>(DnsblKind::ip)},
    {"sender", static_cast<unsigned>(DnsblKind::sender)},
    {"helo", static_cast<unsigned>(DnsblKind::helo)},
    {"name", static_cast<unsigned>(DnsblKind::name)},
    {"rhsbl", static_cast<unsigned>(DnsblKind::sender) | static_cast<unsigned>(DnsblKind::helo) |
                  static_cast<unsigned>(DnsblKind::name)},
}};

base::Error wrong(std::string_view what, std::string_view text, std::string hint) {
  return base::make_error(base::Errc::malformed,
                          std::string(what) + ": " + base::printable(text, 80), std::move(hint));
}

bool is_domain(std::string_view text) {
  if (text.size() < 3 || text.find('.') == std::string_view::npos) {
    return false;
  }
  const auto labels = base::split(text, '.');
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 &&
           std::all_of(label.begin(), label.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
           });
  });
}

// One item of an octet into `out`; false when it is none.
bool add_item(std::string_view item, std::bitset<256>& out) {
  const bool is_mask = item.starts_with('&');
  if (is_mask) {
    item.remove_prefix(1);
  }
  const std::size_t dots = item.find("..");
  const auto low = base::parse_number<std::uint8_t>(item.substr(0, dots));
  const auto high = dots == std::string_view::npos
                        ? low
                        : base::parse_number<std::uint8_t>(item.substr(dots + 2));
  if (!low || !high || *low > *high || (is_mask && (dots != std::string_view::npos || *low == 0))) {
    return false;
  }
  for (unsigned value = 0; value < out.size(); ++value) {
    if (is_mask ? (value & *low) != 0 : value >= *low && value <= *high) {
      out.set(value);
    }
  }
  return true;
}

// Takes an octet off the front of `text`.
bool take_octet(std::string_view& text, std::bitset<256>& out) {
  if (!text.starts_with('[')) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(end);
    return !item.starts_with('&') && add_item(item, out);
  }
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) {
    return false;
  }
  const auto items = base::split(text.substr(1, end - 1), ';');
  text.remove_prefix(end + 1);
  return std::all_of(items.begin(), items.end(),
                     [&out](std::string_view item) { return add_item(item, out); });
}

}  // namespace

DnsblPattern::DnsblPattern() {
  octets_[0].set(127);
  for (std::size_t i = 1; i < octets_.size(); ++i) {
    octets_[i].set();
  }
}

base::Result<DnsblPattern> DnsblPattern::parse(std::string_view text) {
  DnsblPattern pattern;
  pattern.is_default_ = false;
  std::string_view rest = text;
  for (std::size_t i = 0; i < pattern.octets_.size(); ++i) {
    pattern.octets_[i].reset();
    if (i > 0 && !rest.starts_with('.')) {
      return wrong("not four octets", text, "write a pattern such as 127.0.0.[2..11]");
    }
    rest.remove_prefix(i > 0 ? 1 : 0);
    if (!take_octet(rest, pattern.octets_[i])) {
      return wrong("no pattern of an answer", text,
                   "each octet is a number, or in brackets numbers, ranges 2..11 and masks &6, "
                   "separated by semicolons");
    }
  }
  if (!rest.empty()) {
    return wrong("more than four octets", text, "write a pattern such as 127.0.0.[2..11]");
  }
  if (!pattern.octets_[0].test(127)) {
    return wrong("matches no answer", text, "lists answer within 127.0.0.0/8");
  }
  return pattern;
}

bool DnsblPattern::matches(const base::IpAddress& answer) const {
  if (!is_dnsbl_answer(answer) || is_dnsbl_refusal(answer)) {
    return false;
  }
  const auto& bytes = answer.bytes();
  if (is_default_) {
    return bytes[13] != 0 || bytes[14] != 0 || bytes[15] != 1;
  }
  for (std::size_t i = 0; i < octets_.size(); ++i) {
    if (!octets_[i].test(bytes[12 + i])) {
      return false;
    }
  }
  return true;
}

bool is_dnsbl_answer(const base::IpAddress& answer) {
  return answer.is_v4() && answer.bytes()[12] == 127;
}

bool is_dnsbl_refusal(const base::IpAddress& answer) {
  return is_dnsbl_answer(answer) && answer.bytes()[13] == 255 && answer.bytes()[14] == 255;
}

base::Result<DnsblRule> parse_dnsbl_rule(std::string_view text) {
  DnsblRule rule;
  std::string_view rest = text;
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    const auto kind =
        std::find_if(kind_names.begin(), kind_names.end(),
                     [&](const KindName& known) { return known.name == rest.substr(0, colon); });
    if (kind == kind_names.end()) {
      return wrong("unknown kind of list", text, "write ip:, sender:, helo:, name: or rhsbl:");
    }
    rule.kinds = kind->kinds;
    rest.remove_prefix(colon + 1);
  }
  if (const std::size_t star = rest.rfind('*'); star != std::string_view::npos) {
    const auto weight = base::parse_number<int>(rest.substr(star + 1));
    if (!weight || *weight == 0 || *weight < -weight_limit || *weight > weight_limit) {
      return wrong("no weight", text,
                   "write a whole number such as *3, or *-2 for a list of the good");
    }
    rule.weight = *weight;
    rest = rest.substr(0, star);
  }
  const std::size_t equals = rest.find('=');
  if (equals != std::string_view::npos) {
    auto pattern = DnsblPattern::parse(rest.substr(equals + 1));
    if (!pattern) {
      return pattern.error();
    }
    rule.pattern = *pattern;
  }
  rule.domain = base::to_lower(rest.substr(0, equals));
  if (rule.domain.ends_with('.')) {
    rule.domain.pop_back();
  }
  if (!is_domain(rule.domain) || rule.domain.size() > zone_limit) {
    return wrong("no zone", text, "write a zone such as dnsbl.example.org=127.0.0.[2..11]*2");
  }
  return rule;
}

std::string dnsbl_label(const base::IpAddress& address) {
  const auto& bytes = address.bytes();
  std::string out;
  if (address.is_v4()) {
    for (std::size_t i = 16; i > 12; --i) {
      out.append(std::to_string(bytes[i - 1])).append(i > 13 ? "." : "");
    }
    return out;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 16; i > 0; --i) {
    out += digits[bytes[i - 1] & 0x0FU];
    out += '.';
    out += digits[bytes[i - 1] >> 4U];
    if (i > 1) {
      out += '.';
    }
  }
  return out;
}

std::optional<std::string> listable_domain(std::string_view name) {
  std::string domain = base::to_lower(name);
  if (domain.ends_with('.')) {
    domain.pop_back();
  }
  if (domain.size() > domain_limit || !is_domain(domain) || base::IpAddress::parse(domain)) {
    return std::nullopt;
  }
  return domain;
}

}  // namespace policy
