# test/house/house.py -- what all house checks share: the tree's files, and how findings are told.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

ROOMS = (
    "base", "base/loop", "mail-lib", "auth-lib", "directory-lib", "maildir-lib", "search-lib", "web-lib",
    "policyd", "lookupd", "milter", "dovecot-plugin", "webmail-cgi", "cli", "admin-cgi", "stats",
)


def files(*suffixes):
    """The tracked and the new, not ignored files with one of the suffixes; all when none is given."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in sorted(set(listed.split("\0"))):
        if name and (not suffixes or name.endswith(suffixes)) and (ROOT / name).is_file():
            yield name


def read(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def room_of(name):
    """The room a file lies in; base/loop is one of its own. None outside the rooms."""
    if name.startswith("base/loop/"):
        return "base/loop"
    first = name.split("/", 1)[0]
    return first if first in ROOMS else None


def finish(findings, checked):
    """Prints every finding and ends the check: 0 without any, else 1."""
    for finding in findings:
        print(finding)
    print(f"{pathlib.Path(sys.argv[0]).stem}: {checked} checked, {len(findings)} found")
    sys.exit(1 if findings else 0)
