// policyd/checks/greylist_record.cc -- greylist records to bytes and back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist_record.hh"

#include "policyd/store/record.hh"

namespace policy {

namespace {

constexpr std::uint8_t released_flag = 1;
constexpr std::size_t recipient_size = 8;
constexpr std::size_t pair_size = 12;

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

std::string encode(const Correspondent& correspondent) {
  std::string out;
  append_number(out, greylist_format_version);
  append_number(out, correspondent.last_written);
  return out;
}

base::Result<Triplet> decode_triplet(std::string_view bytes) {
  RecordReader reader(bytes);
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
  RecordReader reader(bytes);
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

base::Result<Correspondent> decode_correspondent(std::string_view bytes) {
  RecordReader reader(bytes);
  if (reader.number<std::uint8_t>() != greylist_format_version) {
    return base::make_error(base::Errc::corrupt, "a correspondent record of another version");
  }
  const Correspondent correspondent{reader.number<std::uint32_t>()};
  if (!reader.is_whole()) {
    return base::make_error(base::Errc::corrupt, "a correspondent record of the wrong length");
  }
  return correspondent;
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

Key domain_key(const HashKey& hash_key, std::string_view domain) {
  return {Table::domains, hashed(hash_key, 'd', domain, {}, pair_size)};
}

Key correspondent_key(const HashKey& hash_key, std::string_view user, std::string_view remote) {
  return {Table::correspondents, hashed(hash_key, 'c', user, remote, pair_size)};
}

}  // namespace policy
