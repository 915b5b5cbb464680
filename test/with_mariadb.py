#!/usr/bin/env python3
# test/with_mariadb.py -- Runs a program beside a private MariaDB whose socket is in POSTHOUSE_TEST_MYSQL.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: with_mariadb.py PROGRAM ARGUMENT...   Without a server on this machine the test is skipped (77).
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from stage.mariadb import Mariadb  # noqa: E402
from stage.report import Failed, StageError, skip  # noqa: E402


def main():
    folder = tempfile.mkdtemp(prefix="ph-mariadb-", dir="/tmp")
    os.chmod(folder, 0o755)
    server = None
    try:
        try:
            server = Mariadb(f"{folder}/server", f"{folder}/log")
        except StageError as error:
            skip(str(error))
        server.start()
        env = {**os.environ, "POSTHOUSE_TEST_MYSQL": str(server.socket)}
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode
    except (Failed, StageError) as error:
        print(f"FAILED: {error}")
        return 1
    finally:
        if server and server.process.child:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
