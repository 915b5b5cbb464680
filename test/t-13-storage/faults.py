# test/t-13-storage/faults.py -- Dovecot's lmtp ended at every step of a delivery, failing disks, a torn uidlist.
# SPDX-License-Identifier: GPL-3.0-or-later
import errno
import os
import re
import shutil
import smtplib
import time

from stage import Failed, StageError, check, equal, skip, step

from common import ALICE, BOB, CAROL, USERS, Lmtp, Store, files, letter, maildir, newest, wipe
from large import uids

CODES = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC}


class Steps:
    """Orders to what is preloaded into lmtp (steps.c)."""

    def __init__(self, stage):
        self.stage = stage
        self.folder = stage.folder("steps", "vmail", mode=0o777)
        self.orders = self.folder / "orders"
        self.library = self.folder / "steps.so"
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            skip("no C compiler")
        stage.run(compiler, "-shared", "-fPIC", "-O1", "-o", self.library,
                  stage.source / "test/t-13-storage/steps.c", "-ldl")

    def settings(self):
        """Lines of dovecot.conf that load it."""
        words = "TZ CORE_OUTOFMEM CORE_ERROR LISTEN_PID LISTEN_FDS"
        if self.stage.run("dovecot", "--version").stdout.startswith("2.3"):
            return f"import_environment = {words} LD_PRELOAD={self.library} STEPS_FILE={self.orders}\n"
        return f"import_environment {{\n  LD_PRELOAD = {self.library}\n  STEPS_FILE = {self.orders}\n}}\n"

    def give(self, text):
        """New orders; the record of steps starts anew."""
        for path in (self.orders, self.record):
            path.unlink(missing_ok=True)
        fresh = self.folder / "orders.new"
        fresh.write_text(f"{text}\n")
        fresh.chmod(0o666)
        fresh.rename(self.orders)

    def end(self):
        """No orders any more."""
        self.orders.unlink(missing_ok=True)

    @property
    def record(self):
        """What was done under the last orders."""
        return self.folder / "orders.log"

    def last(self):
        """The last line of the record."""
        return self.record.read_text().splitlines()[-1] if self.record.exists() else ""


def attempt(stage, mail, recipients=(ALICE,)):
    """Whose delivery was answered by 250; the server may hang up or defer it."""
    for _ in range(200):
        try:
            session = Lmtp(stage)
            break
        except OSError:
            time.sleep(0.05)
    else:
        raise StageError("lmtp does not come back")
    taken = []
    try:
        for user, reply in zip(recipients, session.replies(recipients, mail)):
            if reply[0] == 250:
                taken.append(user)
    except (OSError, smtplib.SMTPException):
        pass
    finally:
        session.close()
    return taken


def release_locks(stage):
    """The locks of a process that is gone, as they are some seconds later, when Dovecot takes them over."""
    for user in USERS:
        lock = maildir(stage, user) / "dovecot-uidlist.lock"
        if lock.exists():
            if ":" in lock.read_text() and not lock.read_text().endswith(":"):
                past = time.time() - 10
                os.utime(lock, (past, past))
            else:
                lock.unlink()  # one that names no process: Dovecot waits for two minutes


def verify(stage, store, user, taken, tried):
    """Every mail that was answered is there once, every other at most once; names, UIDs and IMAP agree."""
    found = uids(store, user)
    subjects = [x.removeprefix("Subject: ") for x in found.values()]
    for name in tried:
        count = subjects.count(name)
        if count > 1 or ((user, name) in taken and count != 1):
            raise Failed(f"{user}: {name} is there {count} times, answered: {(user, name) in taken}")
    equal(len(subjects), len(files(maildir(stage, user))),
          f"{user}: {len([x for x in taken if x[0] == user])} answered mails are there once, IMAP and disk agree")
    again = uids(store, user)
    equal(again, found, "and UIDs stay")


