// web-lib/safe_html.cc -- HTML of a stranger as HTML we show (the gumbo wrapper).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/safe_html.hh"

#include <map>
#include <memory>

#include <gumbo.h>

#include "base/text.hh"

#include "web-lib/safe_html_rules.hh"

namespace web {

namespace {

constexpr std::size_t max_open_elements = 1500;       // gumbo frees its tree by recursion
constexpr std::size_t max_rebuilt_nodes = 1'000'000;  // formatting elements are cloned at each tag
constexpr std::size_t max_attribute_bytes = 8192;     // of a value; data: pictures apart
constexpr std::size_t max_data_picture = 2U << 20U;
constexpr std::size_t max_style_sheet = 256U << 10U;

using html_rules::has;

bool is_letter(char c) {
  return base::lower(c) >= 'a' && base::lower(c) <= 'z';
}

// Elements that others close by themselves; they do not nest by being left open.
bool closes_itself(std::string_view tag) {
  static constexpr auto tags = std::to_array<std::string_view>(
      {"area",   "base",  "br", "col",   "dd",   "dt",     "embed", "hr",
       "img",    "input", "li", "link",  "meta", "option", "p",     "param",
       "source", "tbody", "td", "tfoot", "th",   "thead",  "tr",    "wbr"});
  return has(tags, tag);
}

bool is_formatting(std::string_view tag) {
  static constexpr auto tags =
      std::to_array<std::string_view>({"a", "b", "big", "code", "em", "font", "i", "nobr", "s",
                                       "small", "strike", "strong", "tt", "u"});
  return has(tags, tag);
}

// Whether gumbo will build a tree of reasonable size and depth of it: counts what stays open.
class Estimate {
 public:
  explicit Estimate(std::string_view html) {
    for (std::size_t at = html.find('<'); at != std::string_view::npos && at + 1 < html.size();
         at = html.find('<', at + 1)) {
      const bool is_end = html[at + 1] == '/';
      const std::string_view rest = html.substr(at + (is_end ? 2 : 1), 16);
      if (rest.empty() || !is_letter(rest.front())) {
        continue;
      }
      std::size_t size = 0;
      while (size < rest.size() && rest[size] != '>' && rest[size] != '/' &&
             static_cast<unsigned char>(rest[size]) > ' ') {
        ++size;
      }
      note(base::to_lower(rest.substr(0, size)), is_end);
    }
  }

  bool is_reasonable() const {
    return max_open_ <= max_open_elements && max_formatting_ * tags_ <= max_rebuilt_nodes;
  }

 private:
  void note(const std::string& tag, bool is_end) {
    ++tags_;
    if (closes_itself(tag)) {
      return;
    }
    std::size_t& count = open_[tag];
    if (is_end && count == 0) {
      return;
    }
    const auto step = [is_end](std::size_t& n) { n = is_end ? n - 1 : n + 1; };
    step(count);
    step(now_open_);
    max_open_ = std::max(max_open_, now_open_);
    if (is_formatting(tag)) {
      step(now_formatting_);
      max_formatting_ = std::max(max_formatting_, now_formatting_);
    }
  }

  std::map<std::string, std::size_t> open_;
  std::size_t tags_ = 0;
  std::size_t now_open_ = 0;
  std::size_t max_open_ = 0;
  std::size_t now_formatting_ = 0;
  std::size_t max_formatting_ = 0;
};

// "javascript" of " java\tscript:x"; empty when there is no scheme.
std::string scheme_of(std::string_view url) {
  std::string scheme;
  for (const char c : url) {
    if (c == ':') {
      return scheme;
    }
    if (c == '/' || c == '?' || c == '#') {
      return {};
    }
    if (static_cast<unsigned char>(c) > ' ') {
      scheme += base::lower(c);
    }
  }
  return {};
}

bool is_safe_css(std::string_view css) {
  const std::string text = base::to_lower(css);
  return std::none_of(
      html_rules::forbidden_css.begin(), html_rules::forbidden_css.end(),
      [&text](std::string_view bad) { return text.find(bad) != std::string::npos; });
}

// The declarations of a style attribute that may stay.
std::string safe_style(std::string_view style) {
  std::string out;
  for (const std::string_view declaration : base::split(style, ';')) {
    const std::size_t colon = declaration.find(':');
    if (colon == std::string_view::npos) {
      continue;
    }
    const std::string property = base::to_lower(base::trim(declaration.substr(0, colon)));
    const std::string_view value = base::trim(declaration.substr(colon + 1));
    if (has(html_rules::allowed_properties, property) && is_safe_css(value)) {
      out.append(out.empty() ? "" : ";").append(property).append(":").append(value);
    }
  }
  return out;
}

std::string tag_of(const GumboElement& element) {
  if (element.tag != GUMBO_TAG_UNKNOWN) {
    return gumbo_normalized_tagname(element.tag);
  }
  GumboStringPiece name = element.original_tag;
  gumbo_tag_from_original_text(&name);
  return base::to_lower({name.data == nullptr ? "" : name.data, name.length});
}

struct FreeOutput {
  void operator()(GumboOutput* output) const {
    gumbo_destroy_output(&kGumboDefaultOptions, output);
  }
};

// Walks the tree and writes what may stay.
class Writer {
 public:
  explicit Writer(const HtmlOptions& options) : options_(options) {}

