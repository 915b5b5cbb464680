# test/t-29-extensions/tools_side.py -- doveadm's verbs, shared folders, Sieve, virtual folders and lazy_expunge, as said lines.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import re

from common import ALICE, BOB, CAROL, files, letter, maildir
from servers import ALL, MAILS, plain, said

LAZY_2_3 = """\
protocol imap {
  mail_plugins = $mail_plugins lazy_expunge imap_quota imap_acl
}
plugin {
  lazy_expunge = Expunged
  lazy_expunge_only_last_instance = yes
}
"""
LAZY_2_4 = """\
mail_plugins {
  lazy_expunge = yes
}
lazy_expunge_mailbox = Expunged
lazy_expunge_only_last_instance = yes
"""
FILTER = """\
require ["fileinto", "mailbox", "imap4flags", "copy", "envelope", "body", "duplicate"];
if header :contains "subject" "filed" { fileinto :create :flags "\\\\Flagged mine" "Filed"; }
elsif body :contains "word4" { fileinto :copy "Folder"; keep; }
elsif header :contains "subject" "parts" { fileinto "Folder"; }
elsif header :contains "subject" "gone" { discard; }
"""


def fields(world):
    """The names of what doveadm fetch knows."""
    said_ = " ".join(world.doveadm("fetch", "bogus", "all", ok=None))
    names = re.search(r"Available fetch fields: (.*?)(?: Fatal| exit code|doveadm)", said_).group(1).split()
    return [x for x in names if "<" not in x] + ["hdr.subject", "body.1", "binary.1", "body.2", "text.utf8"]


def strays(world):
    """Links to packs that their account does not have."""
    found = []
    for user in ALL:
        root = maildir(world.stage, user)
        packs = {x.stem for x in root.glob("packs/*.pack")}
        links = [os.readlink(x) for part in ("new", "cur") for x in root.glob(f"**/{part}/*") if x.is_symlink()]
        found += [x for x in links if x.split(":")[1].split("#")[0] not in packs]
    return found


def doveadm(world):
    """Verbs on mail."""
    lines = []
    def run(*words, **more):
        shown = " ".join(x for x in words if str(world.stage.mail_root) not in x)
        lines.extend([f"$ {shown}", *world.doveadm(*words, ok=None, **more)])
    for name in fields(world):
        if "saved" in name:  # a time of its own in each run
            lines.append(f"{name}: {len(world.doveadm('fetch', name, 'mailbox', 'Folder', '1:2'))} lines")
        elif name not in ("user",):
            run("fetch", name, "mailbox", "Folder", "1:3")
    run("search", "mailbox", "INBOX", "body", "word7")
    run("search", "mailbox", "*", "subject", "parts")
    run("flags add", r"\Flagged $Work", "mailbox", "INBOX", "2:3")
    run("flags remove", r"\Seen", "mailbox", "INBOX", "all")
    run("flags replace", r"\Answered", "mailbox", "INBOX", "4")
    run("mailbox create", "Sub/Deep")
    run("copy", "Sub/Deep", "mailbox", "INBOX", "2:4")
    run("move", "Sub/Deep", "mailbox", "INBOX", "1")
    run("move", "Folder", "mailbox", "Sub/Deep", "3")
    run("expunge", "mailbox", "INBOX", "5")
    run("mailbox rename", "Sub/Deep", "Sub/Other")
    run("mailbox list")
    run("mailbox status", "messages uidnext unseen vsize recent", "*")
    run("mailbox subscribe", "Sub/Other")
    run("mailbox list", "-s")
    run("force-resync", "*")
    run("index", "*")
    run("mailbox cache purge", "INBOX")
    run("purge")
    run("altmove", "mailbox", "INBOX", "all")
    run("mailbox update", "--min-next-uid", "100", "INBOX")
    run("fetch", "uid flags size.virtual hdr.subject refcount", "mailbox", "*")
    run("deduplicate", "-m", "mailbox", "Folder", "all")
    run("copy", "INBOX", "user", ALICE, "mailbox", "Sub/Other", user=CAROL)
    # By the name maildir: Dovecot 2.4 knows the layout of no other class.
    run("import", f"maildir:{maildir(world.stage)}", "Imported", "mailbox", "Folder", user=CAROL)
    run("fetch", "size.virtual hdr.subject body", "mailbox", "*", user=CAROL)
    run("mailbox delete", "-r", "Sub")
    run("fetch", "uid flags size.virtual text", "mailbox", "*")
    for file in ("dovecot.index", "dovecot.index.log", "dovecot.index.cache"):
        path = maildir(world.stage) / file
        if path.exists():
            done = world.stage.run("doveadm", "dump", path, ok=None)
            lines.append(f"dump {file}: exit code {done.returncode}")
    return [*(x for x in lines if "Debug" not in x), f"links to packs of another account: {strays(world)}"]


