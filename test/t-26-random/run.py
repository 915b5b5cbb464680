#!/usr/bin/env python3
# test/t-26-random/run.py -- Random mail, changes, tools and kill -9 on our store, compared with a model after each round.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 300 s
#
# usage: run.py [--seconds N] [--seed S] [--rounds N] [--stock] [--slow FACTOR] [--mail-root FOLDER [--second-mail-root FOLDER]]
# A round: senders and IMAP sessions work on three accounts at once while processes are killed; then all of Dovecot is
# killed, started anew, and every account must be what was answered (model.py). The seed fixes everyone's choices, not
# the moment at which a kill meets them. --stock: the same on plain maildir without the plugin. --mail-root: mail lies in
# that folder, on NFS, say; --second-mail-root: another host sees the same folder there; the two serve the mail by turns,
# as Dovecot wants it, and posthouse mail runs on either at any time.
# --slow: on a machine that is so many times as slow.
import argparse
import os
import pathlib
import random
import re
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from stage import Failed, Stage, equal, namespace, step  # noqa: E402
from stage.process import tail  # noqa: E402
from stage.second_host import SecondHost  # noqa: E402
from stage.storage import store  # noqa: E402

from clients import Gone, No  # noqa: E402
from keepers import Keeper, furnish  # noqa: E402
from killer import DOVECOT, Killer, end_all, kill_all, locks, processes, release_locks  # noqa: E402
from model import Account, Fault, Folder  # noqa: E402
from senders import Sender  # noqa: E402
from sessions import Counts, Session, look  # noqa: E402

DOMAIN = "posthouse.test"
USERS = {f"{x}@{DOMAIN}": "secret" for x in ("alice", "bob", "carol")}
SESSIONS, SENDERS = 2, 2
# Locks of killed processes are taken over at once; a login that fails waits for nothing.
SETTINGS = "service imap {\n  process_limit = 200\n}\nauth_failure_delay = 0\n"
# What Dovecot wants where several hosts see the mail by NFS.
SHARED = "mmap_disable = yes\nmail_fsync = always\nmail_nfs_storage = yes\nmail_nfs_index = yes\n"


class World:
    """The stage, the accounts, and what all threads of a round share."""

    def __init__(self, stage, args):
        self.stage, self.seed, self.is_stock = stage, args.seed, args.stock
        self.slow = args.slow
        self.sessions = SESSIONS
        self.shared = self.lay_folders(args)
        self.verbs = [] if args.stock else furnish(stage, DOMAIN, USERS)
        self.accounts = [Account(x) for x in USERS]
        self.counts, self.refusals = Counts(), {}
        self.over = threading.Event()
        self.faults = []
        self.root = stage.mail_root
        self.dovecot = self.second = self.serving = None
        is_2_3 = stage.run("dovecot", "--version").stdout.startswith("2.3")
        self.settings = store("maildir" if self.is_stock else "posthouse", is_2_3) + SETTINGS
        self.settings += SHARED if args.mail_root else ""
        self.players = [Session(self, x, n, args.seed) for x in self.accounts for n in range(SESSIONS)]
        self.players += [Sender(self, n, args.seed) for n in range(SENDERS)]

    def lay_folders(self, args):
        """Mail and tier lie in the folder that was asked for; the second host's folders and their paths."""
        pairs = []
        for name, path in (("mail", self.stage.mail_root), ("tier", self.stage.folder("tier", "vmail"))):
            if args.mail_root:
                folder = self.stage.folder(f"{args.mail_root}/{name}", "vmail")
                namespace.bind(str(folder), str(path))
                pairs.append((f"{args.second_mail_root}/{name}", path))
        return pairs if args.second_mail_root else []

    @property
    def port(self):
        """Where IMAP answers."""
        return self.serving.imap_port

    @property
    def lmtp(self):
        """Where LMTP answers."""
        return self.second.lmtp if self.serving is self.second else self.stage.queue / "private/dovecot-lmtp"

    def wrapper(self, draw):
        """What a tool runs under: on either host."""
        return self.second.wrapper if self.second and draw.random() < 0.5 else []

    def refused(self, text):
        """The server said no: nothing that was asked may be refused but by a server in trouble; counted by kind."""
        kind = re.sub(r"/\S+|<\S*>|\(.*", "..", " ".join(text.split()[:1] + text.split(":", 1)[-1].split()[1:9]))
        self.refusals[kind] = self.refusals.get(kind, 0) + 1

    def start(self, number=0):
        """Dovecot, on the host whose turn it is; the setting of compression may be another in each round."""
        if self.dovecot is None:
            self.serving = self.dovecot = self.stage.start_dovecot(self.settings, users=USERS)
            self.second = SecondHost(self.stage, "second", self.shared) if self.shared else None
            return
        self.serving = self.second if self.second and number % 2 else self.dovecot
        self.serving.start()

    def configure(self, draw):
        """New mail is compressed or not."""
        compression = draw.choice(("none", "zstd"))
        self.stage.configure("dovecot-plugin", {"mail_compression": compression})

    def guard(self, work, *args):
        """A thread of the round; the first trouble ends it for all."""
        def run():
            try:
                work(*args)
            except Exception as error:  # noqa: BLE001 -- whatever it is must be told
                self.faults.append(error)
                self.over.set()
        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def round(self, number):
        """Work, kills, the end of everything, and a look."""
        draw = random.Random(f"{self.seed} {number}")
        self.over.clear()
        steps = draw.choice((5, 20, 60))
        keeper = Keeper(self, number)
        if self.verbs and draw.random() < 0.5:
            keeper.whole()
        threads = [self.guard(x.run, number, steps) for x in self.players]
        threads = [*threads, self.guard(Killer(self, number).run)]
        if self.verbs:
            threads.append(self.guard(keeper.run))
        end = time.monotonic() + draw.random() * draw.choice((0.5, 2, 6)) * self.slow
        while time.monotonic() < end and any(x.is_alive() for x in threads[:len(self.players)]):
            time.sleep(0.002)
        end_all(self.serving.process, draw)
        self.over.set()
        kill_all(("posthouse",))
        for thread in threads:
            thread.join()
        release_locks(self.root, True, self.second is not None)
        self.configure(draw)
        self.start(number)
        if self.faults:
            raise self.faults[0]
        self.check()

    def check(self):
        """Every account is what it must be, and the same when it is looked at again by a new session."""
        for account in self.accounts:
            account.twice_named = self.twice_named()
            account.settle(*look(self.port, account, "secret"))
            self.check_disk(account)

    def twice_named(self):
        """Base names that a copy within a folder has taken again, where another session knew the first mail of that
        name: stock Dovecot gives such a copy another UID (returned.py)."""
        if not self.is_stock:
            return set()
        return set(re.findall(r"giving a new UID \(old uid=\d+, file=([^:)]+)", self.dovecot.log.text()))

    def check_disk(self, account):
        """There are as many files as mails, of the same times: IMAP has these from its cache."""
        name, domain = account.user.split("@")
        folder = self.root / domain / name / "Maildir"
        files = {}
        for path in (x for part in ("new", "cur") for x in folder.glob(f"**/{part}/*")):
            name = path.parents[1].name[1:].replace("aildir", "INBOX")
            if path.is_symlink():
                self.counts.add("packed seen" if os.readlink(path).startswith("pack:") else "tiered seen")
            if not name.startswith(".") and name not in account.haunted:  # a killed DELETE leaves what it had put aside
                files.setdefault(name, []).append((int(path.lstat().st_mtime), path.name))
        for name, found in files.items():
            wanted = sorted(x.mail.time() for x in account.copies if x.folder.name == name)
            if sorted(x for x, _ in found) != wanted:
                raise Fault(f"{account.user}, {name}: files {sorted(found)}, of mails of {wanted}")

    def tell_folders(self):
        """What lies on the disk, for the reader of a fault."""
        for lock in locks(self.root):
            print(f"---- {lock} {lock.read_text(errors='replace')!r} {lock.stat().st_mtime}, now {time.time()}")
        for pid, name in processes(DOVECOT):
            print(f"---- {pid} {name} {[tail(f'/proc/{pid}/{x}', 3) for x in ('stack', 'wchan')]}")
        for path in sorted(self.root.glob("*/*/Maildir/**/dovecot-uidlist")):
            print(f"---- {path}\n{path.read_text(errors='replace')}", end="")
            for part in ("tmp", "new", "cur"):
                for file in sorted((path.parent / part).glob("*")):
                    print(f"  {part}/{file.name} {file.lstat().st_mtime} links {file.lstat().st_nlink}")

    def size(self):
        """How much mail there is."""
        return sum(len(x.copies) for x in self.accounts)


