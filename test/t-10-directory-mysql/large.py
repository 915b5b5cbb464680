# test/t-10-directory-mysql/large.py -- 100,000 users in 100 domains, on ExtMan's tables and on ours.
# SPDX-License-Identifier: GPL-3.0-or-later
import time

from stage import check, equal, step

from extman import FIXTURE
from stage.backends import Mysql

USERS, DOMAINS = 100_000, 100
FILL = f"""
INSERT INTO domain (domain) SELECT CONCAT('d', LPAD(seq, 3, '0'), '.example') FROM seq_0_to_{DOMAINS - 1};
INSERT INTO mailbox (username, uid, domain, password, name, homedir, maildir, quota, question, answer)
SELECT CONCAT('u', LPAD(seq, 6, '0'), '@d', LPAD(MOD(seq, {DOMAINS}), 3, '0'), '.example'),
  CONCAT('u', LPAD(seq, 6, '0')), CONCAT('d', LPAD(MOD(seq, {DOMAINS}), 3, '0'), '.example'), '!', 'somebody',
  CONCAT('A0/d/', seq), CONCAT('A0/d/', seq, '/Maildir/'), '1048576S', '', '' FROM seq_0_to_{USERS - 1};
"""


def timed(text, limit, work):
    """Does it, tells how long it took, fails beyond the limit."""
    begin = time.monotonic()
    result = work()
    took = time.monotonic() - begin
    check(took < limit, f"{text} in {took:.2f} s")
    return result


def list_all(stage, server):
    """Every user once, in order, in reasonable time."""
    for database, kind in (("large_ours", "our tables"), ("large_extman", "ExtMan's tables")):
        backend = Mysql(stage, server, database)
        if database == "large_extman":
            server.sql(f"SET NAMES latin1; ALTER DATABASE {database} CHARACTER SET latin1; USE {database};"
                       + FIXTURE.read_text())
        backend.configure()
        stage.posthouse("domain", "add", "first.example")
        timed(f"{USERS:,} users are filled into {kind}", 120, lambda: server.sql(FILL, database))
        users = timed(f"all of them are listed from {kind}", 60, lambda: stage.posthouse("user", "list", "--json"))
        equal((len(users), len({x["address"] for x in users})), (USERS, USERS), "each of them once")
        order = [(x["address"].split("@")[1], x["address"]) for x in users]
        check(order == sorted(order), "in the order of domain and address")
        one = timed("one domain is listed", 10, lambda: stage.posthouse("user", "list", "d042.example", "--json"))
        equal(len(one), USERS // DOMAINS, "with its users alone")
        timed("a user is added", 10, lambda: stage.posthouse("user", "add", "late@d042.example", "--no-password"))
        step(f"{kind}: done")
