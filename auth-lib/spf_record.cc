// auth-lib/spf_record.cc -- cutting a record into terms and holding each against the grammar.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   record    = "v=spf1" *( 1*SP ( directive / modifier ) ) *SP
//   directive = [ "+" / "-" / "?" / "~" ] mechanism
//   modifier  = name "=" macro-string
#include "auth-lib/spf_record.hh"

#include <algorithm>
#include <array>

#include "base/text.hh"

#include "auth-lib/spf_macro.hh"

namespace auth {

namespace {

constexpr std::string_view version = "v=spf1";

// How a mechanism's argument may look.
enum class Argument { none, domain, optional_domain, domain_and_bits, network4, network6 };

struct MechanismRow {
  std::string_view name;
  SpfMechanism mechanism;
  Argument argument;
};

constexpr std::array<MechanismRow, 8> mechanisms{{
    {"all", SpfMechanism::all, Argument::none},
    {"include", SpfMechanism::include, Argument::domain},
    {"a", SpfMechanism::a, Argument::domain_and_bits},
    {"mx", SpfMechanism::mx, Argument::domain_and_bits},
    {"ptr", SpfMechanism::ptr, Argument::optional_domain},
    {"ip4", SpfMechanism::ip4, Argument::network4},
    {"ip6", SpfMechanism::ip6, Argument::network6},
    {"exists", SpfMechanism::exists, Argument::domain},
}};

base::Error wrong(std::string_view term, std::string_view why) {
  return base::make_error(base::Errc::malformed,
                          std::string(why) + " in \"" + base::printable(term, 80) + "\"");
}

// A prefix length: no sign, no leading zero (s5.6).
std::optional<unsigned> parse_bits(std::string_view text, unsigned most) {
  const auto number = base::parse_number<unsigned>(text);
  const bool padded = text.size() > 1 && text.front() == '0';
  if (!number || *number > most || padded) {
    return std::nullopt;
  }
  return *number;
}

// Takes "/B4" and "//B6" off the end of `argument`.
bool take_dual_bits(std::string_view& argument, SpfDirective& directive) {
  // Domains may hold slashes too: only a tail of digits and slashes can be prefix lengths.
  const std::size_t tail = argument.find_last_not_of("0123456789/") + 1;
  const std::size_t slash = argument.find('/', tail);
  if (slash == std::string_view::npos) {
    return true;
  }
  std::string_view bits = argument.substr(slash + 1);
  argument = argument.substr(0, slash);
  const std::size_t double_slash = bits.find("//");
  const bool only_six = bits.starts_with('/');
  if (only_six || double_slash != std::string_view::npos) {
    const auto six = parse_bits(bits.substr(only_six ? 1 : double_slash + 2), 128);
    if (!six) {
      return false;
    }
    directive.bits6 = *six;
    bits = only_six ? std::string_view() : bits.substr(0, double_slash);
  }
  if (only_six) {
    return true;
  }
  const auto four = parse_bits(bits, 32);
  directive.bits4 = four.value_or(0);
  return four.has_value();
}

bool take_network(std::string_view argument, bool six, SpfDirective& directive) {
  const std::size_t slash = argument.find('/');
  if (slash != std::string_view::npos) {
    const auto bits = parse_bits(argument.substr(slash + 1), six ? 128 : 32);
    if (!bits) {
      return false;
    }
    (six ? directive.bits6 : directive.bits4) = *bits;
    argument = argument.substr(0, slash);
  }
  const bool has_colon = argument.find(':') != std::string_view::npos;
  const auto address = base::IpAddress::parse(argument);
  if (!address || has_colon != six) {
    return false;
  }
  directive.network = *address;
  return true;
}

bool take_argument(Argument kind, bool has_colon, std::string_view argument,
                   SpfDirective& directive) {
  if (kind == Argument::network4 || kind == Argument::network6) {
    return has_colon && take_network(argument, kind == Argument::network6, directive);
  }
  if (kind == Argument::domain_and_bits && !take_dual_bits(argument, directive)) {
    return false;
  }
  if (!has_colon) {
    return kind != Argument::domain && argument.empty();
  }
  directive.domain = argument;
  return kind != Argument::none && is_spf_domain_spec(argument);
}

base::Result<SpfDirective> parse_directive(std::string_view term) {
  SpfDirective directive;
  directive.text = term;
  std::string_view rest = term;
  constexpr std::string_view qualifiers = "+-~?";
  if (const std::size_t at = qualifiers.find(rest.front()); at != std::string_view::npos) {
    directive.qualifier = static_cast<SpfQualifier>(at);
    rest.remove_prefix(1);
  }
  const std::size_t name_end = std::min(rest.find_first_of(":/"), rest.size());
  const std::string_view name = rest.substr(0, name_end);
  const auto row = std::find_if(
      mechanisms.begin(), mechanisms.end(),
      [name](const MechanismRow& candidate) { return base::iequals(candidate.name, name); });
  if (row == mechanisms.end()) {
    return wrong(term, "an unknown mechanism");
  }
  directive.mechanism = row->mechanism;
  rest.remove_prefix(name_end);
  const bool has_colon = rest.starts_with(':');
  if (has_colon) {
    rest.remove_prefix(1);
  }
  if (!take_argument(row->argument, has_colon, rest, directive)) {
    return wrong(term, "a wrong argument");
  }
  return directive;
}

// name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
bool is_modifier_name(std::string_view name) {
  const auto alpha = [](char c) { return base::lower(c) >= 'a' && base::lower(c) <= 'z'; };
  return !name.empty() && alpha(name.front()) &&
         std::all_of(name.begin(), name.end(), [alpha](char c) {
           return alpha(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

base::Result<void> take_modifier(std::string_view term, std::string_view name,
                                 std::string_view value, SpfRecord& record) {
  const bool is_redirect = base::iequals(name, "redirect");
  if (!is_redirect && !base::iequals(name, "exp")) {
    // Unknown modifiers are skipped, but they must keep the grammar (s6).
    return is_spf_macro_text(value, SpfMacroPlace::domain)
               ? base::Result<void>()
               : base::Result<void>(wrong(term, "a wrong macro"));
  }
  auto& slot = is_redirect ? record.redirect : record.exp;
  if (slot) {
    return wrong(term, "a second modifier of that name");
  }
  if (!is_spf_domain_spec(value)) {
    return wrong(term, "a wrong domain");
  }
  slot = std::string(value);
  return {};
}

}  // namespace

bool is_spf_record(std::string_view text) {
  return base::istarts_with(text, version) &&
         (text.size() == version.size() || text[version.size()] == ' ');
}

base::Result<SpfRecord> parse_spf_record(std::string_view text) {
  SpfRecord record;
  for (const std::string_view term : base::split(text.substr(version.size()), ' ')) {
    if (term.empty()) {
      continue;
    }
    if (std::any_of(term.begin(), term.end(), [](char c) { return c <= 0x20 || c >= 0x7F; })) {
      return wrong(term, "a byte that is no visible ASCII");
    }
    const std::size_t equals = term.find('=');
    if (equals != std::string_view::npos && is_modifier_name(term.substr(0, equals))) {
      auto taken = take_modifier(term, term.substr(0, equals), term.substr(equals + 1), record);
      if (!taken) {
        return taken.error();
      }
      continue;
    }
    auto directive = parse_directive(term);
    if (!directive) {
      return directive.error();
    }
    record.directives.push_back(std::move(*directive));
  }
  return record;
}

}  // namespace auth
