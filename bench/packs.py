#!/usr/bin/env python3
# bench/packs.py -- Packed mail: its size, one mail cold, and the first pass over all envelopes, stock Dovecot beside it.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: bench/packs.py [--mails N]      (100000 as in docs/bench.md: 6 GB of disk and some minutes)
# Cold is without the page cache (drop_caches, where this process may write it); the disk's own cache stays. Of the
# one mail nothing is there but what Dovecot holds of its folder: uidlist, index, cache.
import argparse
import os
import pathlib
import random
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))
from stage import Stage  # noqa: E402
from stage.storage import store  # noqa: E402

from servers.mail_clients import CORPUS, corpus, cpu_seconds, imap  # noqa: E402

DOMAIN = "posthouse.test"
USER = f"box00@{DOMAIN}"
MDBOX = "mail_location = mdbox:~/mdbox\n"
SINGLE = 15  # mails that are read alone


def drop_caches():
    """True when the page cache was emptied."""
    os.sync()
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3\n", encoding="ascii")
    except OSError:
        return False
    return True


class Bench:
    """One account with one folder, kept in one way after the other."""

    def __init__(self, stage, count):
        self.stage, self.count = stage, count
        self.home = stage.mail_root / DOMAIN / "box00"
        self.is_2_3 = stage.run("dovecot", "--version").stdout.startswith("2.3")
        self.plain = 0

    def fill(self):
        """Mail in cur/, as Dovecot names it; the octets."""
        folder = self.home / "Maildir"
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True)
        for i, mail in enumerate(corpus(self.count)):
            text = mail[:-3].replace(b"\r\n", b"\n")
            self.plain += len(text)
            path = f"{folder}/cur/{1_500_000_000 + i}.M{i}P7.old,S={len(text)},W={len(text) + text.count(10)}:2,S"
            pathlib.Path(path).write_bytes(text)
            os.utime(path, (1_500_000_000 + i, 1_500_000_000 + i))
        self.stage.run("chown", "-R", "vmail:", f"{self.stage.mail_root}/{DOMAIN}", timeout=600)

    def dovecot(self, kind):
        """A Dovecot with that kind of store."""
        settings = MDBOX if kind == "mdbox" else store(kind, self.is_2_3)
        return self.stage.start_dovecot(settings, users={USER: "secret"})

    def envelopes(self, kind, root):
        """Seconds of the first pass over all envelopes and of a second one, without and with a cache."""
        server = self.dovecot(kind)
        ask = imap(server.imap_port, USER)
        ask("SELECT INBOX")
        ask("LOGOUT")
        for cache in (self.home / root).rglob("dovecot.index.cache*"):
            cache.unlink()
        drop_caches()
        ask = imap(server.imap_port, USER)
        ask("SELECT INBOX")
        begin = time.monotonic()
        ask("FETCH 1:* (ENVELOPE)")
        first = time.monotonic() - begin
        ask("LOGOUT")
        server.stop()
        return first

    def single(self, kind, root):
        """Milliseconds to read one whole mail, cold, in a session that has read another."""
        server = self.dovecot(kind)
        choice, times, used = random.Random(1), [], []
        for _ in range(SINGLE):
            ask = imap(server.imap_port, USER)
            ask("SELECT INBOX")
            drop_caches()
            for file in (self.home / root).rglob("dovecot*"):
                if file.is_file():
                    file.read_bytes()
            half = self.count // 2
            ask(f"FETCH {choice.randrange(1, half)} (BODY.PEEK[])")
            begin, before = time.monotonic(), cpu_seconds("imap")
            ask(f"FETCH {choice.randrange(half, self.count + 1)} (BODY.PEEK[])")
            times.append((time.monotonic() - begin) * 1000)
            used.append((cpu_seconds("imap") - before) * 1000)
            ask("LOGOUT")
        server.stop()
        return statistics.median(times), max(times), statistics.median(used)

    def tell(self, kind, root, beside=None):
        """The figures of one kind, and its ratio to the first pass of another."""
        first = self.envelopes(kind, root)
        middle, most, used = self.single(kind, root)
        ratio = f" ({first / beside:.2f} of stock maildir)" if beside else ""
        print(f"{kind}: first ENVELOPE pass over {self.count:,}: {first:.2f} s{ratio}; one mail cold {middle:.1f} ms, "
              f"{used:.1f} ms of them CPU, at most {most:.1f} ms of {SINGLE}", flush=True)
        return first

    def used(self, *folders):
        """Octets on the disk."""
        return sum(int(self.stage.run("du", "-sB1", self.home / x, timeout=600).stdout.split()[0]) for x in folders)

    def run(self):
        """All of it."""
        self.fill()
        before = self.used("Maildir/cur")
        print(f"{self.count:,} mails, {self.plain / 1e6:.0f} MB, {before / 1e6:.0f} MB on the disk", flush=True)
        stock = self.tell("maildir", "Maildir")
        if self.is_2_3:
            server = self.dovecot("mdbox")
            self.stage.run("doveadm", "import", "-u", USER, "maildir:~/Maildir", "", "all", timeout=1200)
            server.stop()
            self.tell("mdbox", "mdbox", stock)
            self.stage.run("rm", "-rf", self.home / "mdbox", timeout=600)
        self.stage.configure("directory", {"mail_root": self.stage.mail_root, "domain_hash": "none",
                                           "user_hash": "none"})
        self.stage.posthouse("domain", "add", DOMAIN)
        self.stage.posthouse("user", "add", USER, "--no-password")
        begin = time.monotonic()
        self.stage.run("posthouse", "mail", "pack", USER, "--older-than", "0s", timeout=3600)
        taken = time.monotonic() - begin
        packs = sum(x.stat().st_size for x in (self.home / "Maildir/packs").iterdir())
        print(f"posthouse mail pack: {taken:.0f} s, {self.count / taken:,.0f} mails/s; packs are {packs / 1e6:.0f} MB, "
              f"{packs / self.plain:.3f} of the mail; with the names {self.used('Maildir/packs', 'Maildir/cur') / before:.3f} "
              "of what it took", flush=True)
        self.tell("posthouse", "Maildir", stock)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=100_000)
    args = parser.parse_args()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {'the corpus' if CORPUS.exists() else 'letters made here'}",
          flush=True)
    with Stage() as stage:
        stage.configure("dovecot-plugin", {"mail_compression": "none"})
        if not drop_caches():
            print("the page cache cannot be emptied: nothing is cold", flush=True)
        Bench(stage, args.mails).run()


main()
