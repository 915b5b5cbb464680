# test/t-10-directory-mysql/accidents.py -- A server that dies, stands still, refuses, or lacks a column.
# SPDX-License-Identifier: GPL-3.0-or-later
import threading
import time

from stage import Failed, check, equal, step, wait_for
from stage.lookups import SocketmapClient

from extman import DOMAIN, MAIL, lmtp

KNOWN, UNKNOWN = f"sha@{DOMAIN}", f"nobody2@{DOMAIN}"
RECOVERY = 5  # seconds


def ask(stage, key):
    """One mailbox question, remembered by nobody."""
    with SocketmapClient(stage.socket("lookupd")) as client:
        return client.ask(f"mailboxes {key}")


def imap(stage):
    """What IMAP says to the right password: in, later or refused."""
    done = stage.run("doveadm", "auth", "test", "-x", "service=imap", KNOWN, "pw-sha", ok=None, timeout=60)
    if done.returncode == 0:
        return "in"
    return "later" if "code=temp_fail" in done.stdout else "refused"


def all_is_later(stage, what):
    """Nobody is called unknown, by anybody."""
    begin = time.monotonic()
    for key in (KNOWN, UNKNOWN):
        reply = ask(stage, key)
        check(reply.split()[0] in ("TEMP", "TIMEOUT"), f"{what}: lookupd says {reply!r}")
    equal(imap(stage), "later", f"{what}: a login is told to come later")
    equal(lmtp(stage, UNKNOWN), 451, f"{what}: LMTP too")
    for address in (KNOWN, UNKNOWN):
        stage.posthouse("user", "show", address, ok=(75,))
    step(f"{what}: the command ends with 75; all of it took {time.monotonic() - begin:.1f} s")


def all_is_well(stage, since, what):
    """Back within the promised time, for every program."""
    for name, works in (("lookupd", lambda: ask(stage, KNOWN).startswith("OK")),
                        ("logins", lambda: imap(stage) == "in"), ("LMTP", lambda: lmtp(stage, KNOWN) == 250)):
        wait_for(works, 60, f"{name} to work again")
        took = time.monotonic() - since
        if took > RECOVERY:
            raise Failed(f"{what}: {name} worked only after {took:.1f} s")
    equal(ask(stage, UNKNOWN), "NOTFOUND ", f"{what}: all works again after {time.monotonic() - since:.1f} s")


def killed(stage, server):
    """kill -9 while a question is under way, and while nobody asks."""
    answers = []
    server.pause()
    asker = threading.Thread(target=lambda: answers.append((ask(stage, KNOWN), time.monotonic())))
    asker.start()
    time.sleep(0.5)
    begin = time.monotonic()
    server.kill()
    asker.join()
    reply, when = answers[0]
    check(reply.startswith("TEMP ") and when - begin < 2, f"killed in a question: {reply!r}")
    all_is_later(stage, "without a server")
    reply = stage.postfix.send("a@example.org", UNKNOWN, MAIL)
    check(reply.code == 451, f"without a server: Postfix defers: {reply}")
    server.start()
    all_is_well(stage, time.monotonic(), "the server is back")


def restarted(stage, server):
    """Idle connections that a restart has cut do no harm."""
    server.stop()
    server.start()
    equal(ask(stage, KNOWN).split()[0], "OK", "a restart between two questions is not noticed by lookupd")
    equal(imap(stage), "in", "nor by a login")


def still(stage, server):
    """SIGSTOP: connected, and no answer."""
    server.pause()
    all_is_later(stage, "with a server that stands still")
    server.resume()
    all_is_well(stage, time.monotonic(), "the server goes on")


def wrong_password(stage, server):
    """The database refuses us."""
    server.sql("SET PASSWORD FOR posthouse@localhost = PASSWORD('other'); "
               "SET PASSWORD FOR phlookup@localhost = PASSWORD('other')")
    done = stage.posthouse("user", "show", KNOWN, ok=(1,))
    check("Access denied for user 'posthouse'" in done.stderr and "mysql_password_file" in done.stderr
          and "secret" not in done.stderr, f"a wrong password: {done.stderr.strip()}")
    stage.lookupd.restart()
    equal(ask(stage, UNKNOWN).split()[0], "TEMP", "lookupd starts all the same, and says later")
    stage.log("lookupd").wait("Access denied")
    stage.dovecot.reload()
    equal(imap(stage), "later", "a login is told to come later")
    server.sql("SET PASSWORD FOR posthouse@localhost = PASSWORD('db-''secret'); "
               "SET PASSWORD FOR phlookup@localhost = PASSWORD('lookups')")
    all_is_well(stage, time.monotonic(), "the password is right again")


def missing_column(stage, server):
    """A schema that is not whole."""
    server.sql("ALTER TABLE mailbox CHANGE quota kwota VARCHAR(16) NOT NULL DEFAULT '0'", "extmail")
    mark = stage.log("lookupd").mark()
    stage.lookupd.restart()
    stage.log("lookupd").wait(r"no column mailbox\.quota", since=mark)
    step("a missing column is named by lookupd at its start, with its table")
    equal(ask(stage, UNKNOWN).split()[0], "TEMP", "and every answer is later")
    done = stage.posthouse("user", "list", ok=(1,))
    check("no column mailbox.quota" in done.stderr, f"the command names it too: {done.stderr.strip()}")
    server.sql("ALTER TABLE mailbox CHANGE kwota quota VARCHAR(16) NOT NULL DEFAULT '0'", "extmail")
    all_is_well(stage, time.monotonic(), "the column is back")


def locked(stage, server):
    """Two writers: the second waits, then says later."""
    server.sql("DO 0")
    holder = threading.Thread(target=server.sql, args=(
        "SELECT GET_LOCK(CONCAT('posthouse.', MD5('extmail')), 5); SELECT SLEEP(4)",))
    holder.start()
    time.sleep(0.7)
    done = stage.posthouse("user", "passwd", KNOWN, stdin="pw-sha\n", ok=(75,))
    check("another program writes" in done.stderr, f"a second writer: {done.stderr.strip()}")
    equal(len(stage.posthouse("user", "show", KNOWN, "--json")["address"]), len(KNOWN), "readers are not kept waiting")
    holder.join()


def all_of_them(stage, server):
    """One after the other, on the ExtMan site."""
    server.keep_writes()
    killed(stage, server)
    restarted(stage, server)
    still(stage, server)
    wrong_password(stage, server)
    missing_column(stage, server)
    locked(stage, server)
    equal(stage.log("lookupd").held(), [], "no callback held lookupd's loop")
