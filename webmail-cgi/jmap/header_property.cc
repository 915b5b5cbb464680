// webmail-cgi/jmap/header_property.cc -- "header:Name:asForm:all" of RFC 8621 s4.1.3.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/header_property.hh"

#include <algorithm>
#include <array>

#include "base/text.hh"

#include "mail-lib/address_list.hh"
#include "mail-lib/date.hh"

namespace webmail::jmap {

namespace {

struct Named {
  std::string_view key;
  std::string_view name;
  mail::Form form;
};

constexpr auto named = std::to_array<Named>({
    {"messageId", "Message-ID", mail::Form::message_ids},
    {"inReplyTo", "In-Reply-To", mail::Form::message_ids},
    {"references", "References", mail::Form::message_ids},
    {"sender", "Sender", mail::Form::addresses},
    {"from", "From", mail::Form::addresses},
    {"to", "To", mail::Form::addresses},
    {"cc", "Cc", mail::Form::addresses},
    {"bcc", "Bcc", mail::Form::addresses},
    {"replyTo", "Reply-To", mail::Form::addresses},
    {"subject", "Subject", mail::Form::text},
    {"sentAt", "Date", mail::Form::date},
});

void write_addresses(base::JsonWriter& out, const std::vector<mail::EmailAddress>& addresses) {
  out.begin_array();
  for (const mail::EmailAddress& address : addresses) {
    out.begin_object().key("name");
    address.name ? out.string(*address.name) : out.null();
    out.key("email").string(address.email).end_object();
  }
  out.end_array();
}

void write_groups(base::JsonWriter& out, const std::vector<mail::AddressGroup>& groups) {
  out.begin_array();
  for (const mail::AddressGroup& group : groups) {
    out.begin_object().key("name");
    group.name ? out.string(*group.name) : out.null();
    out.key("addresses");
    write_addresses(out, group.addresses);
    out.end_object();
  }
  out.end_array();
}

void write_list(base::JsonWriter& out, const std::optional<std::vector<std::string>>& list) {
  if (!list) {
    out.null();
    return;
  }
  out.begin_array();
  for (const std::string& text : *list) {
    out.string(text);
  }
  out.end_array();
}

void write_date(base::JsonWriter& out, std::string_view value) {
  const auto date = mail::parse_date(value);
  date ? out.string(mail::date_text(*date)) : out.null();
}

void write_value(base::JsonWriter& out, mail::Form form, std::string_view value) {
  switch (form) {
    case mail::Form::raw:
      out.string(mail::raw_form(value));
      return;
    case mail::Form::text:
      out.string(mail::text_form(value));
      return;
    case mail::Form::addresses:
      write_addresses(out, mail::parse_addresses(value));
      return;
    case mail::Form::grouped_addresses:
      write_groups(out, mail::parse_address_groups(value));
      return;
    case mail::Form::message_ids:
      write_list(out, mail::message_ids_form(value));
      return;
    case mail::Form::date:
      write_date(out, value);
      return;
    case mail::Form::urls:
      write_list(out, mail::urls_form(value));
      return;
  }
}

}  // namespace

std::optional<HeaderProperty> named_header_property(std::string_view key) {
  const auto* const row =
      std::find_if(named.begin(), named.end(), [key](const Named& n) { return n.key == key; });
  if (row == named.end()) {
    return std::nullopt;
  }
  return HeaderProperty{std::string(key), std::string(row->name), row->form, false};
}

std::optional<HeaderProperty> parse_header_property(std::string_view key) {
  const auto parts = base::split(key, ':');
  if (parts.size() < 2 || parts.size() > 4 || parts[0] != "header" || parts[1].empty()) {
    return std::nullopt;
  }
  HeaderProperty property{std::string(key), std::string(parts[1]), mail::Form::raw, false};
  std::size_t next = 2;
  if (next < parts.size() && parts[next].starts_with("as")) {
    const auto form = mail::parse_form(parts[next].substr(2));
    if (!form) {
      return std::nullopt;
    }
    property.form = *form;
    ++next;
  }
  if (next < parts.size() && parts[next] == "all") {
    property.all = true;
    ++next;
  }
  const bool printable = std::all_of(property.name.begin(), property.name.end(),
                                     [](char c) { return c > ' ' && c < 127; });
  if (next != parts.size() || !printable || !mail::is_form_allowed(property.name, property.form)) {
    return std::nullopt;
  }
  return property;
}

void write_header_property(base::JsonWriter& out, const HeaderProperty& property,
                           const std::vector<mail::HeaderField>& fields) {
  out.key(property.key);
  if (!property.all) {
    const mail::HeaderField* field = mail::last_field(fields, property.name);
    field == nullptr ? static_cast<void>(out.null())
                     : write_value(out, property.form, field->value);
    return;
  }
  out.begin_array();
  for (const mail::HeaderField& field : fields) {
    if (base::iequals(field.name, property.name)) {
      write_value(out, property.form, field.value);
    }
  }
  out.end_array();
}

void write_all_headers(base::JsonWriter& out, const std::vector<mail::HeaderField>& fields) {
  out.key("headers").begin_array();
  for (const mail::HeaderField& field : fields) {
    out.begin_object().key("name").string(field.name);
    out.key("value").string(mail::raw_form(field.value)).end_object();
  }
  out.end_array();
}

std::vector<mail::HeaderField> fields_of(const mail::Part& part) {
  std::vector<mail::HeaderField> fields;
  fields.reserve(part.headers.size());
  for (const mail::PartHeader& header : part.headers) {
    fields.push_back({header.name, header.value});
  }
  return fields;
}

}  // namespace webmail::jmap
