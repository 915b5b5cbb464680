// directory-lib/password.cc -- crypt(3) and argon2 around secrets that are wiped after use.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/password.hh"

#include <array>
#include <memory>

#include <crypt.h>

#include <argon2.h>
#include <openssl/crypto.h>

#include "base/random.hh"
#include "base/text.hh"

#include "directory-lib/password_digest.hh"

namespace directory {

namespace {

using base::Errc;

// RFC 9106 s4, second recommendation but for one lane: an auth worker is one thread.
constexpr std::uint32_t argon2_passes = 3;
constexpr std::uint32_t argon2_kib = 64 * 1024;
constexpr std::uint32_t argon2_lanes = 1;
constexpr std::size_t salt_size = 16;
constexpr std::size_t argon2_hash_size = 32;
constexpr std::size_t bcrypt_limit = 72;  // bcrypt ignores what comes after

// crypt(3)'s work space holds the password and what came of it.
struct WipingFree {
  void operator()(crypt_data* data) const {
    OPENSSL_cleanse(data, sizeof *data);
    std::default_delete<crypt_data>()(data);
  }
};
using CryptSpace = std::unique_ptr<crypt_data, WipingFree>;

struct CryptScheme {
  std::string_view setting;
  std::string_view prefix;  // of crypt_gensalt(3)
  std::string_view label;   // Dovecot's name for it
  unsigned long cost;       // 0: the library's own
  std::size_t size;         // of the longest hash, label and all
};
constexpr std::array<CryptScheme, 3> crypt_schemes{{
    {"yescrypt", "$y$", "{CRYPT}", 0, 80},
    {"sha512-crypt", "$6$", "{SHA512-CRYPT}", 100'000, 134},
    {"blf-crypt", "$2y$", "{BLF-CRYPT}", 10, 71},
}};
constexpr std::string_view argon2_label = "{ARGON2ID}";
constexpr std::size_t argon2_size = 107;

// All that crypt(3) itself tells apart by the hash.
constexpr std::array<std::string_view, 7> crypt_labels{
    "CRYPT", "BLF-CRYPT", "SHA512-CRYPT", "SHA256-CRYPT", "MD5-CRYPT", "DES-CRYPT", "YESCRYPT"};

constexpr std::array<std::string_view, 23> schemes{
    "CRYPT",    "BLF-CRYPT", "SHA512-CRYPT", "SHA256-CRYPT", "MD5-CRYPT", "DES-CRYPT",
    "YESCRYPT", "ARGON2ID",  "ARGON2I",      "PLAIN",        "CLEAR",     "CLEARTEXT",
    "SHA",      "SHA1",      "SSHA",         "SHA256",       "SSHA256",   "SHA512",
    "SSHA512",  "MD5",       "LDAP-MD5",     "SMD5",         "PLAIN-MD5"};

bool is_known(std::span<const std::string_view> names, std::string_view name) {
  for (const std::string_view known : names) {
    if (known == name) {
      return true;
    }
  }
  return false;
}

base::Error unreadable(std::string_view scheme) {
  return base::make_error(Errc::malformed,
                          "the stored password cannot be read as " + std::string(scheme),
                          "set a new one: posthouse user passwd");
}

base::Result<std::string> crypt_hash(const std::string& password, const std::string& setting) {
  const CryptSpace space(new crypt_data());
  const char* hash = ::crypt_rn(password.c_str(), setting.c_str(), space.get(), sizeof(crypt_data));
  if (hash == nullptr) {
    return unreadable("crypt");
  }
  return std::string(hash);
}

base::Result<bool> verify_crypt(std::string_view hash, const std::string& password) {
  // An account locked in /etc/shadow's way.
  if (hash.empty() || hash.front() == '!' || hash.front() == '*') {
    return false;
  }
  const std::string setting(hash);
  const auto made = crypt_hash(password, setting);
  if (!made) {
    return made.error();
  }
  return equal_secrets(*made, hash);
}

base::Result<std::string> hash_crypt(const CryptScheme& scheme, const std::string& password) {
  const std::string salt = base::random_bytes(salt_size);
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const std::string prefix(scheme.prefix);
  if (::crypt_gensalt_rn(prefix.c_str(), scheme.cost, salt.data(), static_cast<int>(salt.size()),
                         setting.data(), static_cast<int>(setting.size())) == nullptr) {
    return base::make_error(Errc::internal,
                            "libcrypt cannot make a " + std::string(scheme.setting) + " salt");
  }
  auto hash = crypt_hash(password, setting.data());
  if (!hash) {
    return hash.error();
  }
  return std::string(scheme.label) + *hash;
}

base::Result<std::string> hash_argon2(const std::string& password) {
  const std::string salt = base::random_bytes(salt_size);
  std::array<char, 256> encoded{};
  const int rc = ::argon2id_hash_encoded(argon2_passes, argon2_kib, argon2_lanes, password.data(),
                                         password.size(), salt.data(), salt.size(),
                                         argon2_hash_size, encoded.data(), encoded.size());
  if (rc != ARGON2_OK) {
    return base::make_error(Errc::unavailable, ::argon2_error_message(rc));
  }
  return std::string(argon2_label) + encoded.data();
}

base::Result<bool> verify_argon2(std::string_view hash, const std::string& password) {
  const std::string encoded(hash);
  const argon2_type type = encoded.starts_with("$argon2id$") ? Argon2_id : Argon2_i;
  const int rc = ::argon2_verify(encoded.c_str(), password.data(), password.size(), type);
  if (rc == ARGON2_OK || rc == ARGON2_VERIFY_MISMATCH) {
    return rc == ARGON2_OK;
  }
  if (rc == ARGON2_MEMORY_ALLOCATION_ERROR) {
    return base::make_error(Errc::unavailable, ::argon2_error_message(rc));
  }
  return unreadable("ARGON2");
}

struct Stored {
  std::string scheme;  // upper case
  std::string_view hash;
};

Stored split_stored(std::string_view stored) {
  const std::size_t end = stored.find('}');
  if (!stored.starts_with('{') || end == std::string_view::npos) {
    return {stored.starts_with('$') ? "CRYPT" : "", stored};
  }
  std::string scheme(stored.substr(1, end - 1));
  for (char& c : scheme) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return {std::move(scheme), stored.substr(end + 1)};
}

bool is_usable(std::string_view password) {
  return !password.empty() && password.size() <= password_limit &&
         password.find('\0') == std::string_view::npos;
}

base::Result<bool> verify(const Stored& stored, const std::string& password) {
  if (stored.scheme.empty()) {
    return false;
  }
  const std::string& scheme = stored.scheme;
  // {MD5} is md5crypt to Dovecot and a digest to ExtMan and LDAP; the hash tells which.
  if (is_known(crypt_labels, scheme) || (scheme == "MD5" && stored.hash.starts_with("$1$"))) {
    return verify_crypt(stored.hash, password);
  }
  if (scheme == "ARGON2ID" || scheme == "ARGON2I") {
    return verify_argon2(stored.hash, password);
  }
  if (scheme == "PLAIN" || scheme == "CLEAR" || scheme == "CLEARTEXT") {
    return equal_secrets(stored.hash, password);
  }
  return verify_digest(scheme, stored.hash, password);
}

}  // namespace

std::span<const std::string_view> known_schemes() {
  return schemes;
}

base::Result<std::string> hash_password(std::string_view scheme, std::string_view password) {
  if (!is_usable(password)) {
    return base::make_error(
        Errc::malformed,
        password.empty() ? "the password is empty" : "the password is too long or holds a NUL byte",
        "at most " + std::to_string(password_limit) + " bytes");
  }
  if (scheme == "blf-crypt" && password.size() > bcrypt_limit) {
    return base::make_error(Errc::malformed, "blf-crypt takes at most 72 bytes of a password",
                            "choose a shorter one, or another password_scheme");
  }
  const WipedString secret(password);
  if (scheme == "argon2id") {
    return hash_argon2(secret.value());
  }
  for (const CryptScheme& known : crypt_schemes) {
    if (known.setting == scheme) {
      return hash_crypt(known, secret.value());
    }
  }
  return base::make_error(Errc::malformed,
                          "no password scheme '" + base::printable(scheme, 40) + "'",
                          "yescrypt, argon2id, sha512-crypt or blf-crypt");
}

std::size_t hash_size(std::string_view scheme) {
  for (const CryptScheme& known : crypt_schemes) {
    if (known.setting == scheme) {
      return known.size;
    }
  }
  return scheme == "argon2id" ? argon2_size : 0;
}

base::Result<bool> verify_password(std::string_view stored, std::string_view password) {
  if (!is_usable(password)) {
    return false;
  }
  const WipedString secret(password);
  return verify(split_stored(stored), secret.value());
}

bool needs_rehash(std::string_view scheme, std::string_view stored) {
  if (scheme == "argon2id") {
    return !stored.starts_with(argon2_label);
  }
  for (const CryptScheme& known : crypt_schemes) {
    if (known.setting == scheme) {
      return split_stored(stored).hash.substr(0, known.prefix.size()) != known.prefix;
    }
  }
  return false;
}

}  // namespace directory
