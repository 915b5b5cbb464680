// mail-lib/body.cc -- which parts of a message are its body and which are attachments; the preview.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/body.hh"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hh"

namespace mail {

namespace {

constexpr std::size_t preview_octets = 16384;  // as much of a part as a preview is made of

bool is_media(const Part& part) {
  return part.type.starts_with("image/") || part.type.starts_with("audio/") ||
         part.type.starts_with("video/");
}

// The lists being filled; inside an alternative one of them may not take more.
struct Wanted {
  bool text = true;
  bool html = true;
};

bool is_inline(const Part& part, std::size_t position, std::string_view multipart) {
  const bool shown = part.type == "text/plain" || part.type == "text/html" || is_media(part);
  return part.disposition != "attachment" && shown &&
         (position == 0 || (multipart != "related" && (is_media(part) || !part.name)));
}

class Sorter {
 public:
  explicit Sorter(BodyLists& lists) : lists_(lists) {}

  // `wanted` is the caller's view: what one part turns off stays off for its siblings.
  void sort(const std::vector<const Part*>& parts, std::string_view multipart, bool in_alternative,
            Wanted wanted) {
    const std::size_t texts = lists_.text.size();
    const std::size_t htmls = lists_.html.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Part& part = *parts[i];
      if (part.is_multipart) {
        const std::string_view subtype = std::string_view(part.type).substr(10);
        sort(children(part), subtype, in_alternative || subtype == "alternative", wanted);
      } else if (!is_inline(part, i, multipart)) {
        lists_.attachments.push_back(&part);
      } else if (multipart == "alternative") {
        take_alternative(part, wanted);
      } else {
        take_inline(part, in_alternative, wanted);
      }
    }
    if (multipart == "alternative" && wanted.text && wanted.html) {
      complete(texts, htmls);
    }
  }

  static std::vector<const Part*> children(const Part& part) {
    std::vector<const Part*> all;
    for (const Part& child : part.parts) {
      all.push_back(&child);
    }
    return all;
  }

 private:
  void take_alternative(const Part& part, const Wanted& wanted) {
    if (part.type == "text/plain" && wanted.text) {
      lists_.text.push_back(&part);
    } else if (part.type == "text/html" && wanted.html) {
      lists_.html.push_back(&part);
    } else {
      lists_.attachments.push_back(&part);
    }
  }

  void take_inline(const Part& part, bool in_alternative, Wanted& wanted) {
    if (in_alternative) {
      wanted.html = wanted.html && part.type != "text/plain";
      wanted.text = wanted.text && part.type != "text/html";
    }
    if (wanted.text) {
      lists_.text.push_back(&part);
    }
    if (wanted.html) {
      lists_.html.push_back(&part);
    }
    if ((!wanted.text || !wanted.html) && is_media(part)) {
      lists_.attachments.push_back(&part);
    }
  }

  // An alternative of one kind alone stands in both lists.
  void complete(std::size_t texts, std::size_t htmls) {
    const std::size_t now_texts = lists_.text.size();
    const std::size_t now_htmls = lists_.html.size();
    if (texts == now_texts && htmls != now_htmls) {
      for (std::size_t i = htmls; i < now_htmls; ++i) {
        lists_.text.push_back(lists_.html[i]);
      }
    }
    if (htmls == now_htmls && texts != now_texts) {
      for (std::size_t i = texts; i < now_texts; ++i) {
        lists_.html.push_back(lists_.text[i]);
      }
    }
  }

  BodyLists& lists_;
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> entities{{
    {"amp", "&"},
    {"lt", "<"},
    {"gt", ">"},
    {"quot", "\""},
    {"apos", "'"},
    {"nbsp", " "},
    {"ndash", "–"},
    {"mdash", "—"},
    {"hellip", "…"},
    {"copy", "©"},
    {"zwnj", ""},
    {"euro", "€"},
}};

void add_code_point(std::string& out, unsigned code) {
  if (code < 0x20 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    out += ' ';
  } else if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | code >> 6U);
    out += static_cast<char>(0x80U | (code & 63U));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | code >> 12U);
    out += static_cast<char>(0x80U | (code >> 6U & 63U));
    out += static_cast<char>(0x80U | (code & 63U));
  } else {
    out += static_cast<char>(0xF0U | code >> 18U);
    out += static_cast<char>(0x80U | (code >> 12U & 63U));
    out += static_cast<char>(0x80U | (code >> 6U & 63U));
    out += static_cast<char>(0x80U | (code & 63U));
  }
}

