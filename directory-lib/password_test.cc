// directory-lib/password_test.cc -- every scheme read, new ones made, hostile hashes survived.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/password.hh"

#include <boost/test/unit_test.hpp>

namespace {

using base::Errc;

bool fits(std::string_view stored, std::string_view password) {
  const auto result = directory::verify_password(stored, password);
  return result && *result;
}

BOOST_AUTO_TEST_SUITE(passwords)

BOOST_AUTO_TEST_CASE(new_hashes_fit_their_password_alone_and_never_repeat) {
  for (const std::string_view scheme : {"yescrypt", "argon2id", "sha512-crypt", "blf-crypt"}) {
    const auto stored = directory::hash_password(scheme, "pässword 密码");
    BOOST_REQUIRE(stored.has_value());
    BOOST_TEST(fits(*stored, "pässword 密码"), scheme);
    BOOST_TEST(!fits(*stored, "pässword 密"), scheme);
    BOOST_TEST(*stored != *directory::hash_password(scheme, "pässword 密码"));
    BOOST_TEST(!directory::needs_rehash(scheme, *stored));
    BOOST_TEST(directory::needs_rehash(scheme, "{PLAIN}x"));
  }
}

BOOST_AUTO_TEST_CASE(no_hash_is_longer_than_its_scheme_says) {
  for (const char* scheme : {"yescrypt", "argon2id", "sha512-crypt", "blf-crypt"}) {
    const auto hash = directory::hash_password(scheme, "secret");
    BOOST_REQUIRE(hash);
    BOOST_TEST(hash->size() <= directory::hash_size(scheme), scheme);
    BOOST_TEST(hash->size() + 8 >= directory::hash_size(scheme), scheme);
  }
  BOOST_TEST(directory::hash_size("rot13") == 0U);
}

// Made with openssl passwd and with Python, for the password "secret".
BOOST_AUTO_TEST_CASE(the_schemes_of_extman_and_dovecot_are_read) {
  for (const std::string_view stored :
       {"{PLAIN}secret", "{plain}secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        "{LDAP-MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==", "{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==",
        "{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69", "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0",
        "{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
        "{CRYPT}$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1", "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1",
        "{MD5}$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1"}) {
    BOOST_TEST(fits(stored, "secret"), "not read: " << stored);
    BOOST_TEST(!fits(stored, "Secret"), "too generous: " << stored);
  }
}

BOOST_AUTO_TEST_CASE(nothing_fits_what_is_empty_locked_or_without_a_scheme) {
  for (const std::string_view stored :
       {"", "secret", "{CRYPT}", "{CRYPT}!", "{CRYPT}*", "{CRYPT}!$1$x$y"}) {
    BOOST_TEST(!fits(stored, "secret"), "fits: " << stored);
    BOOST_TEST(!fits(stored, ""));
  }
  BOOST_TEST(!fits("{PLAIN}", ""));
  BOOST_TEST(!fits("{PLAIN}secret", std::string_view("secret\0x", 8)));
}

BOOST_AUTO_TEST_CASE(hashes_that_cannot_be_read_are_malformed) {
  for (const std::string_view stored :
       {"{NONE}x", "{SHA}", "{SHA}!!!", "{SHA}AAAA", "{PLAIN-MD5}zz", "{ARGON2ID}x",
        "{ARGON2ID}$argon2id$v=19$m=1", "{CRYPT}$9$x", "{BLF-CRYPT}$2y$99$x", "{SSHA}AAAA"}) {
    const auto result = directory::verify_password(stored, "secret");
    BOOST_TEST(!result, "read: " << stored);
    BOOST_TEST((result.error().code == Errc::malformed));
    BOOST_TEST(result.error().detail.find("secret") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(passwords_that_cannot_be_are_refused) {
  BOOST_TEST(!directory::hash_password("yescrypt", ""));
  BOOST_TEST(!directory::hash_password("yescrypt", std::string(513, 'x')));
  BOOST_TEST(!directory::hash_password("yescrypt", std::string_view("a\0b", 3)));
  BOOST_TEST(!directory::hash_password("rot13", "secret"));
  BOOST_TEST(!directory::hash_password("blf-crypt", std::string(73, 'x')));
  BOOST_TEST(directory::hash_password("yescrypt", std::string(500, 'x')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
