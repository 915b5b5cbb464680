# test/t-25-mail-command/compressing.py -- posthouse mail compress and stat, beside sessions and deliveries.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pty
import subprocess
import threading
import time

from stage import Failed, check, equal, step

from common import ALICE, BOB, CAROL, ZSTD, Lmtp, Store, letter, maildir
from mail_command import fill, kill_again_and_again, message_files, rests, same, seen_by_imap, stock

NOW = ("--older-than", "0ms")


class Traffic:
    """A session that changes flags of old mail, and deliveries of new mail, until it ends."""

    def __init__(self, store):
        self.store = store
        self.stop = threading.Event()
        self.errors = []
        self.changes = 0
        self.delivered = 0
        self.threads = [threading.Thread(target=self.guarded, args=(x,)) for x in (self.change, self.deliver)]

    def guarded(self, work):
        """A thread's errors are the test's."""
        try:
            work()
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)

    def change(self):
        """\\Flagged on and off, all over the folder; bodies read in between."""
        client = self.store.imap()
        client.select("INBOX")
        uids = client.uid("SEARCH", "SUBJECT", "mail-")[1][0].split()
        while not self.stop.is_set():
            uid = uids[self.changes * 7 % len(uids)]
            client.uid("STORE", uid, "+FLAGS" if self.changes % 2 else "-FLAGS", r"(\Flagged)")
            if self.changes % 5 == 0:
                body = client.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1]
                if b"word" not in body:
                    raise Failed(f"a body read meanwhile: {body[:200]}")
            self.changes += 1
        client.store("1:*", "-FLAGS", r"(\Flagged)")
        client.logout()

    def deliver(self):
        """New mail."""
        session = Lmtp(self.store.stage)
        while not self.stop.is_set():
            if session.send(ALICE, letter(f"live-{self.delivered}", 9000, self.delivered))[0][0] != 250:
                raise Failed("a delivery meanwhile was refused")
            self.delivered += 1
            time.sleep(0.01)
        session.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        time.sleep(0.2)
        return self

    def __exit__(self, kind, error, trace):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        if self.errors and kind is None:
            raise self.errors[0]


def is_zstd(path):
    """Its first octets say so."""
    with open(path, "rb") as file:
        return file.read(4) == ZSTD


def prepare(store):
    """Mail of many sizes, dates and links."""
    fill(store, 150)
    store.deliver([ALICE, BOB, CAROL], letter("three", 20_000, 500))
    client = store.imap()
    client.create("Archive")
    client.create("Archive.2020")
    for i in range(20):
        client.append("Archive.2020", r"(\Seen)", f'"1{i % 10}-Mar-2020 10:00:0{i % 10} +0200"', letter(f"old-{i}", 30_000, 600 + i))
    client.select("INBOX")
    client.copy("5:8", "Archive")
    client.logout()


def statistics(stage):
    """The table and the JSON; links once."""
    row = next(x for x in stage.posthouse("mail", "stat", ALICE, "--json") if x["folder"] is None)
    equal((row["mails"], row["plain_mails"], row["compressed_mails"]), (175, 171, 0), "stat counts names, and files once")
    equal(row["shared_files"], 1, "and tells of files that others share")
    rows = stage.posthouse("mail", "stat", ALICE, "--folders", "--json")
    equal({x["folder"]: x["mails"] for x in rows},
          {"INBOX": 151, "Archive": 4, "Archive/2020": 20, None: 175}, "each folder has its line")
    table = stage.posthouse("mail", "stat", "--all").stdout
    check("all 3" in table and "alice@" in table, "all accounts have a line, and their sum")
    equal(stage.posthouse("mail", "stat", ok=None).returncode, 1, "nobody named is refused")
    equal(stage.posthouse("mail", "stat", "nobody@posthouse.test", ok=None).returncode, 1, "an unknown user is told")


