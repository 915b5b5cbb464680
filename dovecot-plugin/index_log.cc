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
  std::uint32_t file = 0;
  uoff_t end = 0;
  mail_transaction_log_get_head(index->log, &file, &end);
  if (index->need_recreate != nullptr || index->main_index_hdr_log_file_seq != file) {
    return;  // it will be, or there is none that the log goes with
  }
  const mail_index_header& header = index->map->hdr;
  const std::uint64_t size = std::uint64_t{header.messages_count} * header.record_size;
  if (end - index->main_index_hdr_log_file_tail_offset > std::max(shortest_log, size / log_share)) {
    index->need_recreate = i_strdup("the log has become long");
  }
}

}  // namespace plugin
