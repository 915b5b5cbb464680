// mail-lib/authres.cc -- reading just enough of RFC 8601, and writing it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/authres.hh"

#include "base/text.hh"

namespace mail {

namespace {

constexpr std::size_t line_width = 78;
constexpr int comment_depth = 32;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// RFC 2045 s5.1.
bool is_token_char(char c) {
  constexpr std::string_view tspecials = "()<>@,;:\\\"/[]?=";
  return c > ' ' && c < '\x7F' && tspecials.find(c) == std::string_view::npos;
}

// Skips comments and blanks; false when a comment does not end.
bool skip_cfws(std::string_view text, std::size_t& at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '(') {
      if (++depth > comment_depth) {
        return false;
      }
    } else if (depth > 0 && c == ')') {
      --depth;
    } else if (depth > 0 && c == '\\') {
      ++at;
    } else if (depth == 0 && !is_blank(c)) {
      return true;
    }
  }
  return depth == 0;
}

std::optional<std::string> quoted_string(std::string_view text, std::size_t& at) {
  std::string out;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') {
      ++at;
      return out;
    }
    if (text[at] == '\\' && ++at == text.size()) {
      break;
    }
    out += text[at];
  }
  return std::nullopt;
}

std::string without_dots(std::string text) {
  while (text.ends_with('.')) {
    text.pop_back();
  }
  return text;
}

// Without comments, blanks, quotes and backslashes: what the most lenient reader could see. A
// comment that does not end hides nothing.
std::string squeezed(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '(') {
      std::size_t end = at;
      if (skip_cfws(text, end)) {
        at = end - 1;
        continue;
      }
    }
    if (!is_blank(text[at]) && text[at] != '"' && text[at] != '\\') {
      out += base::lower(text[at]);
    }
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c >= ' ' && c < '\x7F' ? c : '?';
  }
  return out + '"';
}

// RFC 8601 s2.2 pvalue: a token, or an address of tokens, else a quoted string.
std::string pvalue(std::string_view text) {
  int ats = 0;
  bool is_plain = !text.empty() && text.front() != '@' && text.back() != '@';
  for (const char c : text) {
    ats += c == '@' ? 1 : 0;
    is_plain = is_plain && (c == '@' || is_token_char(c));
  }
  return is_plain && ats <= 1 ? std::string(text) : quoted(text);
}

std::string comment(std::string_view text) {
  std::string out = "(";
  for (const char c : text) {
    if (c == '(' || c == ')' || c == '\\') {
      out += '\\';
    }
    out += c >= ' ' && c < '\x7F' ? c : '?';
  }
  return out + ')';
}

// Appends words, breaking the line before one that would leave it.
class Folder {
 public:
  explicit Folder(std::string_view first)
      : out_(first), column_(first.size() + authres_name.size() + 2) {}
  void word(std::string_view text) {
    if (column_ + 1 + text.size() > line_width) {
      line(text);
      return;
    }
    out_ += ' ';
    out_ += text;
    column_ += 1 + text.size();
  }
  void line(std::string_view text) {
    out_ += "\n\t";
    out_ += text;
    column_ = 8 + text.size();
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::size_t column_;
};

}  // namespace

std::optional<std::string> authserv_id(std::string_view value) {
  std::size_t at = 0;
  if (!skip_cfws(value, at) || at == value.size()) {
    return std::nullopt;
  }
  std::string id;
  if (value[at] == '"') {
    auto text = quoted_string(value, at);
    if (!text) {
      return std::nullopt;
    }
    id = std::move(*text);
  } else {
    while (at < value.size() && is_token_char(value[at])) {
      id += value[at++];
    }
  }
  const std::size_t id_end = at;
  if (id.empty() || !skip_cfws(value, at)) {
    return std::nullopt;
  }
  if (at > id_end) {
    while (at < value.size() && value[at] >= '0' && value[at] <= '9') {
      ++at;  // the version
    }
    if (!skip_cfws(value, at)) {
      return std::nullopt;
    }
  }
  if (at < value.size() && value[at] != ';') {
    return std::nullopt;
  }
  return without_dots(base::to_lower(id));
}

bool claims_authserv(std::string_view value, std::string_view id) {
  const std::string wanted = without_dots(base::to_lower(id));
  if (const auto own = authserv_id(value)) {
    return *own == wanted;
  }
  return squeezed(value).find(wanted) != std::string::npos ||
         base::to_lower(value).find(wanted) != std::string::npos;
}

std::string write_authres(std::string_view id, std::span<const AuthResult> results) {
  Folder folder(pvalue(id) + ";");
  if (results.empty()) {
    folder.word("none");
  }
  for (const AuthResult& result : results) {
    const bool is_last = &result == &results.back();
    const std::size_t words = result.properties.size() + (result.comment.empty() ? 0 : 1);
    std::size_t written = 0;
    const auto end = [&] { return written == words && !is_last ? ";" : ""; };
    folder.line(result.method + "=" + result.outcome + end());
    if (!result.comment.empty()) {
      ++written;
      folder.word(comment(result.comment) + end());
    }
    for (const AuthProperty& property : result.properties) {
      ++written;
      folder.word(property.name + "=" + pvalue(property.value) + end());
    }
  }
  return folder.take();
}

}  // namespace mail
