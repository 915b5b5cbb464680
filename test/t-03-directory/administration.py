#!/usr/bin/env python3
# test/t-03-directory/administration.py -- Shell completion, and files of an older format.
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import pathlib
import sqlite3
import subprocess

from stage import check, equal
from stage.directory_steps import refused

FOLDER = pathlib.Path("/var/lib/posthouse/directory")
ACCOUNTS, PASSWORDS = FOLDER / "directory.db", FOLDER / "passwords.db"


def audit_is_private(stage):
    """Readers of accounts read no trail."""
    check(stage.run("posthouse", "directory", "audit", user="phlookup", ok=None).returncode != 0,
          "nor may readers of accounts read it")


def completion(stage):
    script = stage.tree / "usr/share/bash-completion/completions/posthouse"
    equal(stage.run("posthouse", "completion", "bash").stdout, pathlib.Path(script).read_text(encoding="utf-8"),
          "the completion is installed where bash looks for it")

    def complete(*words):
        shell = (f". {script}; COMP_WORDS=({' '.join(words)} ''); COMP_CWORD={len(words)}; _posthouse; "
                 'printf "%s\\n" "${COMPREPLY[@]}"')
        return subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout.split()
    check({"user", "domain", "manager", "directory"} <= set(complete("posthouse")), "it knows the groups")
    equal(sorted(complete("posthouse", "user")), ["add", "del", "list", "move", "passwd", "set", "show"], "the verbs of a group")
    check("--quota" in complete("posthouse", "user", "set"), "the options of a verb")
    equal(complete("posthouse", "user", "set", "--enabled"), ["yes", "no"], "and what an option takes")


def upgrade(stage):
    """Files of earlier versions, as an older release left them."""
    db = sqlite3.connect(ACCOUNTS)
    db.executescript("DROP TABLE store; PRAGMA user_version = 2;")
    db.close()
    rows = json.loads(stage.run("posthouse", "user", "list", "--json", user="phlookup").stdout)
    check(rows and json.loads(stage.run("posthouse", "store", "list", "--json", user="phlookup").stdout) == [],
          "readers go on with a file of the version before, which has all they need")
    stage.posthouse("store", "add", "first")
    equal([x["name"] for x in stage.posthouse("store", "list", "--json")], ["first"], "and a writer brings it up to date")
    for path, sql in ((ACCOUNTS, "DROP TABLE manager_domain; DROP TABLE manager; DROP TABLE list_entry;"
                                 "DROP TABLE store; ALTER TABLE user DROP COLUMN greylist; ALTER TABLE domain DROP COLUMN default_term;"),
                      (PASSWORDS, "DROP TABLE manager_password; DROP TABLE app_password; DROP TABLE audit;")):
        db = sqlite3.connect(path)
        db.executescript(sql + "PRAGMA user_version = 1;")
        db.close()
    before = len(sqlite_rows("SELECT * FROM user"))
    done = refused(stage, 75, "directory.db: of format 1, this program reads it from 2 on", "user", "list", user="phlookup")
    check("hint: posthouse directory upgrade" in done.stderr, f"an older file is named, and what to do: {done.stderr.strip()}")
    refused(stage, 1, "may not be written", "directory", "upgrade", user="phlookup")
    stage.posthouse("directory", "upgrade")
    users = json.loads(stage.run("posthouse", "user", "list", "--json", user="phlookup").stdout)
    equal((len(users), all(x["greylist"] for x in users)), (before, True),
          "and does: files of the first version are brought up to date in place")


def sqlite_rows(sql):
    db = sqlite3.connect(ACCOUNTS)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()
