#!/usr/bin/env python3
# test/house/manuals.py -- every manual page is clean mdoc(7).
# SPDX-License-Identifier: GPL-3.0-or-later
import shutil
import subprocess

from house import ROOT, files, finish

pages = [name for name in files() if name.startswith("docs/man/")]
findings = []
if shutil.which("mandoc") is None:
    findings.append("mandoc is missing; packages.txt lists it for tests")
else:
    for page in pages:
        run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], cwd=ROOT, capture_output=True,
                             text=True)
        findings += [line for line in run.stdout.splitlines() if "lint" not in line.split(":")[-1][:5]]
finish(findings, len(pages))
