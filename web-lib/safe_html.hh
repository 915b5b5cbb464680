// web-lib/safe_html.hh -- HTML of a stranger as HTML we show: an allow-list over a gumbo tree.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is not in the tables of safe_html_rules.hh does not pass: no script, no form, no SVG, no
// handler, no URL in CSS. The output is serialised anew from the tree, so no trick of the input's
// syntax reaches the browser. It is one wall; the sandboxed frame and its policy are the others.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace web {

inline constexpr std::size_t max_html_input = 4U << 20U;   // octets; the rest is not read
inline constexpr std::size_t max_html_output = 8U << 20U;  // octets, end tags apart
inline constexpr std::size_t max_html_depth = 256;         // deeper elements lose their tags

struct HtmlOptions {
  // The address to load the picture `src` names from, when it is one of the message's own.
  std::function<std::optional<std::string>(std::string_view src)> picture_url;
};

struct SafeHtml {
  std::string html;                  // what stands in <body>
  std::size_t blocked_pictures = 0;  // remote ones, their address in data-src-blocked
  bool is_text_only = false;         // built to exhaust a parser: its words alone are shown
};

// `html` is UTF-8.
SafeHtml safe_html(std::string_view html, const HtmlOptions& options);

// Plain text as HTML: escaped, web addresses as links, lines kept by the page's style.
std::string text_to_html(std::string_view text);

std::string escape_html(std::string_view text);

}  // namespace web
