// policyd/checks/greylist_record.cc -- greylist records to bytes and back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist_record.hh"

#include <algorithm>

namespace policy {

namespace {

constexpr std::uint8_t released_flag = 1;
constexpr std::size_t text_limit = 255;
constexpr std::size_t recipient_size = 8;
constexpr std::size_t pair_size = 12;

template <typename Int>
void append_number(std::string& out, Int value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
}

void append_text(std::string& out, std::string_view text) {
  text = text.substr(0, text_limit);
  out += static_cast<char>(text.size());
  out += text;
}

// Reads from the front; after the first lack of bytes everything is zero and is_whole() false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Int>
  Int number() {
    const std::string_view bytes = take(sizeof(Int));
    Int value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value = static_cast<Int>(value | static_cast<Int>(static_cast<std::uint8_t>(bytes[i]))
                                           << (8 * i));
    }
    return value;
  }
  std::string text() { return std::string(take(number<std::uint8_t>())); }
  bool is_whole() const { return !lacks_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t count) {
    lacks_ = lacks_ || count > rest_.size();
    const std::string_view taken = lacks_ ? std::string_view() : rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
  bool lacks_ = false;
};

// A key's part: the hash of a letter that says what it is of, and the texts with their lengths.
std::string hashed(const HashKey& hash_key, char kind, std::string_view first,
                   std::string_view second, std::size_t size) {
  std::string text(1, kind);
  append_number(text, static_cast<std::uint32_t>(first.size()));
  text.append(first).append(second);
  const Hash128 hash = siphash128(hash_key, text);
  return {hash.begin(), hash.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

std::string encode(const Triplet& triplet) {
  std::string out;
  out.reserve(24 + triplet.sender.size() + triplet.recipient.size() + triplet.client.size());
  append_number(out, greylist_format_version);
  append_number(out, static_cast<std::uint8_t>(triplet.released ? released_flag : 0));
  append_number(out, triplet.too_early);
  append_number(out, triplet.first_seen);
  append_number(out, triplet.last_seen);
  append_number(out, triplet.passed_at);
  append_number(out, triplet.passes);
  append_text(out, triplet.sender);
  append_text(out, triplet.recipient);
  append_text(out, triplet.client);
  return out;
}

std::string encode(const Network& network) {
  std::string out;
  append_number(out, greylist_format_version);
  append_number(out, network.first_seen);
  append_number(out, network.last_seen);
  append_number(out, network.successes);
  append_text(out, network.network);
  return out;
}

base::Result<Triplet> decode_triplet(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.number<std::uint8_t>() != greylist_format_version) {
    return base::make_error(base::Errc::corrupt, "a greylist record of another version");
  }
  Triplet triplet;
  triplet.released = (reader.number<std::uint8_t>() & released_flag) != 0;
  triplet.too_early = reader.number<std::uint16_t>();
  triplet.first_seen = reader.number<std::uint32_t>();
  triplet.last_seen = reader.number<std::uint32_t>();
  triplet.passed_at = reader.number<std::uint32_t>();
  triplet.passes = reader.number<std::uint32_t>();
  triplet.sender = reader.text();
  triplet.recipient = reader.text();
  triplet.client = reader.text();
  if (!reader.is_whole()) {
    return base::make_error(base::Errc::corrupt, "a greylist record of the wrong length");
  }
  return triplet;
}

base::Result<Network> decode_network(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.number<std::uint8_t>() != greylist_format_version) {
    return base::make_error(base::Errc::corrupt, "a network record of another version");
  }
  Network network;
  network.first_seen = reader.number<std::uint32_t>();
  network.last_seen = reader.number<std::uint32_t>();
  network.successes = reader.number<std::uint32_t>();
  network.network = reader.text();
  if (!reader.is_whole()) {
    return base::make_error(base::Errc::corrupt, "a network record of the wrong length");
  }
  return network;
}

std::string recipient_prefix(const HashKey& hash_key, std::string_view recipient) {
  return hashed(hash_key, 'r', recipient, {}, recipient_size);
}

Key triplet_key(const HashKey& hash_key, std::string_view client, std::string_view sender,
                std::string_view recipient) {
  return {Table::triplets,
          recipient_prefix(hash_key, recipient) + hashed(hash_key, 's', sender, client, pair_size)};
}

Key network_key(const HashKey& hash_key, std::string_view client) {
  return {Table::networks, hashed(hash_key, 'n', client, {}, pair_size)};
}

}  // namespace policy
