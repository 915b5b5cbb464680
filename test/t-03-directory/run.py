#!/usr/bin/env python3
# test/t-03-directory/run.py -- The posthouse command keeps domains, users and aliases; readers, damage, locks, crashes.
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import pathlib
import signal
import sqlite3
import stat
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import (Stage, check, directory_administration, directory_steps, directory_stores, equal,  # noqa: E402
                   step, wait_for)
from stage.directory_steps import Backend, refused  # noqa: E402

import administration  # noqa: E402
from administration import ACCOUNTS, FOLDER, PASSWORDS  # noqa: E402

# Fills the write-back cache, so that half a transaction is in the file when the writer dies.
CRASH = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 2")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE user SET name = hex(randomblob(500))")
os.kill(os.getpid(), signal.SIGKILL)
"""


class Sqlite(Backend):
    """The two files of the default."""

    settings = {"group": "posthouse", "busy_timeout": "2s"}
    empty = "there is no directory yet"

    def stored(self, address):
        db = sqlite3.connect(PASSWORDS)
        try:
            return db.execute("SELECT stored FROM password WHERE address = ?", (address,)).fetchone()[0]
        finally:
            db.close()

    def snapshot(self):
        return ACCOUNTS.read_bytes()

    def secrets(self):
        return PASSWORDS.read_bytes()


def modes():
    """Who may open the files."""
    found = [(stat.S_IMODE(x.stat().st_mode), x.owner(), x.group()) for x in (ACCOUNTS, PASSWORDS)]
    equal(found, [(0o640, "root", "posthouse"), (0o600, "root", "root")],
          "accounts are for the group, hashes for nobody but root")


def readers(stage):
    for user in ("phlookup", "phpolicy", "vmail", "dovecot"):
        done = stage.run("posthouse", "user", "list", "--json", user=user)
        equal(len(json.loads(done.stdout)), 2, f"{user} reads accounts by its group")
        check(stage.run("cat", PASSWORDS, user=user, ok=None).returncode != 0, f"{user} cannot read hashes")
    refused(stage, 1, "Permission denied", "user", "list", user="phmilter")
    refused(stage, 1, "may not be written", "domain", "add", "b.example", user="phlookup")
    step("others read nothing, and readers write nothing")
    failures, done = [], threading.Event()

    def read():
        while not done.is_set():
            run = stage.run("posthouse", "user", "list", "--json", user="phlookup", ok=None)
            if run.returncode != 0 or len(json.loads(run.stdout)) < 2:
                failures.append(run.stderr)
    reader = threading.Thread(target=read)
    reader.start()
    for number in range(40):
        stage.posthouse("user", "add", f"u{number}@example.org", "--no-password")
    done.set()
    reader.join()
    equal(failures, [], "a reader sees whole lists while 40 users are added")
    writers = [threading.Thread(target=stage.posthouse, args=("user", "add", f"w{n}@example.org", "--no-password"))
               for n in range(10)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    equal(len(stage.posthouse("user", "list", "--json")), 52, "ten writers at once wait for each other")


def accidents(stage):
    lock = sqlite3.connect(ACCOUNTS, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    refused(stage, 75, "locked", "user", "list", user="phlookup")
    refused(stage, 75, "locked", "domain", "add", "c.example")
    lock.execute("ROLLBACK")
    lock.close()
    step("a locked database is a temporary failure (75)")
    crash = subprocess.run([sys.executable, "-c", CRASH, ACCOUNTS], check=False)
    equal(crash.returncode, -signal.SIGKILL, "a writer dies in the middle of its transaction")
    check((FOLDER / "directory.db-journal").exists(), "its journal is left behind")
    refused(stage, 75, "a writer was interrupted", "user", "list", user="phlookup")
    step("readers wait for the repair (75) and show nothing half-written")
    equal(len(stage.posthouse("user", "list", "--json")), 52, "root's next command repairs it")
    equal(len(json.loads(stage.run("posthouse", "user", "list", "--json", user="phlookup").stdout)), 52,
          "and readers go on")
    whole = ACCOUNTS.read_bytes()
    damaged = bytearray(whole)
    for at in range(4096, len(damaged), 13):
        damaged[at] ^= 0x55
    ACCOUNTS.write_bytes(damaged)
    done = refused(stage, 1, str(ACCOUNTS), "domain", "add", "d.example")
    check("hint: restore the file from a backup" in done.stderr, f"damage is named: {done.stderr.splitlines()[0]}")
    equal(ACCOUNTS.read_bytes(), bytes(damaged), "and the damaged file is left as it is")
    ACCOUNTS.write_bytes(b"not a database, though its name says so" * 200)
    refused(stage, 1, "not a database", "user", "list")
    ACCOUNTS.write_bytes(whole)
    equal(len(stage.posthouse("user", "list", "--json")), 52, "with the backup all is well")
    with open("/dev/full", "w", encoding="utf-8") as full:
        code = subprocess.run(["posthouse", "user", "list"], stdout=full, stderr=subprocess.DEVNULL, check=False)
    equal(code.returncode, 75, "output that cannot be written is not a success")


with Stage() as stage:
    backend = Sqlite(stage)
    backend.configure()
    check(stage.posthouse("--version").stdout.startswith("posthouse "), "the command is there")
    directory_steps.all_of_them(stage, backend)
    modes()
    readers(stage)
    accidents(stage)
    directory_administration.all_of_them(stage, backend)
    administration.audit_is_private(stage)
    directory_stores.all_of_them(stage)
    administration.completion(stage)
    administration.upgrade(stage)
    wait_for(lambda: not list(FOLDER.glob("*-journal")), 5, "no journal is left")
