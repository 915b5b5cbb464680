#!/usr/bin/env python3
# bench/storage.py -- Deliveries and header reads on our mail store, stock Dovecot beside it in the same run.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: bench/storage.py [--large N] [--mails N] [--fetch N] [--runs N] [--only large|spread|headers]...
# Mail comes from the corpus of the sibling folder of test data (../shared/tools/corpus); without it, from letters made here.
import argparse
import os
import pathlib
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))
from stage import Stage, StageError  # noqa: E402
from stage.storage import store, zlib  # noqa: E402

from servers.mail_clients import CORPUS, Lmtp, corpus, cpu_seconds, imap  # noqa: E402

DOMAIN = "posthouse.test"
BOXES, CONNECTIONS = 50, 4
MEASURES = ("large", "spread", "headers")
DELIVERED = 400  # files of the folder whose headers are read; more names are links to them
USERS = {f"box{i:02}@{DOMAIN}": "secret" for i in range(BOXES)}
NAMES = list(USERS)
ZLIB_SAVE = "plugin {\n  zlib_save = zstd\n  zlib_save_level = 3\n}\n"
# name: class of store, setting mail_compression, further lines (2.3)
KINDS = {
    "stock maildir": ("maildir", "none", ""),
    "stock maildir, zlib plugin": ("maildir", "none", zlib(True) + ZLIB_SAVE),
    "posthouse": ("posthouse", "none", ""),
    "posthouse, zstd": ("posthouse", "zstd", ""),
}


