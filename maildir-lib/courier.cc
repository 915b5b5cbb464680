// maildir-lib/courier.cc -- what Courier's IMAP and POP3 servers leave in a Maildir, as it is read.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/courier.hh"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/text.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/mutf7.hh"

namespace maildir {

namespace {

using base::Errc;

constexpr std::uint32_t highest_uid = std::numeric_limits<std::uint32_t>::max() - 2;
constexpr std::size_t max_uidl = 255;  // a file name: version 0

// The first line of `text`, which loses it. A last line without its end counts.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// What stands behind the last blank, which `text` loses with the blank.
std::optional<std::string_view> take_last_word(std::string_view& text) {
  const std::size_t blank = text.rfind(' ');
  if (blank == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view word = text.substr(blank + 1);
  text = text.substr(0, blank);
  return word;
}

// All before the flags. Empty for what is no message's name.
std::string_view base_of(std::string_view name) {
  const std::string_view base = name.substr(0, name.rfind(':'));
  return is_message_name(base) && base.find('/') == std::string_view::npos ? base
                                                                           : std::string_view();
}

bool is_number(std::string_view text) {
  return base::parse_number<std::uint64_t>(text).has_value();
}

// The file's name, with what a UIDL must not have as "+XX".
std::string name_as_uidl(std::string_view base) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : base) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x21 || octet > 0x7E || c == '\'' || c == '"' || c == '+') {
      out += '+';
      out += digits[octet >> 4U];
      out += digits[octet & 15U];
    } else {
      out += c;
    }
  }
  return out;
}

// "17:1100000000:0", "17:1100000000" or "17" as "UID17-1100000000" or "UID17".
std::optional<std::string> uidl_of(std::string_view field, std::string_view base) {
  const auto parts = base::split(field, ':');
  if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_number)) {
    return std::nullopt;
  }
  const auto number = [&parts](std::size_t i) {
    return parts.size() > i ? base::parse_number<std::uint64_t>(parts[i]).value_or(0) : 0;
  };
  if (number(0) == 0) {
    return name_as_uidl(base);
  }
  const std::string uid = "UID" + std::to_string(number(0));
  return number(1) == 0 ? uid : uid + "-" + std::to_string(number(1));
}

std::optional<CourierPop3Mail> parse_pop3_line(std::string_view line, unsigned version) {
  CourierPop3Mail mail;
  std::string_view field = "0";
  if (version > 0) {
    const auto word = take_last_word(line);
    if (!word) {
      return std::nullopt;
    }
    field = *word;
  }
  const auto size = take_last_word(line);
  const std::string_view base = base_of(line);
  auto uidl = size && is_number(*size) && !base.empty() ? uidl_of(field, base) : std::nullopt;
  if (!uidl || uidl->size() > max_uidl) {
    return std::nullopt;
  }
  return CourierPop3Mail{std::string(base), std::move(*uidl)};
}

bool is_canonical(std::string_view name) {
  return from_mutf7(name).has_value();
}

}  // namespace

base::Result<CourierUids> parse_courier_uids(std::string_view text) {
  const auto head = base::split(base::trim(take_line(text)), ' ');
  CourierUids uids;
  const auto validity = base::parse_number<std::uint32_t>(head.size() == 3 ? head[1] : "");
  const auto next = base::parse_number<std::uint32_t>(head.size() == 3 ? head[2] : "");
  if (head[0] != "1" || !validity || !next || *validity == 0 || *next == 0 || *next > highest_uid) {
    return base::make_error(Errc::malformed, "courierimapuiddb does not begin with its numbers");
  }
  uids.uid_validity = *validity;
  uids.next_uid = *next;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::size_t blank = std::min(line.find(' '), line.size());
    const auto uid = base::parse_number<std::uint32_t>(line.substr(0, blank));
    const std::string_view base =
        base_of(blank < line.size() ? line.substr(blank + 1) : std::string_view());
    if (!uid || *uid == 0 || *uid > highest_uid || base.empty()) {
      ++uids.unread;
      continue;
    }
    uids.mails.push_back({*uid, std::string(base)});
    uids.next_uid = std::max(uids.next_uid, *uid + 1);
  }
  std::stable_sort(uids.mails.begin(), uids.mails.end(),
                   [](const CourierUid& a, const CourierUid& b) { return a.uid > b.uid; });
  std::unordered_set<std::string> bases;
  std::uint32_t last = 0;
  std::erase_if(uids.mails, [&](const CourierUid& mail) {
    const bool is_twice = mail.uid == last || !bases.insert(mail.base).second;
    last = is_twice ? last : mail.uid;
    uids.unread += is_twice ? 1 : 0;
    return is_twice;
  });
  std::reverse(uids.mails.begin(), uids.mails.end());
  return uids;
}

