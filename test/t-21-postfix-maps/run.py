#!/usr/bin/env python3
# test/t-21-postfix-maps/run.py -- Every map on SQLite, MariaDB and OpenLDAP: lookupd's answers, and Postfix's own maps beside them.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 300 s
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, step  # noqa: E402
from stage.lookups import SocketmapClient  # noqa: E402

DOMAIN, IDN, IDN_ASCII = "posthouse.test", "例子.test", "xn--fsqu00a.test"
ALICE, BOB, FAR, OFF = (f"{x}@{DOMAIN}" for x in ("alice", "bob", "far", "off"))
UTF8 = f"用户@{IDN}"
MISSING = "NOTFOUND "
BASE = "dc=posthouse,dc=test"
# No name of anybody's, however a database may read it.
HOSTILE = ("*", f"*@{DOMAIN}", "*)(mail=*", f"*)(objectClass=*)@{DOMAIN}", f"alice@{DOMAIN})(|(mail=*", f"al\\69ce@{DOMAIN}",
           f"alice@{DOMAIN},o=x", f"alice@{DOMAIN}+uid=x", f"alice' OR 'a'='a@{DOMAIN}", f"alice@{DOMAIN}' -- ",
           f"alice@{DOMAIN}\"; DROP TABLE mailbox; --", f"%@{DOMAIN}", f"_lice@{DOMAIN}", f"alice\0@{DOMAIN}",
           f"alice@{DOMAIN}\0", f"alice\r\n@{DOMAIN}", f" alice@{DOMAIN}", f"alice@{DOMAIN} ", f"\"alice@{DOMAIN}",
           f"@{DOMAIN}", "@", "alice", f"alice@@{DOMAIN}", "a" * 10_240, "a" * 10_240 + f"@{DOMAIN}", "alice@" + "a" * 10_240,
           "@" * 10_240, "\xff\xfe@\xff")
MAPS = ("mailboxes", "aliases", "transport", "senderlogins", "canonical")


def fill(stage):
    """The same accounts on every backend, by the command."""
    for domain in (DOMAIN, "twin.test", "catch.test", IDN, IDN_ASCII):
        stage.posthouse("domain", "add", domain)
    for address, more in ((ALICE, ()), (BOB, ()), (UTF8, ()), (f"o'neil@{DOMAIN}", ()), (f"a*b@{DOMAIN}", ()),
                          (FAR, ("--mail-host", "store2")), (f"port@{DOMAIN}", ("--mail-host", "store2:2424")),
                          (f"relay@{DOMAIN}", ("--mail-host", "smtp:[192.0.2.1]")), (OFF, ("--disable", "receive"))):
        stage.posthouse("user", "add", address, *more, stdin="a password\n")
    stage.posthouse("alias", "add", f"info@{DOMAIN}", ALICE, "x@elsewhere.test")
    stage.posthouse("alias", "add", f"sales@{DOMAIN}", ALICE)
    stage.posthouse("alias", "add", f"all@{DOMAIN}", f"info@{DOMAIN}", BOB)
    stage.posthouse("alias", "add", "@twin.test", f"@{DOMAIN}")
    stage.posthouse("alias", "add", "@catch.test", BOB)
    stage.posthouse("alias", "add", f"@{IDN_ASCII}", f"@{IDN}")
    many = [f"p{i}@elsewhere.test" for i in range(1000)]
    stage.posthouse("alias", "add", f"thousand@{DOMAIN}", *many)
    chain = [f"c{i}@{DOMAIN}" for i in range(20)]
    for here, there in zip(chain, [ALICE, *chain]):
        stage.posthouse("alias", "add", here, there)


