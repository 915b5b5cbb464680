#!/usr/bin/env python3
# test/house/links.py -- relative links in the documentation lead somewhere, and notes are numbered once.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import re

from house import ROOT, files, finish, read

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")

findings = []
checked = 0
for name in files(".md"):
    if name.startswith("test/data/"):
        continue
    for target in LINK.findall(read(name)):
        if "://" in target or target.startswith("mailto:"):
            continue
        checked += 1
        if not (ROOT / pathlib.PurePosixPath(name).parent / target).exists():
            findings.append(f"{name}: {target} does not exist")

numbers = {}
for name in files(".md"):
    if match := re.fullmatch(r"docs/notes/(\d{4})-[a-z0-9-]+\.md", name):
        checked += 1
        if other := numbers.setdefault(match.group(1), name):
            if other != name:
                findings.append(f"{name}: {other} has the same number")
    elif name.startswith("docs/notes/"):
        findings.append(f"{name}: name it docs/notes/NNNN-the-decision.md")
finish(findings, checked)
