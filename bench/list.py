#!/usr/bin/env python3
# bench/list.py -- What a list of 50 of 50,000 mails costs the web server, and what its index costs.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("POSTHOUSE_BENCH", pathlib.Path(__file__).resolve().parents[1] / "build-bench"))
sys.exit(subprocess.run([BUILD / "bench/bench_list"], check=False).returncode)