# What lookupd says; a path is not known before.
ANSWERS = (
    ("domains", DOMAIN, DOMAIN), ("domains", IDN, IDN), ("domains", "elsewhere.test", None),
    ("mailboxes", ALICE, "PATH"), ("mailboxes", ALICE.upper(), "PATH"), ("mailboxes", UTF8, "PATH"), ("mailboxes", OFF, None),
    ("mailboxes", f"o'neil@{DOMAIN}", "PATH"), ("mailboxes", f"a*b@{DOMAIN}", "PATH"), ("mailboxes", f"info@{DOMAIN}", None),
    ("aliases", ALICE, ALICE), ("aliases", f"info@{DOMAIN}", f"{ALICE}, x@elsewhere.test"),
    ("aliases", f"INFO+Big@{DOMAIN}", f"alice+big@{DOMAIN}, x@elsewhere.test"),
    ("aliases", f"all+x@{DOMAIN}", f"info+x@{DOMAIN}, bob+x@{DOMAIN}"), ("aliases", "alice+x@twin.test", f"alice+x@{DOMAIN}"),
    ("aliases", "nobody@twin.test", None), ("aliases", "who@catch.test", BOB), ("aliases", OFF, None),
    ("aliases", f"用户@{IDN_ASCII}", UTF8),
    ("transport", ALICE, None), ("transport", FAR, "lmtp:inet:store2:24"), ("transport", f"far+x@{DOMAIN}", "lmtp:inet:store2:24"),
    ("transport", f"port@{DOMAIN}", "lmtp:inet:store2:2424"), ("transport", f"relay@{DOMAIN}", "smtp:[192.0.2.1]"),
    ("senderlogins", ALICE, ALICE), ("senderlogins", f"all@{DOMAIN}", f"{BOB}, {ALICE}"), ("senderlogins", "bob@twin.test", BOB),
    ("senderlogins", "who@catch.test", BOB), ("senderlogins", f"nobody@{DOMAIN}", None),
    ("canonical", f"sales+x@{DOMAIN}", f"alice+x@{DOMAIN}"), ("canonical", f"info+x@{DOMAIN}", None),
    ("canonical", "alice+x@twin.test", f"alice+x@{DOMAIN}"), ("canonical", f"sales@{DOMAIN}", None))


def ours(stage, backend):
    """lookupd on this backend."""
    with SocketmapClient(stage.socket("lookupd")) as client:
        for name, key, wanted in ANSWERS:
            found = client.ask(f"{name} {key}")
            good = found.endswith("/Maildir/") if wanted == "PATH" else found == (f"OK {wanted}" if wanted else MISSING)
            check(good, f"{backend}: {name} {key}: {found}")
        wrong = [(name, key[:40], reply) for name in MAPS for key in HOSTILE
                 if (reply := client.ask(f"{name} {key}")) != MISSING]
        wrong += [("domains", key[:40], reply) for key in HOSTILE if (reply := client.ask(f"domains {key}")) != MISSING]
        equal(wrong, [], f"{backend}: {len(HOSTILE)} hostile keys are nobody's in every map")
        found = client.ask(f"aliases thousand@{DOMAIN}")
        equal(found.count("@"), 1000, f"{backend}: an alias of a thousand is answered")
        found = client.ask(f"aliases c19@{DOMAIN}")
        check(found.startswith("PERM ") and "chain of 16" in found, f"{backend}: a chain of twenty is refused: {found}")
        equal(client.ask(f"domains {DOMAIN}"), f"OK {DOMAIN}", f"{backend}: and the connection goes on")


# What Postfix's own maps are asked: the same answers, but for what their files say they leave out.
OWN = (
    ("domains", DOMAIN), ("domains", "elsewhere.test"), ("mailboxes", ALICE), ("mailboxes", OFF), ("mailboxes", f"nobody@{DOMAIN}"),
    ("mailboxes", f"o'neil@{DOMAIN}"), ("mailboxes", f"a*b@{DOMAIN}"), ("mailboxes", f"*@{DOMAIN}"),
    ("aliases", f"info@{DOMAIN}"), ("aliases", ALICE), ("aliases", f"sales@{DOMAIN}"), ("aliases", "x@elsewhere.test"),
    ("transport", ALICE), ("transport", FAR), ("transport", f"relay@{DOMAIN}"), ("transport", f"port@{DOMAIN}"),
    ("senderlogins", ALICE), ("senderlogins", f"sales@{DOMAIN}"), ("senderlogins", f"nobody@{DOMAIN}"),
    ("canonical", f"sales+x@{DOMAIN}"), ("canonical", f"info+x@{DOMAIN}"), ("canonical", f"sales@{DOMAIN}"))


