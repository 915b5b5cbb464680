// mail-lib/mime.cc -- a message as a tree of parts, whatever was sent (the GMime wrapper).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/mime.hh"

#include <algorithm>
#include <array>
#include <mutex>

#include <gmime/gmime.h>

#include "base/handle.hh"
#include "base/text.hh"

#include "mail-lib/header.hh"
#include "mail-lib/words.hh"

namespace mail {

namespace {

void unref(gpointer object) {
  g_object_unref(object);
}

template <typename T>
using Ref = base::Handle<T, unref>;

std::string from_c(const char* text) {
  return text == nullptr ? std::string() : scrub_utf8(text);
}

std::optional<std::string> optional_from_c(const char* text) {
  return text == nullptr || *text == '\0' ? std::nullopt : std::optional(from_c(text));
}

void initialise() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

// The bytes as GMime understands them: a header of fields alone, then a blank line. Views or a
// copy.
std::string regular(std::string_view bytes, const Header& header) {
  std::string text;
  text.reserve(bytes.size() + 64);
  for (const HeaderField& field : header.fields) {
    text.append(field.name).append(":").append(field.value).append("\r\n");
  }
  if (header.fields.empty()) {
    text += "Content-Type: text/plain\r\n";
  }
  text += "\r\n";
  text += bytes.substr(header.body);
  return text;
}

GMimeMessage* parse_bytes(std::string_view bytes, std::string_view guess) {
  const Ref<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Ref<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  g_mime_parser_set_persist_stream(parser.get(), TRUE);
  GMimeParserOptions* options = g_mime_parser_options_new();
  const std::string guessed(guess);
  std::array<const char*, 4> charsets = {"utf-8", guessed.c_str(), "iso-8859-1", nullptr};
  g_mime_parser_options_set_fallback_charsets(options, charsets.data());
  GMimeMessage* message = g_mime_parser_construct_message(parser.get(), options);
  g_mime_parser_options_free(options);
  return message;
}

std::vector<PartHeader> headers_of(GMimeObject* object) {
  std::vector<PartHeader> headers;
  GMimeHeaderList* list = g_mime_object_get_header_list(object);
  const int count = g_mime_header_list_get_count(list);
  for (int i = 0; i < count && i < static_cast<int>(max_header_fields); ++i) {
    GMimeHeader* header = g_mime_header_list_get_header_at(list, i);
    const char* raw = g_mime_header_get_raw_value(header);
    std::string value = raw == nullptr ? "" : raw;
    value.erase(value.find_last_not_of("\r\n") + 1);
    headers.push_back({from_c(g_mime_header_get_name(header)), std::move(value)});
  }
  return headers;
}

const PartHeader* last_of(const std::vector<PartHeader>& headers, std::string_view name) {
  const auto found = std::find_if(headers.rbegin(), headers.rend(), [name](const PartHeader& h) {
    return base::iequals(h.name, name);
  });
  return found == headers.rend() ? nullptr : &*found;
}

std::optional<std::string> charset_of(GMimeContentType* type, bool is_text) {
  const char* charset = g_mime_content_type_get_parameter(type, "charset");
  if (charset != nullptr && *charset != '\0') {
    return from_c(charset);
  }
  return is_text ? std::optional<std::string>("us-ascii") : std::nullopt;
}

// RFC 2183 names win over RFC 2045 ones, as GMime has it.
std::optional<std::string> name_of(GMimeObject* object) {
  const char* name = GMIME_IS_PART(object)
                         ? g_mime_part_get_filename(GMIME_PART(object))
                         : g_mime_object_get_content_disposition_parameter(object, "filename");
  if (name == nullptr) {
    name = g_mime_object_get_content_type_parameter(object, "name");
  }
  if (name == nullptr || *name == '\0') {
    return std::nullopt;
  }
  return decode_words(scrub_utf8(name), WordPlace::text);
}

void fill(Part& part, GMimeObject* object) {
  GMimeContentType* type = g_mime_object_get_content_type(object);
  const base::Handle<char, g_free> mime(g_mime_content_type_get_mime_type(type));
  part.headers = headers_of(object);
  part.type = base::to_lower(from_c(mime.get()));
  part.is_multipart = GMIME_IS_MULTIPART(object);
  part.charset = charset_of(type, part.is_text());
  if (const char* disposition = g_mime_object_get_disposition(object)) {
    part.disposition = base::to_lower(base::trim(from_c(disposition)));
  }
  part.name = name_of(object);
  part.cid = optional_from_c(g_mime_object_get_content_id(object));
  if (const PartHeader* location = last_of(part.headers, "Content-Location")) {
    part.location = scrub_utf8(base::trim(unfold(location->value)));
  }
  if (const PartHeader* language = last_of(part.headers, "Content-Language")) {
    const std::string tags = scrub_utf8(unfold(language->value));
    for (const std::string_view tag : base::split_words(tags)) {
      part.language.emplace_back(tag);
    }
  }
}

bool is_known_encoding(std::string_view value) {
  static constexpr std::array<std::string_view, 10> known = {
      "",           "7bit",     "8bit",  "binary",  "base64", "quoted-printable",
      "x-uuencode", "uuencode", "x-uue", "x-binary"};
  const std::string word = base::to_lower(base::trim(unfold(value)));
  return std::find(known.begin(), known.end(), word) != known.end();
}

// Reads a stream to its end, or `limit` octets.
std::string drain(GMimeStream* stream, std::size_t limit) {
  std::string out;
  std::array<char, 16384> room;
  while (out.size() < limit) {
    const ssize_t got =
        g_mime_stream_read(stream, room.data(), std::min(room.size(), limit - out.size()));
    if (got <= 0) {
      break;
    }
    out.append(room.data(), static_cast<std::size_t>(got));
  }
  return out;
}

std::string decoded(GMimePart* part, std::size_t limit) {
  GMimeDataWrapper* wrapper = g_mime_part_get_content(part);
  GMimeStream* source = wrapper == nullptr ? nullptr : g_mime_data_wrapper_get_stream(wrapper);
  if (source == nullptr) {
    return {};
  }
  g_mime_stream_reset(source);
  const GMimeContentEncoding encoding = g_mime_data_wrapper_get_encoding(wrapper);
  if (encoding != GMIME_CONTENT_ENCODING_BASE64 &&
      encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE &&
      encoding != GMIME_CONTENT_ENCODING_UUENCODE) {
    return drain(source, limit);
  }
  const Ref<GMimeStream> stream(g_mime_stream_filter_new(source));
  const Ref<GMimeFilter> filter(g_mime_filter_basic_new(encoding, FALSE));
  g_mime_stream_filter_add(GMIME_STREAM_FILTER(stream.get()), filter.get());
  return drain(stream.get(), limit);
}

std::string written(GMimeObject* object, std::size_t limit) {
  const Ref<GMimeStream> stream(g_mime_stream_mem_new());
  g_mime_object_write_to_stream(object, nullptr, stream.get());
  g_mime_stream_reset(stream.get());
  return drain(stream.get(), limit);
}

// The charset HTML declares of itself, for parts whose header declares none.
std::string declared_in_html(std::string_view html) {
  const std::string start = base::to_lower(html.substr(0, 1024));
  const std::size_t meta = start.find("<meta");
  const std::size_t at = meta == std::string::npos ? meta : start.find("charset=", meta);
  if (at == std::string::npos) {
    return {};
  }
  std::string_view rest = std::string_view(start).substr(at + 8);
  rest.remove_prefix(std::min(rest.find_first_not_of("\"' "), rest.size()));
  const std::string label(rest.substr(0, rest.find_first_of("\"' />;")));
  return is_known_charset(label) ? label : std::string();
}

std::string with_lf(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      out += i + 1 < text.size() && text[i + 1] == '\n' ? "" : "\n";
    } else if (text[i] != '\0') {
      out += text[i];
    }
  }
  return out;
}

