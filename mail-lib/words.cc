// mail-lib/words.cc -- encoded words of header values (RFC 2047) as UTF-8.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/words.hh"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hh"

namespace mail {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

int hex_digit(char c) {
  const char l = base::lower(c);
  return l >= '0' && l <= '9' ? l - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// The Q encoding (RFC 2047 s4.2); a broken escape stays as it is.
std::string decode_q(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '_' ? ' ' : text[i];
    }
  }
  return out;
}

struct Word {
  std::string_view charset;
  std::string bytes;
  std::size_t size = 0;  // of the whole token
};

// The encoded word at the start of `text`, when there is a correct one of a known charset.
std::optional<Word> word_at(std::string_view text) {
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 3 >= text.size() ||
      text[charset_end + 2] != '?') {
    return std::nullopt;
  }
  const std::size_t start = charset_end + 3;
  const std::size_t end = text.find('?', start);
  if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != '=') {
    return std::nullopt;
  }
  const std::string_view encoded = text.substr(start, end - start);
  if (std::any_of(encoded.begin(), encoded.end(), is_blank)) {
    return std::nullopt;
  }
  std::string_view charset = text.substr(2, charset_end - 2);
  charset = charset.substr(0, charset.find('*'));  // RFC 2231 s5: a language may follow
  const char encoding = base::lower(text[charset_end + 1]);
  if (!is_known_charset(charset) || (encoding != 'b' && encoding != 'q')) {
    return std::nullopt;
  }
  return Word{charset, encoding == 'b' ? loose_base64(encoded) : decode_q(encoded), end + 2};
}

bool may_start(std::string_view text, std::size_t at, WordPlace place) {
  return at == 0 || is_blank(text[at - 1]) ||
         (place == WordPlace::phrase &&
          std::string_view("(\",").find(text[at - 1]) != std::string_view::npos);
}

bool may_end(std::string_view text, std::size_t at, WordPlace place) {
  return at == text.size() || is_blank(text[at]) ||
         (place == WordPlace::phrase &&
          std::string_view(")\",").find(text[at]) != std::string_view::npos);
}

// Collects what is decoded; words of one charset wait for each other.
class Output {
 public:
  explicit Output(std::string_view guess) : guess_(guess) {}

  void add_word(const Word& word) {
    if (!base::iequals(word.charset, charset_)) {
      flush();
      charset_ = word.charset;
    }
    bytes_ += word.bytes;
  }
  void add_plain(std::string_view text) {
    flush();
    text_ += to_utf8(text, {}, guess_).text;
  }
  std::string take() {
    flush();
    return std::move(text_);
  }

 private:
  void flush() {
    if (!bytes_.empty()) {
      text_ += to_utf8(bytes_, charset_, guess_).text;
      bytes_.clear();
    }
    charset_ = {};
  }

  std::string_view guess_;
  std::string text_;
  std::string_view charset_;
  std::string bytes_;
};

void drop_controls(std::string& text) {
  std::erase_if(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
  });
}

}  // namespace

std::string unfold(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\r' || c == '\n') {
      std::size_t next = i + 1;
      if (c == '\r' && next < value.size() && value[next] == '\n') {
        ++next;
      }
      if (next >= value.size() || !is_blank(value[next])) {
        out += ' ';
      }
      i = next - 1;
    } else if (c != '\0') {
      out += c;
    }
  }
  return out;
}

std::string decode_words(std::string_view value, WordPlace place, std::string_view guess) {
  const std::string line = unfold(value);
  const std::string_view text = line;
  Output out(guess);
  std::size_t done = 0;     // what is before is in `out`
  bool after_word = false;  // `done` is the end of a word
  std::size_t at = text.find("=?");
  while (at != std::string_view::npos) {
    const auto word = may_start(text, at, place) ? word_at(text.substr(at)) : std::nullopt;
    if (!word || !may_end(text, at + word->size, place)) {
      at = text.find("=?", at + 2);
      continue;
    }
    const std::string_view between = text.substr(done, at - done);
    if (!between.empty() &&
        !(after_word && std::all_of(between.begin(), between.end(), is_blank))) {
      out.add_plain(between);
    }
    out.add_word(*word);
    done = at + word->size;
    after_word = true;
    at = text.find("=?", done);
  }
  if (done < text.size()) {
    out.add_plain(text.substr(done));
  }
  std::string decoded = out.take();
  drop_controls(decoded);
  return nfc(std::move(decoded));
}

std::string loose_base64(std::string_view text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static constexpr auto values = [] {
    std::array<int, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < digits.size(); ++i) {
      table[static_cast<unsigned char>(digits[i])] = static_cast<int>(i);
    }
    return table;
  }();
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const int value = values[static_cast<unsigned char>(c)];
    if (value < 0) {
      continue;
    }
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFFFU;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xFFU);
    }
  }
  return out;
}

}  // namespace mail
