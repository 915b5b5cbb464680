#!/usr/bin/env python3
# test/t-25-mail-command/run.py -- posthouse mail beside a real Dovecot: sessions, deliveries, kills.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 600 s
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[0]))
sys.path.insert(0, str(HERE.parent / "t-13-storage"))
sys.path.insert(0, str(HERE))
from stage import Stage  # noqa: E402

import checking  # noqa: E402
import compressing  # noqa: E402
import packing  # noqa: E402
import tiering  # noqa: E402
import transfer  # noqa: E402
from mail_command import furnish  # noqa: E402

with Stage() as stage:
    furnish(stage)
    compressing.run(stage)
    tiering.run(stage)
    packing.run(stage)
    checking.run(stage)
    transfer.run(stage)
