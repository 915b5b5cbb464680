// mail-lib/address.cc -- the grammar of addresses (RFC 5321 s4.1.2, RFC 6531 s3.3).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/address.hh"

#include <algorithm>

#include "base/text.hh"

namespace mail {

namespace {

constexpr std::string_view atext_marks = "!#$%&'*+-/=?^_`{|}~";

bool is_alnum(char c) {
  return (base::lower(c) >= 'a' && base::lower(c) <= 'z') || (c >= '0' && c <= '9');
}

bool is_utf8_byte(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

bool is_atext(char c) {
  return is_alnum(c) || is_utf8_byte(c) || atext_marks.find(c) != std::string_view::npos;
}

bool is_printable(char c) {
  return (c >= ' ' && c <= '~') || is_utf8_byte(c);
}

// U+0080 to U+009F, C2 80 to C2 9F: control characters that a terminal may obey.
bool has_c1_control(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\xC2' && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

base::Error malformed(std::string_view text, std::string_view why, std::string hint = {}) {
  return base::make_error(base::Errc::malformed,
                          "'" + base::printable(text, 80) + "': " + std::string(why),
                          std::move(hint));
}

// RFC 5321 Dot-string.
bool is_dot_atom(std::string_view local) {
  if (local.empty() || local.front() == '.' || local.back() == '.' ||
      local.find("..") != std::string_view::npos) {
    return false;
  }
  return std::all_of(local.begin(), local.end(), [](char c) { return c == '.' || is_atext(c); });
}

struct LocalPart {
  std::string value;
  std::size_t length = 0;  // how much of the text it took
};

// RFC 5321 Quoted-string at the start of `text`.
base::Result<LocalPart> parse_quoted(std::string_view text) {
  LocalPart part;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      part.length = i + 1;
      return part;
    }
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
    }
    if (!is_printable(text[i])) {
      return malformed(text, "a control character in the quoted local part");
    }
    part.value += text[i];
  }
  return malformed(text, "the quoted local part has no end");
}

base::Result<LocalPart> parse_unquoted(std::string_view text, Local form) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) {
    return malformed(text, "no '@' in the address", "write user@domain");
  }
  const std::string_view local = text.substr(0, at);
  if (local.empty()) {
    return malformed(text, "nothing before the '@'");
  }
  const bool loose = form == Local::wire && std::all_of(local.begin(), local.end(), [](char c) {
                       return c == '.' || is_atext(c);
                     });
  if (!loose && !is_dot_atom(local)) {
    return malformed(text, "the local part has a character or a dot where none may be");
  }
  return LocalPart{std::string(local), at};
}

base::Result<void> check_label(std::string_view domain, std::string_view label) {
  if (label.empty()) {
    return malformed(domain, "the domain has an empty label (a dot too many)");
  }
  if (label.size() > label_limit) {
    return malformed(domain, "a label of the domain is longer than 63 octets");
  }
  if (label.front() == '-' || label.back() == '-') {
    return malformed(domain, "a label of the domain begins or ends with a hyphen");
  }
  for (const char c : label) {
    if (!is_alnum(c) && c != '-' && c != '_' && !is_utf8_byte(c)) {
      return malformed(domain, "a character that no domain has");
    }
  }
  return {};
}

// RFC 5321 s4.1.3, its inside only checked for characters: nobody here connects to it.
base::Result<std::string> parse_literal(std::string_view text) {
  if (text.size() < 3 || text.back() != ']') {
    return malformed(text, "the address literal has no end");
  }
  for (const char c : text.substr(1, text.size() - 2)) {
    if (!is_alnum(c) && c != '.' && c != ':' && c != '-') {
      return malformed(text, "a character that no address literal has");
    }
  }
  return base::to_lower(text);
}

}  // namespace

std::string Address::text() const {
  std::string out;
  if (is_dot_atom(local)) {
    out = local;
  } else {
    out = '"';
    for (const char c : local) {
      if (c == '"' || c == '\\') {
        out += '\\';
      }
      out += c;
    }
    out += '"';
  }
  return out + "@" + domain;
}

std::string Address::key() const {
  return base::to_lower(text());
}

base::Result<std::string> parse_domain(std::string_view text) {
  if (text.empty()) {
    return malformed(text, "the domain is empty");
  }
  if (text.size() > domain_limit) {
    return malformed(text, "the domain is longer than 255 octets");
  }
  if (!base::is_utf8(text) || has_c1_control(text)) {
    return malformed(text, "the domain is not valid UTF-8");
  }
  for (const std::string_view label : base::split(text, '.')) {
    if (auto ok = check_label(text, label); !ok) {
      return ok.error();
    }
  }
  return base::to_lower(text);
}

base::Result<Address> parse_address(std::string_view text, Local form) {
  if (text.size() > address_limit) {
    return malformed(text, "longer than 254 octets");
  }
  if (!base::is_utf8(text) || has_c1_control(text)) {
    return malformed(text, "not valid UTF-8");
  }
  auto local = text.starts_with('"') ? parse_quoted(text) : parse_unquoted(text, form);
  if (!local) {
    return local.error();
  }
  if (form == Local::strict && local->length > local_part_limit) {
    return malformed(text, "the part before the '@' is longer than 64 octets");
  }
  std::string_view rest = text.substr(local->length);
  if (!rest.starts_with('@')) {
    return malformed(text, "no '@' after the quoted local part");
  }
  rest.remove_prefix(1);
  auto domain = rest.starts_with('[') ? parse_literal(rest) : parse_domain(rest);
  if (!domain) {
    return domain.error();
  }
  return Address{std::move(local->value), std::move(*domain)};
}

base::Result<Address> parse_account(std::string_view text) {
  auto address = parse_address(text);
  if (address) {
    address->local = base::to_lower(address->local);
  }
  return address;
}

std::pair<std::string_view, std::string_view> split_extension(std::string_view local,
                                                              std::string_view delimiters) {
  const std::size_t at = local.find_first_of(delimiters);
  if (delimiters.empty() || at == std::string_view::npos || at == 0) {
    return {local, {}};
  }
  return {local.substr(0, at), local.substr(at + 1)};
}

}  // namespace mail