  void write(const GumboNode& node, std::size_t depth) {
    if (out_.html.size() > max_html_output) {
      return;
    }
    switch (node.type) {
      case GUMBO_NODE_TEXT:
      case GUMBO_NODE_WHITESPACE:
      case GUMBO_NODE_CDATA:
        out_.html += escape_html(node.v.text.text);
        return;
      case GUMBO_NODE_ELEMENT:
        write_element(node.v.element, depth);
        return;
      default:
        return;  // comments, templates
    }
  }

  SafeHtml take() { return std::move(out_); }

 private:
  void write_children(const GumboElement& element, std::size_t depth) {
    for (unsigned i = 0; i < element.children.length; ++i) {
      write(*static_cast<const GumboNode*>(element.children.data[i]), depth + 1);
    }
  }

  void write_element(const GumboElement& element, std::size_t depth) {
    const std::string tag = tag_of(element);
    if (element.tag_namespace != GUMBO_NAMESPACE_HTML || has(html_rules::dropped_tags, tag)) {
      return;
    }
    if (tag == "style") {
      write_style_sheet(element);
      return;
    }
    if (!has(html_rules::allowed_tags, tag) || depth > max_html_depth) {
      write_children(element, depth);
      return;
    }
    out_.html.append("<").append(tag);
    for (unsigned i = 0; i < element.attributes.length; ++i) {
      write_attribute(tag, *static_cast<const GumboAttribute*>(element.attributes.data[i]));
    }
    if (tag == "a") {
      out_.html += R"( rel="noopener noreferrer" target="_blank")";
    }
    out_.html += ">";
    if (!has(html_rules::void_tags, tag)) {
      write_children(element, depth);
      out_.html.append("</").append(tag).append(">");
    }
  }

  void add(std::string_view name, std::string_view value) {
    out_.html.append(" ").append(name).append("=\"").append(escape_html(value)).append("\"");
  }

  void write_attribute(const std::string& tag, const GumboAttribute& attribute) {
    const std::string name = base::to_lower(attribute.name);
    const std::string_view value = attribute.value;
    if (attribute.attr_namespace != GUMBO_ATTR_NAMESPACE_NONE) {
      return;
    }
    if (tag == "img" && name == "src") {
      write_picture(value);
    } else if (value.size() > max_attribute_bytes) {
      return;
    } else if (tag == "a" && name == "href") {
      if (has(html_rules::link_schemes, scheme_of(value))) {
        add("href", base::trim(value));
      }
    } else if (name == "style") {
      if (const std::string style = safe_style(value); !style.empty()) {
        add("style", style);
      }
    } else if (has(html_rules::allowed_attributes, name)) {
      add(name, value);
    }
  }

  void write_picture(std::string_view src) {
    src = base::trim(src);
    const auto own = options_.picture_url ? options_.picture_url(src) : std::nullopt;
    const std::string scheme = scheme_of(src);
    if (own) {
      add("src", *own);
    } else if (scheme == "data") {
      const bool is_raster =
          std::any_of(html_rules::data_pictures.begin(), html_rules::data_pictures.end(),
                      [src](std::string_view start) { return base::istarts_with(src, start); });
      if (is_raster && src.size() <= max_data_picture) {
        add("src", src);
      }
    } else if ((scheme == "http" || scheme == "https") && src.size() <= max_attribute_bytes) {
      add("data-src-blocked", src);
      ++out_.blocked_pictures;
    }
  }

  // A sheet stays as it is, or goes as a whole.
  void write_style_sheet(const GumboElement& element) {
    std::string css;
    for (unsigned i = 0; i < element.children.length; ++i) {
      const auto& child = *static_cast<const GumboNode*>(element.children.data[i]);
      if (child.type == GUMBO_NODE_TEXT || child.type == GUMBO_NODE_WHITESPACE) {
        css += child.v.text.text;
      }
    }
    if (css.size() <= max_style_sheet && is_safe_css(css)) {
      out_.html.append("<style>").append(css).append("</style>");
    }
  }

  const HtmlOptions& options_;
  SafeHtml out_;
};

// The end of a web address that starts at `at`: punctuation behind it belongs to the sentence.
std::size_t url_end(std::string_view text, std::size_t at) {
  std::size_t end = std::min(text.find_first_of(" \t\r\n<>\"'", at), text.size());
  while (end > at && std::string_view(".,;:!?)]}").find(text[end - 1]) != std::string_view::npos) {
    --end;
  }
  return end;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\0':
        break;
      default:
        out += c;
    }
  }
  return out;
}

SafeHtml safe_html(std::string_view html, const HtmlOptions& options) {
  html = html.substr(0, max_html_input);
  if (!Estimate(html).is_reasonable()) {
    return {text_to_html(html), 0, true};
  }
  const std::unique_ptr<GumboOutput, FreeOutput> tree(
      gumbo_parse_with_options(&kGumboDefaultOptions, html.data(), html.size()));
  Writer writer(options);
  writer.write(*tree->root, 0);
  return writer.take();
}

std::string text_to_html(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  const auto next = [text](std::size_t from) {
    return std::min(text.find("http://", from), text.find("https://", from));
  };
  for (std::size_t at = next(0); at != std::string_view::npos; at = next(std::max(done, at + 1))) {
    const std::size_t end = url_end(text, at);
    if (end < at + 9) {
      continue;  // nothing behind the scheme
    }
    const std::string url = escape_html(text.substr(at, end - at));
    out += escape_html(text.substr(done, at - done));
    out.append("<a href=\"").append(url).append(R"(" rel="noopener noreferrer" target="_blank">)");
    out.append(url).append("</a>");
    done = end;
  }
  return out + escape_html(text.substr(done));
}

}  // namespace web
