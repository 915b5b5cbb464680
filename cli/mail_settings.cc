// cli/mail_settings.cc -- the table of mail.conf.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/mail_settings.hh"

#include "base/files.hh"

#include "maildir-lib/account_files.hh"

namespace cli {

namespace {

using S = MailSettings;
constexpr auto live = base::Reload::live;

constexpr base::Setting<S> table[] = {
    {"jobs", &S::jobs, "1", "1..64", live,
     "How many accounts are worked on at the same time. --jobs overrides it."},
    {"zstd_level", &S::zstd_level, "6", "1..19", live,
     "How hard zstd tries: higher is smaller and slower. Reading is as fast at any level. --level "
     "overrides it."},
    {"compress_older_than", &S::compress_older_than, "1d", "0ms..36500d", live,
     "Compress mail that arrived at least so long ago. --older-than overrides it."},
    {"compress_larger_than", &S::compress_larger_than, "4k", "", live,
     "Compress mail of at least this size: what fits one block of the disk cannot become smaller "
     "there. --larger-than overrides it."},
    {"compress_folders", &S::compress_folders, "", "", live,
     "Compress mail in these folders: names as Archive/2024, with * and ? as in the shell (write ? "
     "for a blank); ! in front excepts. Empty: in all. --folder overrides it."},
    {"compress_flags", &S::compress_flags, "", "", live,
     "Compress mail that has all of these flags: seen, answered, flagged, draft, deleted, "
     "forwarded; with un in front, mail that has not, as unflagged. --flag overrides it."},
    {"pack_older_than", &S::pack_older_than, "90d", "0ms..36500d", live,
     "Pack mail that arrived at least so long ago: what is deleted soon only makes holes in "
     "packs."},
    {"pack_larger_than", &S::pack_larger_than, "0B", "", live, "Pack mail of at least this size."},
    {"pack_folders", &S::pack_folders, "!Trash !Junk", "", live,
     "Pack mail in these folders, as in compress_folders."},
    {"pack_flags", &S::pack_flags, "", "", live,
     "Pack mail that has these flags, as in compress_flags."},
    {"pack_size", &S::pack_size, "64M", "1M..4G", live,
     "A pack is ended when it is that large. A pack of which less than half is alive is written "
     "anew, and takes its place on the disk twice for 36 hours."},
    {"pack_least", &S::pack_least, "1M", "", live,
     "An account of which less mail than this is to be packed waits until there is more."},
    {"tier_roots", &S::tier_roots, "", "", live,
     "Folders on other disks that mail may be moved to, absolute paths; the first takes new mail. "
     "Each holds an empty file posthouse-tier, by which a disk that is not mounted is told from an "
     "empty one, and belongs to the mail user."},
    {"tier_older_than", &S::tier_older_than, "365d", "0ms..36500d", live,
     "Move mail that arrived at least so long ago."},
    {"tier_larger_than", &S::tier_larger_than, "64k", "", live,
     "Move mail of at least this size: what is smaller is packed better."},
    {"tier_folders", &S::tier_folders, "", "", live,
     "Move mail in these folders, as in compress_folders."},
    {"tier_flags", &S::tier_flags, "", "", live,
     "Move mail that has these flags, as in compress_flags."},
};
static_assert(base::is_documented(table));

}  // namespace

std::span<const base::SettingRow> mail_settings_rows() {
  static const std::vector<base::SettingRow> rows = base::rows_of(table);
  return rows;
}

base::Result<MailSettings> parse_mail_settings(std::string_view file, std::string_view text) {
  auto settings = base::settings_from_text(table, file, text);
  if (!settings) {
    return settings.error();
  }
  for (const base::Words* flags :
       {&settings->compress_flags, &settings->pack_flags, &settings->tier_flags}) {
    maildir::Policy policy;
    policy.flags = *flags;
    if (auto ok = maildir::check_policy(policy); !ok) {
      return base::make_error(ok.error().code, std::string(file) + ": " + ok.error().detail,
                              ok.error().hint);
    }
  }
  for (const std::string& root : settings->tier_roots) {
    if (!root.starts_with('/') || root.ends_with('/')) {
      return base::make_error(base::Errc::malformed,
                              std::string(file) + ": tier_roots: '" + root + "' is no whole path",
                              "as /srv/cold, without a / at its end");
    }
  }
  return settings;
}

base::Result<MailSettings> load_mail_settings(const std::string& path) {
  const auto text = base::read_file(path);
  if (!text) {
    if (path == mail_settings_path && text.error().code == base::Errc::not_found) {
      return parse_mail_settings(path, "");
    }
    return text.error();
  }
  return parse_mail_settings(path, *text);
}

}  // namespace cli
