// dovecot-plugin/store.cc -- the mail plugin lib20_posthouse_plugin.so: class `posthouse:`, hooks.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Loaded into every mail process by `mail_plugins = posthouse`. It does two things: registers the
// class `posthouse`, which is maildir under another name and the place for what maildir cannot do;
// and layers the functions of store_hooks.cc over every mailbox of either kind, so that a plain
// `maildir:` gains the same and loses nothing when the plugin goes.
#include "dovecot-plugin/compat/mail.hh"
#include "dovecot-plugin/recipients.hh"
#include "dovecot-plugin/store_hooks.hh"

namespace plugin {

namespace {

mail_storage posthouse_class;

// An instance of maildir that carries our class.
mail_storage* make_storage() {
  mail_storage* const storage = maildir_storage.v.alloc();
  pool_t pool = storage->pool;
  *storage = posthouse_class;
  storage->pool = pool;
  storage->name = dovecot::instance_name;
  return storage;
}

void register_class() {
  posthouse_class = maildir_storage;
  posthouse_class.name = "posthouse";
  posthouse_class.v.alloc = make_storage;
  posthouse_class.v.autodetect =
      nullptr;  // what is on disk is a Maildir: only the name asks for us
  mail_storage_class_register(&posthouse_class);
}

mail_storage_hooks make_hooks() {
  mail_storage_hooks hooks{};
  hooks.mail_user_created = user_created;
  hooks.mailbox_allocated = mailbox_allocated;
  hooks.mail_allocated = mail_allocated;
  return hooks;
}

const mail_storage_hooks hooks = make_hooks();

// A table of their own: each layer of functions is Dovecot's to join with those of other plugins.
mail_storage_hooks make_delivery_hooks() {
  mail_storage_hooks made{};
  made.mailbox_allocated = delivery_allocated;
  made.mail_allocated = delivered_mail_allocated;
  return made;
}

const mail_storage_hooks delivery_hooks = make_delivery_hooks();

}  // namespace

}  // namespace plugin

// The names Dovecot looks for; its loader checks the version.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming)
__attribute__((visibility("default"))) extern const char* posthouse_plugin_version;
const char* posthouse_plugin_version = DOVECOT_ABI_VERSION;

__attribute__((visibility("default"))) void posthouse_plugin_init(module* module) {
  plugin::load_store_settings();
  plugin::register_class();
  // First: what a delivery has just saved is not looked up.
  mail_storage_hooks_add(module, &plugin::delivery_hooks);
  mail_storage_hooks_add(module, &plugin::hooks);
}

__attribute__((visibility("default"))) void posthouse_plugin_deinit() {
  mail_storage_hooks_remove(&plugin::hooks);
  mail_storage_hooks_remove(&plugin::delivery_hooks);
  mail_storage_class_unregister(&plugin::posthouse_class);
}
// NOLINTEND(readability-identifier-naming)
}