def prepare(world):
    """A folder that all sessions of an account use."""
    for account in world.accounts:
        client = world.dovecot.imap(account.user, "secret")
        client.create("Shared")
        client.logout()
        account.folders.append(Folder("Shared"))


def complaints(text):
    """What Dovecot complains of, by kind; being killed is none."""
    found = {}
    for line in re.findall(r"(?:Error|Warning|Panic|Fatal): (.*)", text):
        if "signal 9" not in line and "net_connect_unix" not in line and "Remote closed connection" not in line:
            kind = re.sub(r"/\S+|\d+|<\S*>|'[^']*'|\(.*", "..", line)[:90]
            found[kind] = found.get(kind, 0) + 1
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=35)
    parser.add_argument("--rounds", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--stock", action="store_true")
    parser.add_argument("--slow", type=float, default=1, help="how many times as long a round and a pause is")
    parser.add_argument("--mail-root")
    parser.add_argument("--second-mail-root")
    args = parser.parse_args()
    with Stage() as stage:
        step(f"seed {args.seed}")
        world = World(stage, args)
        world.configure(random.Random(args.seed))
        world.start()
        prepare(world)
        begin, number = time.monotonic(), 0
        try:
            while time.monotonic() - begin < args.seconds and number < args.rounds:
                number += 1
                world.round(number)
                if number % 100 == 0:
                    step(f"round {number}: {world.size()} mails; {world.counts}")
        except (Fault, Gone, No) as fault:
            world.tell_folders()
            raise Failed(f"seed {args.seed}, round {number}: {fault}") from fault
        step(f"{number} rounds: {world.counts}")
        for kind, count in sorted(world.refusals.items()):
            step(f"refused {count} times: {kind}")
        step(f"every answered mail is there once, {world.size()} of them; nothing answered has come back")
        logged = "".join(x.log.text() for x in (world.dovecot, world.second) if x)
        for kind, count in sorted(complaints(logged).items()):
            step(f"logged {count} times: {kind}")
        equal(re.search(r"Panic|signal (?!9\b)\d|compressed mail that cannot|ends in the middle", logged), None,
              "no panic in the log")


main()
