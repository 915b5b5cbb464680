// dovecot-plugin/store_hooks.cc -- what the mail plugin adds to each user, mailbox and mail.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   a mail is saved     save_begin: what maildir writes goes through zstd frames first
//   a delivery ends     get_metadata: the folder's GUID comes from the first line of its uidlist,
//                       so that Dovecot need not read all of it (docs/notes/0090-large-folders.md)
//                       get_private_flags_mask: the end of the uidlist is looked at inside the lock
//   a mail is opened    get_stream: out of its pack, when it is packed (packed.hh)
//                       istream_opened: uncompressed as its first octets say
//   a date is asked for get_received_date, get_save_date: those of the link of a packed mail
//                       get_special: and its number of names
//   a mail is copied    copy: linked within the Maildir, also when it is packed
//
// Each function calls the one below it, which is maildir's or another plugin's.
#include "dovecot-plugin/store_hooks.hh"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "maildir-lib/zstd.hh"

#include "dovecot-plugin/index_log.hh"
#include "dovecot-plugin/large_folders.hh"
#include "dovecot-plugin/packed.hh"
#include "dovecot-plugin/recipients.hh"
#include "dovecot-plugin/settings.hh"
#include "dovecot-plugin/streams.hh"

namespace plugin {

namespace {

constexpr std::size_t magic_bytes = 4;

struct User {
  mail_user_vfuncs below;
  bool compresses;
  int level;
  PackShelf* shelf;
};

struct Mailbox {
  mailbox_vfuncs below;
  const User* user;
  bool is_committing;
  bool copies_within;  // a mail of this folder is copied to it
};

struct Mail {
  mail_vfuncs below;
};

// Read once: a mail process is started anew by `doveadm reload`.
struct Loaded {
  Settings settings;
  std::string trouble;
};
Loaded loaded;

Mailbox& ours(mailbox* box) {
  return *dovecot::MailboxSlot::get<Mailbox>(box);
}

// The value of a userdb field; null when there is none.
const char* userdb_field(const mail_user* user, const char* name) {
  if (user->userdb_fields == nullptr) {
    return nullptr;
  }
  const std::size_t size = std::strlen(name);
  for (const char* const* field = user->userdb_fields; *field != nullptr; ++field) {
    if (std::strncmp(*field, name, size) == 0 && (*field)[size] == '=') {
      return *field + size + 1;
    }
  }
  return nullptr;
}

bool wants_compression(mail_user* user) {
  std::string_view kind = loaded.settings.mail_compression;
  if (const char* own = userdb_field(user, "posthouse_compression")) {
    kind = own;
    if (kind != "none" && kind != "zstd") {
      dovecot::log_error(user, "userdb field posthouse_compression is neither none nor zstd");
      kind = loaded.settings.mail_compression;
    }
  }
  return kind == "zstd" && !dovecot::is_compressed_elsewhere(user);
}

// ---- a mail is opened

bool starts_as_zstd(istream* file) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  (void)i_stream_read_bytes(file, &data, &size, magic_bytes);
  return maildir::is_zstd({reinterpret_cast<const char*>(data), size});
}

Mail& ours(mail* mail) {
  return *dovecot::MailSlot::get<Mail>(reinterpret_cast<mail_private*>(mail));
}

int get_stream(mail* mail, bool get_body, message_size* header, message_size* body,
               istream** stream_r) {
  auto& data = reinterpret_cast<index_mail*>(mail)->data;
  if (data.stream == nullptr) {
    if (!mail_stream_access_start(mail)) {
      return -1;
    }
    if (open_packed(mail, *ours(mail->box).user->shelf, &data.stream) < 0) {
      return -1;
    }
  }
  return ours(mail).below.get_stream(mail, get_body, header, body, stream_r);
}

int get_received_date(mail* mail, time_t* date_r) {
  (void)index_mail_get_received_date(mail, date_r);
  struct stat st {};
  if (*date_r != static_cast<time_t>(-1) || !mail_metadata_access_start(mail) ||
      look_at_packed(mail, &st) <= 0) {
    return ours(mail).below.get_received_date(mail, date_r);
  }
  *date_r = reinterpret_cast<index_mail*>(mail)->data.received_date = st.st_mtime;
  return 0;
}

int get_save_date(mail* mail, time_t* date_r) {
  (void)index_mail_get_save_date(mail, date_r);
  struct stat st {};
  if (*date_r != static_cast<time_t>(-1) || !mail_metadata_access_start(mail) ||
      look_at_packed(mail, &st) <= 0) {
    return ours(mail).below.get_save_date(mail, date_r);
  }
  *date_r = reinterpret_cast<index_mail*>(mail)->data.save_date = st.st_ctime;
  return 1;
}

int get_special(mail* mail, mail_fetch_field field, const char** value_r) {
  if (field == MAIL_FETCH_REFCOUNT || field == MAIL_FETCH_REFCOUNT_ID) {
    struct stat st {};
    if (!mail_metadata_access_start(mail)) {
      return -1;
    }
    if (look_at_packed(mail, &st) > 0) {
      const unsigned long long number = field == MAIL_FETCH_REFCOUNT ? st.st_nlink : st.st_ino;
      *value_r = p_strdup_printf(reinterpret_cast<mail_private*>(mail)->data_pool, "%llu", number);
      return 0;
    }
  }
  return ours(mail).below.get_special(mail, field, value_r);
}

int istream_opened(mail* mail, istream** stream) {
  const Mail& layer = ours(mail);
  if (is_packed(*stream)) {
    return layer.below.istream_opened(mail, stream);
  }
  if (starts_as_zstd(*stream)) {
    *stream = make_frame_input(*stream);
  } else if (const compression_handler* handler = compression_detect_handler(*stream)) {
    if (handler->create_istream == nullptr) {
      mail_set_critical(mail, "posthouse: this Dovecot cannot read %s", handler->ext);
      return -1;
    }
    istream* const file = *stream;
    *stream = handler->create_istream(file);
    istream* unused = file;
    i_stream_unref(&unused);
  }
  return layer.below.istream_opened(mail, stream);
}

// ---- a mail is saved

int save_begin(mail_save_context* save, istream* input) {
  const Mailbox& box = ours(save->transaction->box);
  if (box.below.save_begin(save, input) < 0) {
    return -1;
  }
  save->data.output = make_frame_output(save->data.output, box.user->level);
  o_stream_cork(save->data.output);
  return 0;
}

// True when the file would be taken for a compressed one: whoever opens it would see another mail
// than was saved.
bool looks_compressed(mail_save_context* save) {
  const char* path = maildir_save_file_get_path(save->transaction, save->dest_mail->seq);
  istream* file = i_stream_create_file(path, IO_BLOCK_SIZE);
  const bool looks = compression_detect_handler(file) != nullptr;
  i_stream_unref(&file);
  return looks;
}

int save_finish_plain(mail_save_context* save) {
  mailbox* const box = save->transaction->box;
  if (ours(box).below.save_finish(save) < 0) {
    return -1;
  }
  if (looks_compressed(save)) {
    mail_storage_set_error(box->storage, MAIL_ERROR_NOTPOSSIBLE,
                           "Saving mails compressed by client isn't supported");
    return -1;
  }
  return 0;
}

int copy(mail_save_context* save, mail* source) {
  Mailbox& box = ours(save->transaction->box);
  box.copies_within |= source->box == save->transaction->box;
  mail_storage* const storage = source->box->storage;
  if (!dovecot::is_maildir(storage)) {
    return box.below.copy(save, source);
  }
  // maildir links only what calls itself maildir; anything else it copies whole.
  const char* const name = storage->name;
  const bool must_be_whole =
      !is_just_delivered(source) && is_packed_elsewhere(source, save->transaction->box);
  storage->name = must_be_whole ? "packed" : dovecot::maildir_name;
  const int copied = box.below.copy(save, source);
  storage->name = name;
  return copied;
}

// ---- the uidlist

int get_metadata(mailbox* box, mailbox_metadata_items items, mailbox_metadata* metadata) {
  const Mailbox& layer = ours(box);
  auto* const maildir = reinterpret_cast<maildir_mailbox*>(box);
  const bool wants_guid = (items & MAILBOX_METADATA_GUID) != 0;
  if (wants_guid && box->opened && !maildir_uidlist_is_read(maildir->uidlist) &&
      read_guid(box, metadata->guid)) {
    items = static_cast<mailbox_metadata_items>(items & ~MAILBOX_METADATA_GUID);
  }
  return layer.below.get_metadata(box, items, metadata);
}

// Asked by maildir inside its lock, before it takes the next UID from the list.
mail_flags get_private_flags_mask(mailbox* box) {
  const Mailbox& layer = ours(box);
  if (layer.is_committing) {
    check_uidlist(box, layer.copies_within);
  }
  return layer.below.get_private_flags_mask(box);
}

int transaction_save_commit_pre(mail_save_context* save) {
  Mailbox& layer = ours(save->transaction->box);
  keep_log_short(save->transaction->box);
  layer.is_committing = true;
  const int done = layer.below.transaction_save_commit_pre(save);
  layer.is_committing = layer.copies_within = false;
  return done;
}

void user_deinit(mail_user* user) {
  auto& layer = *dovecot::UserSlot::get<User>(user);
  layer.below.deinit(user);
  delete std::exchange(layer.shelf, nullptr);  // NOLINT(cppcoreguidelines-owning-memory)
}

}  // namespace

