# test/stage/storage.py -- Dovecot's settings for each kind of mail store, for 2.3 and 2.4.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib

KINDS = ("maildir", "posthouse", "hook")  # stock; our class; our plugin over stock's class
PLUGIN_2_4 = """\
mail_plugins {
  posthouse = yes
}
"""
CLASS_2_4 = """\
mail_driver = posthouse
mailbox_list_layout = maildir++
mail_path = ~/Maildir
mail_inbox_path = .
"""


def store(kind, is_2_3):
    """Lines of dovecot.conf. They come behind the stage's own and override them."""
    if is_2_3:
        plugin = "mail_plugins = $mail_plugins posthouse\n"
        return {"maildir": "", "hook": plugin, "posthouse": plugin + "mail_location = posthouse:~/Maildir\n"}[kind]
    return {"maildir": "", "hook": PLUGIN_2_4, "posthouse": PLUGIN_2_4 + CLASS_2_4}[kind]


def zlib(is_2_3):
    """Stock Dovecot's own reader of compressed mail."""
    return "mail_plugins = $mail_plugins zlib\n" if is_2_3 else "mail_plugins {\n  mail_compress = yes\n}\n"


def pack(stage, maildir):
    """Packs all mail of a Maildir that nobody is at work in; what the tool says: mails, octets, octets packed."""
    tool = pathlib.Path(os.environ.get("POSTHOUSE_BUILD", "build")) / "maildir-lib/pack_tool"
    said = stage.run(tool, maildir, timeout=600).stdout
    return [int(x) for x in said.replace(",", "").split() if x.isdigit()]
