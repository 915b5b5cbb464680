// mail-lib/forms.hh -- header values in the parsed forms of RFC 8621 s4.1.2.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Addresses and dates have files of their own (address_list.hh, date.hh). All output is UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail-lib/charset.hh"

namespace mail {

enum class Form { raw, text, addresses, grouped_addresses, message_ids, date, urls };

// The form behind ":as" in a property name ("Text", "GroupedAddresses"); any case counts as wrong.
std::optional<Form> parse_form(std::string_view name);

// Whether RFC 8621 lets the field `name` be fetched in `form`.
bool is_form_allowed(std::string_view name, Form form);

std::string raw_form(std::string_view value);
std::string text_form(std::string_view value, std::string_view guess = default_guess);
// Nothing when there is no id, or no URL, in angle brackets.
std::optional<std::vector<std::string>> message_ids_form(std::string_view value);
std::optional<std::vector<std::string>> urls_form(std::string_view value);

}  // namespace mail
