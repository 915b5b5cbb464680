// dovecot-plugin/unsynced.cc -- looks for them in the index log, behind what was synced last.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Usually a few records of the last deliveries, which ask nothing of the files (external, as
// Dovecot calls them).
#include "dovecot-plugin/unsynced.hh"

namespace plugin {

namespace {

constexpr std::uint32_t asked_of_files =
    MAIL_TRANSACTION_EXPUNGE | MAIL_TRANSACTION_EXPUNGE_GUID | MAIL_TRANSACTION_FLAG_UPDATE |
    MAIL_TRANSACTION_KEYWORD_UPDATE | MAIL_TRANSACTION_KEYWORD_RESET;

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

}  // namespace plugin
