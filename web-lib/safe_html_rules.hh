// web-lib/safe_html_rules.hh -- the tables of safe_html: tags, attributes, schemes.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace web::html_rules {

// Shown with their tags. Any other element loses its tags and keeps its children.
inline constexpr auto allowed_tags = std::to_array<std::string_view>({
    "a",        "abbr",       "address", "article", "aside",   "b",    "bdi",     "bdo",
    "big",      "blockquote", "br",      "caption", "center",  "cite", "code",    "col",
    "colgroup", "dd",         "del",     "details", "dfn",     "div",  "dl",      "dt",
    "em",       "figcaption", "figure",  "font",    "footer",  "h1",   "h2",      "h3",
    "h4",       "h5",         "h6",      "header",  "hr",      "i",    "img",     "ins",
    "kbd",      "li",         "main",    "mark",    "nav",     "ol",   "p",       "pre",
    "q",        "rp",         "rt",      "ruby",    "s",       "samp", "section", "small",
    "span",     "strike",     "strong",  "sub",     "summary", "sup",  "table",   "tbody",
    "td",       "tfoot",      "th",      "thead",   "time",    "tr",   "tt",      "u",
    "ul",       "var",        "wbr",
});

// Their contents are no text of the mail, or are never shown: they go as a whole.
inline constexpr auto dropped_tags = std::to_array<std::string_view>({
    "applet", "area",     "audio",     "base",     "basefont", "canvas",   "datalist",
    "dialog", "embed",    "frame",     "frameset", "iframe",   "input",    "keygen",
    "link",   "map",      "math",      "meta",     "noembed",  "noframes", "noscript",
    "object", "param",    "plaintext", "portal",   "script",   "select",   "source",
    "svg",    "template", "textarea",  "title",    "track",    "video",    "xmp",
});

inline constexpr auto void_tags =
    std::to_array<std::string_view>({"br", "col", "hr", "img", "wbr"});

// On any element; src, href and style have rules of their own.
inline constexpr auto allowed_attributes = std::to_array<std::string_view>({
    "abbr",   "align",   "alt",      "axis",    "bgcolor", "border",  "cellpadding", "cellspacing",
    "char",   "class",   "clear",    "color",   "cols",    "colspan", "compact",     "datetime",
    "dir",    "face",    "frame",    "headers", "height",  "hspace",  "lang",        "noshade",
    "nowrap", "open",    "reversed", "rowspan", "rules",   "scope",   "size",        "span",
    "start",  "summary", "title",    "type",    "valign",  "value",   "vspace",      "width",
});

inline constexpr auto link_schemes =
    std::to_array<std::string_view>({"http", "https", "mailto", "tel", "ftp"});

// Raster pictures inside the HTML itself; SVG can hold script.
inline constexpr auto data_pictures = std::to_array<std::string_view>({
    "data:image/png;base64,",
    "data:image/gif;base64,",
    "data:image/jpeg;base64,",
    "data:image/jpg;base64,",
    "data:image/webp;base64,",
});

inline constexpr auto allowed_properties = std::to_array<std::string_view>({
    "background-color",
    "background",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "box-sizing",
    "caption-side",
    "clear",
    "color",
    "direction",
    "display",
    "empty-cells",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "mso-line-height-rule",
    "overflow-wrap",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "unicode-bidi",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
    "word-spacing",
    "word-wrap",
    "writing-mode",
});

// In a value or a style sheet these load something, run something, or hide that they do.
inline constexpr auto forbidden_css = std::to_array<std::string_view>({
    "url",     "image(",     "image-set",  "cross-fade", "element(",     "paint(",     "attr(",
    "var(",    "env(",       "expression", "behavior",   "-moz-binding", "javascript", "vbscript",
    "@import", "@font-face", "@namespace", "@charset",   "@supports",    "@document",  "src(",
    "\\",      "<",          "/*",         "*/",
});

template <std::size_t n>
constexpr bool has(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace web::html_rules
