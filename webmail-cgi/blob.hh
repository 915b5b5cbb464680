// webmail-cgi/blob.hh -- blobs: whole messages and parts of them, opened for download and for view.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The ids are made and read by webmail-cgi/jmap/blob.cc alone (RFC 8620 s1.2: A-Za-z0-9_-, at most
// 255). They come from outside: an id may name nothing, or be hostile. Both functions block.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/handle.hh"
#include "base/result.hh"

#include "webmail-cgi/account.hh"

namespace webmail {

// A stretch of an open regular file, sent as it is.
struct FileRange {
  base::Fd file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct Blob {
  std::string type;  // "image/png": the part's own type; unchecked text of the sender, may be empty
  std::string name;  // suggested file name, UTF-8, unchecked; may be empty
  std::variant<std::string, FileRange> content;  // the decoded bytes, or the file that holds them
};

// not_found when the id names nothing of this account (any id that breaks the grammar too).
base::Result<Blob> open_blob(const Account& account, std::string_view blob_id);

struct ViewOptions {
  bool remote_images = false;  // asked for; what is not served yet stays blocked
};

// A whole HTML page (<!doctype html>..., UTF-8), safe to be shown in the sandboxed frame: the
// message's HTML body, or its text as HTML when it has none. Pictures of the message are addressed
// as /jmap/download/{accountId}/{blobId}/{name}?type=... . Errors as open_blob().
base::Result<std::string> view_page(const Account& account, std::string_view blob_id,
                                    const ViewOptions& options);

}  // namespace webmail
