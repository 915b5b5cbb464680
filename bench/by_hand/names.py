#!/usr/bin/env python3
# bench/by_hand/names.py -- One folder of up to a million names: first SELECT, delivery, flags, index, as a curve.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: bench/by_hand/names.py [N ...]     (10000 100000 300000 1000000; after ./dev build; needs some minutes and 3 GB)
# The names are hard links of 64 files. Printed are seconds, and the most memory that the process had (VmHWM).
import base64
import json
import os
import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test"), str(ROOT / "bench")]
from stage import Stage  # noqa: E402
from stage.house import DOVECOT  # noqa: E402
from stage.nginx import from_example  # noqa: E402
from stage.storage import store  # noqa: E402

from servers.mail_clients import Lmtp, imap  # noqa: E402

USER = "box00@posthouse.test"
FILES = 64
DELIVERIES = 10
SETTLED = 6  # seconds: Dovecot looks at a folder anew for so long after a change


def letter(number):
    """A mail of 2 to 8 kB."""
    return (f"From: a@example.org\nTo: {USER}\nSubject: mail {number}\nMessage-ID: <{number}@example.org>\n"
            f"Date: Mon, 02 Feb 2026 10:00:{number % 60:02} +0000\n\n" + f"Line of text {number}.\n" * (100 + number * 5))


def fill(stage, count):
    """So many names in cur/."""
    stage.run("rm", "-rf", stage.mail_root / "posthouse.test", timeout=1800)
    folder = stage.mail_root / "posthouse.test/box00/Maildir"
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    first = {}
    for i in range(count):
        mail = letter(i % FILES)
        path = f"{folder}/cur/{1_400_000_000 + i}.M{i}P7.old,S={len(mail)},W={len(mail) + mail.count(chr(10))}:2,S"
        if i % FILES in first:
            os.link(first[i % FILES], path)
        else:
            pathlib.Path(path).write_text(mail, encoding="ascii")
            first[i % FILES] = path
    stage.run("chown", "-R", "vmail:", stage.mail_root / "posthouse.test", timeout=1800)


def peak(name):
    """The most memory in MB that a process of that name has had."""
    most = 0
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        if comm.read_text().strip() == name:
            text = (comm.parent / "status").read_text()
            most = max(most, int(re.search(r"VmHWM:\s+(\d+)", text).group(1)))
    return most / 1024


def timed(work, *args):
    """Seconds."""
    begin = time.monotonic()
    work(*args)
    return time.monotonic() - begin


def select(server):
    """Seconds of SELECT in a new session, some time after the last change."""
    time.sleep(SETTLED)
    ask = imap(server.imap_port, USER)
    taken = timed(ask, "SELECT INBOX")
    ask("LOGOUT")
    return taken


def dovecot(stage, kind, count):
    """One kind of store on the folder; a row of figures."""
    stage.run("find", stage.mail_root, "-name", "dovecot*", "-delete", timeout=1800)
    # Stock's 256 MB are not enough for 1,000,000 names.
    settings = f"{DOVECOT}{store(kind, True)}default_vsz_limit = 2G\n"
    server = stage.start_dovecot(settings, users={USER: "secret"})
    ask = imap(server.imap_port, USER)
    first = timed(ask, "SELECT INBOX")
    memory = peak("imap")
    ask("LOGOUT")
    selects = [select(server) for _ in range(3)]
    ask = imap(server.imap_port, USER)
    ask("SELECT INBOX")
    time.sleep(SETTLED)  # a session looks at the folder again: the flag is in the file's name before the answer
    flag = timed(ask, f"STORE {count // 2 + (kind == 'posthouse')} +FLAGS (\\Flagged)")
    ask("LOGOUT")
    after = select(server)
    session = Lmtp(stage)
    mail = letter(3).replace("\n", "\r\n").encode() + b".\r\n"
    session.send(USER, mail)
    delivery = timed(lambda: [session.send(USER, mail) for _ in range(DELIVERIES)]) / DELIVERIES
    print(f"{count:,} names, {kind}: first SELECT {first:.2f} s, {memory:.0f} MB; SELECT again {min(selects) * 1000:.1f} ms; "
          f"STORE {flag * 1000:.1f} ms; SELECT after it {after * 1000:.0f} ms; delivery {delivery * 1000:.1f} ms, "
          f"lmtp {peak('lmtp'):.0f} MB", flush=True)
    return server


def index(stage, count, server):
    """The webmail's index of the same folder: first list, everything, and a list then."""
    webmail = stage.start_webmail({"public_origin": f"http://mail.posthouse.localhost:{stage.port('web')}",
                                   "mail_root": stage.mail_root, "basic_lifetime": "1h"})
    stage.write("page/index.html", "<!doctype html><title>page</title>")
    example, http = from_example(stage, stage.folder("page"))
    nginx = stage.start_nginx(example, http=http)
    headers = {"Content-Type": "application/json",
               "Authorization": "Basic " + base64.b64encode(f"{USER}:secret".encode()).decode()}
    session = json.loads(nginx.request("/jmap/session", headers=headers)[2])
    account = session["primaryAccounts"]["urn:ietf:params:jmap:mail"]

    def ask(*calls):
        body = {"using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"],
                "methodCalls": [[name, {"accountId": account, **args}, "0"] for name, args in calls]}
        status, _, raw = nginx.request("/jmap/api", method="POST", body=json.dumps(body), headers=headers)
        return json.loads(raw)["methodResponses"] if status == 200 else None

    begin = time.monotonic()
    while not ask(("Email/query", {"limit": 50})):
        time.sleep(0.05)
    first = time.monotonic() - begin
    files = pathlib.Path("/var/lib/posthouse/webmail/index")
    quiet, size, end = 0, -1, first
    while quiet < 8 and time.monotonic() - begin < 600:  # it is whole when it grows no more
        time.sleep(0.5)
        now = sum(x.stat().st_size for x in files.rglob("*") if x.is_file())
        quiet, size = (quiet + 1, size) if now == size else (0, now)
        end = end if quiet else time.monotonic() - begin
    ask(("Email/query", {"limit": 50}))
    again = min(timed(ask, ("Email/query", {"limit": 50})) for _ in range(5))
    print(f"{count:,} names, index: first list {first:.2f} s; grows until {end:.0f} s; list then {again * 1000:.1f} ms; "
          f"{size / 1e6:.0f} MB on disk, {webmail.memory_kb('VmHWM') / 1024:.0f} MB of memory", flush=True)
    nginx.stop()
    webmail.stop()
    server.stop()


def main():
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    for count in [int(x) for x in sys.argv[1:]] or (10_000, 100_000, 300_000, 1_000_000):
        with_stage(count)


def with_stage(count):
    """One point of the curve, on a stage of its own: a stage is entered once a process."""
    child = os.fork()
    if child == 0:
        with Stage() as stage:
            stage.configure("dovecot-plugin", {"mail_compression": "none"})
            fill(stage, count)
            dovecot(stage, "maildir", count).stop()
            index(stage, count, dovecot(stage, "posthouse", count))
        os._exit(0)
    os.waitpid(child, 0)


main()
