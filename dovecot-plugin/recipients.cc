// dovecot-plugin/recipients.cc -- one delivery to several: the next ones link what the first got.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whatever does not go as it usually does (flags on the mail, a file that was moved or packed
// since, another file system, a list that had to be read) is left to maildir's own way.
#include "dovecot-plugin/recipients.hh"

#include <array>
#include <string_view>

#include "base/handle.hh"
#include "base/text.hh"

namespace plugin {

namespace {

constexpr std::size_t max_line_bytes = 2048;  // more than one record of a uidlist

// A mailbox that a delivery has opened, and the one mail it has saved there. Strings are the
// pool's.
struct Delivery {
  mailbox_vfuncs below;
  decltype(mailbox_vfuncs::copy) copy;  // below all plugins
  bool is_plain;                        // saved without flags or keywords: the name is a base name
  std::uint32_t uid;                    // 0: none, or not known
  const char* name;                     // of the file
  const char* guid;
};

struct Mail {
  mail_vfuncs below;
};

// A second place beside that of store_hooks.cc.
using DeliverySlot = dovecot::Slot<&mail_storage_module_register, 1>;
using DeliveredSlot = dovecot::Slot<&mail_module_register, 1>;

Delivery& ours(mailbox* box) {
  return *DeliverySlot::get<Delivery>(box);
}

Mail& ours(mail* mail) {
  return *DeliveredSlot::get<Mail>(reinterpret_cast<mail_private*>(mail));
}

maildir_uidlist* uidlist_of(const mailbox* box) {
  return reinterpret_cast<const maildir_mailbox*>(box)->uidlist;
}

// The delivery when `mail` is what it has saved and its list was not read; else null.
const Delivery* delivery_of(const mail* mail) {
  const auto* const delivery = DeliverySlot::get<Delivery>(mail->box);
  return delivery != nullptr && delivery->uid != 0 && delivery->uid == mail->uid &&
                 !maildir_uidlist_is_read(uidlist_of(mail->box))
             ? delivery
             : nullptr;
}

// Where the file may be: a session that looks at the folder moves it to cur/.
std::array<const char*, 2> paths_of(const mailbox* box, const Delivery& delivery) {
  const char* const folder = mailbox_get_path(const_cast<mailbox*>(box));
  return {t_strconcat(folder, "/new/", delivery.name, nullptr),
          t_strconcat(folder, "/cur/", delivery.name, ":2,", nullptr)};
}

// ---- the first recipient: a mail is saved

int save_finish(mail_save_context* save) {
  Delivery& delivery = ours(save->transaction->box);
  delivery.is_plain =
      save->data.keywords == nullptr && (save->data.flags & ~MAIL_RECENT & MAIL_FLAGS_MASK) == 0;
  return delivery.below.save_finish(save);
}

// The only UID of a transaction; 0 when there is none or there are several.
std::uint32_t only_uid(const mailbox_transaction_context* transaction) {
  unsigned int count = 0;
  const auto* const ranges =
      static_cast<const seq_range*>(array_get_i(&transaction->changes->saved_uids.arr, &count));
  return count == 1 && ranges->seq1 == ranges->seq2 ? ranges->seq1 : 0;
}

// The last line of a file; empty when it has no end or is too long.
std::string_view last_line(const char* path, std::array<char, max_line_bytes>& room) {
  const base::Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  struct stat st {};
  if (!fd.is_open() || ::fstat(fd.get(), &st) != 0) {
    return {};
  }
  const auto size = static_cast<off_t>(room.size());
  const ssize_t got =
      ::pread(fd.get(), room.data(), room.size(), st.st_size > size ? st.st_size - size : 0);
  std::string_view text(room.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (!text.ends_with('\n')) {
    return {};
  }
  text.remove_suffix(1);
  const std::size_t begin = text.rfind('\n');
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin + 1);
}

const char* kept(const mailbox* box, std::string_view text) {
  return p_strndup(box->pool, text.data(), text.size());
}

// Takes name and GUID of the mail with this UID from what was just written, inside the lock.
void remember(mailbox* box, std::uint32_t uid, Delivery& delivery) {
  const char* folder = nullptr;
  if (mailbox_get_path_to(box, MAILBOX_LIST_PATH_TYPE_CONTROL, &folder) <= 0) {
    return;
  }
  std::array<char, max_line_bytes> room{};
  const std::string_view line =
      last_line(t_strconcat(folder, "/" MAILDIR_UIDLIST_NAME, nullptr), room);
  const std::size_t colon = line.find(" :");
  if (colon == std::string_view::npos ||
      base::parse_number<std::uint32_t>(line.substr(0, line.find(' '))).value_or(0) != uid) {
    return;
  }
  delivery.name = delivery.guid = kept(box, line.substr(colon + 2));
  const std::string_view fields = line.substr(0, colon + 1);
  const std::size_t guid = fields.find(" G");
  if (guid != std::string_view::npos) {
    delivery.guid = kept(box, fields.substr(guid + 2, fields.find(' ', guid + 1) - guid - 2));
  }
  delivery.uid = uid;
}

int transaction_save_commit_pre(mail_save_context* save) {
  mailbox_transaction_context* const transaction = save->transaction;
  mailbox* const box = transaction->box;
  Delivery& delivery = ours(box);
  const bool will_be_opened = (transaction->flags & MAILBOX_TRANSACTION_FLAG_ASSIGN_UIDS) != 0;
  const int done = delivery.below.transaction_save_commit_pre(save);
  delivery.uid = 0;
  const std::uint32_t uid = done == 0 ? only_uid(transaction) : 0;
  if (will_be_opened && delivery.is_plain && uid != 0 &&
      !maildir_uidlist_is_read(uidlist_of(box))) {
    remember(box, uid, delivery);
  }
  return done;
}

// LMTP wants to see what it has saved, and maildir would list the folder for it.
mailbox_sync_context* sync_init(mailbox* box, mailbox_sync_flags flags) {
  const Delivery& delivery = ours(box);
  if (delivery.uid != 0 && flags == MAILBOX_SYNC_FLAG_FAST &&
      !maildir_uidlist_is_read(uidlist_of(box))) {
    return index_mailbox_sync_init(box, flags, false);
  }
  return delivery.below.sync_init(box, flags);
}

// ---- the first recipient's mail is read

// False: not there, maildir looks for it.
bool open_delivered(mail* mail, const Delivery& delivery, istream** stream_r) {
  for (const char* path : paths_of(mail->box, delivery)) {
    base::Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
    if (fd.is_open()) {
      int number = fd.release();
      *stream_r = i_stream_create_fd_autoclose(&number, 0);
      i_stream_set_name(*stream_r, path);
      index_mail_set_read_buffer_size(mail, *stream_r);
      return true;
    }
  }
  return false;
}

int get_stream(mail* mail, bool get_body, message_size* header, message_size* body,
               istream** stream_r) {
  istream*& stream = reinterpret_cast<index_mail*>(mail)->data.stream;
  const Delivery* const delivery = stream == nullptr ? delivery_of(mail) : nullptr;
  if (delivery != nullptr) {
    if (!mail_stream_access_start(mail)) {
      return -1;
    }
    auto* const whole = reinterpret_cast<mail_private*>(mail);
    if (open_delivered(mail, *delivery, &stream) && whole->v.istream_opened != nullptr &&
        whole->v.istream_opened(mail, &stream) < 0) {
      i_stream_unref(&stream);
      return -1;
    }
  }
  return ours(mail).below.get_stream(mail, get_body, header, body, stream_r);
}

// What lstat(2) says of the file; false when it is not there, or is a link now.
bool stat_delivered(mail* mail, struct stat* st_r) {
  const Delivery* const delivery = delivery_of(mail);
  if (delivery != nullptr && mail_metadata_access_start(mail)) {
    for (const char* path : paths_of(mail->box, *delivery)) {
      if (::lstat(path, st_r) == 0) {
        return S_ISREG(st_r->st_mode);
      }
    }
  }
  return false;
}

int get_received_date(mail* mail, time_t* date_r) {
  (void)index_mail_get_received_date(mail, date_r);
  struct stat st {};
  if (*date_r != static_cast<time_t>(-1) || !stat_delivered(mail, &st)) {
    return ours(mail).below.get_received_date(mail, date_r);
  }
  *date_r = reinterpret_cast<index_mail*>(mail)->data.received_date = st.st_mtime;
  return 0;
}

int get_special(mail* mail, mail_fetch_field field, const char** value_r) {
  const Delivery* const delivery =
      field == MAIL_FETCH_GUID || field == MAIL_FETCH_STORAGE_ID ? delivery_of(mail) : nullptr;
  if (delivery == nullptr) {
    return ours(mail).below.get_special(mail, field, value_r);
  }
  *value_r = field == MAIL_FETCH_GUID ? delivery->guid : delivery->name;
  return 0;
}

// The sizes that the name of the file tells.
bool size_in_name(const Delivery& delivery, char key, uoff_t* size_r) {
  return maildir_filename_get_size(delivery.name, key, size_r);
}

int get_virtual_size(mail* mail, uoff_t* size_r) {
  const Delivery* const delivery = delivery_of(mail);
  return delivery != nullptr && size_in_name(*delivery, MAILDIR_EXTRA_VIRTUAL_SIZE, size_r)
             ? 0
             : ours(mail).below.get_virtual_size(mail, size_r);
}

int get_physical_size(mail* mail, uoff_t* size_r) {
  const Delivery* const delivery = delivery_of(mail);
  return delivery != nullptr && size_in_name(*delivery, MAILDIR_EXTRA_FILE_SIZE, size_r)
             ? 0
             : ours(mail).below.get_physical_size(mail, size_r);
}

// ---- the other recipients

// True when `to` is one more name of the file itself, no link to a pack or a tier of that account.
bool link_file(const char* from, const char* to, bool is_nfs) {
  const int done = is_nfs ? nfs_safe_link(from, to, false) : ::link(from, to);
  if (done != 0) {
    return false;
  }
  struct stat st {};
  if (::lstat(to, &st) == 0 && S_ISREG(st.st_mode)) {
    return true;
  }
  (void)::unlink(to);
  return false;
}

// True when the mail lies in the tmp/ of the next recipient, as maildir_copy() would have put it
// there, but under a name of its own.
bool link_delivered(mail_save_context* save, mail* source, const Delivery& delivery) {
  mailbox* const box = save->transaction->box;
  const auto* const storage = reinterpret_cast<maildir_mailbox*>(box)->storage;
  uoff_t size = 0;
  uoff_t virtual_size = 0;
  if (!storage->set->maildir_copy_with_hardlinks ||
      !mail_storage_copy_can_use_hardlink(source->box, box) ||
      !size_in_name(delivery, MAILDIR_EXTRA_FILE_SIZE, &size) ||
      !size_in_name(delivery, MAILDIR_EXTRA_VIRTUAL_SIZE, &virtual_size)) {
    return false;
  }
  const char* const name = maildir_filename_generate();
  const char* const to = t_strconcat(mailbox_get_path(box), "/tmp/", name, nullptr);
  for (const char* from : paths_of(source->box, delivery)) {
    if (link_file(from, to, storage->storage.set->mail_nfs_storage)) {
      maildir_filename* const file = maildir_save_add(save, name, source);
      maildir_save_finish_keywords(save);
      maildir_save_set_sizes(file, size, virtual_size);
      return true;
    }
  }
  return false;
}

int copy(mail_save_context* save, mail* source) {
  return ours(save->transaction->box).below.copy(save, source);
}

// In the place of maildir_copy(), below all plugins that count or tell of copies.
int copy_below(mail_save_context* save, mail* source) {
  const Delivery* const delivery = delivery_of(source);
  if (delivery == nullptr) {
    return ours(save->transaction->box).copy(save, source);
  }
  if (!link_delivered(save, source, *delivery)) {
    return mail_storage_copy(save, source);  // the whole mail
  }
  index_save_context_free(save);
  return 0;
}

}  // namespace

bool is_just_delivered(const mail* mail) {
  return delivery_of(mail) != nullptr;
}

void delivery_allocated(mailbox* box) {
  if ((box->flags & MAILBOX_FLAG_POST_SESSION) == 0 || !dovecot::is_maildir(box->storage)) {
    return;
  }
  auto* const made = p_new(box->pool, Delivery, 1);
  DeliverySlot::set(box, made);
  mailbox_vfuncs* const v = dovecot::layer(box, made->below);
  v->save_finish = save_finish;
  v->transaction_save_commit_pre = transaction_save_commit_pre;
  v->sync_init = sync_init;
  v->copy = copy;
  // Plugins that come behind put theirs between these two.
  made->copy = made->below.copy;
  made->below.copy = copy_below;
}

void delivered_mail_allocated(mail* mail) {
  if (DeliverySlot::get<Delivery>(mail->box) == nullptr) {
    return;
  }
  auto* const whole = reinterpret_cast<mail_private*>(mail);
  auto* const made = p_new(whole->pool, Mail, 1);
  DeliveredSlot::set(whole, made);
  mail_vfuncs* const v = dovecot::layer(whole, made->below);
  v->get_stream = get_stream;
  v->get_received_date = get_received_date;
  v->get_special = get_special;
  v->get_virtual_size = get_virtual_size;
  v->get_physical_size = get_physical_size;
}

}  // namespace plugin
