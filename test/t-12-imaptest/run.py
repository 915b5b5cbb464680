#!/usr/bin/env python3
# test/t-12-imaptest/run.py -- Dovecot's own IMAP tester on stock maildir and ours: plain, compressed, packed.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 900 s
#
# Needs a built imaptest (https://github.com/dovecot/imaptest): IMAPTEST names the folder with the program and its
# scripts in tests/; skipped without. IMAPTEST_SECONDS and IMAPTEST_CLIENTS make its stress run longer, as in
#   IMAPTEST=... IMAPTEST_SECONDS=60 IMAPTEST_CLIENTS=20 test/t-12-imaptest/run.py
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, skip  # noqa: E402
from stage.storage import store  # noqa: E402

PACKED = "packed"  # all the time, as soon as it is there
USERS = {"tester@posthouse.test": "secret"} | {f"stress{i:02}@posthouse.test": "secret" for i in range(1, 6)}
KINDS = (("maildir", "none"), ("posthouse", "none"), ("posthouse", "zstd"), ("hook", "zstd"), ("posthouse", PACKED))
SECONDS = int(os.environ.get("IMAPTEST_SECONDS", "5"))
CLIENTS = int(os.environ.get("IMAPTEST_CLIENTS", "10"))
PATIENCE = 300
# imaptest's scripts must all be there: fewer would pass more easily.
SCRIPTS = 71


def tester():
    """The folder of imaptest."""
    folder = pathlib.Path(os.environ.get("IMAPTEST", "/usr/share/imaptest"))
    if not os.access(folder / "imaptest", os.X_OK) or not (folder / "tests").is_dir():
        skip("no imaptest here: IMAPTEST must name the folder of the built program and its tests/")
    return folder


def imaptest(folder, port, *words):
    """Its exit code and what it says."""
    done = subprocess.run([folder / "imaptest", "host=127.0.0.1", f"port={port}", "pass=secret", *words],
                          capture_output=True, text=True, errors="replace", timeout=PATIENCE + SECONDS, check=False,
                          cwd=folder, env={**os.environ, "LD_LIBRARY_PATH": "/usr/lib/dovecot"})
    return done.returncode, done.stdout + done.stderr


def scripts(folder, port):
    """All scripts; groups and commands that failed or were skipped."""
    _, text = imaptest(folder, port, "user=tester@posthouse.test", "test=tests")
    counts = re.findall(r"(\d+) test groups: (\d+) failed, (\d+) skipped", text)
    if not counts:
        print(text[-3000:])
    return tuple(int(x) for x in counts[-1]) if counts else None, text


def stress(folder, port):
    """Many clients at once, doing anything; every answer is checked."""
    code, text = imaptest(folder, port, "user=stress%02d@posthouse.test", "users=1-5", f"clients={CLIENTS}",
                          f"secs={SECONDS}", "own_msgs", "own_flags", f"mbox={folder}/tests/default.mbox")
    return code, [x for x in text.splitlines() if "Error" in x or "BUG" in x or "Panic" in x]


class Packer(threading.Thread):
    """Packs all mail of all accounts, again and again, beside what else is done to it."""

    def __init__(self, stage):
        super().__init__()
        self.stage = stage
        self.over = threading.Event()
        self.mails = 0
        self.troubles = []
        stage.configure("directory", {"mail_root": stage.mail_root, "domain_hash": "none", "user_hash": "none"})
        stage.configure("mail", {"pack_least": "1B", "pack_size": "1M", "pack_folders": ""})
        stage.posthouse("domain", "add", "posthouse.test")
        for user in USERS:
            stage.posthouse("user", "add", user, "--no-password")

    def run(self):
        while not self.over.wait(0.01):
            done = self.stage.run("posthouse", "mail", "pack", "--all", "--older-than", "0s", "--json", ok=None)
            self.mails += sum(x["mails"] for x in json.loads(done.stdout or "[]"))
            # A folder may go while it is looked at.
            self.troubles += [x for x in done.stderr.splitlines() if not re.search("No such file|hint:|told above", x)]

    def end(self):
        """How many mails were packed."""
        self.over.set()
        self.join()
        equal(self.troubles, [], "posthouse mail pack has no trouble")
        check(self.mails > 200, f"{self.mails} mails were packed meanwhile")


def one(stage, folder, kind, compression, bar):
    """Scripts and stress on one kind of store; the counts of the scripts, which must be those of bar."""
    is_2_3 = stage.run("dovecot", "--version").stdout.startswith("2.3")
    stage.configure("dovecot-plugin", {"mail_compression": "none" if compression == PACKED else compression})
    packer = Packer(stage) if compression == PACKED else None
    begin = stage.log("dovecot").mark()
    limit = "service imap {\n  process_limit = 200\n}\nprotocol imap {\n  mail_max_userip_connections = 100\n}\n"
    dovecot = stage.start_dovecot(store(kind, is_2_3) + limit, users=USERS)
    if packer:
        packer.start()
    counts, text = scripts(folder, dovecot.imap_port)
    if counts is None or counts[1]:
        print(text[-3000:])
    equal(counts, bar or counts, f"{kind}, {compression}: {counts} groups, failed, skipped")
    code, trouble = stress(folder, dovecot.imap_port)
    equal((code, trouble), (0, []), f"{CLIENTS} clients for {SECONDS} s without an error")
    if packer:
        packer.end()
    errors = re.findall(r".*(?:Error|Panic|Fatal).*", dovecot.log.text()[begin:])
    equal(errors, [], "and none in Dovecot's log")
    dovecot.stop()
    stage.run("rm", "-rf", f"{stage.mail_root}/posthouse.test")
    return counts


def main():
    """Each kind in turn."""
    folder = tester()
    with Stage() as stage:
        seen = stage.folder("imaptest")  # nothing else of the folder is needed, and users may not reach it
        subprocess.run(["cp", "-r", folder / "imaptest", folder / "tests", seen], check=True)
        # Stock Dovecot 2.4 has dropped what one of the scripts of 2022 wants: ours has to do as well as stock.
        bar = (SCRIPTS, 0, 0) if stage.run("dovecot", "--version").stdout.startswith("2.3") else None
        for kind, compression in KINDS:
            bar = one(stage, seen, kind, compression, bar)
        check(bar[0] == SCRIPTS, "all kinds of store do as stock Dovecot does")


main()
