// directory-lib/webman.cc -- reading webman.cf line by line.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/webman.hh"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/stores.hh"

namespace directory {

namespace {

constexpr std::size_t name_limit = 60;  // leaves room for a number behind it

using Values = std::map<std::string, std::string, std::less<>>;

std::string_view value_of(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string_view() : std::string_view(found->second);
}

Values values_of(std::string_view text) {
  Values values;
  for (const std::string_view line : base::split(text, '\n')) {
    const std::string_view trimmed = base::trim(line);
    const std::size_t equals = trimmed.find('=');
    if (trimmed.starts_with("SYS_") && equals != std::string_view::npos) {
      values.insert_or_assign(std::string(base::trim(trimmed.substr(0, equals))),
                              std::string(base::trim(trimmed.substr(equals + 1))));
    }
  }
  return values;
}

// "2x1"; empty for what is no such form.
std::string hash_form(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '1' && c <= '9'; };
  return text.size() == 3 && is_digit(text[0]) && text[1] == 'x' && is_digit(text[2])
             ? std::string(text)
             : std::string();
}

std::string scheme_of(std::string_view crypt_type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> rows{{
      {"crypt", "crypt"},
      {"md5", "crypt"},
      {"md5crypt", "crypt"},
      {"cleartext", "plain"},
      {"plain", "plain"},
      {"plain-md5", "plain-md5"},
      {"ldap-md5", "ldap-md5"},
      {"sha", "sha"},
      {"sha1", "sha"},
  }};
  for (const auto& [name, scheme] : rows) {
    if (name == crypt_type) {
      return std::string(scheme);
    }
  }
  return {};
}

void take_routes(std::string_view list, Webman& webman) {
  for (const std::string_view part : base::split(list, ',')) {
    const std::string route(base::trim(part));
    if (route.empty()) {
      continue;
    }
    const auto nexthop = extman::nexthop_of(route);
    if (!nexthop || extman::host_of(route).empty() || route.size() > 255) {
      webman.problems.push_back(base::printable(route, 80));
    } else if (std::find(webman.routes.begin(), webman.routes.end(), route) ==
               webman.routes.end()) {
      webman.routes.push_back(route);
    }
  }
}

}  // namespace

Webman parse_webman(std::string_view text) {
  const Values values = values_of(text);
  Webman webman;
  take_routes(value_of(values, "SYS_USER_ROUTING_LIST"), webman);
  take_routes(value_of(values, "SYS_DOMAIN_ROUTING_LIST"), webman);
  const std::string_view root = value_of(values, "SYS_MAILDIR_BASE");
  webman.mail_root = root.starts_with('/') ? base::printable(root) : std::string();
  const std::string mode = base::to_lower(value_of(values, "SYS_ISP_MODE"));
  if (mode == "yes") {
    webman.domain_hash = hash_form(value_of(values, "SYS_DOMAIN_HASHDIR_DEPTH"));
    webman.user_hash = hash_form(value_of(values, "SYS_USER_HASHDIR_DEPTH"));
  } else if (mode == "no") {
    webman.domain_hash = webman.user_hash = "none";
  }
  const std::string_view quota = value_of(values, "SYS_QUOTA_TYPE");
  webman.quota = quota == "courier" ? "courier" : quota == "vda" ? "plain" : "";
  webman.scheme = scheme_of(value_of(values, "SYS_CRYPT_TYPE"));
  return webman;
}

std::string store_name_of(std::string_view route) {
  std::string name;
  for (const char c : base::to_lower(extman::host_of(route)).substr(0, name_limit)) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    const bool may_begin = c != '-' && c != '.';
    if (!name.empty() || (is_plain && may_begin)) {
      name += is_plain ? c : '-';
    }
  }
  return name.empty() ? "store" : name;
}

}  // namespace directory
