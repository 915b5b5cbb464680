// base/loop/dns_answer.cc -- reading what strangers put into the DNS.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/dns_answer.hh"

#include <algorithm>
#include <array>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.hh"

namespace loop {

namespace {

constexpr std::size_t name_limit = 253;  // as text without escapes; 255 on the wire
constexpr std::size_t label_limit = 63;
constexpr std::size_t jump_limit = 64;   // compression pointers in one name
constexpr std::size_t chain_limit = 16;  // CNAMEs in one answer
constexpr std::uint16_t class_in = 1;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/';
}

void append_label_byte(std::string& out, char raw) {
  const char c = base::lower(raw);
  if (is_plain(c)) {
    out += c;
    return;
  }
  const auto byte = static_cast<std::uint8_t>(c);
  out += '\\';
  out += static_cast<char>('0' + byte / 100);
  out += static_cast<char>('0' + byte / 10 % 10);
  out += static_cast<char>('0' + byte % 10);
}

// A cursor over a packet; every read says whether the bytes were there.
class Reader {
 public:
  explicit Reader(std::string_view packet, std::size_t at = 0) : packet_(packet), at_(at) {}

  std::optional<std::uint16_t> u16() {
    if (at_ + 2 > packet_.size()) {
      return std::nullopt;
    }
    const auto high = static_cast<std::uint8_t>(packet_[at_]);
    const auto low = static_cast<std::uint8_t>(packet_[at_ + 1]);
    at_ += 2;
    return static_cast<std::uint16_t>(high << 8U | low);
  }
  std::optional<std::uint32_t> u32() {
    const auto high = u16();
    const auto low = u16();
    if (!high || !low) {
      return std::nullopt;
    }
    return static_cast<std::uint32_t>(*high) << 16U | *low;
  }
  std::optional<std::string_view> bytes(std::size_t size) {
    if (packet_.size() - at_ < size) {
      return std::nullopt;
    }
    const std::string_view out = packet_.substr(at_, size);
    at_ += size;
    return out;
  }
  std::optional<std::string> name();
  std::size_t at() const { return at_; }

 private:
  std::string_view packet_;
  std::size_t at_;
};

// RFC 1035 s4.1.4. A pointer must lead backwards, so that no name is endless.
std::optional<std::string> Reader::name() {
  std::string out;
  std::size_t size = 1;
  std::size_t at = at_;
  bool has_jumped = false;
  for (std::size_t jumps = 0; jumps < jump_limit && at < packet_.size();) {
    const auto length = static_cast<std::uint8_t>(packet_[at]);
    if (length >= 0xC0) {
      if (at + 1 >= packet_.size()) {
        return std::nullopt;
      }
      const std::size_t target =
          (length & 0x3FU) << 8U | static_cast<std::uint8_t>(packet_[at + 1]);
      if (!has_jumped) {
        at_ = at + 2;
      }
      if (target >= at) {
        return std::nullopt;
      }
      has_jumped = true;
      ++jumps;
      at = target;
      continue;
    }
    size += length + 1U;
    if (length > label_limit || size > name_limit + 2 || at + 1 + length > packet_.size()) {
      return std::nullopt;
    }
    if (length == 0) {
      if (!has_jumped) {
        at_ = at + 1;
      }
      return out;
    }
    if (!out.empty()) {
      out += '.';
    }
    for (const char c : packet_.substr(at + 1, length)) {
      append_label_byte(out, c);
    }
    at += length + 1U;
  }
  return std::nullopt;
}

struct Raw {
  std::uint16_t type = 0;
  std::uint16_t rr_class = 0;
  DnsRecord record;
};

bool holds_name(std::uint16_t type) {
  return type == static_cast<std::uint16_t>(DnsType::ptr) ||
         type == static_cast<std::uint16_t>(DnsType::ns) ||
         type == static_cast<std::uint16_t>(DnsType::cname);
}

// RDATA with its name, if it has one, as text. Nothing when it breaks its format.
std::optional<std::string> readable_rdata(std::string_view packet, std::size_t at, std::size_t size,
                                          std::uint16_t type) {
  Reader reader(packet.substr(0, at + size), at);
  if (holds_name(type)) {
    auto name = reader.name();
    return name && reader.at() == at + size ? name : std::nullopt;
  }
  if (type != static_cast<std::uint16_t>(DnsType::mx)) {
    return std::string(packet.substr(at, size));
  }
  const auto preference = reader.bytes(2);
  const auto host = preference ? reader.name() : std::nullopt;
  if (!host || reader.at() != at + size) {
    return std::nullopt;
  }
  return std::string(*preference) + *host;
}

std::optional<Raw> read_record(Reader& reader, std::string_view packet) {
  Raw raw;
  auto owner = reader.name();
  const auto type = owner ? reader.u16() : std::nullopt;
  const auto rr_class = type ? reader.u16() : std::nullopt;
  const auto ttl = rr_class ? reader.u32() : std::nullopt;
  const auto size = ttl ? reader.u16() : std::nullopt;
  const std::size_t at = reader.at();
  if (!size || !reader.bytes(*size)) {
    return std::nullopt;
  }
  auto data = readable_rdata(packet, at, *size, *type);
  if (!data) {
    return std::nullopt;
  }
  raw.type = *type;
  raw.rr_class = *rr_class;
  raw.record = {std::move(*owner), *ttl, std::move(*data)};
  return raw;
}

// The name the chain of CNAMEs ends at; the records may stand in any order.
std::string follow_chain(const std::vector<Raw>& records, std::string name) {
  for (std::size_t step = 0; step < chain_limit; ++step) {
    const Raw* alias = nullptr;
    for (const Raw& raw : records) {
      if (raw.type == static_cast<std::uint16_t>(DnsType::cname) && raw.record.owner == name) {
        alias = &raw;
      }
    }
    if (alias == nullptr) {
      break;
    }
    name = alias->record.data;
  }
  return name;
}

base::Error broken(std::string_view what) {
  return base::make_error(base::Errc::malformed, "DNS answer: " + std::string(what));
}

}  // namespace