def theirs(stage, kind, replace=()):
    """The files of conf-examples, in Postfix's hands."""
    if kind not in stage.run("postconf", "-m").stdout.split():
        step(f"SKIPPED: this Postfix does not take {kind} maps (package postfix-{kind}; none in a user namespace)")
        return
    examples = stage.tree / "usr/share/doc/posthouse/examples"
    with SocketmapClient(stage.socket("lookupd")) as client:
        for name, key in OWN:
            source = examples / f"postfix-{kind}-{name}.cf"
            if not source.exists():
                check(kind == "ldap" and name == "canonical", f"{source.name} is not there, and need not be")
                continue
            text = source.read_text(encoding="utf-8")
            if kind == "ldap" and name == "transport" and not key.startswith("far"):
                text = text.replace("result_format = lmtp:inet:%s:24", "result_format = %s")
            for old, new in replace:
                text = text.replace(old, new)
            file = stage.write_for_postfix(f"/etc/postfix/{source.name}", text)
            done = stage.run("postmap", "-q", key, f"{kind}:{file}", ok=(0, 1))
            reply = client.ask(f"{name} {key}").removeprefix("OK ")
            wanted = "" if reply == MISSING else reply
            if kind == "ldap" and key == f"port@{DOMAIN}":
                wanted = "store2:2424"  # as it is stored
            found = done.stdout.strip()
            equal((sorted(x.strip() for x in found.split(",")), done.stderr), (sorted(wanted.split(", ")), ""),
                  f"{source.name} {key}: {found}")
        done = stage.run("postmap", "-q", "@catch.test", f"{kind}:/etc/postfix/postfix-{kind}-aliases.cf", ok=(0, 1))
        equal(done.stdout.strip(), BOB, f"postfix-{kind}-aliases.cf knows the catch-all, which Postfix asks for last")


def on_sqlite(stage):
    """The default."""
    stage.configure("directory", {"mail_root": stage.mail_root, "group": "posthouse"})
    fill(stage)
    stage.lookupd = stage.start_lookupd({"log_to": "stderr"})
    ours(stage, "sqlite")
    theirs(stage, "sqlite")


def on_mysql(stage):
    """A database with ExtMan's name and the user that the examples have."""
    server = stage.start_mariadb()
    server.sql("CREATE DATABASE extmail CHARACTER SET utf8mb4; CREATE USER posthouse@localhost; "
               "GRANT ALL ON extmail.* TO posthouse@localhost; CREATE USER postfix@localhost IDENTIFIED BY 'CHANGE-ME'; "
               "GRANT SELECT ON extmail.* TO postfix@localhost")
    stage.configure("directory", {"mail_root": stage.mail_root, "driver": "mysql", "mysql_database": "extmail"})
    fill(stage)
    stage.lookupd.restart()
    ours(stage, "mysql")
    theirs(stage, "mysql")


def on_ldap(stage):
    """A tree that the command fills."""
    slapd = stage.start_slapd(base=BASE)
    stage.configure("directory", {"mail_root": stage.mail_root, "group": "posthouse", **slapd.settings("Manager")})
    fill(stage)
    slapd.add_readers()
    stage.configure("directory", {"mail_root": stage.mail_root, "group": "posthouse", **slapd.settings("lookup")})
    stage.lookupd.restart()
    ours(stage, "ldap")
    theirs(stage, "ldap", (("ldap://127.0.0.1", slapd.uri), ("dc=example,dc=org", BASE), ("CHANGE-ME", slapd.LOOKUP)))


with Stage() as stage:
    on_sqlite(stage)
    on_mysql(stage)
    on_ldap(stage)
    equal(stage.log("lookupd").held(), [], "no callback held the loop")
