// cli/mail_verbs.hh -- the verbs of stored mail, of which cli/mail.cc has the table.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/result.hh"

#include "cli/mail_run.hh"
#include "cli/verb.hh"

namespace cli {

base::Result<void> mail_stat(Call& call);
base::Result<void> mail_compress(Call& call);
base::Result<void> mail_tier(Call& call);
base::Result<void> mail_pack(Call& call);
base::Result<void> mail_unpack(Call& call);
base::Result<void> mail_fsck(Call& call);
base::Result<void> mail_adopt(Call& call);
base::Result<void> mail_import(Call& call);
base::Result<void> mail_export(Call& call);

std::uint64_t number_of(const Numbers& numbers, std::string_view key);  // 0 when it is not there
void add_numbers(Numbers& sum, const Numbers& more);
}  // namespace cli
