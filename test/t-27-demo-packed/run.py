#!/usr/bin/env python3
# test/t-27-demo-packed/run.py -- ./dev demo --mail=packed --check: the whole house, every mail read out of packs.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 420 s
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))
from stage.tree import installed_tree  # noqa: E402

os.environ["POSTHOUSE_TREE"] = str(installed_tree())
packed = 0
with subprocess.Popen([sys.executable, ROOT / "demo/demo.py", "--check", "--mail=packed"], stdout=subprocess.PIPE,
                      text=True) as demo:
    for line in demo.stdout:
        print("  " + line.rstrip(), flush=True)
        if found := re.search(r"posthouse mail pack: (\d+) mails are in packs", line):
            packed = int(found.group(1))
if demo.returncode != 0:
    sys.exit("FAILED: the demo on packed mail found a fault")
if not packed:
    sys.exit("FAILED: no mail was packed")
print(f"  the demo works with {packed} mails in packs", flush=True)
