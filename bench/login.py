#!/usr/bin/env python3
# bench/login.py -- What a Dovecot login costs with our driver and with Dovecot's own SQL driver, on the same accounts.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: bench/login.py [--users N] [--logins N] [--runs N]
#
# One private Dovecot after the other, the same users, passwords as {PLAIN} so that hashing weighs nothing. A login is what
# imap-login and imap ask: AUTH on the auth-client socket, USER on auth-userdb. Counted is the processor time of Dovecot's auth
# and auth-worker processes; the runs of the drivers take turns. Dovecot's queries look at the same switches as ours does.
import argparse
import base64
import os
import pathlib
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))
os.environ.setdefault("POSTHOUSE_BUILD", os.environ.get("POSTHOUSE_BENCH", str(ROOT / "build-bench")))
from stage import Stage, wait_for  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
DOMAIN, WINDOW = "bench.example", 100
AUTH = """\
auth_cache_size = 0
auth_failure_delay = 0
auth_worker_max_count = 1
service auth {
  unix_listener auth-client {
    mode = 0600
  }
  unix_listener auth-userdb {
    mode = 0600
  }
  client_limit = 200
}
service auth-worker {
  user = root
  service_count = 0
}
"""
SQL = """\
passdb {{
  driver = sql
  args = {conf}
}}
userdb {{
  driver = sql
  args = {conf}
}}
"""
# The words of SQLite and of MySQL for the same questions; what ours looks at, as far as SQL says it well.
FROM = {
    "sqlite": "FROM user u JOIN domain d ON d.id = u.domain JOIN password p ON p.address = '%u' "
              "WHERE d.name = '%d' AND u.local = '%n' AND u.enabled AND d.enabled AND (u.disabled & 4) = 0 "
              "AND (u.expires IS NULL OR u.expires >= 20000) AND (d.expires IS NULL OR d.expires >= 20000)",
    "mysql": "FROM mailbox m JOIN domain d ON d.domain = m.domain "
             "WHERE m.username = '%u' AND m.active AND d.active AND NOT IFNULL(m.disableimap, 0) "
             "AND (m.expiredate IS NULL OR m.expiredate = 0 OR m.expiredate >= CURDATE()) "
             "AND (d.expiredate IS NULL OR d.expiredate = 0 OR d.expiredate >= CURDATE())",
}
PASSWORD = {"sqlite": "SELECT u.local || '@' || d.name AS user, p.stored AS password ",
            "mysql": "SELECT m.username AS user, m.password AS password "}
PLACE = {"sqlite": "SELECT 5000 AS uid, 5000 AS gid, '/var/vmail/' || u.home AS home, '*:bytes=' || u.quota AS quota_rule ",
         "mysql": "SELECT 5000 AS uid, 5000 AS gid, CONCAT('/var/vmail/', m.homedir) AS home, "
                  "CONCAT('*:bytes=', 0 + REPLACE(m.quota, 'S', '')) AS quota_rule "}
MYSQL_FILL = """
INSERT INTO domain (domain) VALUES ('bench.example');
INSERT INTO mailbox (username, uid, domain, password, homedir, maildir, quota, question, answer)
SELECT CONCAT('u', seq, '@bench.example'), CONCAT('u', seq), 'bench.example', CONCAT('{{PLAIN}}pw', seq),
  CONCAT('A0/d/', seq), CONCAT('A0/d/', seq, '/Maildir/'), '1048576S', '', '' FROM seq_0_to_{last};
"""


def name(number):
    """The number's user."""
    return f"u{number}@{DOMAIN}"


def fill_sqlite(stage, users):
    """Our two files, and one file with the same rows for Dovecot's driver, which can attach no second."""
    stage.configure("directory", {"mail_root": "/var/vmail"})
    stage.posthouse("domain", "add", DOMAIN)
    folder = pathlib.Path("/var/lib/posthouse/directory")
    db = sqlite3.connect(folder / "directory.db")
    db.execute("ATTACH ? AS secret", (str(folder / "passwords.db"),))
    number = db.execute("SELECT id FROM domain").fetchone()[0]
    db.executemany("INSERT INTO user (domain, local, name, home, mail_host, quota, disabled, enabled, may_change_password, "
                   "created) VALUES (?, ?, '', ?, '', 1048576, 0, 1, 1, 0)",
                   ((number, f"u{n}", f"A0/d/{n}") for n in range(users)))
    db.executemany("INSERT INTO secret.password (address, stored, changed) VALUES (?, ?, 0)",
                   ((name(n), f"{{PLAIN}}pw{n}") for n in range(users)))
    db.commit()
    one = stage.scratch / "one.db"
    db.execute("ATTACH ? AS one", (str(one),))
    for schema in ("main", "secret"):
        for table, sql in db.execute(f"SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'table' "
                                     "AND name IN ('domain', 'user', 'password')").fetchall():
            db.execute(sql.replace("CREATE TABLE ", "CREATE TABLE one.", 1).replace("one.main.", "one.")
                       .replace("one.secret.", "one."))
            db.execute(f"INSERT INTO one.{table} SELECT * FROM {schema}.{table}")
    db.commit()
    db.close()
    return str(one)