def synced(world):
    """dsync in both directions, again and again, with changes on both sides."""
    lines = []
    other = world.stage.folder("other-side", "vmail")
    world.stage.run("rm", "-rf", other / "mail")
    there = f"{'mdbox' if world.store.is_2_3 else 'sdbox'}:{other}/mail"
    def run(*words):
        lines.extend([f"$ {words[0]}", *world.doveadm(*words, ok=None)])
    run("sync", "-f", there)
    client = world.imap()
    said(client, 'SELECT "INBOX"')
    said(client, r"UID STORE 1 +FLAGS (\Flagged)")
    said(client, "UID MOVE 2 Folder")
    said(client, r"UID STORE 6 +FLAGS (\Deleted)")
    said(client, "EXPUNGE")
    client.ask('APPEND "INBOX" () "14-Feb-2015 10:20:30 +0000"', MAILS[3])
    client.close()
    location = (["-o", f"mail_location={there}"] if world.store.is_2_3 else
                ["-o", "mail_driver=sdbox", "-o", f"mail_path={other}/mail", "-o", "mailbox_list_layout=fs", "-o", "mail_inbox_path="])
    for words in (("flags", "add", r"\Answered", "mailbox", "INBOX", "uid", "3"), ("expunge", "mailbox", "INBOX", "uid", "4")):
        done = world.stage.run("doveadm", *location, *words[:1 + (words[0] == "flags")], "-u", ALICE, *words[1 + (words[0] == "flags"):],
                               ok=None)
        lines.append(f"there: {' '.join(words)}: {done.returncode} {plain(done.stderr)}")
    run("sync", there)
    run("sync", there)
    run("fetch", "mailbox uid flags size.virtual hdr.subject text", "mailbox", "*")
    done = world.stage.run("doveadm", *location, "fetch", "-u", ALICE, "mailbox uid flags size.virtual hdr.subject text", "mailbox", "*")
    lines.append(plain(done.stdout))
    run("backup", "-R", there)
    run("fetch", "mailbox uid flags", "mailbox", "*")
    return lines


def shared(world):
    """ACL: another user's folder is listed, read, copied from and to, as its owner lets him."""
    lines = []
    owner, guest, again = world.imap(ALICE), world.imap(BOB), []
    name = f"Shared/{ALICE}/Folder"
    def both(client, *commands):
        for command in commands:
            lines.append(f"{'alice' if client is owner else 'bob'}: {command[:60]}: {said(client, command)}")
    both(guest, f'SELECT "{name}"', f'MYRIGHTS "{name}"')
    both(owner, f'SETACL "Folder" "{BOB}" lr', 'GETACL "Folder"', f'LISTRIGHTS "Folder" "{BOB}"', 'MYRIGHTS "Folder"')
    again.append(guest)
    guest = world.imap(BOB)  # a session remembers for a while what is shared with it, and its rights
    both(guest, 'LIST "" "Shared/*"', f'SELECT "{name}"', "FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[])", f'MYRIGHTS "{name}"',
         r"STORE 1 +FLAGS (\Seen \Flagged)", "COPY 1:2 INBOX", "MOVE 3 INBOX", 'SEARCH BODY word7', "FETCH 1 (BINARY.PEEK[2])")
    both(owner, f'SETACL "Folder" "{BOB}" lrswipkxte')
    again.append(guest)
    guest = world.imap(BOB)
    both(guest, f'SELECT "{name}"', r"STORE 1:2 +FLAGS (\Seen \Flagged mine)", "MOVE 3 INBOX", r"STORE 3 +FLAGS (\Deleted)", "EXPUNGE",
         'SELECT "INBOX"', "FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[])", f'COPY 1 "{name}"')
    both(guest, f'APPEND "{name}" () "15-Feb-2015 10:20:30 +0000" {{{len(MAILS[5])}+}}\r\n{MAILS[5].decode()}', f'CREATE "{name}/New"', f'COPY 1 "{name}/New"', f'STATUS "{name}" (MESSAGES UNSEEN)', 'LIST "" "Shared/*"')
    both(owner, 'SELECT "Folder"', "FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[])", 'SELECT "Folder/New"', "FETCH 1:* (UID BODY.PEEK[])",
         f'DELETEACL "Folder" "{BOB}"')
    both(guest, f'SELECT "{name}"')
    for client in (owner, guest, *again):
        client.close()
    if world.kind == "posthouse":
        # Each namespace has a storage of its own (2.3), and Dovecot asks the other one for the error.
        lines = [re.sub(r"(MOVE .*)SERVERBUG\] BUG: Unknown internal error", r"\1NOPERM] Permission denied", x) for x in lines]
    here = files(maildir(world.stage) / ".Folder")
    lines.append(f"links to packs of another account: {strays(world)}")
    lines.append(f"mails in the folder: {len(here)}")
    return lines


