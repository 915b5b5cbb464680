#!/usr/bin/env python3
# test/house/layers.py -- includes run downwards only, along the edges written here.
# SPDX-License-Identifier: GPL-3.0-or-later
import re

from house import files, finish, read, room_of

LIBS = {"base", "mail-lib", "auth-lib", "directory-lib", "maildir-lib", "search-lib", "web-lib"}
EDGES = {
    "base": set(),
    "base/loop": {"base"},
    "mail-lib": {"base"},
    "auth-lib": {"base", "mail-lib"},
    "directory-lib": {"base", "mail-lib"},
    "maildir-lib": {"base", "mail-lib"},
    "search-lib": {"base", "mail-lib", "maildir-lib"},
    "web-lib": {"base", "base/loop"},
    "policyd": {"base", "base/loop", "mail-lib", "auth-lib", "directory-lib"},
    "lookupd": {"base", "base/loop", "directory-lib"},
    "milter": {"base", "base/loop", "mail-lib", "auth-lib", "directory-lib"},
    "cli": LIBS | {"base/loop"},
    "dovecot-plugin": {"base", "mail-lib", "directory-lib", "maildir-lib", "search-lib"},
    "webmail-cgi": LIBS | {"base/loop"},
    "admin-cgi": LIBS | {"base/loop"},
    "stats": {"base"},
}
# stats reads any room's table of events: data only.
EXTRA = re.compile(r"^[a-z-]+/events\.hh$")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)

findings = []
checked = 0
for name in files(".cc", ".hh", ".c", ".h"):
    room = room_of(name)
    if room is None:
        continue
    for target in INCLUDE.findall(read(name)):
        checked += 1
        other = room_of(target)
        if other is None:
            findings.append(f'{name}: "{target}" does not name its room (write "room/file.hh")')
        elif other != room and other not in EDGES[room] and not (room == "stats" and EXTRA.match(target)):
            findings.append(f"{name}: {room} may not include {other} ({target})")
finish(findings, checked)
