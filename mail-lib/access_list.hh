// mail-lib/access_list.hh -- a white or black list of clients or of addresses, read and asked.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A file has one entry a line, case does not matter, `#` starts a comment, empty lines are skipped.
// In a list of clients (whitelist, blacklist):
//   192.0.2.1  2001:db8::1        one address
//   192.0.2.0/24  2001:db8::/32   a network
//   192.0.2.   192.0.2  10        the addresses that start so, at a dot
//   example.org                   this name and all names below it
//   *.dyn.example.org  mx?.a.org  a glob over the whole name, `*` any text, `?` one byte
// In a list of addresses (sender_*, recip_*):
//   alice@example.org             one address
//   @example.org                  all addresses of exactly this domain
//   example.org                   all addresses of this domain and of all domains below it
//   postmaster@                   this local part at any domain
//   *-bounces@lists.example.org   a glob over the whole address
// The directory holds entries one by one. There an address or a network means the client, all other
// text the sender; `client:`, `sender:` or `recipient:` before an entry says it otherwise:
//   client:mx.example.org         a client's name, as in whitelist
// Spam Locker's files have this form. Its /regular expressions/ are refused with advice, and its
// text suffixes match at label borders only: `google.com` is not `evilgoogle.com`. Nothing is ever
// a regular expression: looking up takes time bounded by the length of the texts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip.hh"
#include "base/result.hh"
#include "base/settings.hh"

namespace mail {

enum class ListKind { clients, addresses };

class AccessList {
 public:
  using Line = std::uint32_t;  // 1 is the first

  struct Parsed;
  // Every line that is understood; the others are problems with a hint, and have no effect.
  static Parsed parse(ListKind kind, std::string_view text);

  // One entry; `line` is what a hit will give. malformed with a hint, and nothing added, when it
  // is not understood.
  base::Result<void> add(ListKind kind, std::string_view entry, Line line);

  // The line of an entry that holds the thing asked for, or nothing. Arguments in lower case.
  std::optional<Line> find_client(const std::optional<base::IpAddress>& address,
                                  std::string_view name) const;
  std::optional<Line> find_address(std::string_view address) const;

  std::size_t size() const { return entries_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Names = std::unordered_map<std::string, Line, TextHash, std::equal_to<>>;
  struct Glob {
    std::string pattern;
    Line line;
  };

  bool add_client(std::string_view entry, Line line);
  bool add_address(std::string_view entry, Line line);
  void add_network(const base::IpNetwork& network, Line line);
  std::optional<Line> find_domain(std::string_view name) const;
  std::optional<Line> find_glob(std::string_view text) const;

  std::size_t entries_ = 0;
  Names exact_{};    // "alice@example.org", "@example.org", "postmaster@"
  Names domains_{};  // "example.org": it and all below
  std::vector<Glob> globs_{};
  std::map<std::pair<unsigned, base::IpAddress>, Line> networks_{};  // by length, then start
  std::vector<unsigned> lengths_{};  // the prefix lengths among networks_
};

struct AccessList::Parsed {
  AccessList list{};
  std::vector<base::SettingProblem> problems{};
};

enum class ListSubject { sender, client, recipient };

// An entry of the directory.
struct ListEntry {
  ListSubject subject = ListSubject::sender;
  std::string pattern{};  // what AccessList::add() takes, in lower case

  ListKind kind() const {
    return subject == ListSubject::client ? ListKind::clients : ListKind::addresses;
  }
  // As parse_list_entry() reads it, in the shortest form.
  std::string text() const;
};
// malformed with a hint, as AccessList::add().
base::Result<ListEntry> parse_list_entry(std::string_view text);

// True when `pattern`, with `*` for any text and `?` for one byte, is the whole of `text`. Takes
// at most pattern times text steps.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace mail
