#!/usr/bin/env python3
# test/nfs/both.py -- Two hosts with a Dovecot each deliver into the same folders at the same time, and read there.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: both.py FIRST SECOND [--stock] [--mails N]
# Not what Dovecot is made for (one host serves an account at a time), but what a site may do by mistake, or for the
# moment in which an account goes to another host. No mail that was answered may be lost, cut or doubled; with --stock the
# same on plain maildir without the plugin, for what Dovecot itself does then.
import argparse
import pathlib
import random
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "t-26-random"))
from stage import Failed, Stage, check, namespace, step  # noqa: E402
from stage.second_host import SecondHost  # noqa: E402
from stage.storage import store  # noqa: E402

from clients import Gone, Imap, Lmtp, No  # noqa: E402
from keepers import furnish  # noqa: E402
from killer import DOVECOT, kill_all, release_locks  # noqa: E402
from senders import letter  # noqa: E402
from sessions import SEEN_ITEMS, parse  # noqa: E402

DOMAIN = "posthouse.test"
USERS = {f"{x}@{DOMAIN}": "secret" for x in ("alice", "bob")}
SHARED = "mmap_disable = yes\nmail_fsync = always\nmail_nfs_storage = yes\nmail_nfs_index = yes\n"
VERBS = (["compress", "--older-than", "0s", "--larger-than", "1B"], ["pack", "--older-than", "0s", "--larger-than", "1B"],
         ["unpack"], ["tier"], ["tier", "--back"])


class Work:
    """What was sent and answered, and what went wrong."""

    def __init__(self, stage, second):
        self.stage, self.second = stage, second
        self.answered, self.sent = {}, {}  # (user, token): text
        self.lost = self.refused = self.reads = self.tools = 0
        self.over = threading.Event()

    def send(self, number, lmtp, mails):
        """One sender: each mail until it is answered, under a new token each time."""
        draw, client = random.Random(number), None
        for i in range(mails):
            for attempt in range(5):
                token = f"B{number}-{i}-{attempt}"
                text = letter(token, draw)
                users = list(USERS) if i % 4 == 0 else [list(USERS)[i % 2]]
                self.sent.update({(x, token): text for x in users})
                try:
                    client = client or Lmtp(lmtp)
                    replies = dict(client.send(users, text))
                except (Gone, No):
                    self.lost, client = self.lost + 1, None
                    continue
                good = [x for x, reply in replies.items() if reply.startswith("250")]
                self.answered.update({(x, token): text for x in good})
                self.refused += len(users) - len(good)
                if len(good) == len(users):
                    break

    def read(self, port, user):
        """A session that looks at everything again and again."""
        while not self.over.is_set():
            try:
                client = Imap(port, user, "secret")
                while not self.over.wait(0.2):
                    client.select("INBOX")
                    client.ask("UID FETCH 1:* (UID FLAGS BODY.PEEK[])")
                    self.reads += 1
            except (Gone, No):
                self.lost += 1

    def keep(self, wrapper):
        """posthouse mail on one of the hosts."""
        draw = random.Random(7)
        while not self.over.wait(0.1):
            done = subprocess.run([*wrapper, "posthouse", "mail", *draw.choice(VERBS), "--all"], capture_output=True, text=True,
                                  check=False)
            self.tools += done.returncode == 0


def inbox(port, user):
    """All mail of an INBOX."""
    client = Imap(port, user, "secret")
    client.select("INBOX")
    seen = [parse("INBOX", x) for x in client.ask(f"UID FETCH 1:* ({SEEN_ITEMS})")[0] if x.literals]
    client.close()
    return seen


def view(stage, host):
    """What one host alone shows of all INBOXes."""
    host.start()
    seen = {x: inbox(host.imap_port, x) for x in USERS}
    host.process.kill()
    kill_all(DOVECOT)
    release_locks(stage.mail_root, True, True)
    return seen