base::Result<DnsAnswer> decode_dns_answer(std::string_view packet, std::string_view name,
                                          DnsType type) {
  constexpr std::size_t header_size = 12;
  if (packet.size() < header_size) {
    return broken("shorter than its header");
  }
  Reader reader(packet, 2);
  const auto flags = reader.u16();
  const auto questions = reader.u16();
  const auto answers = reader.u16();
  Reader body(packet, header_size);
  for (int i = 0; i < *questions; ++i) {
    if (!body.name() || !body.u32()) {
      return broken("a broken question");
    }
  }
  std::vector<Raw> records;
  for (int i = 0; i < *answers; ++i) {
    auto raw = read_record(body, packet);
    if (!raw) {
      return broken("a broken record");
    }
    if (raw->rr_class == class_in) {
      records.push_back(std::move(*raw));
    }
  }
  DnsAnswer answer;
  answer.type = type;
  answer.rcode = static_cast<int>(*flags & 0x0FU);
  answer.nxdomain = answer.rcode == 3;
  answer.canonical =
      type == DnsType::cname ? std::string(name) : follow_chain(records, std::string(name));
  for (Raw& raw : records) {
    if (raw.type == static_cast<std::uint16_t>(type) && raw.record.owner == answer.canonical) {
      answer.records.push_back(std::move(raw.record));
    }
  }
  answer.nodata = answer.rcode == 0 && answer.records.empty();
  return answer;
}

std::vector<std::string> DnsAnswer::addresses() const {
  std::vector<std::string> out;
  const bool is_v4 = type == DnsType::a;
  if (!is_v4 && type != DnsType::aaaa) {
    return out;
  }
  for (const DnsRecord& record : records) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (record.data.size() == (is_v4 ? sizeof(in_addr) : sizeof(in6_addr)) &&
        ::inet_ntop(is_v4 ? AF_INET : AF_INET6, record.data.data(), text.data(), text.size()) !=
            nullptr) {
      out.emplace_back(text.data());
    }
  }
  return out;
}

std::vector<std::string> DnsAnswer::names() const {
  std::vector<std::string> out;
  if (holds_name(static_cast<std::uint16_t>(type))) {
    for (const DnsRecord& record : records) {
      out.push_back(record.data);
    }
  }
  return out;
}

std::vector<std::string> DnsAnswer::texts() const {
  std::vector<std::string> out;
  if (type != DnsType::txt) {
    return out;
  }
  for (const DnsRecord& record : records) {
    std::string text;
    std::string_view rest = record.data;
    while (!rest.empty() && static_cast<std::uint8_t>(rest.front()) < rest.size()) {
      const std::size_t size = static_cast<std::uint8_t>(rest.front());
      text += rest.substr(1, size);
      rest.remove_prefix(size + 1);
    }
    if (rest.empty()) {
      out.push_back(std::move(text));
    }
  }
  return out;
}

std::vector<DnsMx> DnsAnswer::exchangers() const {
  std::vector<DnsMx> out;
  if (type == DnsType::mx) {
    for (const DnsRecord& record : records) {
      Reader reader(record.data);
      if (const auto preference = reader.u16()) {
        out.push_back({*preference, record.data.substr(2)});
      }
    }
  }
  return out;
}

base::Result<std::string> dns_name(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    return base::make_error(base::Errc::malformed, std::string(why) + base::printable(text, 80));
  };
  if (text.ends_with('.')) {
    text.remove_suffix(1);
  }
  std::string out;
  std::size_t label = 0;
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i, ++size) {
    char c = text[i];
    if (c == '.') {
      if (label == 0) {
        return refuse("DNS name with an empty label: ");
      }
      out += '.';
      label = 0;
      continue;
    }
    if (c == '\\') {
      const auto byte = base::parse_number<std::uint8_t>(text.substr(i + 1, 3));
      if (!byte || i + 3 >= text.size()) {
        return refuse("DNS name with a stray backslash: ");
      }
      c = static_cast<char>(*byte);
      i += 3;
    }
    append_label_byte(out, c);
    if (++label > label_limit) {
      return refuse("DNS name with a label over 63 bytes: ");
    }
  }
  if (label == 0 || size > name_limit) {
    return refuse("DNS name empty or too long: ");
  }
  return out;
}

base::Result<std::string> reverse_name(std::string_view address) {
  const std::string text(address);
  in_addr v4{};
  in6_addr v6{};
  std::string out;
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    const auto bytes = ntohl(v4.s_addr);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      out += std::to_string(bytes >> shift & 0xFFU) + ".";
    }
    return out + "in-addr.arpa";
  }
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    std::string digits = base::hex({static_cast<const std::uint8_t*>(v6.s6_addr), 16});
    std::reverse(digits.begin(), digits.end());
    for (const char digit : digits) {
      out += digit;
      out += '.';
    }
    return out + "ip6.arpa";
  }
  return base::make_error(base::Errc::malformed,
                          "not a numeric address: " + base::printable(address, 64));
}

}  // namespace loop