def policy(stage):
    """Dry run; age, size, folder, flag; settings."""
    row = stage.posthouse("mail", "compress", ALICE, "--dry-run", *NOW, "--json")[0]
    equal((row["mails"], row["shared"], row["problems"]), (170, 1, 0), "a dry run tells what would be done")
    check(row["after"] < row["before"] * 0.7, f"{row['before']} octets would be {row['after']}")
    check(not os.path.exists(maildir(stage) / "packs"), "and touches nothing")
    equal(stage.posthouse("mail", "compress", ALICE, "--dry-run", "--json")[0]["mails"], 20, "mail of today is left as it is")
    stage.configure("mail", {"compress_older_than": "1000d", "compress_flags": "unseen"})
    equal(stage.posthouse("mail", "compress", ALICE, "--dry-run", "--json")[0]["mails"], 0, "settings say which mail")
    row = stage.posthouse("mail", "compress", ALICE, "--flag", "seen", "--folder", "Archive/*", "--json")[0]
    equal(row["mails"], 20, "options override them")
    stage.configure("mail", {"compress_flags": "unread"})
    done = stage.posthouse("mail", "compress", ALICE, ok=None)
    check(done.returncode == 1 and "no flag: unread" in done.stderr, "a wrong setting is explained")
    stage.configure("mail", {})


def beside_traffic(stage, store):
    """Mail is compressed while a session changes flags and mail comes in."""
    before = {k: v for k, v in seen_by_imap(store, flags=False).items()}
    guids = store.doveadm("fetch", "uid guid", "mailbox", "*")
    owner = {os.path.basename(x).split(":2,")[0]: (os.stat(x).st_uid, os.stat(x).st_mode) for x in message_files(ALICE, stage)}
    with Traffic(store) as traffic:
        rounds = 0
        while rounds < 3 or traffic.changes < 50:
            stage.posthouse("mail", "compress", ALICE, *NOW)
            rounds += 1
    step(f"{rounds} runs beside {traffic.changes} changes of flags and {traffic.delivered} deliveries")
    stage.posthouse("mail", "compress", ALICE, *NOW)
    after = seen_by_imap(store, flags=False)
    same(before, {k: v for k, v in after.items() if k in before}, "UID, INTERNALDATE, size and body are as they were")
    equal(len(after) - len(before), traffic.delivered, "every mail delivered meanwhile is there")
    check(guids in store.doveadm("fetch", "uid guid", "mailbox", "*") or set(guids.split("\f")) <= set(
        store.doveadm("fetch", "uid guid", "mailbox", "*").split("\f")), "GUIDs are as they were")
    files = message_files(ALICE, stage)
    plain = [x for x in files if not is_zstd(x)]
    equal(len(plain), 1, "all but the mail that others share is compressed")
    now = {os.path.basename(x).split(":2,")[0]: (os.stat(x).st_uid, os.stat(x).st_mode) for x in files}
    equal({k: now[k] for k in owner}, owner, "owner and mode are as they were")
    equal(rests(ALICE, stage), [], "nothing is left in tmp/")
    equal(os.stat(maildir(stage) / "packs/lock").st_uid, os.stat(stage.mail_root).st_uid, "root wrote nothing")
    equal(store.log(r"(Error|Panic|Fatal|Warning): (?!.*Corrupted)"), None, "Dovecot's log has no error")


def terminal(stage):
    """A bar on a terminal, on standard error alone."""
    ours, theirs = pty.openpty()
    argv = [stage.need("posthouse"), "mail", "compress", "--all", *NOW]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=theirs) as process:
        out = process.stdout.read().decode()
        equal(process.wait(), 0, "compress --all")
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    check("mail compress  [" in shown and shown.endswith("\r\x1b[K"), "a terminal shows a bar, and clears it")
    check("\x1b" not in out and "all 3" in out, "the table is none of it")


def killed(stage, store):
    """A run that is killed again and again goes on where it was."""
    fill(store, 400, BOB, 20_000)
    before = seen_by_imap(store, BOB)
    kills = kill_again_and_again(stage, ["mail", "compress", BOB, *NOW])
    step(f"a run that was killed {kills} times came through")
    same(before, seen_by_imap(store, BOB), "nothing is lost, doubled or changed")
    equal(rests(BOB, stage), [], "nothing is left in tmp/")
    equal([x for x in message_files(BOB, stage) if not is_zstd(x)][1:], [], "all is compressed but what others share")


def run(stage):
    """The whole of it."""
    with stock(stage) as store:
        prepare(store)
        statistics(stage)
        policy(stage)
        beside_traffic(stage, store)
        terminal(stage)
        killed(stage, store)
        whole = seen_by_imap(store)
        step("stock Dovecot with its zlib plugin reads all of it")
    with Store(stage, "posthouse", compression="zstd") as store:
        same(whole, seen_by_imap(store), "so does our store")
        check(store.deliver(CAROL, letter("more")) == 250, "and takes mail")
