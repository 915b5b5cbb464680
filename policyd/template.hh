// policyd/template.hh -- reply texts with places for values: "{client} is listed by {zone}".
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace policy {

struct TemplateValue {
  std::string_view name;
  std::string_view value;  // may be hostile
};

// `text` with each {name} replaced by its value, and each {name:url} by the value percent-encoded
// (RFC 3986 s2.1), for links. Of a value only the first 200 bytes count, and what is not printable
// ASCII becomes '?'. A place without a value stays as it is; blanks at the end go.
std::string fill_template(std::string_view text, std::span<const TemplateValue> values);

// The first place of `text` that no name fits; for --check.
std::optional<std::string_view> unknown_place(std::string_view text,
                                              std::span<const std::string_view> names);

}  // namespace policy
