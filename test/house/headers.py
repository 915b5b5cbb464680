#!/usr/bin/env python3
# test/house/headers.py -- every source file opens with its purpose and licence, and stays short.
# SPDX-License-Identifier: GPL-3.0-or-later
import re

from house import files, finish, read, room_of

LINES = 400       # a file has one idea
SLACK = 50        # room for the last helper; beyond it the file must be split
README_LINES = 120
MARK = {".cc": "// ", ".hh": "// ", ".c": "// ", ".h": "// ", ".ts": "// ", ".tsx": "// ", ".mjs": "// ",
        ".py": "# ", ".css": "/* "}
PURPOSE = re.compile(r" -- .{8,}[.:?](?: \*/)?$")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
VAGUE = re.compile(r"\b(?:class|struct) (\w*(?:Manager|Helper|Util|Utils|Impl|Info|Data))\b")

findings = []
checked = 0
for name in files(*MARK):
    lines = read(name).splitlines()
    if not lines or (room_of(name) is None and not name.startswith(("test/", "bench/", "demo/"))):
        continue
    checked += 1
    mark = MARK[name[name.rindex("."):]]
    head = lines[1:3] if lines[0].startswith("#!") else lines[:2]
    if not head or not head[0].startswith(mark + name + " -- ") or not PURPOSE.search(head[0]):
        findings.append(f"{name}:1: open with '{mark}{name} -- one sentence of purpose.'")
    elif len(head) < 2 or "SPDX-License-Identifier: GPL-3.0-or-later" not in head[1]:
        findings.append(f"{name}:2: the licence line is missing")
    if len(lines) > LINES + SLACK:
        findings.append(f"{name}: {len(lines)} lines; split it (at most about {LINES})")
    for number, line in enumerate(lines, 1):
        if name != "test/house/headers.py" and UNFINISHED.search(line):
            findings.append(f"{name}:{number}: unfinished work is an issue, not a comment")
        if vague := VAGUE.search(line):
            findings.append(f"{name}:{number}: {vague.group(1)} says nothing; name what it is")
if (length := len(read("README.md").splitlines())) > README_LINES:
    findings.append(f"README.md: {length} lines; at most {README_LINES}")
finish(findings, checked)
