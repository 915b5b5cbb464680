# test/t-29-extensions/servers.py -- A Dovecot with quota, ACL, shared folders, Sieve and virtual folders over each store.
# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import random
import re

from stage.storage import pack

from clients import Imap, No
from common import ALICE, BOB, CAROL, USERS, Store, maildir, wipe

ALL = (ALICE, BOB, CAROL)
DATES = [f"{day:02} Feb 2015 10:20:30" for day in range(1, 28)]

SETTINGS_2_3 = """\
mail_plugins = $mail_plugins quota acl notify mail_log virtual
protocol imap {
  mail_plugins = $mail_plugins imap_quota imap_acl
}
protocol lmtp {
  mail_plugins = $mail_plugins sieve
}
namespace inbox {
  inbox = yes
  separator = /
  prefix =
}
namespace shared {
  type = shared
  separator = /
  prefix = Shared/%%u/
  location = DRIVER:%%h/Maildir:INDEXPVT=~/private/%%u
  subscriptions = no
  list = children
}
namespace virtual {
  separator = /
  prefix = Virtual/
  location = virtual:~/virtual
}
mail_attribute_dict = file:%h/attributes
imap_metadata = yes
imap_urlauth_host = *
mail_log_prefix = "%s(%u): "
plugin {
  acl = vfile
  acl_shared_dict = file:SCRATCH/shared-folders
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage=2M
  sieve = ~/filter.sieve
  mail_log_events = save copy append expunge delete
  mail_log_fields = box uid
}
"""
SETTINGS_2_4 = """\
mail_plugins {
  quota = yes
  acl = yes
  notify = yes
  mail_log = yes
  virtual = yes
}
protocol imap {
  mail_plugins {
    imap_quota = yes
    imap_acl = yes
  }
}
protocol lmtp {
  mail_plugins {
    sieve = yes
  }
}
namespace inbox {
  inbox = yes
  separator = /
  prefix =
}
namespace shared {
  type = shared
  separator = /
  prefix = Shared/$user/
  mail_driver = DRIVER
  mail_path = %{owner_home}/Maildir
  mail_index_private_path = ~/private/%{owner_user}
  subscriptions = no
  list = children
}
namespace virtual {
  separator = /
  prefix = Virtual/
  mail_driver = virtual
  mail_path = ~/virtual
  mailbox_list_layout = fs
}
mail_attribute {
  dict file {
    path = %{home}/attributes
  }
}
imap_metadata = yes
imap_urlauth_host = *
mail_log_prefix = "%{protocol}(%{user}): "
acl_driver = vfile
acl_sharing_map {
  dict file {
    path = SCRATCH/shared-folders
  }
}
quota "User quota" {
  driver = count
}
quota_storage_size = 2M
quota_storage_grace = 0
sieve_script personal {
  driver = file
  path = ~/filter.sieve
}
mail_log_events = save copy append expunge delete
mail_log_fields = box uid
"""