// The character reference at `at`, which moves behind it; a lone "&" stays one.
void add_reference(std::string& out, std::string_view html, std::size_t& at) {
  const std::size_t end = html.substr(at, 12).find(';');
  const std::string_view name = end == std::string_view::npos ? "" : html.substr(at + 1, end - 1);
  if (name.starts_with('#')) {
    const bool is_hex = name.size() > 1 && base::lower(name[1]) == 'x';
    const std::string_view digits = name.substr(is_hex ? 2 : 1);
    unsigned code = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), code, is_hex ? 16 : 10);
    add_code_point(out, code);
    at += end + 1;
    return;
  }
  for (const auto& [known, text] : entities) {
    if (name == known) {
      out += text;
      at += end + 1;
      return;
    }
  }
  out += html[at++];
}

// Behind the element that starts at `at`: its end tag too when its content is no text.
std::size_t skip_tag(std::string_view html, std::size_t at) {
  if (html.substr(at).starts_with("<!--")) {
    const std::size_t end = html.find("-->", at + 4);
    return end == std::string_view::npos ? html.size() : end + 3;
  }
  for (const std::string_view hidden : {"style", "script", "title"}) {
    if (base::istarts_with(html.substr(at + 1), hidden)) {
      std::size_t end = at;
      while ((end = html.find("</", end + 1)) != std::string_view::npos &&
             !base::istarts_with(html.substr(end + 2), hidden)) {}
      at = end == std::string_view::npos ? html.size() : end;
      break;
    }
  }
  const std::size_t end = html.find('>', at);
  return end == std::string_view::npos ? html.size() : end + 1;
}

// One line of at most preview_characters characters.
std::string collapsed(std::string_view text) {
  std::string out;
  std::size_t characters = 0;
  while (!text.empty() && characters < preview_characters) {
    const std::size_t size = std::max<std::size_t>(base::utf8_length(text), 1);
    const std::string_view character = text.substr(0, size);
    text.remove_prefix(size);
    const bool is_blank = static_cast<unsigned char>(character[0]) <= ' ' || character == "\u00A0";
    if (is_blank && (out.empty() || out.back() == ' ')) {
      continue;
    }
    out += is_blank ? " " : character;
    ++characters;
  }
  return std::string(base::trim(out));
}

std::string without_quotes(std::string_view text) {
  std::string out;
  for (const std::string_view line : base::split(text, '\n')) {
    if (line == "-- ") {
      break;  // the signature
    }
    if (!line.starts_with('>')) {
      out.append(line).append("\n");
    }
  }
  return out;
}

}  // namespace

BodyLists body_lists(const Part& root) {
  BodyLists lists;
  Sorter(lists).sort({&root}, "mixed", false, {});
  return lists;
}

bool has_attachment(const BodyLists& lists) {
  return std::any_of(lists.attachments.begin(), lists.attachments.end(), [](const Part* part) {
    const bool is_embedded = part->in_related && part->cid && part->type.starts_with("image/");
    return part->disposition != "inline" && !is_embedded;
  });
}

std::string html_words(std::string_view html) {
  std::string out;
  std::size_t at = 0;
  while (at < html.size()) {
    if (html[at] == '<') {
      at = skip_tag(html, at);
      out += ' ';
    } else if (html[at] == '&') {
      add_reference(out, html, at);
    } else {
      out += html[at++];
    }
  }
  return out;
}

std::string preview(const Message& message, const BodyLists& lists) {
  for (const Part* part : lists.text) {
    if (!part->is_text()) {
      continue;
    }
    const std::string text = message.text(*part, preview_octets).text;
    std::string words =
        part->type == "text/html" ? collapsed(html_words(text)) : collapsed(without_quotes(text));
    if (words.empty() && part->type == "text/plain") {
      words = collapsed(text);
    }
    if (!words.empty()) {
      return words;
    }
  }
  return {};
}

}  // namespace mail
