// webmail-cgi/jmap/view.cc -- the page a mail is shown in: its body as safe HTML.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "base/text.hh"

#include "mail-lib/body.hh"
#include "maildir-lib/message.hh"
#include "web-lib/safe_html.hh"

#include "webmail-cgi/blob.hh"
#include "webmail-cgi/jmap/ids.hh"
#include "webmail-cgi/jmap/message_source.hh"

namespace webmail {

namespace {

constexpr std::size_t max_shown_octets = 4U << 20U;  // of one part

constexpr std::string_view page_head =
    "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title></title>\n"
    "<style>body{margin:0;font:16px/1.5 sans-serif;overflow-wrap:break-word}"
    ".text{white-space:pre-wrap}img{max-width:100%}"
    "@media (prefers-color-scheme:dark){.text{color:#ddd}.text a{color:#8bf}}</style></head>\n";

// What browsers show of themselves; SVG is none of it.
bool is_raster(std::string_view type) {
  static constexpr std::array<std::string_view, 6> types = {
      "image/png", "image/gif", "image/jpeg", "image/webp", "image/bmp", "image/avif"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (plain) {
      out += c;
    } else {
      out += '%' + base::hex(base::bytes_of(std::string_view(&c, 1)));
    }
  }
  return out;
}

// One message being shown.
class Page {
 public:
  Page(const Account& account, std::string_view digits, const mail::Message& message)
      : account_(account), digits_(digits), message_(message) {
    collect_pictures(message.root());
  }

  void add(const mail::Part& part) {
    if (part.type == "text/html") {
      add_html(message_.text(part, max_shown_octets).text);
    } else if (part.is_text()) {
      body_ += "<div class=\"text\">" +
               web::text_to_html(message_.text(part, max_shown_octets).text) + "</div>\n";
    } else if (is_raster(part.type)) {
      body_ += R"(<p><img alt="" src=")" + web::escape_html(url_of(part)) + "\"></p>\n";
    }
  }

  std::string take() const {
    return std::string(page_head) + "<body data-blocked-pictures=\"" + std::to_string(blocked_) +
           "\">\n" + body_ + "</body></html>\n";
  }

 private:
  void collect_pictures(const mail::Part& part) {
    if (is_raster(part.type)) {
      pictures_.push_back(&part);
    }
    for (const mail::Part& child : part.parts) {
      collect_pictures(child);
    }
  }

  void add_html(std::string_view html) {
    const web::HtmlOptions options{[this](std::string_view src) { return picture_url(src); }};
    const web::SafeHtml safe = web::safe_html(html, options);
    blocked_ += safe.blocked_pictures;
    body_ += (safe.is_text_only ? "<div class=\"text\">" : "<div>") + safe.html + "</div>\n";
  }

  // RFC 2392 names parts by Content-ID, RFC 2557 by Content-Location.
  std::optional<std::string> picture_url(std::string_view src) const {
    const bool is_cid = base::istarts_with(src, "cid:");
    const std::string_view name = is_cid ? src.substr(4) : src;
    const auto found = std::find_if(pictures_.begin(), pictures_.end(), [=](const mail::Part* p) {
      return !name.empty() && (is_cid ? p->cid == name : p->location == name);
    });
    return found == pictures_.end() ? std::nullopt : std::optional(url_of(**found));
  }

  std::string url_of(const mail::Part& part) const {
    return "/jmap/download/" + account_.id + "/" + jmap::part_blob_id(digits_, part.id) + "/" +
           url_encoded(part.name.value_or("picture").substr(0, 100)) +
           "?type=" + url_encoded(part.type);
  }

  const Account& account_;
  std::string_view digits_;
  const mail::Message& message_;
  std::vector<const mail::Part*> pictures_;
  std::string body_;
  std::size_t blocked_ = 0;
};

}  // namespace

// Remote pictures stay blocked whatever is asked for: nothing fetches them yet.
base::Result<std::string> view_page(const Account& account, std::string_view blob_id,
                                    const ViewOptions& /*options*/) {
  const auto id = jmap::parse_blob_id(blob_id);
  auto source = id ? jmap::open_message(account, id->number)
                   : base::make_error(base::Errc::not_found, "no blob id");
  const auto bytes = source ? source->read() : base::Result<std::string>(source.error());
  if (!bytes) {
    return bytes.error();
  }
  const auto message = mail::Message::parse(*bytes);
  Page page(account, id->digits, message);
  if (id->part.empty()) {
    for (const mail::Part* part : mail::body_lists(message.root()).html) {
      page.add(*part);
    }
    return page.take();
  }
  const mail::Part* part = message.find(id->part);
  if (part == nullptr || !part->is_text()) {
    return base::make_error(base::Errc::not_found, "no such text part");
  }
  page.add(*part);
  return page.take();
}

}  // namespace webmail
