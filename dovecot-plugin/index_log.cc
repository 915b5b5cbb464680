// dovecot-plugin/index_log.cc -- Dovecot's index log behind what its main file has.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Usually a few records of the last deliveries, which ask nothing of the files (external, as
// Dovecot calls them).
#include "dovecot-plugin/index_log.hh"

#include <algorithm>

namespace plugin {

namespace {

constexpr std::uint32_t asked_of_files =
    MAIL_TRANSACTION_EXPUNGE | MAIL_TRANSACTION_EXPUNGE_GUID | MAIL_TRANSACTION_FLAG_UPDATE |
    MAIL_TRANSACTION_KEYWORD_UPDATE | MAIL_TRANSACTION_KEYWORD_RESET;
constexpr std::uint64_t shortest_log = 8U << 10U;  // octets that are always left
constexpr std::uint64_t log_share = 64;            // of the main file: one part of so many
// Each delivery goes through the records of the whole log, too, for their MODSEQ: some 800 of the
// last deliveries. Stock: 1 MB, and 32 KB after five minutes.
constexpr uoff_t largest_log = 128U << 10U;

// How long the log may become behind a main file of this size, which is written to shorten it.
uoff_t longest_log(const mail_index_header& header) {
  const std::uint64_t size = std::uint64_t{header.messages_count} * header.record_size;
  return std::max(shortest_log, size / log_share);
}

bool is_log_long(mail_index* index) {
  std::uint32_t file = 0;
  uoff_t end = 0;
  mail_transaction_log_get_head(index->log, &file, &end);
  // A young folder has no main file yet.
  const uoff_t start =
      index->main_index_hdr_log_file_seq == file ? index->main_index_hdr_log_file_tail_offset : 0;
  return end > largest_log || end - start > longest_log(index->map->hdr);
}

}  // namespace

bool has_unsynced_changes(mailbox* box) {
  const mail_index_header& header = box->index->map->hdr;
  mail_transaction_log_view* view = mail_transaction_log_view_open(box->index->log);
  bool reset = false;
  const char* reason = nullptr;
  bool found = mail_transaction_log_view_set(view, header.log_file_seq, header.log_file_tail_offset,
                                             UINT32_MAX, UOFF_T_MAX, &reset, &reason) <= 0 ||
               reset;
  const mail_transaction_header* record = nullptr;
  const void* data = nullptr;
  int more = 1;
  while (!found && (more = mail_transaction_log_view_next(view, &record, &data)) > 0) {
    found = (record->type & MAIL_TRANSACTION_EXTERNAL) == 0 && (record->type & asked_of_files) != 0;
  }
  mail_transaction_log_view_close(&view);
  return found || more < 0;
}

void keep_log_short(mailbox* box) {
  mail_index* const index = box->index;
  if (MAIL_INDEX_IS_IN_MEMORY(index) || index->readonly) {
    return;
  }
  mail_index_optimization_settings limits{};
  limits.index.rewrite_min_log_bytes = longest_log(index->map->hdr);
  limits.log.max_size = largest_log;
  mail_index_set_optimization_settings(index, &limits);
  if (!is_log_long(index)) {
    return;
  }
  mail_index_sync_ctx* sync = nullptr;
  mail_index_view* view = nullptr;
  mail_index_transaction* changes = nullptr;
  if (mail_index_sync_begin(index, &sync, &view, &changes,
                            MAIL_INDEX_SYNC_FLAG_UPDATE_TAIL_OFFSET) <= 0) {
    return;
  }
  mail_index_sync_rec asked{};
  if (mail_index_sync_next(sync, &asked)) {
    mail_index_sync_rollback(&sync);  // it is for those who change files
  } else {
    (void)mail_index_sync_commit(&sync);  // the log is as it was when it fails
  }
}

}  // namespace plugin
