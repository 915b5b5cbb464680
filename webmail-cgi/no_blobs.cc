// webmail-cgi/no_blobs.cc -- stands in for jmap/blob.cc: no id names a blob.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/blob.hh"

namespace webmail {

base::Result<Blob> open_blob(const Account& /*account*/, std::string_view /*blob_id*/) {
  return base::make_error(base::Errc::not_found, "no blobs here");
}

base::Result<std::string> view_page(const Account& /*account*/, std::string_view /*blob_id*/,
                                    const ViewOptions& /*options*/) {
  return base::make_error(base::Errc::not_found, "no blobs here");
}

}  // namespace webmail