const Part* find_below(const Part& part, std::string_view id) {
  if (!part.is_multipart) {
    return part.id == id ? &part : nullptr;
  }
  for (const Part& child : part.parts) {
    if (const Part* found = find_below(child, id)) {
      return found;
    }
  }
  return nullptr;
}

}  // namespace

// The GMime objects behind the parts, by Part::index; a part without one has its bytes in `texts`.
struct Message::Tree {
  Ref<GMimeMessage> message;
  std::vector<GMimeObject*> objects;
  std::vector<std::string> texts;

  void grow(Part& part, GMimeObject* object, const std::string& path, std::size_t depth);
  void grow_children(Part& part, GMimeMultipart* multipart, const std::string& path,
                     std::size_t depth);
  void add(Part& part, GMimeObject* object, std::string text = {});
  void make_leaf(Part& part, std::string_view type, const std::string& path, std::string text);
};

void Message::Tree::add(Part& part, GMimeObject* object, std::string text) {
  part.index = objects.size();
  objects.push_back(object);
  texts.push_back(std::move(text));
}

void Message::Tree::make_leaf(Part& part, std::string_view type, const std::string& path,
                              std::string text) {
  part.is_multipart = false;
  part.type = type;
  part.id = path.empty() ? "1" : path;
  part.charset = part.is_text() ? std::optional<std::string>("us-ascii") : std::nullopt;
  add(part, nullptr, std::move(text));
}

