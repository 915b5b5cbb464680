// maildir-lib/courier_folder.cc -- all that Courier's servers have left in one folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/courier_folder.hh"

#include <cerrno>
#include <limits>
#include <map>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/files.hh"

#include "maildir-lib/account_files.hh"

namespace maildir {

namespace {

using base::Errc;

constexpr std::size_t max_keyword_file = 64U << 10U;
constexpr std::size_t read_piece = 256U << 10U;
constexpr const char* uids_name = "courierimapuiddb";
constexpr const char* pop3_name = "courierpop3dsizelist";

// The file, if it is there; other errors are errors.
base::Result<std::optional<std::string>> read_if_there(const Directory& folder,
                                                       const std::string& name, std::size_t limit) {
  auto text = folder.read_file(name, limit);
  if (text) {
    return std::optional<std::string>(std::move(*text));
  }
  return text.error().code == Errc::not_found
             ? base::Result<std::optional<std::string>>(std::optional<std::string>())
             : base::Result<std::optional<std::string>>(text.error());
}

// One of the two files with numbers; nothing when it is not there or damaged.
template <typename Parsed>
base::Result<std::optional<Parsed>> read_numbers(const Directory& folder, const std::string& path,
                                                 const char* name,
                                                 base::Result<Parsed> (*parse)(std::string_view),
                                                 std::vector<AdoptNote>& notes) {
  const auto text = read_if_there(folder, name, max_courier_bytes);
  if (!text) {
    return text.error();
  }
  if (!*text) {
    return std::optional<Parsed>();
  }
  auto parsed = parse(**text);
  if (!parsed) {
    notes.push_back({"damaged", path + "/" + name, parsed.error().text(), true});
    return std::optional<Parsed>();
  }
  return std::optional<Parsed>(std::move(*parsed));
}

// The list, and what was changed since: a file for each such mail.
base::Result<CourierKeywords> read_keyword_files(const Directory& folder) {
  const auto place = folder.open_directory("courierimapkeywords");
  if (!place) {
    return CourierKeywords();
  }
  const auto list = read_if_there(*place, ":list", max_courier_bytes);
  const auto entries = place->list();
  if (!list || !entries) {
    return list ? entries.error() : list.error();
  }
  CourierKeywords keywords = parse_courier_keywords(list->value_or(""));
  std::map<std::string, std::pair<std::uint64_t, std::string>, std::less<>> newest;
  for (const DirectoryEntry& entry : *entries) {
    const CourierKeywordName name = parse_courier_keyword_name(entry.name);
    if (name.base.empty()) {
      continue;
    }
    const std::uint64_t rank =
        name.version == 0 ? std::numeric_limits<std::uint64_t>::max() : name.version;
    auto& best = newest[std::string(name.base)];
    if (rank >= best.first) {
      best = {rank, entry.name};
    }
  }
  for (const auto& [base, file] : newest) {
    const auto text = read_if_there(*place, file.second, max_keyword_file);
    if (!text) {
      return text.error();
    }
    if (*text) {
      keywords.insert_or_assign(base, parse_courier_keyword_file(**text));
    }
  }
  return keywords;
}

}  // namespace

base::Result<CourierFolder> read_courier_folder(const Directory& folder, const std::string& path,
                                                bool is_inbox, std::vector<AdoptNote>& notes) {
  CourierFolder out;
  auto uids = read_numbers<CourierUids>(folder, path, uids_name, parse_courier_uids, notes);
  if (!uids) {
    return uids.error();
  }
  out.uids = std::move(*uids);
  if (is_inbox) {
    auto pop3 = read_numbers<CourierPop3>(folder, path, pop3_name, parse_courier_pop3, notes);
    if (!pop3) {
      return pop3.error();
    }
    out.pop3 = std::move(*pop3);
  }
  auto keywords = read_keyword_files(folder);
  if (!keywords) {
    return keywords.error();
  }
  out.keywords = std::move(*keywords);
  return out;
}

base::Result<MailSizes> measure_mail(const std::string& path) {
  const auto fd = base::open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!fd) {
    return fd.error();
  }
  MailSizes sizes;
  std::string room(read_piece, '\0');
  char last = '\0';
  for (;;) {
    const ssize_t got = ::read(fd->get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return base::errno_error(path, errno);
    }
    const std::string_view text(room.data(), static_cast<std::size_t>(got));
    if (sizes.octets == 0 && is_compressed(text)) {
      return base::make_error(Errc::malformed, "it is compressed");
    }
    if (got == 0) {
      return sizes;
    }
    for (const char c : text) {
      sizes.with_crlf += c == '\n' && last != '\r' ? 2 : 1;
      last = c;
    }
    sizes.octets += text.size();
  }
}

std::string_view without_field(std::string_view base, char key) {
  const std::size_t comma = base.rfind(',');
  const std::string_view field =
      comma == std::string_view::npos ? std::string_view() : base.substr(comma + 1);
  const bool is_it = field.size() > 2 && field[0] == key && field[1] == '=' &&
                     field.find_first_not_of("0123456789", 2) == std::string_view::npos;
  return is_it ? base.substr(0, comma) : base;
}

}  // namespace maildir
