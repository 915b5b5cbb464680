#!/usr/bin/env python3
# test/t-20-bad-settings/run.py -- Settings with mistakes: --check names file, line and what to write instead.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each folder test/bad-settings/DAEMON-MISTAKE/ holds a file `conf` and a file `expected`: every line of it must
# stand in what `posthouse-DAEMON --config conf --check` prints, and the exit code must be 1.
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POSTHOUSE_BUILD", ROOT / "build"))
ROOM = {"webmail": "webmail-cgi"}

failures = 0
for folder in sorted((ROOT / "test/bad-settings").iterdir()):
    daemon = folder.name.split("-")[0]
    program = BUILD / ROOM.get(daemon, daemon) / f"posthouse-{daemon}"
    done = subprocess.run([program, "--config", "conf", "--check"], cwd=folder, capture_output=True, text=True,
                          timeout=30, check=False)
    said = done.stdout + done.stderr
    missing = [x for x in (folder / "expected").read_text(encoding="utf-8").splitlines() if x not in said]
    if missing or done.returncode != 1:
        failures += 1
        print(f"FAILED: {folder.name}: exit code {done.returncode}\n  wanted: " + "\n          ".join(missing) +
              f"\n  said:   {said}", flush=True)
    else:
        print(f"  {folder.name}", flush=True)
sys.exit(1 if failures else 0)
