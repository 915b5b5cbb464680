// mail-lib/address_list.cc -- the addresses of header fields (RFC 5322 s3.4), read as best we can.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/address_list.hh"

#include <algorithm>

#include "base/text.hh"

#include "mail-lib/words.hh"

namespace mail {

namespace {

// The text of a quoted-string or comment that starts at `at`, which moves behind it. One that is
// never closed ends with the value.
std::string take_quoted(std::string_view text, std::size_t& at) {
  std::string out;
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      ++at;
    }
    out += text[at];
  }
  at = std::min(at + 1, text.size());
  return out;
}

std::string take_comment(std::string_view text, std::size_t& at) {
  std::string out;
  int depth = 1;
  for (++at; at < text.size(); ++at) {
    const char c = text[at];
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth == 0) {
      break;
    }
    if (c == '\\' && at + 1 < text.size()) {
      ++at;
    }
    out += text[at];
  }
  at = std::min(at + 1, text.size());
  return out;
}

std::string without_blanks(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c == ' ' || c == '\t'; });
  return out;
}

std::string one_blank(std::string_view text) {
  std::string out;
  for (const std::string_view word : base::split(text, ' ')) {
    if (!word.empty()) {
      out += out.empty() ? "" : " ";
      out += word;
    }
  }
  return out;
}

// Reads one value from left to right, collecting a mailbox until a comma, semicolon or the end.
class Reader {
 public:
  Reader(std::string line, std::string_view guess) : line_(std::move(line)), guess_(guess) {
    std::replace(line_.begin(), line_.end(), '\t', ' ');
  }

  std::vector<AddressGroup> read() {
    const std::string_view text = line_;
    while (at_ < text.size() && count_ < max_addresses) {
      step(text);
    }
    finish_mailbox();
    return std::move(groups_);
  }

 private:
  void step(std::string_view text) {
    switch (text[at_]) {
      case '"':
        take_name_piece();
        add_quoted(take_quoted(text, at_));
        return;
      case '(':
        comment_ = take_comment(text, at_);
        plain_ += ' ';
        return;
      case '<':
        take_angle(text);
        return;
      case ':':
        ++at_;
        start_group();
        return;
      case ',':
      case ';':
        finish_mailbox();
        in_group_ = in_group_ && text[at_] != ';';
        ++at_;
        return;
      default:
        plain_ += text[at_++];
    }
  }

  // What stands between angle brackets; without a closing one it ends at the next comma.
  void take_angle(std::string_view text) {
    const std::size_t start = ++at_;
    bool quoted = false;
    while (at_ < text.size() && (quoted || (text[at_] != '>' && text[at_] != '<'))) {
      quoted = text[at_] == '"' ? !quoted : quoted;
      at_ += text[at_] == '\\' && at_ + 1 < text.size() ? 2 : 1;
    }
    if (at_ >= text.size() || text[at_] == '<') {
      at_ = std::min(text.find_first_of(",;", start), text.size());
    }
    std::string_view inside = text.substr(start, at_ - start);
    const std::size_t route = inside.starts_with('@') ? inside.find(':') : std::string_view::npos;
    inside.remove_prefix(route == std::string_view::npos ? 0 : route + 1);
    if (!angle_) {
      angle_ = without_blanks(inside);
    }
    at_ = at_ < text.size() && text[at_] == '>' ? at_ + 1 : at_;
  }

  void start_group() {
    const bool is_name = !angle_ && !in_group_ && plain_.find('@') == std::string::npos;
    if (!is_name) {
      plain_ += ':';
      return;
    }
    take_name_piece();
    groups_.push_back({std::string(base::trim(name_)), {}});
    in_group_ = true;
    clear();
  }

  // The plain text so far joins the name, its encoded words decoded.
  void take_name_piece() {
    const std::string piece = one_blank(plain_);
    if (!piece.empty()) {
      add_to_name(decode_words(piece, WordPlace::phrase, guess_));
      address_text_ += plain_;
    }
    plain_.clear();
  }
  void add_quoted(const std::string& text) {
    // Encoded words do not belong into quotes, but many senders put them there.
    add_to_name(decode_words(text, WordPlace::phrase, guess_));
    address_text_ += '"' + text + '"';
    has_quoted_ = true;
  }
  void add_to_name(const std::string& text) {
    name_ += name_.empty() || text.empty() ? "" : " ";
    name_ += text;
  }

  void finish_mailbox() {
    if (angle_) {
      take_name_piece();
      add(name_, *angle_);
    } else {
      finish_bare();
    }
    clear();
  }

  // A mailbox without angle brackets: all of it is the address, or its last word with an "@" is.
  void finish_bare() {
    const std::string all(base::trim(address_text_ + plain_));
    if (all.empty()) {
      return;
    }
    const std::size_t blank = all.rfind(' ');
    const std::string last = all.substr(blank == std::string::npos ? 0 : blank + 1);
    const bool is_named = blank != std::string::npos && last.find('@') != std::string::npos &&
                          last.front() != '@' && all.find('@') >= blank;
    if (is_named) {
      add(decode_words(one_blank(all.substr(0, blank)), WordPlace::phrase, guess_), last);
    } else if (all.find('@') == std::string::npos) {
      add({}, decode_words(has_quoted_ ? name_ : one_blank(all), WordPlace::phrase, guess_));
    } else {
      add({}, without_blanks(all));
    }
  }

  void add(std::string_view name, std::string_view email) {
    std::string shown(base::trim(name));
    if (shown.empty() && comment_) {
      shown = base::trim(decode_words(*comment_, WordPlace::phrase, guess_));
    }
    EmailAddress address{std::nullopt, decode_words(email, WordPlace::text, guess_)};
    if (!shown.empty()) {
      address.name = std::move(shown);
    }
    if (address.email.empty() && !address.name) {
      return;
    }
    if (!in_group_ && (groups_.empty() || groups_.back().name)) {
      groups_.emplace_back();
    }
    groups_.back().addresses.push_back(std::move(address));
    ++count_;
  }

  void clear() {
    name_.clear();
    plain_.clear();
    address_text_.clear();
    angle_.reset();
    comment_.reset();
    has_quoted_ = false;
  }

  std::string line_;
  std::string_view guess_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  bool in_group_ = false;
  std::vector<AddressGroup> groups_;
  std::string name_;                    // decoded display name so far
  std::string plain_;                   // text since the last special
  std::string address_text_;            // all text as written, for addresses without brackets
  std::optional<std::string> angle_;    // what stood in angle brackets
  std::optional<std::string> comment_;  // the last comment
  bool has_quoted_ = false;
};

}  // namespace

std::vector<AddressGroup> parse_address_groups(std::string_view value, std::string_view guess) {
  return Reader(unfold(value), guess).read();
}

std::vector<EmailAddress> parse_addresses(std::string_view value, std::string_view guess) {
  std::vector<EmailAddress> all;
  for (AddressGroup& group : parse_address_groups(value, guess)) {
    std::move(group.addresses.begin(), group.addresses.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace mail
