# test/t-25-mail-command/mail_command.py -- Accounts for posthouse mail, and what a client sees of their mail.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import re
import signal
import subprocess
import time

from stage import Failed, step
from stage.storage import zlib

from common import ALICE, DOMAIN, USERS, Store, letter, maildir


def furnish(stage):
    """The directory has the accounts that Dovecot has, with the same homes."""
    stage.configure("directory", {"mail_root": stage.mail_root, "domain_hash": "none", "user_hash": "none"})
    stage.posthouse("domain", "add", DOMAIN)
    for user in USERS:
        stage.posthouse("user", "add", user, "--no-password")


def stock(stage):
    """Stock Dovecot with its own reader of compressed mail."""
    return Store(stage, "maildir", extra=zlib(stage.run("dovecot", "--version").stdout.startswith("2.3")))


def seen_by_imap(store, user=ALICE, flags=True):
    """{(folder, uid): (flags, date, size, body)} of a whole account."""
    found = {}
    client = store.imap(user)
    for line in client.list()[1]:
        if b"\\Noselect" in line or b"\\NonExistent" in line:
            continue
        folder = re.search(rb' "?([^" ]+)"?$', line).group(1).decode()
        client.select(folder, readonly=True)
        what = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])"
        for item in client.fetch("1:*", what)[1]:
            if not isinstance(item, tuple):
                continue
            head = item[0].decode()
            uid = int(re.search(r"UID (\d+)", head).group(1))
            letters = sorted(set(re.search(r"FLAGS \(([^)]*)\)", head).group(1).split()) - {"\\Recent"}) if flags else None
            date = re.search(r'INTERNALDATE "([^"]+)"', head).group(1)
            size = int(re.search(r"RFC822.SIZE (\d+)", head).group(1))
            if (folder, uid) in found:
                raise Failed(f"{folder} has UID {uid} twice")
            found[folder, uid] = (letters, date, size, item[1])
    client.logout()
    return found


def same(before, after, text):
    """Fails with the first difference."""
    for key in sorted(set(before) | set(after)):
        if before.get(key) != after.get(key):
            raise Failed(f"{text}: {key}: before {str(before.get(key))[:300]}, after {str(after.get(key))[:300]}")
    step(f"{text}: {len(after)} mails")


def message_files(user, stage):
    """{name: path} of all message files of an account, fails when a base name is twice in a folder."""
    found = []
    for folder, _, names in os.walk(maildir(stage, user)):
        if os.path.basename(folder) in ("new", "cur"):
            found += [os.path.join(folder, x) for x in names]
    bases = [(os.path.dirname(os.path.dirname(x)), os.path.basename(x).split(":2,")[0]) for x in found]
    if len(set(bases)) != len(bases):
        raise Failed("a mail is there twice: " + str([x for x in bases if bases.count(x) > 1][:2]))
    return sorted(found)


def rests(user, stage):
    """What lies in tmp/."""
    return [os.path.join(folder, x) for folder, _, names in os.walk(maildir(stage, user))
            if os.path.basename(folder) == "tmp" for x in names]


def fill(store, count, user=ALICE, size=12_000, first=0):
    """Mail into INBOX, by LMTP."""
    for i in range(first, first + count):
        if store.deliver(user, letter(f"mail-{i}", size + i % 7 * 1000, i)) != 250:
            raise Failed(f"mail {i} was not taken")


def kill_again_and_again(stage, argv, least=5, seconds=20.0):
    """Starts a run and kills it with all its children, a little later each time, until it comes through."""
    kills = 0
    wait = 0.01
    end = time.monotonic() + seconds
    while True:
        process = subprocess.Popen([stage.need("posthouse"), *argv], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            out, _ = process.communicate(timeout=wait if time.monotonic() < end else 60)
            if process.returncode != 0:
                raise Failed(f"{argv} ended with {process.returncode}: {out.decode()}")
            if kills < least:
                raise Failed(f"{argv} came through after {kills} kills: too quick for the test")
            return kills
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
            wait *= 1.15
