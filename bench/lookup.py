#!/usr/bin/env python3
# bench/lookup.py -- Lookups through lookupd's socketmap, cached and not, on SQLite and MariaDB; Postfix's mysql map beside it.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: bench/lookup.py [--build DIR] [--users N] [--seconds S]
import argparse
import os
import pathlib
import random
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))
from stage.mariadb import Mariadb  # noqa: E402

DOMAINS, BATCH, CLIENTS, RUNS = 1000, 250, 4, 3
SINGLES = 32  # connections that ask one question at a time, as Postfix's processes do
BAR_CACHED, BAR_UNCACHED = 60_000, 20_000
TICK = os.sysconf("SC_CLK_TCK")
MYSQL_FILL = """
INSERT INTO domain (domain) SELECT CONCAT('d', seq, '.example') FROM seq_0_to_{last_domain};
INSERT INTO mailbox (username, uid, domain, homedir, maildir, mailhost, quota, question, answer)
SELECT CONCAT('u', seq, '@d', MOD(seq, {domains}), '.example'), CONCAT('u', seq), CONCAT('d', MOD(seq, {domains}), '.example'),
  CONCAT('A0/d/', seq), CONCAT('A0/d/', seq, '/Maildir/'), 'store2', '1048576S', '', '' FROM seq_0_to_{last_user};
INSERT INTO alias (address, goto, domain)
SELECT CONCAT('a', seq, '@d', MOD(seq, {domains}), '.example'), CONCAT('u', seq, '@d', MOD(seq, {domains}), '.example'),
  CONCAT('d', MOD(seq, {domains}), '.example') FROM seq_0_to_{last_user} WHERE MOD(seq, 10) = 0;
"""


def address(number, letter="u"):
    """The number's user, or the alias (of every tenth) that leads to it."""
    return f"{letter}{number}@d{number % DOMAINS}.example"


def fill_sqlite(path, users):
    """Rows as the posthouse command writes them, in one transaction."""
    db = sqlite3.connect(path)
    columns = {row[1] for row in db.execute("PRAGMA table_info(user)")}
    assert {"domain", "local", "home", "created"} <= columns, columns
    db.executemany("INSERT INTO domain (name, created) VALUES (?, 0)", ((f"d{n}.example",) for n in range(DOMAINS)))
    ids = dict(db.execute("SELECT name, id FROM domain"))
    db.executemany("INSERT INTO user (domain, local, home, mail_host, quota, created) VALUES (?, ?, ?, 'store2', 1048576, 0)",
                   ((ids[f"d{n % DOMAINS}.example"], f"u{n}", f"A0/d/{n}") for n in range(users)))
    tenth = range(0, users, 10)
    db.executemany("INSERT INTO alias (domain, local, created) VALUES (?, ?, 0)",
                   ((ids[f"d{n % DOMAINS}.example"], f"a{n}") for n in tenth))
    db.executemany("INSERT INTO alias_target (domain, local, position, target) VALUES (?, ?, 0, ?)",
                   ((ids[f"d{n % DOMAINS}.example"], f"a{n}", address(n)) for n in tenth))
    db.commit()
    db.close()


class Lookupd:
    """posthouse-lookupd on one directory, with or without its cache."""

    def __init__(self, args, scratch, name, directory, cache):
        self.path = scratch / f"{name}.socket"
        conf = scratch / f"{name}.conf"
        conf.write_text(f"log_to = stderr\nlog_level = error\nlisten = unix:{self.path}\ncontrol_socket = {self.path}.control\n"
                        f"directory_settings = {directory}\ncache_size = {cache}\ncache_time = 1h\n")
        self.child = subprocess.Popen([args.build / "lookupd/posthouse-lookupd", "--config", conf],
                                      stderr=open(scratch / f"{name}.log", "wb"))
        end = time.monotonic() + 30
        while not self.path.exists():
            if self.child.poll() is not None or time.monotonic() > end:
                sys.exit((scratch / f"{name}.log").read_text())
            time.sleep(0.01)

    def cpu(self):
        """Seconds of processor time so far."""
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self):
        self.child.terminate()
        self.child.wait()


def batches(questions, size=BATCH):
    """Requests of so many questions each."""
    out = []
    for begin in range(0, len(questions), size):
        frames = (question.encode() for question in questions[begin:begin + size])
        out.append(b"".join(b"%d:%s," % (len(x), x) for x in frames))
    return out


def client(path, requests, size, until, counts):
    """Asks request after request until the time is up; every answer is OK."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        sock.settimeout(60)
        done = 0
        while time.monotonic() < until:
            sock.sendall(requests[done // size % len(requests)])
            found, rest = 0, b""
            while found < size:
                data = rest + sock.recv(1 << 20)
                found += data.count(b":OK ")
                rest = data[-4:] if not data.endswith(b",") else b""
                found -= rest.count(b":OK ")
            done += size
        counts.append(done)


def rate(args, server, pool, clients=CLIENTS, size=BATCH):
    """Answers a second, and processor time of lookupd for each; the median of several runs."""
    runs = []
    for run in range(RUNS):
        requests = [batches(random.Random(run * 100 + n).choices(pool, k=size * 40 if size > 1 else 2000), size)
                    for n in range(clients)]
        counts, begin, cpu = [], time.monotonic(), server.cpu()
        threads = [threading.Thread(target=client, args=(server.path, x, size, begin + args.seconds, counts))
                   for x in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        runs.append((sum(counts) / (time.monotonic() - begin), (server.cpu() - cpu) * 1e6 / sum(counts)))
    return statistics.median(x for x, _ in runs), statistics.median(x for _, x in runs)


def warm(server, pool):
    """Asks everything once."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(server.path))
        for request in batches(pool):
            sock.sendall(request)
            found = 0
            while found < request.count(b"@"):
                found += sock.recv(1 << 20).count(b":OK ")


