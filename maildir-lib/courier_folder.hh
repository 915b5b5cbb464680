// maildir-lib/courier_folder.hh -- all that Courier's servers have left in one folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hh"

#include "maildir-lib/adopt.hh"
#include "maildir-lib/beneath.hh"
#include "maildir-lib/courier.hh"

namespace maildir {

struct CourierFolder {
  std::optional<CourierUids> uids;  // nothing when its file is not there, or cannot be read
  std::optional<CourierPop3> pop3;  // of INBOX alone
  CourierKeywords keywords;

  bool is_empty() const { return !uids && !pop3 && keywords.empty(); }
};

// What is damaged is told in `notes` and left out. `path` is for them.
base::Result<CourierFolder> read_courier_folder(const Directory& folder, const std::string& path,
                                                bool is_inbox, std::vector<AdoptNote>& notes);

// The octets of a mail that is stored as it is.
struct MailSizes {
  std::uint64_t octets = 0;
  std::uint64_t with_crlf = 0;
};
// not_found when it was renamed meanwhile; malformed when it is compressed.
base::Result<MailSizes> measure_mail(const std::string& path);

// A base name without a field ",X=digits" at its end.
std::string_view without_field(std::string_view base, char key);

}  // namespace maildir