def filtered(world):
    """Sieve: deliveries filed, copied, thrown away; to several of whom one has a filter; sieve-filter on what is there."""
    home = maildir(world.stage).parent
    script = world.stage.write(home / "filter.sieve", FILTER, user="vmail")
    lines = []
    for subject, users in (("filed", [ALICE]), ("parts", [ALICE]), ("gone", [ALICE]), ("kept", [ALICE]), ("filed", [BOB, ALICE, CAROL]),
                           ("kept", [CAROL, BOB, ALICE]), ("gone", [ALICE, BOB])):
        lines.append(f"{subject} to {len(users)}: {world.store.deliver(users, letter(subject, 500))}")
    for user in (ALICE, BOB, CAROL):
        lines += world.doveadm("fetch", "mailbox uid flags hdr.subject refcount body", "mailbox", "*", user=user)
    log = world.store.dovecot.log.text()[world.store.begin:]
    lines += sorted(plain(x) for x in re.findall(r"lmtp\((\S+\): Info: (?:save|copy)[^\n]*?)(?:, size=|$)", log, re.MULTILINE))
    done = world.stage.run("sieve-filter", "-e", "-W", "-u", ALICE, script, "INBOX", ok=None)
    lines += [f"sieve-filter: {done.returncode}", *sorted(plain(x) for x in done.stdout.splitlines())]
    lines += world.doveadm("fetch", "mailbox uid flags hdr.subject size.virtual", "mailbox", "*")
    return lines


def lazy(world):
    """lazy_expunge keeps the last of several copies, which it knows by how many names the mail has."""
    world.stop()
    world.extra = LAZY_2_3 if world.store.is_2_3 else LAZY_2_4
    world.start()
    client = world.imap()
    lines = []
    for command in ('CREATE "Expunged"', 'SELECT "INBOX"', 'COPY 1 "Folder"', r"STORE 1:2 +FLAGS (\Deleted)", "EXPUNGE",
                    'STATUS "Expunged" (MESSAGES)', 'SELECT "Folder"', "STORE 7 +FLAGS (\\Deleted)", "EXPUNGE", 'SELECT "Expunged"',
                    "FETCH 1:* (FLAGS RFC822.SIZE BODY.PEEK[])"):
        lines.append(f"{command}: {said(client, command)}")
    client.close()
    return lines


def virtual(world):
    """A virtual folder over all others."""
    home = maildir(world.stage).parent
    world.stage.folder(home / "virtual/All", "vmail")
    world.stage.write(home / "virtual/All/dovecot-virtual", "INBOX\nFolder\n  all\n", user="vmail")
    world.stage.run("chown", "-R", "vmail:", home / "virtual")
    client = world.imap()
    lines = []
    for command in ('SELECT "Virtual/All"', "FETCH 1:* (UID FLAGS RFC822.SIZE BODY.PEEK[])", "SEARCH BODY word7", r"STORE 1 +FLAGS (\Flagged)",
                    r"STORE 2 +FLAGS (\Deleted)", "COPY 3 Folder", "NOOP", "EXPUNGE", 'SELECT "INBOX"', "FETCH 1:* (UID FLAGS)"):
        lines.append(f"{command}: {said(client, command)}")
    client.close()
    return lines
