// directory-lib/rules.cc -- what may be stored at all: names, texts, paths.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::size_t text_limit = 255;  // names and descriptions for people, octets

}  // namespace

base::Result<void> check_text(std::string_view what, std::string_view text) {
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (text.size() > text_limit || has_control || !base::is_utf8(text)) {
    return base::make_error(Errc::malformed, std::string(what) + " '" + base::printable(text, 40) +
                                                 "': longer than 255 octets, a control character, "
                                                 "or not UTF-8");
  }
  return {};
}

base::Result<void> check_path(const std::string& path) {
  for (const std::string_view part : base::split(path, '/')) {
    if (part.empty() || part.front() == '.') {
      return base::make_error(Errc::malformed,
                              "'" + base::printable(path, 80) + "' is no path below the mail root");
    }
  }
  return check_text("path", path.substr(0, text_limit));
}

base::Result<mail::Address> parse_new(std::string_view text) {
  auto address = mail::parse_account(text);
  if (address && (address->text().front() == '"' || address->domain.front() == '[')) {
    return base::make_error(Errc::malformed, "'" + base::printable(text, 80) +
                                                 "': an account needs a plain name and a domain");
  }
  return address;
}

base::Result<std::string> parse_alias_address(std::string_view text, bool is_new) {
  if (text.starts_with('@')) {
    auto domain = mail::parse_domain(text.substr(1));
    return domain ? base::Result<std::string>("@" + *domain) : domain.error();
  }
  const auto address = is_new ? parse_new(text) : mail::parse_account(text);
  return address ? base::Result<std::string>(address->key()) : address.error();
}

}  // namespace directory