def compare(work, seen):
    """What is lost, doubled, or not what was sent."""
    lost, doubled, changed = [], [], []
    for user, mails in seen.items():
        count = {}
        for mail in mails:
            count[mail.token] = count.get(mail.token, 0) + 1
            text = work.sent.get((user, mail.token))
            if text is None or not mail.text.endswith(text):
                changed.append((user, mail))
        doubled += [(user, x) for x, n in count.items() if n > 1]
        lost += [(user, token) for u, token in work.answered if u == user and token not in count]
    return lost, doubled, changed


def tell_disk(stage, lost, changed):
    """For the reader of a fault: what the command finds of these mails on the disk."""
    for user, mail in changed:
        print(f"---- {mail}: {len(mail.text)} octets\n{mail.text[:400]}\n...\n{mail.text[-300:]}")
    for user in USERS:
        stage.posthouse("mail", "export", user, "--mbox", f"/mnt/tmp/{user}.mbox", ok=None)
        text = pathlib.Path(f"/mnt/tmp/{user}.mbox").read_bytes()
        for token in {x for _, x in lost} | {x.token for _, x in changed}:
            print(f"---- {user}: {token} {text.count(f'X-Token: {token}'.encode())} times in the export")
    print(stage.posthouse("mail", "fsck", "--all", "--read", ok=None).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("--stock", action="store_true")
    parser.add_argument("--mails", type=int, default=40)
    args = parser.parse_args()
    with Stage() as stage:
        pairs = []
        for name, path in (("mail", stage.mail_root), ("tier", stage.folder("tier", "vmail"))):
            namespace.bind(str(stage.folder(f"{args.first}/{name}", "vmail")), str(path))
            pairs.append((f"{args.second}/{name}", path))
        if not args.stock:
            furnish(stage, DOMAIN, USERS)
        stage.configure("dovecot-plugin", {"mail_compression": "zstd"})
        is_2_3 = stage.run("dovecot", "--version").stdout.startswith("2.3")
        first = stage.start_dovecot(store("maildir" if args.stock else "posthouse", is_2_3) + SHARED, users=USERS)
        second = SecondHost(stage, "second", pairs).start()
        work = Work(stage, second)
        lmtps = (stage.queue / "private/dovecot-lmtp", second.lmtp)
        senders = [threading.Thread(target=work.send, args=(n, lmtps[n % 2], args.mails)) for n in range(4)]
        others = [threading.Thread(target=work.read, args=(x.imap_port, user)) for x in (first, second) for user in USERS]
        if not args.stock:
            others.append(threading.Thread(target=work.keep, args=(second.wrapper,)))
        for thread in senders + others:
            thread.start()
        for thread in senders:
            thread.join()
        work.over.set()
        for thread in others:
            thread.join()
        step(f"{len(work.answered)} deliveries answered, {work.refused} refused, {work.lost} connections lost, {work.reads} "
             f"times all mail read, {work.tools} runs of posthouse mail")
        for host in (first, second):
            host.process.kill()
        kill_all(DOVECOT)
        release_locks(stage.mail_root, True, True)
        left = view(stage, first)
        step("with the indexes as they were left: {} lost, {} doubled, {} changed".format(*map(len, compare(work, left))))
        # Indexes that two hosts write at once are Dovecot's, and made again from the mail.
        for path in stage.mail_root.glob("*/*/Maildir/**/dovecot.index*"):
            path.unlink()
        views = [view(stage, x) for x in (first, second)]
        lost, doubled, changed = compare(work, views[0])
        step(f"made again: {len(lost)} lost, {len(doubled)} doubled, {len(changed)} changed of "
             f"{sum(len(x) for x in views[0].values())}")
        if lost or doubled or changed:
            tell_disk(stage, lost, changed)
        if not args.stock and (lost or doubled or changed):
            raise Failed("mail that was answered is there once and whole")
        if args.stock:
            return
        check([(x.uid, x.guid, sorted(x.flags)) for y in views[0].values() for x in y]
              == [(x.uid, x.guid, sorted(x.flags)) for y in views[1].values() for x in y],
              "both hosts show the same UIDs, GUIDs and flags")


main()
