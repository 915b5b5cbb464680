// mail-lib/charset.cc -- text of any charset as UTF-8: the table of labels, and iconv.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/charset.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include <iconv.h>

#include "base/text.hh"

namespace mail {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

struct Label {
  std::string_view label;  // lower case, as mail writes it
  const char* name;        // as iconv knows it
};

// The left column is what senders write, the right one the superset they mean.
constexpr auto labels = std::to_array<Label>({
    {"utf-8", "UTF-8"},
    {"utf8", "UTF-8"},
    {"unicode-1-1-utf-8", "UTF-8"},
    {"us-ascii", "ASCII"},
    {"ascii", "ASCII"},
    {"ansi_x3.4-1968", "ASCII"},
    {"646", "ASCII"},
    {"utf-16", "UTF-16"},
    {"utf-16le", "UTF-16LE"},
    {"utf-16be", "UTF-16BE"},
    {"utf-32", "UTF-32"},
    // Chinese
    {"gb2312", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"gbk", "GB18030"},
    {"x-gbk", "GB18030"},
    {"cp936", "GB18030"},
    {"gb18030", "GB18030"},
    {"euc-cn", "GB18030"},
    {"eucgb2312_cn", "GB18030"},  // Python's library writes this and big5_tw
    {"chinesebig5", "BIG5-HKSCS"},
    {"gb2312_charset", "GB18030"},
    {"ms936", "GB18030"},
    {"windows-936", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5-hkscs", "BIG5-HKSCS"},
    {"cp950", "CP950"},
    {"x-big5", "BIG5-HKSCS"},
    {"big5_tw", "BIG5-HKSCS"},
    {"big-5", "BIG5-HKSCS"},
    {"euc-tw", "EUC-TW"},
    {"iso-2022-cn", "ISO-2022-CN"},
    // Japanese
    {"iso-2022-jp", "ISO-2022-JP-3"},
    {"iso-2022-jp-1", "ISO-2022-JP-3"},
    {"iso-2022-jp-2", "ISO-2022-JP-2"},
    {"iso-2022-jp-3", "ISO-2022-JP-3"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"ms_kanji", "CP932"},
    {"cp932", "CP932"},
    {"windows-31j", "CP932"},
    {"euc-jp", "EUC-JP-MS"},
    {"x-euc-jp", "EUC-JP-MS"},
    {"eucjp", "EUC-JP-MS"},
    // Korean
    {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"ks_c_5601", "CP949"},
    {"korean", "CP949"},
    {"ksc5601", "CP949"},
    {"cp949", "CP949"},
    {"windows-949", "CP949"},
    {"uhc", "CP949"},
    {"iso-2022-kr", "ISO-2022-KR"},
    {"johab", "JOHAB"},
    // Cyrillic
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"cp866", "CP866"},
    {"ibm866", "CP866"},
    {"windows-1251", "CP1251"},
    {"cp1251", "CP1251"},
    {"x-mac-cyrillic", "MAC-CYRILLIC"},
    {"iso-8859-5", "ISO-8859-5"},
    // Western and the rest of Europe
    {"iso-8859-1", "CP1252"},
    {"latin1", "CP1252"},
    {"iso8859-1", "CP1252"},
    {"iso_8859-1", "CP1252"},
    {"windows-1252", "CP1252"},
    {"cp1252", "CP1252"},
    {"ansi", "CP1252"},
    {"macintosh", "MACINTOSH"},
    {"iso-8859-2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-9", "CP1254"},
    {"iso-8859-10", "ISO-8859-10"},
    {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15"},
    {"latin-9", "ISO-8859-15"},
    {"iso-8859-16", "ISO-8859-16"},
    {"windows-1250", "CP1250"},
    {"cp1250", "CP1250"},
    {"windows-1257", "CP1257"},
    {"windows-1254", "CP1254"},
    {"cp437", "CP437"},
    {"cp850", "CP850"},
    // Greek, Hebrew, Arabic, Thai, Vietnamese
    {"iso-8859-7", "ISO-8859-7"},
    {"windows-1253", "CP1253"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"windows-1255", "CP1255"},
    {"iso-8859-6", "ISO-8859-6"},
    {"windows-1256", "CP1256"},
    {"windows-874", "CP874"},
    {"tis-620", "CP874"},
    {"iso-8859-11", "CP874"},
    {"windows-1258", "CP1258"},
});

// The iconv name of a label, or nullptr.
const char* iconv_name(std::string_view label) {
  label = base::trim(label);
  if (label.size() > 40) {
    return nullptr;
  }
  const std::string wanted = base::to_lower(label);
  const auto* const row = std::find_if(labels.begin(), labels.end(),
                                       [&wanted](const Label& l) { return l.label == wanted; });
  return row == labels.end() ? nullptr : row->name;
}

// One open descriptor a charset and thread: opening one loads a module from disk.
class Converters {
 public:
  Converters() = default;
  Converters(const Converters&) = delete;
  Converters& operator=(const Converters&) = delete;
  Converters(Converters&&) = delete;
  Converters& operator=(Converters&&) = delete;
  ~Converters() {
    for (const auto& [name, descriptor] : open_) {
      iconv_close(descriptor);
    }
  }

  // The descriptor from `name` (a row's own text) to UTF-8, reset; nullptr when libc lacks it.
  iconv_t find(const char* name) {
    for (const auto& [known, descriptor] : open_) {
      if (known == name) {
        iconv(descriptor, nullptr, nullptr, nullptr, nullptr);
        return descriptor;
      }
    }
    iconv_t made = iconv_open("UTF-8", name);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): how iconv_open() says no
    if (made == reinterpret_cast<iconv_t>(-1)) {
      return nullptr;
    }
    open_.emplace_back(name, made);
    return made;
  }

 private:
  std::vector<std::pair<std::string_view, iconv_t>> open_;
};

// Feeds `bytes` through `converter`; each byte it refuses becomes U+FFFD.
Decoded convert(iconv_t converter, std::string_view bytes) {
  Decoded out;
  std::array<char, 4096> room;
  char* in = const_cast<char*>(bytes.data());  // iconv's prototype; it does not write there
  std::size_t left = bytes.size();
  while (left > 0) {
    char* to = room.data();
    std::size_t space = room.size();
    const std::size_t got = iconv(converter, &in, &left, &to, &space);
    const int err = errno;
    out.text.append(room.data(), room.size() - space);
    if (got == static_cast<std::size_t>(-1) && err != E2BIG) {
      out.problem = true;
      out.text += replacement;
      if (err == EINVAL || left == 0) {
        break;  // an unfinished character at the end
      }
      ++in;
      --left;
    }
  }
  char* to = room.data();
  std::size_t space = room.size();
  iconv(converter, nullptr, nullptr, &to, &space);
  out.text.append(room.data(), room.size() - space);
  return out;
}

Decoded convert_named(std::string_view bytes, const char* name) {
  if (std::string_view(name) == "UTF-8") {
    const bool valid = base::is_utf8(bytes);
    return {valid ? std::string(bytes) : scrub_utf8(bytes), !valid};
  }
  thread_local Converters converters;
  iconv_t converter = converters.find(name);
  return converter == nullptr ? Decoded{scrub_utf8(bytes), true} : convert(converter, bytes);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

bool is_known_charset(std::string_view label) {
  return iconv_name(label) != nullptr;
}

Decoded to_utf8(std::string_view bytes, std::string_view label, std::string_view guess) {
  const char* name = iconv_name(label);
  if (name != nullptr && std::string_view(name) != "ASCII") {
    return convert_named(bytes, name);
  }
  const bool problem = name == nullptr && !base::trim(label).empty();
  if (is_ascii(bytes) || base::is_utf8(bytes)) {
    return {std::string(bytes), problem};
  }
  const char* guessed = iconv_name(guess);
  Decoded out = convert_named(bytes, guessed == nullptr ? "UTF-8" : guessed);
  out.problem = true;
  return out;
}

std::string scrub_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = base::utf8_length(text);
    out += size == 0 ? replacement : text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80) {
    --limit;
  }
  return text.substr(0, limit);
}

}  // namespace mail
