// base/result.cc -- the words of error codes, and Errors made from errno.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.hh"

#include <cerrno>
#include <system_error>

namespace base {

std::string_view errc_name(Errc code) {
  switch (code) {
    case Errc::not_found:
      return "not_found";
    case Errc::exists:
      return "exists";
    case Errc::malformed:
      return "malformed";
    case Errc::denied:
      return "denied";
    case Errc::over_quota:
      return "over_quota";
    case Errc::timeout:
      return "timeout";
    case Errc::unavailable:
      return "unavailable";
    case Errc::corrupt:
      return "corrupt";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  return hint.empty() ? detail : detail + " (" + hint + ")";
}

Error make_error(Errc code, std::string detail, std::string hint) {
  return Error{code, std::move(detail), std::move(hint)};
}

namespace {

Errc errc_of(int err) {
  switch (err) {
    case ENOENT:
    case ENOTDIR:
      return Errc::not_found;
    case EEXIST:
      return Errc::exists;
    case EACCES:
    case EPERM:
      return Errc::denied;
    case EDQUOT:
    case ENOSPC:
      return Errc::over_quota;
    case ETIMEDOUT:
      return Errc::timeout;
    default:
      return Errc::unavailable;
  }
}

}  // namespace

Error errno_error(std::string_view what, int err, std::string hint) {
  std::string detail(what);
  detail += ": ";
  detail += std::generic_category().message(err);
  return Error{errc_of(err), std::move(detail), std::move(hint)};
}

}  // namespace base