class Bench:
    """Each measure on each kind of store."""

    def __init__(self, stage, args):
        self.stage, self.args = stage, args
        self.is_2_3 = stage.run("dovecot", "--version").stdout.startswith("2.3")
        self.mails = corpus(args.mails)
        self.cpu, self.most = {}, 0

    def dovecot(self, kind):
        """A Dovecot with that kind of store."""
        name, compression, extra = KINDS[kind]
        self.stage.configure("dovecot-plugin", {"mail_compression": compression})
        return self.stage.start_dovecot(store(name, self.is_2_3) + extra, users=USERS)

    def wipe(self):
        """No mail."""
        self.stage.run("rm", "-rf", f"{self.stage.mail_root}/{DOMAIN}", timeout=600)

    def fill(self, count):
        """A folder with that many names, linked from few files."""
        folder = pathlib.Path(f"{self.stage.mail_root}/{DOMAIN}/box00/Maildir")
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True)
        for i in range(count):
            if i % 30_000 == 0:
                mail = self.mails[i // 30_000][:-3].replace(b"\r\n", b"\n")
                first = None
            path = f"{folder}/cur/{1_500_000_000 + i}.M{i}P7.old,S={len(mail)},W={len(mail) + mail.count(10)}:2,S"
            if first:
                os.link(first, path)
            else:
                first = path
                pathlib.Path(path).write_bytes(mail)
        self.stage.run("chown", "-R", "vmail:", f"{self.stage.mail_root}/{DOMAIN}", timeout=600)

    def large(self, kind, seconds=8):
        """Messages a second into one large folder, one connection."""
        self.wipe()
        self.fill(self.args.large)
        dovecot = self.dovecot(kind)
        ask = imap(dovecot.imap_port, NAMES[0])
        ask("SELECT INBOX")
        ask("LOGOUT")
        session = Lmtp(self.stage)
        session.send(NAMES[0], self.mails[0])
        rates = []
        for run in range(self.args.runs):
            begin, count = time.monotonic(), 0
            while time.monotonic() - begin < seconds / self.args.runs:
                session.send(NAMES[0], self.mails[(run * 500 + count) % len(self.mails)])
                count += 1
            rates.append(count / (time.monotonic() - begin))
        dovecot.stop()
        return statistics.median(rates)

    def spread(self, kind):
        """Messages a second over many folders, several connections; the CPU of a mail is kept."""
        self.wipe()
        dovecot = self.dovecot(kind)
        warm = Lmtp(self.stage)
        for name in NAMES:
            warm.send(name, self.mails[0])
        trouble, self.most = [], 0

        def work(number):
            try:
                session = Lmtp(self.stage)
                for i in range(number, len(self.mails), CONNECTIONS):
                    session.send(NAMES[i % BOXES], self.mails[i])
            except (OSError, StageError) as error:
                trouble.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(CONNECTIONS)]
        begin, used = time.monotonic(), cpu_seconds("lmtp")
        for thread in threads:
            thread.start()
        while any(x.is_alive() for x in threads):
            for thread in threads:
                thread.join(0.02)
            self.most = max(self.most, cpu_seconds("lmtp"))
        taken = time.monotonic() - begin
        self.cpu.setdefault(kind, []).append((self.most - used) / len(self.mails) * 1000)
        dovecot.stop()
        if trouble:
            raise trouble[0]
        return len(self.mails) / taken

    def headers(self, kind):
        """Seconds of a FETCH of all headers of a folder, warm."""
        self.wipe()
        dovecot = self.dovecot(kind)
        session = Lmtp(self.stage)
        for mail in self.mails[:DELIVERED]:
            session.send(NAMES[0], mail)
        folder = pathlib.Path(f"{self.stage.mail_root}/{DOMAIN}/box00/Maildir")
        files = list((folder / "new").iterdir())
        for i in range(self.args.fetch - len(files)):
            file = files[i % len(files)]
            os.link(file, folder / "cur" / f"{1_500_000_000 + i}.M{i}P8.copy,{file.name.split(',', 1)[1]}:2,S")
        ask = imap(dovecot.imap_port, NAMES[0])
        ask("SELECT INBOX")
        ask("FETCH 1:* (BODY.PEEK[HEADER])")
        times = []
        for _ in range(self.args.runs):
            begin = time.monotonic()
            ask("FETCH 1:* (BODY.PEEK[HEADER])")
            times.append(time.monotonic() - begin)
        ask("LOGOUT")
        dovecot.stop()
        return statistics.median(times)

    def run(self):
        """The measures that are wanted; a line each."""
        args = self.args
        if "large" in args.only:
            self.tell(f"LMTP into a folder of {args.large:,}", "messages/s", self.large,
                      ("stock maildir", "posthouse", "posthouse, zstd"))
        if "spread" in args.only:
            self.tell(f"LMTP of {len(self.mails):,} over {BOXES} folders, {CONNECTIONS} connections", "messages/s",
                      self.spread,
                      ("stock maildir", "stock maildir, zlib plugin", "posthouse", "posthouse, zstd"), args.runs)
            first = statistics.median(self.cpu["stock maildir"])
            for kind, found in self.cpu.items():
                value = statistics.median(found)
                print(f"CPU of lmtp a mail: {kind}: {value:.2f} ms ({value / first:.2f} of stock maildir)", flush=True)
        if "headers" in args.only:
            self.tell(f"FETCH of {args.fetch:,} headers, warm", "s", self.headers,
                      ("stock maildir", "stock maildir, zlib plugin", "posthouse, zstd"))

    def tell(self, what, unit, measure, kinds, rounds=1):
        """One measure on each kind, kinds in turn in each round, and its ratio to the first."""
        kinds = [x for x in kinds if self.is_2_3 or "zlib" not in x]
        found = {kind: [] for kind in kinds}
        for _ in range(rounds):
            for kind in kinds:
                found[kind].append(measure(kind))
        first = statistics.median(found[kinds[0]])
        for kind in kinds:
            value = statistics.median(found[kind])
            print(f"{what}: {kind}: {value:,.2f} {unit} ({value / first:.2f} of {kinds[0]})", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--mails", type=int, default=4_000)
    parser.add_argument("--fetch", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", action="append", choices=MEASURES, help="this measure; several times for several")
    args = parser.parse_args()
    args.only = args.only or MEASURES
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; "
          f"{'the corpus' if CORPUS.exists() else 'letters made here'}; medians of {args.runs} runs", flush=True)
    with Stage() as stage:
        Bench(stage, args).run()


main()
