#!/usr/bin/env python3
# test/house/dependencies.py -- each package we build on has a line that says why.
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import re

from house import ROOT, finish, read

note = read("docs/notes/0002-dependencies.md")
names = []
for line in read("packages.txt").splitlines():
    line = line.split("#")[0].strip()
    if line and not line.startswith("["):
        names.append(line.split("@")[0])
package = ROOT / "webmail-cgi/ui/package.json"
if package.exists():
    page = json.loads(package.read_text(encoding="utf-8"))
    names += list(page.get("dependencies", {})) + list(page.get("devDependencies", {}))
missing = [n for n in dict.fromkeys(names) if not re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", note)]
finish([f"docs/notes/0002-dependencies.md says nothing of {n}" for n in missing], len(names))
