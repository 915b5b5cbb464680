#!/usr/bin/env python3
# test/t-13-storage/run.py -- Our mail store in a real Dovecot: bytes on disk, every way in and out, faults, and its removal.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 600 s
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from stage import Stage  # noqa: E402

import faults  # noqa: E402
import large  # noqa: E402
import ways  # noqa: E402

with Stage() as stage:
    ways.run(stage)
    large.run(stage)
    faults.run(stage)