def words(seed, size):
    """Lines of words that zstd can shorten, the same for each run."""
    draw = random.Random(seed)
    lines = (" ".join(f"word{draw.randrange(3000)}" for _ in range(9)) for _ in range(1 + size // 75))
    return "\r\n".join(lines) + "\r\n"


def mails():
    """Six mails that have all that a FETCH may ask for."""
    def head(number, subject, more=""):
        return (f"From: \"A. Sender\" <a@example.org>\r\nTo: alice@posthouse.test, bob@posthouse.test\r\n"
                f"Date: Sun, {DATES[number]} +0100\r\nSubject: {subject}\r\nMessage-ID: <mail{number}@example.org>\r\n{more}"
                "MIME-Version: 1.0\r\n")
    attachment = "\r\n".join(["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2"] * 40)
    inner = head(9, "inside") + "\r\nThe inner mail.\r\n"
    return [x.encode() for x in (
        head(0, "parts") + "Content-Type: multipart/mixed; boundary=frontier\r\n\r\npreamble\r\n--frontier\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe, word7\r\n"
        "--frontier\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; filename=a.bin\r\n\r\n{attachment}\r\n--frontier\r\nContent-Type: message/rfc822\r\n\r\n"
        f"{inner}\r\n--frontier--\r\n",
        head(1, "large") + "\r\n" + words(1, 150_000),
        head(2, "=?utf-8?q?Z=C3=BCrich?=") + "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain word\r\n--b\r\n"
        "Content-Type: text/html\r\n\r\n<p>html <b>word</b></p>\r\n--b--\r\n",
        head(3, "eight bits") + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nZürich, 张三\r\n",
        head(4, "Re: parts", "References: <mail0@example.org>\r\nIn-Reply-To: <mail0@example.org>\r\n") + "\r\n" + words(4, 3000),
        head(5, "short") + "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8gd29ybGQK\r\n")]


MAILS = mails()


def plain(text):
    """An answer without what is another each time: UIDVALIDITY, GUIDs, names of files, times and sessions."""
    for pattern, word in ((r" ?\(\d+\.\d+ \+ [^)]*secs\)", ""), (r"\b\d{10}\.M\d+P\d+\.[\w.-]+(,S=\d+)?(,W=\d+)?", "NAME"),
                          (r"\b1[78]\d{8}\b", "TIME"), (r"\b[0-9a-f]{32}\b", "GUID"), (r"\b[0-9a-f]{16}\b", "UIDL"),
                          (r"\d\d-\w\w\w-202\d [\d:]{8} [+-]\d{4}|202\d-\d\d-\d\d \d\d:\d\d:\d\d(?: \([^)]*\))?", "DATE"),
                          (r"\[([A-Z]+)\] \S+ Saved", "Saved")):
        text = re.sub(pattern, word, text)
    return text.strip()


def said(client, command):
    """All that the server says to a command, literals by size and digest."""
    try:
        lines, text = client.ask(command)
    except No as no:
        return [plain(str(no).split(": ", 1)[1].split(" ", 1)[1])]
    def whole(line):
        return line.text + "".join(f" <{len(x)} {hashlib.sha256(x).hexdigest()[:8]}>" for x in line.literals)
    return [*(plain(whole(x)) for x in lines), "OK " + plain(text)]


class World:
    """Accounts of one kind of store with mail of one form."""

    def __init__(self, stage, kind, form):
        self.stage, self.kind, self.form = stage, kind, form
        self.store = None
        self.extra = ""  # more lines of dovecot.conf

    def settings(self):
        """Lines of dovecot.conf."""
        is_2_3 = self.stage.run("dovecot", "--version").stdout.startswith("2.3")
        text = SETTINGS_2_3 if is_2_3 else SETTINGS_2_4
        driver = "posthouse" if self.kind == "posthouse" else "maildir"
        return text.replace("DRIVER", driver).replace("SCRATCH", str(self.stage.folder("sharing", "vmail")))

    def start(self):
        """Dovecot over what is there."""
        self.store = Store(self.stage, self.kind, "zstd" if self.form == "zstd" else "none", extra=self.settings() + self.extra)

    def stop(self):
        """No Dovecot."""
        self.store.dovecot.stop()

    def fill(self):
        """All accounts anew: alice has MAILS in INBOX and Folder, bob one mail; all of it plain, compressed or packed."""
        for user in ALL:
            wipe(self.stage, user)
            home = maildir(self.stage, user).parent
            self.stage.run("rm", "-rf", home / "private", home / "virtual", home / "attributes", home / "filter.sieve")
        self.stage.run("rm", "-f", self.stage.folder("sharing", "vmail") / "shared-folders")
        self.start()
        client = self.imap(ALICE)
        client.ask('CREATE "Folder"')
        for i, mail in enumerate(MAILS):
            for folder in ("INBOX", "Folder"):
                client.ask(f'APPEND "{folder}" {"(" + chr(92) + "Seen)" if i == 2 else "()"} "{i + 1:2}-Feb-2015 10:20:30 +0000"', mail)
        client.close()
        client = self.imap(BOB)
        client.ask('APPEND INBOX () " 9-Feb-2015 10:20:30 +0000"', MAILS[4])
        client.close()
        if self.form == "packed":
            self.pack()

    def pack(self):
        """All mail there is becomes packed, while no server runs."""
        self.stop()
        for user in (ALICE, BOB):
            pack(self.stage, maildir(self.stage, user))
        self.start()

    def imap(self, user=ALICE):
        """A session."""
        return Imap(self.store.dovecot.imap_port, user, USERS[user])

    def doveadm(self, *words_, user=ALICE, ok=(0,)):
        """What doveadm prints, both ways, and its exit code."""
        done = self.stage.run("doveadm", *words_[0].split(), "-u", user, *words_[1:], ok=ok)
        return [*(plain(x) for x in (done.stdout + done.stderr).splitlines()), f"exit code {done.returncode}"]
