// directory-lib/socketmap.cc -- netstring framing, requests and replies of the socketmap protocol.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/socketmap.hh"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/must.hh"
#include "base/text.hh"

namespace directory {

namespace {

constexpr std::size_t reason_limit = 200;

struct StatusWord {
  SocketmapStatus status;
  std::string_view word;
};

constexpr std::array<StatusWord, 5> status_words{{
    {SocketmapStatus::ok, "OK"},
    {SocketmapStatus::not_found, "NOTFOUND"},
    {SocketmapStatus::temp, "TEMP"},
    {SocketmapStatus::timeout, "TIMEOUT"},
    {SocketmapStatus::perm, "PERM"},
}};

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

base::Error broken(std::string_view why) {
  return base::make_error(base::Errc::malformed, "netstring: " + std::string(why));
}

std::size_t digits_of(std::size_t number) {
  std::size_t digits = 1;
  for (; number >= 10; number /= 10) {
    ++digits;
  }
  return digits;
}

std::string_view word_of(SocketmapStatus status) {
  const auto* const row = std::find_if(status_words.begin(), status_words.end(),
                                       [&](const StatusWord& w) { return w.status == status; });
  base::must(row != status_words.end(), "every status has its word");
  return row->word;
}

}  // namespace

base::Result<std::optional<Netstring>> read_netstring(std::string_view buffer, std::size_t limit) {
  const std::size_t most_digits = digits_of(limit);
  std::size_t length = 0;
  std::size_t at = 0;
  for (; at < buffer.size() && is_digit(buffer[at]); ++at) {
    if (at == most_digits || (at == 1 && buffer[0] == '0')) {
      return broken(at == most_digits ? "too long" : "a length with a leading zero");
    }
    length = length * 10 + static_cast<std::size_t>(buffer[at] - '0');
  }
  if (length > limit) {
    return broken("too long");
  }
  if (at == buffer.size()) {
    return std::optional<Netstring>();
  }
  if (at == 0 || buffer[at] != ':') {
    return broken("no length");
  }
  const std::size_t start = at + 1;
  if (buffer.size() <= start + length) {
    return std::optional<Netstring>();
  }
  if (buffer[start + length] != ',') {
    return broken("no comma at its end");
  }
  return std::optional<Netstring>({buffer.substr(start, length), start + length + 1});
}

std::string write_netstring(std::string_view payload) {
  std::string out = std::to_string(payload.size());
  out.reserve(out.size() + payload.size() + 2);
  out += ':';
  out += payload;
  out += ',';
  return out;
}

base::Result<SocketmapRequest> parse_socketmap_request(std::string_view payload) {
  const std::size_t space = payload.find(' ');
  if (space == std::string_view::npos || space == 0 || space + 1 == payload.size()) {
    return base::make_error(base::Errc::malformed, "a request is a map's name, a space and a key");
  }
  return SocketmapRequest{payload.substr(0, space), payload.substr(space + 1)};
}

std::string write_socketmap_reply(const SocketmapReply& reply, std::size_t limit) {
  std::string out;
  append_socketmap_reply(out, reply, limit);
  return out;
}

void append_socketmap_reply(std::string& out, const SocketmapReply& reply, std::size_t limit) {
  const std::string_view word = word_of(reply.status);
  std::string reason;
  std::string_view text;
  if (reply.status == SocketmapStatus::ok) {
    text = reply.text;
    if (word.size() + 1 + text.size() > limit) {
      append_socketmap_reply(out, {SocketmapStatus::perm, "the answer is too long"}, limit);
      return;
    }
  } else if (reply.status != SocketmapStatus::not_found) {
    reason = base::printable(reply.text, reason_limit);
    text = reason;
  }
  constexpr std::size_t most_digits = 20;
  std::array<char, most_digits> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), word.size() + 1 + text.size());
  out.append(digits.begin(), end.ptr).append(":").append(word).append(" ").append(text).append(",");
}

base::Result<SocketmapReply> parse_socketmap_reply(std::string_view payload) {
  const std::size_t space = payload.find(' ');
  if (space != std::string_view::npos) {
    for (const StatusWord& row : status_words) {
      if (row.word == payload.substr(0, space)) {
        return SocketmapReply{row.status, std::string(payload.substr(space + 1))};
      }
    }
  }
  return base::make_error(base::Errc::malformed, "no socketmap reply");
}

}  // namespace directory