def measure(args, scratch, name, directory, users, bars):
    """Uncached with keys of all users, cached with keys that all fit."""
    some = random.Random(1).sample(range(users), min(users, 200_000))
    tenth = random.Random(1).sample(range(0, users, 10), min(users // 10, 50_000))
    mailboxes = [f"mailboxes {address(n)}" for n in some]
    speeds = {}
    server = Lookupd(args, scratch, f"{name}-uncached", directory, "0B")
    for what, pool, clients, size in (
            ("mailboxes", mailboxes, CLIENTS, BATCH),
            ("aliases, of a mailbox", [f"aliases {address(n)}" for n in some], CLIENTS, BATCH),
            ("aliases, of an alias", [f"aliases {address(n, 'a')}" for n in tenth], CLIENTS, BATCH),
            ("transport", [f"transport {address(n)}" for n in some], CLIENTS, BATCH),
            ("senderlogins, of an alias", [f"senderlogins {address(n, 'a')}" for n in tenth], CLIENTS, BATCH),
            (f"mailboxes, {SINGLES} connections with one question each", mailboxes, SINGLES, 1)):
        speeds[what], cost = rate(args, server, pool, clients, size)
        print(f"lookupd on {name}, uncached, {what}: {speeds[what]:,.0f} lookups/s, {cost:.1f} us of its CPU each", flush=True)
    server.stop()
    server = Lookupd(args, scratch, f"{name}-cached", directory, "256M")
    warm(server, mailboxes[:20_000])
    speed, cost = rate(args, server, mailboxes[:20_000])
    server.stop()
    print(f"lookupd on {name}, cached, mailboxes: {speed:,.0f} lookups/s, {cost:.1f} us of its CPU each", flush=True)
    if not bars:
        return speeds["mailboxes"]
    for text, got, bar in (("cached", speed, BAR_CACHED), ("uncached", speeds["mailboxes"], BAR_UNCACHED)):
        print(f"  {'ok  ' if got >= bar else 'MISS'} {text}: {got:,.0f} of {bar:,} lookups/s", flush=True)
        args.failed |= got < bar
    return speeds["mailboxes"]


def postmap(scratch, server, users, speed):
    """Postfix's own mysql map, asked as its daemons do, without lookupd; the query of conf-examples."""
    if not shutil.which("postmap") or not pathlib.Path("/usr/lib/postfix/postfix-mysql.so").exists():
        print("Postfix's mysql map: SKIPPED, the package postfix-mysql is not here")
        return
    text = (ROOT / "conf-examples/postfix-mysql-mailboxes.cf").read_text(encoding="utf-8")
    for old, new in (("/run/mysqld/mysqld.sock", str(server.socket)), ("user = postfix", "user = root"),
                     ("password = CHANGE-ME\n", ""), ("dbname = extmail", "dbname = bench")):
        assert old in text, old
        text = text.replace(old, new)
    conf = scratch / "mailbox.cf"
    conf.write_text(text)
    keys = [address(n) for n in random.Random(2).sample(range(users), min(users, 50_000))]
    runs = []
    for _ in range(RUNS):
        begin = time.monotonic()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(["postmap", "-q", "-", f"mysql:{conf}"], input="\n".join(keys) + "\n", capture_output=True,
                              text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.stdout.count("\n") != len(keys):
            print(f"Postfix's mysql map: FAILED: {done.stderr[-300:]}")
            return
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        runs.append((len(keys) / (time.monotonic() - begin), cpu * 1e6 / len(keys)))
    own, cost = (statistics.median(x) for x in zip(*runs))
    print(f"Postfix's mysql map: {own:,.0f} lookups/s in one process (postmap -q -), {cost:.1f} us of its CPU each; lookupd "
          f"uncached is {speed / own:.1f} times as fast on the same server", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(os.environ.get("POSTHOUSE_BENCH", ROOT / "build")))
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", choices=("sqlite", "mariadb"))
    args = parser.parse_args()
    args.failed = False
    args.build = args.build.resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="ph-bench-"))
    scratch.chmod(0o755)
    server = None
    print(f"{args.users:,} users in {DOMAINS:,} domains; {CLIENTS} connections, {BATCH} questions in flight each; "
          f"load {os.getloadavg()[0]:.1f}", flush=True)
    try:
        if args.only != "mariadb":
            files = scratch / "sqlite.conf"
            files.write_text(f"database = {scratch}/state/directory.db\npasswords = {scratch}/state/passwords.db\n")
            subprocess.run([args.build / "cli/posthouse", "domain", "add", "first.example", "--config", files], check=True,
                           stdout=subprocess.DEVNULL)
            fill_sqlite(scratch / "state/directory.db", args.users)
            measure(args, scratch, "sqlite", files, args.users, True)
        if args.only != "sqlite":
            server = Mariadb(scratch / "mariadb", scratch / "mariadb.log", options=("--innodb-buffer-pool-size=512M",)).start()
            server.sql("CREATE DATABASE bench CHARACTER SET utf8mb4")
            database = scratch / "mysql.conf"
            database.write_text(f"driver = mysql\nmysql_socket = {server.socket}\nmysql_user = root\nmysql_database = bench\n")
            subprocess.run([args.build / "cli/posthouse", "domain", "add", "first.example", "--config", database], check=True,
                           stdout=subprocess.DEVNULL)
            server.sql(MYSQL_FILL.format(domains=DOMAINS, last_domain=DOMAINS - 1, last_user=args.users - 1), "bench")
            speed = measure(args, scratch, "mariadb", database, args.users, False)
            postmap(scratch, server, args.users, speed)
    finally:
        if server:
            server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    return 1 if args.failed else 0


sys.exit(main())
