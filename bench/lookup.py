#!/usr/bin/env python3
# bench/lookup.py -- Lookups through lookupd's socketmap, cached and not, on SQLite and MariaDB; Postfix's mysql map beside it.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: bench/lookup.py [--build DIR] [--users N] [--seconds S]
import argparse
import os
import pathlib
import random
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
TICK = os.sysconf("SC_CLK_TCK")
MYSQL_FILL = """
INSERT INTO domain (domain) SELECT CONCAT('d', seq, '.example') FROM seq_0_to_{last_domain};
INSERT INTO mailbox (username, uid, domain, homedir, maildir, quota, question, answer)
SELECT CONCAT('u', seq, '@d', MOD(seq, {domains}), '.example'), CONCAT('u', seq), CONCAT('d', MOD(seq, {domains}), '.example'),
  CONCAT('A0/d/', seq), CONCAT('A0/d/', seq, '/Maildir/'), '1048576S', '', '' FROM seq_0_to_{last_user};
"""
# The query that Posthouse's conf-examples would give a site without lookupd.
POSTFIX_MAP = """\
hosts = unix:{socket}
user = root
dbname = bench
query = SELECT maildir FROM mailbox WHERE username='%s' AND active=1 AND IFNULL(disablesmtp,0)=0
"""


def address(number):
    """The number's user."""
    return f"u{number}@d{number % DOMAINS}.example"


def fill_sqlite(path, users):
    """Rows as the posthouse command writes them, in one transaction."""
    db = sqlite3.connect(path)
    columns = {row[1] for row in db.execute("PRAGMA table_info(user)")}
    assert {"domain", "local", "home", "created"} <= columns, columns
    db.executemany("INSERT INTO domain (name, description, hash_path, mail_host, max_users, max_aliases, max_quota, "
                   "default_quota, disabled, enabled, created) VALUES (?, '', '', '', 0, 0, 0, 0, 0, 1, 0)",
                   ((f"d{n}.example",) for n in range(DOMAINS)))
    ids = dict(db.execute("SELECT name, id FROM domain"))
    db.executemany("INSERT INTO user (domain, local, name, home, mail_host, quota, disabled, enabled, may_change_password, "
                   "created) VALUES (?, ?, '', ?, '', 1048576, 0, 1, 1, 0)",
                   ((ids[f"d{n % DOMAINS}.example"], f"u{n}", f"A0/d/{n}") for n in range(users)))
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


def batches(keys):
    """Requests of BATCH questions each."""
    out = []
    for begin in range(0, len(keys), BATCH):
        frames = (f"mailboxes {key}".encode() for key in keys[begin:begin + BATCH])
        out.append(b"".join(b"%d:%s," % (len(x), x) for x in frames))
    return out


def client(path, requests, until, counts):
    """Asks batch after batch until the time is up; every answer is OK."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        sock.settimeout(60)
        done = 0
        while time.monotonic() < until:
            sock.sendall(requests[done // BATCH % len(requests)])
            found, rest = 0, b""
            while found < BATCH:
                data = rest + sock.recv(1 << 20)
                found += data.count(b":OK ")
                rest = data[-4:] if not data.endswith(b",") else b""
                found -= rest.count(b":OK ")
            done += BATCH
        counts.append(done)


def rate(args, server, pool):
    """Answers a second, and processor time of lookupd for each; the median of several runs."""
    runs = []
    for run in range(RUNS):
        keys = [random.Random(run * 100 + n).choices(pool, k=BATCH * 40) for n in range(CLIENTS)]
        requests = [batches(x) for x in keys]
        counts, begin, cpu = [], time.monotonic(), server.cpu()
        threads = [threading.Thread(target=client, args=(server.path, x, begin + args.seconds, counts)) for x in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        runs.append((sum(counts) / (time.monotonic() - begin), (server.cpu() - cpu) * 1e6 / sum(counts)))
    return statistics.median(x for x, _ in runs), statistics.median(x for _, x in runs)


def measure(args, scratch, name, directory, users):
    """Uncached with keys of all users, cached with keys that all fit."""
    everybody = [address(n) for n in random.Random(1).sample(range(users), min(users, 200_000))]
    for kind, cache, pool in (("uncached", "0B", everybody), ("cached", "256M", everybody[:20_000])):
        server = Lookupd(args, scratch, f"{name}-{kind}", directory, cache)
        if kind == "cached":
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(server.path))
                for request in batches(pool):
                    sock.sendall(request)
                    found = 0
                    while found < request.count(b":mailboxes "):
                        found += sock.recv(1 << 20).count(b":OK ")
        speed, cost = rate(args, server, pool)
        server.stop()
        print(f"lookupd on {name}, {kind}: {speed:,.0f} lookups/s, {cost:.1f} us of its CPU each", flush=True)


def postmap(server, scratch, users):
    """Postfix's own mysql map, asked as its daemons do, without lookupd."""
    if not shutil.which("postmap") or not pathlib.Path("/usr/lib/postfix/postfix-mysql.so").exists():
        print("Postfix's mysql map: SKIPPED, the package postfix-mysql is not here")
        return
    conf = scratch / "mailbox.cf"
    conf.write_text(POSTFIX_MAP.format(socket=server.socket))
    keys = "\n".join(address(n) for n in random.Random(2).sample(range(users), min(users, 50_000))) + "\n"
    runs = []
    for _ in range(RUNS):
        begin = time.monotonic()
        done = subprocess.run(["postmap", "-q", "-", f"mysql:{conf}"], input=keys, capture_output=True, text=True, check=False)
        taken = time.monotonic() - begin
        if done.stdout.count("\n") != keys.count("\n"):
            print(f"Postfix's mysql map: FAILED: {done.stderr[-300:]}")
            return
        runs.append(keys.count("\n") / taken)
    print(f"Postfix's mysql map: {statistics.median(runs):,.0f} lookups/s in one process (postmap -q -)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    args.build = args.build.resolve()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="ph-bench-"))
    scratch.chmod(0o755)
    server = None
    print(f"{args.users:,} users in {DOMAINS:,} domains; {CLIENTS} connections, {BATCH} questions in flight each; "
          f"load {os.getloadavg()[0]:.1f}", flush=True)
    try:
        files = scratch / "sqlite.conf"
        files.write_text(f"database = {scratch}/state/directory.db\npasswords = {scratch}/state/passwords.db\n")
        subprocess.run([args.build / "cli/posthouse", "domain", "add", "first.example", "--config", files], check=True,
                       stdout=subprocess.DEVNULL)
        fill_sqlite(scratch / "state/directory.db", args.users)
        measure(args, scratch, "sqlite", files, args.users)
        server = Mariadb(scratch / "mariadb", scratch / "mariadb.log", options=("--innodb-buffer-pool-size=512M",)).start()
        server.sql("CREATE DATABASE bench CHARACTER SET utf8mb4")
        database = scratch / "mysql.conf"
        database.write_text(f"driver = mysql\nmysql_socket = {server.socket}\nmysql_user = root\nmysql_database = bench\n")
        subprocess.run([args.build / "cli/posthouse", "domain", "add", "first.example", "--config", database], check=True,
                       stdout=subprocess.DEVNULL)
        server.sql(MYSQL_FILL.format(domains=DOMAINS, last_domain=DOMAINS - 1, last_user=args.users - 1), "bench")
        measure(args, scratch, "mariadb", database, args.users)
        postmap(server, scratch, args.users)
    finally:
        if server:
            server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


main()