base::Result<CourierPop3> parse_courier_pop3(std::string_view text) {
  unsigned version = 0;
  if (text.starts_with('/')) {
    const std::string_view head = take_line(text).substr(1);
    const auto number = base::parse_number<unsigned>(head.substr(0, head.find(' ')));
    constexpr unsigned newest = 3;
    if (!number || *number == 0 || *number > newest) {
      return base::make_error(Errc::malformed, "courierpop3dsizelist is of an unknown version");
    }
    version = *number;
  }
  CourierPop3 out;
  std::unordered_set<std::string> bases;
  std::unordered_set<std::string> uidls;
  while (!text.empty()) {
    auto mail = parse_pop3_line(take_line(text), version);
    if (!mail || bases.contains(mail->base) || uidls.contains(mail->uidl)) {
      ++out.unread;
      continue;
    }
    bases.insert(mail->base);
    uidls.insert(mail->uidl);
    out.mails.push_back(std::move(*mail));
  }
  return out;
}

CourierKeywords parse_courier_keywords(std::string_view text) {
  std::vector<std::string_view> known;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) {
      break;
    }
    known.push_back(line);
  }
  CourierKeywords out;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::string_view base = base_of(line);
    if (base.empty() || base.size() == line.size()) {
      continue;
    }
    std::vector<std::string> keywords;
    for (const std::string_view word : base::split_words(line.substr(base.size() + 1))) {
      const auto index = base::parse_number<std::size_t>(word);
      if (index && *index < known.size()) {
        keywords.emplace_back(known[*index]);
      }
    }
    out.insert_or_assign(std::string(base), std::move(keywords));
  }
  return out;
}

std::vector<std::string> parse_courier_keyword_file(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    if (const std::string_view line = take_line(text); !line.empty()) {
      out.emplace_back(line);
    }
  }
  return out;
}

CourierKeywordName parse_courier_keyword_name(std::string_view name) {
  if (!name.starts_with('.')) {
    return {name == ":list" ? std::string_view() : base_of(name), 0};
  }
  const std::size_t dot = name.find('.', 1);
  const auto version = base::parse_number<std::uint64_t>(
      dot == std::string_view::npos ? std::string_view() : name.substr(1, dot - 1));
  if (!version || *version == 0) {
    return {};
  }
  return {base_of(name.substr(dot + 1)), *version};
}

base::Result<std::string> to_dovecot_name(std::string_view name) {
  std::string out;
  for (const std::string_view level : base::split(name, '.')) {
    const bool has_control = std::any_of(level.begin(), level.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '/';
    });
    if (level.empty() || has_control) {
      return base::make_error(Errc::malformed, "a level is empty or has a control character");
    }
    out += out.empty() ? "" : ".";
    if (is_canonical(level)) {
      out += level;
      continue;
    }
    const auto encoded = to_mutf7(level);
    if (!encoded) {
      return base::make_error(Errc::malformed, "it is neither UTF-8 nor modified UTF-7");
    }
    out += *encoded;
  }
  return out;
}

CourierSubscriptions parse_courier_subscriptions(std::string_view text) {
  constexpr std::string_view inbox = "INBOX";
  CourierSubscriptions out;
  std::set<std::string, std::less<>> known;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) {
      continue;
    }
    base::Result<std::string> name = base::make_error(Errc::not_found, "");
    if (base::iequals(line, inbox)) {
      name = std::string(inbox);
    } else if (base::istarts_with(line, "INBOX.")) {
      name = to_dovecot_name(line.substr(inbox.size() + 1));
    }
    if (!name) {
      out.foreign.emplace_back(line);
    } else if (known.insert(*name).second) {
      out.names.push_back(std::move(*name));
    }
  }
  return out;
}

std::vector<std::string> parse_courier_acl(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::string_view who = line.substr(0, line.rfind(' '));
    if (!who.empty() && who != "owner" && who != "administrators") {
      out.emplace_back(who);
    }
  }
  return out;
}

}  // namespace maildir
