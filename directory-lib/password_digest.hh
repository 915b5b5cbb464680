// directory-lib/password_digest.hh -- {SHA}, {SSHA}, {MD5} and their kin, and handling of secrets.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hh"

namespace directory {

// A copy that is overwritten when it goes.
class WipedString {
 public:
  explicit WipedString(std::string_view value, std::string_view tail = {}) {
    // Reserved first: growing would leave an unwiped copy behind.
    value_.reserve(value.size() + tail.size());
    value_.append(value).append(tail);
  }
  WipedString(const WipedString&) = delete;
  WipedString& operator=(const WipedString&) = delete;
  ~WipedString();
  const std::string& value() const { return value_; }

 private:
  std::string value_{};
};

// Overwrites the bytes of `secret` and leaves it empty.
void wipe(std::string& secret);

// In a time that tells nothing of where, or whether, they differ.
bool equal_secrets(std::string_view a, std::string_view b);

// A digest of the password, salted when the scheme begins with SS or SM (RFC 2307 s5.3): base64, or
// hex for PLAIN-MD5. malformed for another scheme or a hash of the wrong form.
base::Result<bool> verify_digest(std::string_view scheme, std::string_view hash,
                                 std::string_view password);

}  // namespace directory
