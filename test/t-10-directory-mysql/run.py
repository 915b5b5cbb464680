#!/usr/bin/env python3
# test/t-10-directory-mysql/run.py -- The directory on MariaDB: our own tables, an ExtMan site in place, and its accidents.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 480 s
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from stage import (Stage, check, directory_administration, directory_policy, directory_steps,  # noqa: E402
                   directory_stores, equal, step)
from stage.backends import Mysql  # noqa: E402
import accidents  # noqa: E402
import extman  # noqa: E402
import large  # noqa: E402
import tls  # noqa: E402


def fresh(stage, server):
    """A database that the posthouse command fills with tables itself."""
    backend = Mysql(stage, server, "posthouse")
    backend.configure()
    directory_steps.all_of_them(stage, backend)
    directory_administration.all_of_them(stage, backend)
    directory_stores.all_of_them(stage)
    rows = server.sql("SELECT uid, maildir, quota, disablepop3, clearpwd FROM mailbox "
                      "WHERE username = 'alice@example.org'", "posthouse")
    equal(rows[0][0], "alice", "ExtMan would find the local part in uid")
    check(rows[0][1].endswith("/alice/Maildir/") and rows[0][2:4] == ["1073741824S", "1"],
          f"and path, quota and switches as it writes them: {rows[0][1:4]}")
    engines = server.sql("SELECT DISTINCT engine FROM information_schema.tables WHERE table_schema = 'posthouse'")
    equal(engines, [["InnoDB"]], "tables of ours are transactional")


def policy(stage, server):
    """policyd on ExtMan's tables, also when the server is killed."""
    house = directory_policy.Policy(stage, stage.posthouse, stage.backend.configure_lookups(),
                                    [extman.DOMAIN])
    house.fill()
    stage.postfix.stop()
    house.start(stage.dovecot)
    house.all_of_them()
    extman.small(house)
    server.kill()
    house.later("without a server")
    server.start()
    house.back(time.monotonic(), "the server is back")
    house.stop()


with Stage() as stage:
    server = stage.start_mariadb()
    step("a private MariaDB runs: " + server.sql("SELECT VERSION()")[0][0])
    fresh(stage, server)
    extman.site(stage, server)
    accidents.all_of_them(stage, server)
    policy(stage, server)
    large.list_all(stage, server)
    extman.originals(stage, server)
    server.stop()
    tls.servers(stage)