def fill_mysql(stage, users):
    """ExtMan's tables, read by both."""
    server = stage.start_mariadb()
    server.sql("CREATE DATABASE bench")
    stage.configure("directory", {"driver": "mysql", "mysql_user": "root", "mysql_database": "bench",
                                  "mysql_socket": server.socket, "mail_root": "/var/vmail",
                                  "passwords": stage.scratch / "p.db", "database": stage.scratch / "d.db"})
    stage.posthouse("domain", "add", "first.example")
    server.sql("USE bench; " + MYSQL_FILL.format(last=users - 1))
    return f"host={server.socket} dbname=bench user=root"


class Line:
    """A socket of Dovecot's auth."""

    def __init__(self, path, hello, ready):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        wait_for(lambda: self.socket.connect(path) is None, 10, path)
        self.file = self.socket.makefile("rwb", buffering=1 << 18)
        self.file.write(hello.encode())
        self.file.flush()
        while not self.file.readline().decode().startswith(ready):
            pass

    def ask(self, questions, good):
        """All of them, some at a time; every answer begins with `good`."""
        for begin in range(0, len(questions), WINDOW):
            part = questions[begin:begin + WINDOW]
            self.file.write("".join(part).encode())
            self.file.flush()
            for _ in part:
                line = self.file.readline().decode()
                if not line.startswith(good):
                    sys.exit(f"not {good}: {line}")

    def close(self):
        """Hang up."""
        self.file.close()
        self.socket.close()


def auth_processes():
    """Processor seconds of Dovecot's auth and auth-worker processes that live."""
    total = 0.0
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")[0]
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if words.startswith(b"dovecot/auth"):
            total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def measure(args, run):
    """Microseconds a login, of the auth processes and by the clock."""
    draw = random.Random(run)
    chosen = [draw.randrange(args.users) for _ in range(args.logins)]
    client = Line("/run/dovecot/auth-client", "VERSION\t1\t2\nCPID\t%d\n" % os.getpid(), "DONE")
    master = Line("/run/dovecot/auth-userdb", "VERSION\t1\t2\n", "SPID")
    auths, users = [], []
    for i, number in enumerate(chosen, 1):
        plain = base64.b64encode(f"\0{name(number)}\0pw{number}".encode()).decode()
        auths.append(f"AUTH\t{i}\tPLAIN\tservice=imap\trip=192.0.2.1\tsecured\tresp={plain}\n")
        users.append(f"USER\t{i}\t{name(number)}\tservice=imap\n")
    client.ask(auths[:WINDOW], "OK")  # the worker starts, opens and prepares
    master.ask(users[:WINDOW], "USER")
    before, begin = auth_processes(), time.monotonic()
    client.ask(auths[WINDOW:], "OK")
    middle = auth_processes()
    master.ask(users[WINDOW:], "USER")
    spent, passed = auth_processes() - before, time.monotonic() - begin
    client.close()
    master.close()
    count = len(chosen) - WINDOW
    return spent * 1e6 / count, (middle - before) * 1e6 / count, passed * 1e6 / count


def compare(stage, args, kind, connect):
    """Both drivers in turn; prints figures and gives the ratio."""
    conf = stage.write("dovecot-sql.conf", f"driver = {kind}\nconnect = {connect}\ndefault_pass_scheme = PLAIN\n"
                       f"password_query = {PASSWORD[kind]}{FROM[kind]}\nuser_query = {PLACE[kind]}{FROM[kind]}\n")
    runs = {"posthouse": [], "sql": []}
    for run in range(args.runs):
        for driver, figures in runs.items():
            dovecot = stage.start_dovecot(AUTH, auth=SQL.format(conf=conf) if driver == "sql" else None)
            figures.append(measure(args, run))
            stage.servers.remove(dovecot)
            dovecot.stop()
    medians = {driver: [statistics.median(column) for column in zip(*figures)] for driver, figures in runs.items()}
    for driver, (whole, password, passed) in medians.items():
        print(f"  {kind:7} {driver:10} {whole:7.1f} us processor time a login ({password:.1f} for the password), "
              f"{passed:7.1f} us by the clock", flush=True)
    ratio = medians["posthouse"][0] / medians["sql"][0]
    print(f"  {kind:7} posthouse/sql {ratio:.2f} (wanted: at most 1.1)", flush=True)
    return ratio


def main():
    """Both databases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--logins", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kind", choices=("sqlite", "mysql"), help="one database alone")
    args = parser.parse_args()
    if args.kind:
        fill = {"sqlite": fill_sqlite, "mysql": fill_mysql}[args.kind]
        with Stage() as stage:
            stage.configure("dovecot-plugin", {"mail_user": "5000", "mail_group": "5000"})
            ratio = compare(stage, args, args.kind, fill(stage, args.users))
        sys.exit(0 if ratio <= 1.1 else 1)
    print(f"Logins through Dovecot's auth, {args.users} users, {args.logins} logins a run, median of {args.runs} runs")
    sys.stdout.flush()
    codes = [subprocess.run([sys.executable, __file__, "--kind", kind, "--users", str(args.users), "--logins",
                             str(args.logins), "--runs", str(args.runs)], check=False).returncode
             for kind in ("sqlite", "mysql")]
    sys.exit(max(codes))


main()
