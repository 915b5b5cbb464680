// webmail-cgi/jmap/body_property.hh -- EmailBodyPart and bodyValues (RFC 8621 s4.1.4) as JSON.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.hh"

#include "mail-lib/body.hh"

#include "webmail-cgi/jmap/method.hh"

namespace webmail::jmap {

inline constexpr std::size_t max_body_value = 5U << 20U;  // octets of one, whatever was asked for

// What an Email/get call wants of bodies.
struct BodyRequest {
  std::vector<std::string> properties;  // of each part
  bool text_values = false;
  bool html_values = false;
  bool all_values = false;
  std::size_t max_value = 0;  // octets; 0 is no limit of the client's
};

base::Result<BodyRequest> parse_body_request(MethodCall& call);

// A message and what its parts' blob ids are made of.
struct BodySource {
  const mail::Message& message;
  const mail::BodyLists& lists;
  std::string_view digits;
};

void write_structure(base::JsonWriter& out, const BodySource& source, const BodyRequest& request);
void write_parts(base::JsonWriter& out, const BodySource& source, const BodyRequest& request,
                 const std::vector<const mail::Part*>& parts);
void write_values(base::JsonWriter& out, const BodySource& source, const BodyRequest& request);

}  // namespace webmail::jmap
