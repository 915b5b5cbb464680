// webmail-cgi/jmap/header_property.hh -- "header:Name:asForm:all" of RFC 8621 s4.1.3.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.hh"

#include "mail-lib/forms.hh"
#include "mail-lib/header.hh"
#include "mail-lib/mime.hh"

namespace webmail::jmap {

struct HeaderProperty {
  std::string key;   // as the client wrote it: the key of the answer
  std::string name;  // of the field
  mail::Form form = mail::Form::raw;
  bool all = false;
};

// "from", "subject", ...: the convenience properties of s4.1.3.
std::optional<HeaderProperty> named_header_property(std::string_view key);

// Nothing when `key` breaks the grammar, or the form is not for this field.
std::optional<HeaderProperty> parse_header_property(std::string_view key);

// The key and its value.
void write_header_property(base::JsonWriter& out, const HeaderProperty& property,
                           const std::vector<mail::HeaderField>& fields);

// The property "headers": all fields in order, raw.
void write_all_headers(base::JsonWriter& out, const std::vector<mail::HeaderField>& fields);

// Views into the headers of a part.
std::vector<mail::HeaderField> fields_of(const mail::Part& part);

}  // namespace webmail::jmap
