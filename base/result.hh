// base/result.hh -- Result<T>: a value, or an Error that says why there is none.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Expected failures are values; no function of ours throws one. A dropped Result does not compile
// cleanly. Ask (`if (!r) return r.error();`) and return early: there are no monadic chains here.
// Nothing outside this header says `tl::`.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace base {

// Why an operation failed, as far as any caller may act on it. base/reply.hh turns each into the
// answer a client sees.
enum class Errc {
  not_found,    // the thing asked for does not exist, and that is certain
  exists,       // it exists already, so it cannot be made
  malformed,    // input breaks its grammar
  denied,       // not allowed
  over_quota,   // a limit of the account or of the installation is reached
  timeout,      // no answer within the deadline
  unavailable,  // a server, disk or resource cannot be used now; trying later may help
  corrupt,      // our own stored data is damaged
  internal,     // a defect of ours
};

// The stable lower-case word of a code, for logs and metrics.
std::string_view errc_name(Errc code);

// What went wrong: `detail` is for our log, `hint` tells the administrator what to do (may be
// empty). Neither is ever shown to a mail client or a browser.
struct Error {
  Errc code = Errc::internal;
  std::string detail;
  std::string hint;

  // "detail (hint)", for a terminal or a log line.
  std::string text() const;
};

Error make_error(Errc code, std::string detail, std::string hint = {});

// An Error whose detail ends in the text of `err` (an errno value), its code chosen by it:
// ENOENT not_found, EEXIST exists, EACCES/EPERM denied, EDQUOT/ENOSPC over_quota,
// ETIMEDOUT timeout, anything else unavailable.
Error errno_error(std::string_view what, int err, std::string hint = {});

template <typename T>
class [[nodiscard]] Result : private tl::expected<T, Error> {
  using Base = tl::expected<T, Error>;

 public:
  using value_type = T;

  Result() = default;
  // Both conversions are wanted: `return value;` and `return error;` are how Results are made.
  // NOLINTBEGIN(google-explicit-constructor, bugprone-forwarding-reference-overload)
  template <typename U = T>
  requires(!std::is_same_v<std::decay_t<U>, Result> && !std::is_same_v<std::decay_t<U>, Error> &&
           std::is_constructible_v<Base, U>) Result(U&& from)
      : Base(std::forward<U>(from)) {}
  Result(Error why) : Base(tl::unexpect, std::move(why)) {}
  // NOLINTEND(google-explicit-constructor, bugprone-forwarding-reference-overload)

  using Base::operator bool;
  using Base::operator*;
  using Base::operator->;
  using Base::error;
  using Base::has_value;
  using Base::value;
  using Base::value_or;
};

template <>
class [[nodiscard]] Result<void> : private tl::expected<void, Error> {
  using Base = tl::expected<void, Error>;

 public:
  using value_type = void;

  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): as above
  Result(Error why) : Base(tl::unexpect, std::move(why)) {}

  using Base::operator bool;
  using Base::error;
  using Base::has_value;
};

}  // namespace base
