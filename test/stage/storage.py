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
# One mail that cannot be read does not end the session of a client that fetches all.
FETCH = "imap_fetch_failure = no-after\n"


def store(kind, is_2_3):
    """Lines of dovecot.conf. They come behind the stage's own and override them."""
    if kind == "maildir":
        return ""
    plugin, own = ("mail_plugins = $mail_plugins posthouse\n", "mail_location = posthouse:~/Maildir\n") if is_2_3 else (
        PLUGIN_2_4, CLASS_2_4)
    return FETCH + plugin + (own if kind == "posthouse" else "")


def zlib(is_2_3):
    """Stock Dovecot's own reader of compressed mail."""
    return "mail_plugins = $mail_plugins zlib\n" if is_2_3 else "mail_plugins {\n  mail_compress = yes\n}\n"


def pack(stage, maildir):
    """Packs all mail of a Maildir that nobody is at work in; what the tool says: mails, octets, octets packed."""
    tool = pathlib.Path(os.environ.get("POSTHOUSE_BUILD", "build")) / "maildir-lib/pack_tool"
    said = stage.run(tool, maildir, timeout=600).stdout
    return [int(x) for x in said.replace(",", "").split() if x.isdigit()]
