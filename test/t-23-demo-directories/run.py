#!/usr/bin/env python3
# test/t-23-demo-directories/run.py -- ./dev demo --directory=mysql and ldap --check: the whole house on each, nothing left behind.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 420 s
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))
from stage.tree import installed_tree  # noqa: E402


def processes(name):
    """The processes of that name, by number."""
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text(encoding="utf-8").strip() == name:
                found.add(path.parent.name)
        except OSError:
            pass
    return found


os.environ["POSTHOUSE_TREE"] = str(installed_tree())
for directory, server in (("mysql", "mariadbd"), ("ldap", "slapd")):
    print(f"  ./dev demo --directory={directory} --check", flush=True)
    begin = time.monotonic()
    with subprocess.Popen([sys.executable, ROOT / "demo/demo.py", "--check", f"--directory={directory}"],
                          stdout=subprocess.PIPE, text=True) as demo:
        started = set()
        for line in demo.stdout:
            print("  " + line.rstrip(), flush=True)
            if "up: " in line:
                started = processes(server)
    if demo.returncode != 0:
        sys.exit(f"FAILED: the demo on {directory} found a fault")
    if not started:
        sys.exit(f"FAILED: no {server} ran")
    print(f"  the demo on {directory} took {time.monotonic() - begin:.0f} s", flush=True)
