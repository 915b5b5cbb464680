// dovecot-plugin/compat/mail.hh -- the one place that sees Dovecot's headers of mail and storage.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// As compat/dovecot.hh, for the mail plugin: what differs between versions has one name here and a
// body in mail_v2_3.hh or mail_v2_4.hh (POSTHOUSE_DOVECOT_MAIL_SHIM).
#pragma once

// Dovecot's headers include these inside extern "C", where C++ would break them.
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

extern "C" {
// config.h comes first, then lib.h; mail-storage-private.h before what builds on it.
// clang-format off
#include <config.h>
#include <lib.h>
#include <array.h>
#include <str.h>
#include <istream-private.h>
#include <ostream-private.h>
#include <module-dir.h>
#include <compression.h>
#include <mail-user.h>
#include <mail-storage-private.h>
#include <mail-storage-hooks.h>
#include <mail-copy.h>
#include <nfs-workarounds.h>
#include <index-mail.h>
#include <mail-index-private.h>
#include <mail-transaction-log.h>
#include <maildir-storage.h>
#include <maildir-settings.h>
#include <maildir-filename.h>
#include <maildir-uidlist.h>
#include <maildir-sync.h>
// clang-format on

// Exported by libdovecot-storage, declared in its sources alone.
extern struct mail_storage maildir_storage;
}

#include POSTHOUSE_DOVECOT_MAIL_SHIM

namespace plugin::dovecot {

// A place for a pointer of ours in each object of one kind: MODULE_CONTEXT without its macros.
// Another number is another place.
template <auto module_register, int number = 0>
class Slot {
 public:
  template <typename Object>
  static void set(Object* object, void* ours) {
    array_idx_set_i(&object->module_contexts.arr, module_get_context_id(&id_), &ours);
  }
  // Null when none was set.
  template <typename Ours, typename Object>
  static Ours* get(Object* object) {
    const unsigned int place = module_get_context_id(&id_);
    if (place >= array_count_i(&object->module_contexts.arr)) {
      return nullptr;
    }
    return static_cast<Ours*>(
        *static_cast<void* const*>(array_idx_i(&object->module_contexts.arr, place)));
  }

 private:
  static inline module_context_id id_{&module_register->id, 0, false};
};

using UserSlot = Slot<&mail_user_module_register>;
using MailboxSlot = Slot<&mail_storage_module_register>;
using MailSlot = Slot<&mail_module_register>;

// One table of functions of ours above the one that was there: Dovecot's way to layer plugins.
template <typename Object, typename Functions>
Functions* layer(Object* object, Functions& below) {
  auto* const functions = object->vlast;
  below = *functions;
  object->vlast = &below;
  return functions;
}

}  // namespace plugin::dovecot
