// auth-lib/spf_macro.cc -- reading and expanding %{...} (RFC 7208 s7).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth-lib/spf_macro.hh"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hh"

namespace auth {

namespace {

constexpr std::size_t domain_limit = 253;  // RFC 7208 s7.3
constexpr std::string_view delimiters = ".-+,/_=";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
  return base::lower(c) >= 'a' && base::lower(c) <= 'z';
}

struct Macro {
  char letter = 0;           // lower case
  bool url_escaped = false;  // written in upper case
  std::size_t keep = 0;      // number of right-hand parts; 0 for all
  bool reversed = false;
  std::string_view cut_at = ".";
  std::size_t size = 0;  // bytes of the whole "%{...}"
};

// The macro at the start of `text`, which begins with "%{".
std::optional<Macro> read_macro(std::string_view text, SpfMacroPlace place) {
  const std::size_t end = text.find('}');
  if (end == std::string_view::npos || end < 3) {
    return std::nullopt;
  }
  Macro macro;
  macro.size = end + 1;
  macro.letter = base::lower(text[2]);
  macro.url_escaped = macro.letter != text[2];
  const std::string_view letters = place == SpfMacroPlace::domain ? "slodiphv" : "slodiphvcrt";
  if (letters.find(macro.letter) == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(3, end - 3);
  const std::size_t digits = std::min(
      static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin()),
      rest.size());
  if (digits > 0) {
    const auto number = base::parse_number<unsigned>(rest.substr(0, digits));
    if (number && *number == 0) {
      return std::nullopt;
    }
    // A number too large to hold keeps every part all the same.
    macro.keep = number ? *number : 0;
    rest.remove_prefix(digits);
  }
  if (!rest.empty() && base::lower(rest.front()) == 'r') {
    macro.reversed = true;
    rest.remove_prefix(1);
  }
  if (rest.find_first_not_of(delimiters) != std::string_view::npos) {
    return std::nullopt;
  }
  if (!rest.empty()) {
    macro.cut_at = rest;
  }
  return macro;
}

// The bytes of the next element of macro text: a macro, an escape or a literal; 0 when broken.
std::size_t element_size(std::string_view text, SpfMacroPlace place) {
  if (text.front() != '%') {
    const bool visible = text.front() > 0x20 && text.front() < 0x7F;
    const bool blank = text.front() == ' ' && place == SpfMacroPlace::explanation;
    return visible || blank ? 1 : 0;
  }
  if (text.size() < 2) {
    return 0;
  }
  if (text[1] == '{') {
    const auto macro = read_macro(text, place);
    return macro ? macro->size : 0;
  }
  return text[1] == '%' || text[1] == '_' || text[1] == '-' ? 2 : 0;
}

std::string upper_hex(base::ByteView bytes) {
  std::string out = base::hex(bytes);
  std::transform(out.begin(), out.end(), out.begin(), [](char digit) {
    return digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
  });
  return out;
}

// An IPv6 address as 32 nibbles with dots (s7.3).
std::string nibbles(const base::IpAddress& address) {
  std::string out;
  for (const char digit : upper_hex(address.bytes())) {
    if (!out.empty()) {
      out += '.';
    }
    out += digit;
  }
  return out;
}

std::string value_of(char letter, const SpfMacroValues& values) {
  const std::size_t at = values.sender.rfind('@');
  switch (letter) {
    case 's':
      return values.sender;
    case 'l':
      return values.sender.substr(0, at);
    case 'o':
      return at == std::string::npos ? values.sender : values.sender.substr(at + 1);
    case 'd':
      return values.domain;
    case 'h':
      return values.helo;
    case 'i':
      return values.client.is_v4() ? values.client.text() : nibbles(values.client);
    case 'c':
      return values.client.text();
    case 'v':
      return values.client.is_v4() ? "in-addr" : "ip6";
    case 'p':
      return values.validated.empty() ? "unknown" : values.validated;
    case 'r':
      return values.receiver.empty() ? "unknown" : values.receiver;
    default:  // t
      return std::to_string(
          std::chrono::floor<std::chrono::seconds>(values.now).time_since_epoch().count());
  }
}

std::string transformed(const std::string& value, const Macro& macro) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = value.find_first_of(macro.cut_at, start);
    parts.push_back(value.substr(start, end - start));
    if (end == std::string::npos) {
      break;
    }
    start = end + 1;
  }
  if (macro.reversed) {
    std::reverse(parts.begin(), parts.end());
  }
  if (macro.keep > 0 && parts.size() > macro.keep) {
    parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(macro.keep));
  }
  return base::join(parts, ".");
}

// Everything but the unreserved set of RFC 3986 s2.3 becomes %XX.
std::string url_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%' + upper_hex(base::bytes_of({&c, 1}));
    }
  }
  return out;
}

// toplabel: letters, digits, hyphens; not all digits, no hyphen at an end (s7.1).
bool is_top_label(std::string_view label) {
  const auto is_ldh = [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; };
  return !label.empty() && std::all_of(label.begin(), label.end(), is_ldh) &&
         !std::all_of(label.begin(), label.end(), is_digit) && label.front() != '-' &&
         label.back() != '-';
}

}  // namespace

bool is_spf_macro_text(std::string_view text, SpfMacroPlace place) {
  while (!text.empty()) {
    const std::size_t size = element_size(text, place);
    if (size == 0) {
      return false;
    }
    text.remove_prefix(size);
  }
  return true;
}

bool is_spf_domain_spec(std::string_view text) {
  if (!is_spf_macro_text(text, SpfMacroPlace::domain)) {
    return false;
  }
  // Where the last macro ends; what follows is literal.
  std::size_t after_macro = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = element_size(text.substr(i), SpfMacroPlace::domain);
    i += size;
    after_macro = size > 1 ? i : after_macro;
  }
  if (after_macro == text.size()) {
    return !text.empty() && text.back() == '}';
  }
  std::string_view literal = text.substr(after_macro);
  if (literal.ends_with('.')) {
    literal.remove_suffix(1);
  }
  const std::size_t dot = literal.rfind('.');
  return dot != std::string_view::npos && is_top_label(literal.substr(dot + 1));
}

bool uses_validated_name(std::string_view text) {
  return text.find("%{p") != std::string_view::npos || text.find("%{P") != std::string_view::npos;
}

std::string expand_spf_macros(std::string_view text, const SpfMacroValues& values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size =
        std::max<std::size_t>(element_size(text, SpfMacroPlace::explanation), 1);
    const std::string_view element = text.substr(0, size);
    if (size == 1) {
      out += element;
    } else if (size == 2) {
      out += element == "%%" ? "%" : element == "%_" ? " " : "%20";
    } else if (const auto macro = read_macro(element, SpfMacroPlace::explanation)) {
      const std::string value = transformed(value_of(macro->letter, values), *macro);
      out += macro->url_escaped ? url_escaped(value) : value;
    }
    text.remove_prefix(size);
  }
  return out;
}

std::string shortened_domain(std::string name) {
  if (name.ends_with('.')) {
    name.pop_back();
  }
  while (name.size() > domain_limit) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) {
      return {};
    }
    name.erase(0, dot + 1);
  }
  return name;
}

}  // namespace auth