def kill_everywhere(stage, store, steps, recipients):
    """kill -9 before every single step of a delivery, then the sender tries again."""
    taken, tried, seen = set(), [], set()
    number = 0
    while True:
        number += 1
        name = f"kill{len(recipients)}x{number}"
        tried.append(name)
        steps.give(f"kill {number}")
        answered = attempt(stage, letter(name, 4000, number), recipients)
        taken |= {(x, name) for x in answered}
        if len(answered) == len(recipients) and steps.orders.exists():  # it was through before its step came
            break
        print(f"    ended at step {steps.last()}", flush=True)
        call, name_on_disk = steps.last().split()[1:]
        seen.add(f"{call} {re.sub(r'/.*', '/', name_on_disk)}")
        release_locks(stage)
        # The first one takes over the lock, without getting it; the second one mends what it finds.
        for after in (f"{name}again", f"{name}mended"):
            tried.append(after)
            if len(attempt(stage, letter(after, 4000, number), recipients)) != len(recipients):
                raise Failed(f"after a kill at step {steps.last()} the next mail is not taken")
            taken |= {(x, after) for x in recipients}
        if number > 200:
            raise Failed("a delivery never ends")
    steps.end()
    wanted = {"open tmp/", "half-write tmp/", "fsync tmp/", "rename new/", "fsync new", "write dovecot-uidlist",
              "half-write dovecot-uidlist", "fsync dovecot-uidlist", "write dovecot.index.log"}
    if len(recipients) > 1:
        wanted.add("link tmp/")
    equal(sorted(wanted - seen), [],
          f"a delivery to {len(recipients)} has {number - 1} steps, lmtp was ended at each of them")
    for user in recipients:
        verify(stage, store, user, taken, tried)


def failing_calls(stage, steps):
    """Errors of the disk: the mail stays with the sender, nothing is left in new/."""
    folder = maildir(stage)
    for call, name in (("fsync", "EIO"), ("write", "ENOSPC"), ("write", "EIO"), ("open", "ENOSPC"), ("rename", "EIO")):
        before = [x.name for x in files(folder)]
        steps.give(f"fail {call} {CODES[name]}")
        session = Lmtp(stage)
        code = session.send(ALICE, letter("never", 4000))[0][0]
        session.close()
        steps.end()
        # Dovecot calls a full disk over quota; Postfix keeps the mail on any 4xx.
        check(400 <= code < 500, f"{name} at {call}: the answer is {code}")
        equal([x.name for x in files(folder)], before, "and no mail has come")
    steps.give(f"fail link {CODES['EIO']}")
    equal(attempt(stage, letter("unlinked", 4000), (ALICE, BOB)), [ALICE, BOB], "EIO at link: two recipients are answered")
    steps.end()
    equal([newest(maildir(stage, x)).stat().st_nlink for x in (ALICE, BOB)], [1, 1], "each with a file of his own")
    if not attempt(stage, letter("later", 4000)):
        raise Failed("the disk is well again, but mail is not taken")
    step("when the disk is well again, mail is taken")


def torn_list(stage, store):
    """A last line without its end is mended before the next is added."""
    path = maildir(stage) / "dovecot-uidlist"
    before = uids(store)
    with open(path, "ab") as file:
        file.write(b"4000 :17")
    if not attempt(stage, letter("behind", 4000)):
        raise Failed("mail is not taken")
    text = path.read_text()
    check(text.endswith("\n") and "4000 :17" not in text, "a torn last line of the uidlist is gone")
    after = uids(store)
    equal({k: v for k, v in after.items() if k in before}, before, "all UIDs are as before")
    equal(len(after), len(before) + 1, "and the mail has the next one")


def run(stage):
    """All of it, for plain and compressed mail."""
    for compression in ("none", "zstd"):
        print(f"faults, {compression}", flush=True)
        for user in USERS:
            wipe(stage, user)
        steps = Steps(stage)
        with Store(stage, "posthouse", compression, extra=steps.settings()) as store:
            if not attempt(stage, letter("before", 1000)):
                raise Failed("no mail is taken")
            uids(store)
            kill_everywhere(stage, store, steps, (ALICE,))
            kill_everywhere(stage, store, steps, (ALICE, BOB, CAROL))
            failing_calls(stage, steps)
            torn_list(stage, store)
            equal(store.log(r"Panic"), None, "no panic in the log")