void Message::Tree::grow(Part& part, GMimeObject* object, const std::string& path,
                         std::size_t depth) {
  fill(part, object);
  if (part.is_multipart && depth >= max_part_depth) {
    make_leaf(part, "application/octet-stream", path, written(object, whole));
    return;
  }
  if (part.is_multipart) {
    grow_children(part, GMIME_MULTIPART(object), path, depth);
    return;
  }
  if (part.type.starts_with("multipart/")) {
    part.type = "application/octet-stream";  // encoded as a whole, so GMime did not open it
  }
  const PartHeader* encoding = last_of(part.headers, "Content-Transfer-Encoding");
  part.has_unknown_encoding = encoding != nullptr && !is_known_encoding(encoding->value);
  part.id = path.empty() ? "1" : path;
  add(part, object);
}

void Message::Tree::grow_children(Part& part, GMimeMultipart* multipart, const std::string& path,
                                  std::size_t depth) {
  const int count = g_mime_multipart_get_count(multipart);
  if (count == 0) {
    const char* text = g_mime_multipart_get_prologue(multipart);
    make_leaf(part, "text/plain", path, text == nullptr ? "" : text);
    return;
  }
  const std::string prefix = path.empty() ? "" : path + ".";
  add(part, nullptr);
  for (int i = 0; i < count && objects.size() < max_parts; ++i) {
    Part& child = part.parts.emplace_back();
    child.in_related = part.type == "multipart/related";
    grow(child, g_mime_multipart_get_part(multipart, i), prefix + std::to_string(i + 1), depth + 1);
  }
}

Message::Message() : tree_(std::make_unique<Tree>()) {}
Message::Message(Message&& other) noexcept = default;
Message& Message::operator=(Message&& other) noexcept = default;
Message::~Message() = default;

Message Message::parse(std::string_view bytes, std::string_view guess) {
  initialise();
  Message message;
  message.guess_ = guess;
  const Header header = scan_header(bytes);
  const bool as_is = header.is_regular && !header.fields.empty() && !bytes.starts_with("From ");
  message.tree_->message.reset(as_is ? parse_bytes(bytes, guess)
                                     : parse_bytes(regular(bytes, header), guess));
  GMimeObject* root = message.tree_->message == nullptr
                          ? nullptr
                          : g_mime_message_get_mime_part(message.tree_->message.get());
  if (root == nullptr) {
    message.tree_->make_leaf(message.root_, "text/plain", {},
                             std::string(bytes.substr(header.body)));
  } else {
    message.tree_->grow(message.root_, root, {}, 0);
  }
  if (header.fields.empty()) {
    message.root_.headers.clear();  // GMime was given one of ours
  }
  return message;
}

const Part* Message::find(std::string_view id) const {
  return find_below(root_, id);
}

std::string Message::content(const Part& part, std::size_t limit) const {
  GMimeObject* object = tree_->objects.at(part.index);
  if (object == nullptr) {
    return tree_->texts[part.index].substr(0, limit);
  }
  if (GMIME_IS_MESSAGE_PART(object)) {
    GMimeMessage* inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    return inner == nullptr ? std::string() : written(GMIME_OBJECT(inner), limit);
  }
  return GMIME_IS_PART(object) ? decoded(GMIME_PART(object), limit) : written(object, limit);
}

std::uint64_t Message::content_size(const Part& part) const {
  return content(part).size();
}

PartText Message::text(const Part& part, std::size_t limit) const {
  std::string bytes = content(part, limit == whole ? whole : limit + 1);
  PartText out;
  out.truncated = bytes.size() > limit;
  bytes.resize(std::min(bytes.size(), limit));
  std::string charset = part.charset.value_or("");
  if (part.type == "text/html" && (charset.empty() || base::iequals(charset, "us-ascii"))) {
    charset = declared_in_html(bytes);
  }
  Decoded decoded_text = to_utf8(bytes, charset, guess_);
  out.problem = decoded_text.problem || part.has_unknown_encoding;
  out.text = with_lf(decoded_text.text);
  return out;
}

}  // namespace mail