void load_store_settings() {
  try {
    const char* folder = std::getenv("POSTHOUSE_CONFIG_DIR");  // NOLINT(concurrency-mt-unsafe)
    const std::string path =
        std::string(folder != nullptr && *folder != '\0' ? folder : "/etc/posthouse") +
        "/dovecot-plugin.conf";
    auto settings = load_settings(path, true);
    if (!settings) {
      loaded.trouble = settings.error().text() + ": mail is stored by the defaults";
      settings = parse_settings("", "");
    }
    loaded.settings = std::move(*settings);
  } catch (const std::exception& e) {
    i_fatal("posthouse: %s", e.what());
  }
}

void user_created(mail_user* user) {
  if (!loaded.trouble.empty()) {
    dovecot::log_error(user, loaded.trouble.c_str());
  }
  auto* const made = p_new(user->pool, User, 1);
  made->compresses = wants_compression(user);
  made->level = static_cast<int>(loaded.settings.mail_compression_level);
  made->shelf = new PackShelf;  // NOLINT(cppcoreguidelines-owning-memory): user_deinit
  dovecot::UserSlot::set(user, made);
  dovecot::layer(user, made->below)->deinit = user_deinit;
}

void mailbox_allocated(mailbox* box) {
  const auto* const user = dovecot::UserSlot::get<User>(box->storage->user);
  if (user == nullptr || !dovecot::is_maildir(box->storage)) {
    return;
  }
  auto* const made = p_new(box->pool, Mailbox, 1);
  made->user = user;
  dovecot::MailboxSlot::set(box, made);
  mailbox_vfuncs* const v = dovecot::layer(box, made->below);
  v->get_metadata = get_metadata;
  v->transaction_save_commit_pre = transaction_save_commit_pre;
  v->get_private_flags_mask = get_private_flags_mask;
  v->copy = copy;
  if (user->compresses) {
    v->save_begin = save_begin;
  } else {
    v->save_finish = save_finish_plain;
  }
}

void mail_allocated(mail* mail) {
  if (dovecot::MailboxSlot::get<Mailbox>(mail->box) == nullptr) {
    return;
  }
  auto* const whole = reinterpret_cast<mail_private*>(mail);
  auto* const made = p_new(whole->pool, Mail, 1);
  dovecot::MailSlot::set(whole, made);
  mail_vfuncs* const v = dovecot::layer(whole, made->below);
  v->get_stream = get_stream;
  v->get_received_date = get_received_date;
  v->get_save_date = get_save_date;
  v->get_special = get_special;
  v->istream_opened = istream_opened;
}

}  // namespace plugin
