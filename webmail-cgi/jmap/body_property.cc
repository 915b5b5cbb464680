// webmail-cgi/jmap/body_property.cc -- EmailBodyPart and bodyValues (RFC 8621 s4.1.4) as JSON.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/body_property.hh"

#include <algorithm>
#include <array>
#include <set>

#include "webmail-cgi/jmap/arguments.hh"
#include "webmail-cgi/jmap/header_property.hh"
#include "webmail-cgi/jmap/ids.hh"

namespace webmail::jmap {

namespace {

constexpr std::array<std::string_view, 10> default_properties = {
    "partId",  "blobId",      "size", "name",     "type",
    "charset", "disposition", "cid",  "language", "location"};

bool is_property(std::string_view name) {
  return name == "headers" || name == "subParts" ||
         std::find(default_properties.begin(), default_properties.end(), name) !=
             default_properties.end() ||
         parse_header_property(name);
}

void write_optional(base::JsonWriter& out, const std::optional<std::string>& text) {
  text ? out.string(*text) : out.null();
}

void write_language(base::JsonWriter& out, const std::vector<std::string>& tags) {
  if (tags.empty()) {
    out.null();
    return;
  }
  out.begin_array();
  for (const std::string& tag : tags) {
    out.string(tag);
  }
  out.end_array();
}

void write_leaf_property(base::JsonWriter& out, const BodySource& source, const mail::Part& part,
                         std::string_view name) {
  out.key(name);
  if (name == "size") {
    out.number(part.is_multipart ? 0
                                 : static_cast<std::int64_t>(source.message.content_size(part)));
  } else if (part.is_multipart) {
    out.null();
  } else if (name == "partId") {
    out.string(part.id);
  } else {
    out.string(part_blob_id(source.digits, part.id));
  }
}

void write_property(base::JsonWriter& out, const BodySource& source, const mail::Part& part,
                    std::string_view name) {
  if (name == "partId" || name == "blobId" || name == "size") {
    write_leaf_property(out, source, part, name);
  } else if (name == "headers") {
    write_all_headers(out, fields_of(part));
  } else if (name == "type") {
    out.key(name).string(part.type);
  } else if (name == "language") {
    out.key(name);
    write_language(out, part.language);
  } else if (const auto header = parse_header_property(name)) {
    write_header_property(out, *header, fields_of(part));
  } else if (name != "subParts") {
    out.key(name);
    write_optional(out, name == "name"          ? part.name
                        : name == "charset"     ? part.charset
                        : name == "disposition" ? part.disposition
                        : name == "cid"         ? part.cid
                                                : part.location);
  }
}

void write_part(base::JsonWriter& out, const BodySource& source, const BodyRequest& request,
                const mail::Part& part, bool with_children) {
  out.begin_object();
  for (const std::string& name : request.properties) {
    write_property(out, source, part, name);
  }
  if (with_children && part.is_multipart) {
    out.key("subParts").begin_array();
    for (const mail::Part& child : part.parts) {
      write_part(out, source, request, child, true);
    }
    out.end_array();
  }
  out.end_object();
}

void collect_texts(const mail::Part& part, std::vector<const mail::Part*>& texts) {
  for (const mail::Part& child : part.parts) {
    collect_texts(child, texts);
  }
  if (!part.is_multipart) {
    texts.push_back(&part);
  }
}

// `text` in at most `limit` octets; HTML is not cut inside a tag.
std::string_view cut_value(std::string_view text, std::size_t limit, bool is_html) {
  std::string_view cut = mail::cut_utf8(text, limit);
  const std::size_t open = cut.rfind('<');
  const bool in_tag = is_html && cut.size() < text.size() && open != std::string_view::npos &&
                      cut.find('>', open) == std::string_view::npos;
  return in_tag ? cut.substr(0, open) : cut;
}

void write_value(base::JsonWriter& out, const BodySource& source, const mail::Part& part,
                 std::size_t limit) {
  // No charset takes more than four octets for one octet of UTF-8.
  const mail::PartText text = source.message.text(part, limit * 4 + 64);
  const std::string_view value = cut_value(text.text, limit, part.type == "text/html");
  out.key(part.id).begin_object();
  out.key("value").string(value);
  out.key("isEncodingProblem").boolean(text.problem);
  out.key("isTruncated").boolean(text.truncated || value.size() < text.text.size());
  out.end_object();
}

}  // namespace

base::Result<BodyRequest> parse_body_request(MethodCall& call) {
  BodyRequest request;
  auto properties = list_argument(call, "bodyProperties");
  const auto text = bool_argument(call, "fetchTextBodyValues", false);
  const auto html = bool_argument(call, "fetchHTMLBodyValues", false);
  const auto all = bool_argument(call, "fetchAllBodyValues", false);
  const auto limit = number_argument(call, "maxBodyValueBytes");
  if (!properties || !text || !html || !all || !limit) {
    return !properties ? properties.error()
           : !text     ? text.error()
           : !html     ? html.error()
           : !all      ? all.error()
                       : limit.error();
  }
  if (limit->value_or(0) < 0) {
    return invalid_argument(call, "maxBodyValueBytes", "must not be negative");
  }
  request.properties.assign(default_properties.begin(), default_properties.end());
  if (*properties) {
    request.properties = std::move(**properties);
  }
  for (const std::string& name : request.properties) {
    if (!is_property(name)) {
      return invalid_argument(call, "bodyProperties", "no property " + name);
    }
  }
  request.text_values = *text;
  request.html_values = *html;
  request.all_values = *all;
  request.max_value = static_cast<std::size_t>(limit->value_or(0));
  return request;
}

void write_structure(base::JsonWriter& out, const BodySource& source, const BodyRequest& request) {
  out.key("bodyStructure");
  write_part(out, source, request, source.message.root(), true);
}

void write_parts(base::JsonWriter& out, const BodySource& source, const BodyRequest& request,
                 const std::vector<const mail::Part*>& parts) {
  out.begin_array();
  for (const mail::Part* part : parts) {
    write_part(out, source, request, *part, false);
  }
  out.end_array();
}

void write_values(base::JsonWriter& out, const BodySource& source, const BodyRequest& request) {
  std::vector<const mail::Part*> wanted;
  if (request.all_values) {
    collect_texts(source.message.root(), wanted);
  }
  if (request.text_values) {
    wanted.insert(wanted.end(), source.lists.text.begin(), source.lists.text.end());
  }
  if (request.html_values) {
    wanted.insert(wanted.end(), source.lists.html.begin(), source.lists.html.end());
  }
  const std::size_t limit =
      request.max_value == 0 ? max_body_value : std::min(request.max_value, max_body_value);
  std::set<const mail::Part*> done;
  out.key("bodyValues").begin_object();
  for (const mail::Part* part : wanted) {
    if (part->is_text() && done.insert(part).second) {
      write_value(out, source, *part, limit);
    }
  }
  out.end_object();
}

}  // namespace webmail::jmap
