// mail-lib/body.hh -- which parts of a message are its body and which are attachments; the preview.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail-lib/mime.hh"

namespace mail {

inline constexpr std::size_t preview_characters = 256;  // RFC 8621 s4.1.4

// Pointers into the message's tree.
struct BodyLists {
  std::vector<const Part*> text;
  std::vector<const Part*> html;
  std::vector<const Part*> attachments;
};

// The algorithm of RFC 8621 s4.1.4.
BodyLists body_lists(const Part& root);

// Whether a client should show a paper clip: an attachment that is neither inline nor a picture
// beside the HTML that shows it.
bool has_attachment(const BodyLists& lists);

// The first words of the body on one line, quoted lines left out; at most preview_characters.
std::string preview(const Message& message, const BodyLists& lists);

// The words of HTML without its markup, for previews and indexes; not for showing as HTML.
std::string html_words(std::string_view html);

}  // namespace mail
