#!/usr/bin/env python3
# test/t-11-directory-ldap/run.py -- The directory on a real OpenLDAP: the command, Dovecot, lookupd, ExtMan's tree, faults.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 600 s
import os
import pathlib
import re
import signal
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from stage import (Failed, Stage, after_login, check, directory_administration, directory_policy,  # noqa: E402
                   directory_steps, directory_stores, equal, step, wait_for)
from stage.backends import Ldap  # noqa: E402
from stage.certificates import Authority  # noqa: E402
from stage.quota import quota_status  # noqa: E402
import extman  # noqa: E402
import tools  # noqa: E402
from tools import ADMIN, LOOKUP, admin, ask, entry, imap, lmtp, refused  # noqa: E402

BASE = "dc=posthouse,dc=test"
DOMAIN = "posthouse.test"
ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
HOME = re.compile(r"[0-9A-F]{2}/posthouse\.test/[0-9A-F]{2}/[0-9A-F]{2}/alice")
MANY = 100_000
# Failures answer at once here, and nothing of one login is remembered for the next.
DOVECOT = """\
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""
# Left out of a schema to see that somebody notices.
MISSING = "disablePasswdChange"


def shared(stage):
    """What the command does on every backend, on a server of its own."""
    slapd = stage.start_slapd(base="dc=steps,dc=test", name="slapd-steps")
    backend = Ldap(stage, slapd)
    backend.configure()
    directory_steps.all_of_them(stage, backend)
    directory_administration.all_of_them(stage, backend)
    directory_stores.all_of_them(stage)
    slapd.stop()


def command(stage, slapd):
    """Domains, users and aliases by the command, and the entries it writes."""
    refused(stage, 75, "no entry o=extmailAccount", "domain", "list")
    step("an empty server is unavailable, and says what is missing (75)")
    added = admin(stage, "domain", "add", "Posthouse.TEST", "--default-quota", "1G", "--max-users", "60", "--json")
    equal((added["name"], added["default_quota"]), (DOMAIN, 1 << 30), "domain add makes the tree and the domain")
    slapd.add_readers()
    alice = admin(stage, "user", "add", ALICE.upper(), "--name", "Alice 爱", "--disable", "pop3,sieve", "--expires",
                  "2031-12-31", "--json", stdin="pw-of-alice\n")
    check(HOME.fullmatch(alice["home"]), f"the home is hashed: {alice['home']}")
    admin(stage, "user", "add", BOB, "--quota", "500M", stdin="pw-of-bob\n")
    listed = admin(stage, "user", "list", DOMAIN, "--json")
    equal([(x["address"], x["disabled"], x["quota"]) for x in listed],
          [(ALICE, ["pop3", "sieve"], 1 << 30), (BOB, [], 500 << 20)], "user list shows both as they were stored")
    found = entry(slapd, f"mail={ALICE},virtualDomain={DOMAIN},o=extmailAccount,{BASE}")
    equal({x: found.get(x) for x in ("mailQuota", "mailMessageStore", "homeDirectory", "uid", "active", "disablepop3",
                                     "expireDate", "uidNumber")},
          {"mailQuota": [f"{1 << 30}S"], "mailMessageStore": [alice["home"] + "/Maildir/"],
           "homeDirectory": [alice["home"]], "uid": ["alice"], "active": ["1"], "disablepop3": ["1"],
           "expireDate": ["2031-12-31"], "uidNumber": ["1000"]}, "the entry is as ExtMan would have written it")
    check("sieve off" in entry(slapd, f"cn={ALICE},ou=users,ou=posthouse,{BASE}")["description"],
          "what ExtMan has no attribute for stands in a note beside it")
    admin(stage, "user", "passwd", BOB, "--password-stdin", stdin="new-of-bob\n")
    admin(stage, "alias", "add", f"team@{DOMAIN}", ALICE, BOB, "Friend@else.example")
    admin(stage, "alias", "add", f"@{DOMAIN}", BOB)
    equal(entry(slapd, f"mailLocalAddress=team@{DOMAIN},o=extmailAlias,{BASE}")["mail"],
          [ALICE, BOB, "Friend@else.example"], "the targets of an alias are the values of `mail`")
    equal([x["address"] for x in admin(stage, "alias", "list", "--json")], [f"@{DOMAIN}", f"team@{DOMAIN}"],
          "alias list is in order")
    resolved = [[y["address"] for y in admin(stage, "alias", "resolve", x, "--json")]
                for x in (f"team@{DOMAIN}", f"nobody@{DOMAIN}", ALICE)]
    equal(resolved, [[ALICE, BOB, "Friend@else.example"], [BOB], [ALICE]],
          "aliases resolve, and the catch-all takes unknown addresses only")


def international(stage, slapd):
    """Names that ExtMan's attributes cannot hold."""
    admin(stage, "domain", "add", "bücher.test")
    added = admin(stage, "user", "add", "josé@bücher.test", "--no-password", "--json")
    equal(admin(stage, "user", "show", "josé@bücher.test", "--json")["home"], added["home"], "UTF-8 names are kept")
    name = "mail=jos%C3%A9@b%C3%BCcher.test,virtualDomain=b%C3%BCcher.test,o=extmailAccount," + BASE
    equal(entry(slapd, name)["mail"], ["jos%C3%A9@b%C3%BCcher.test"], "as ASCII, which the schema takes")
    refused(stage, 1, "no user", "user", "show", "jose@bücher.test")


def bad_input(stage, slapd):
    """Clashes, limits, and keys that would leave their place in a filter or a name."""
    admin(stage, "alias", "add", f"back@{DOMAIN}", f"loop@{DOMAIN}")
    before = len(slapd.search(BASE, "dn", scope="sub"))
    cases = [
        (1, "is a domain already", ("domain", "add", DOMAIN)),
        (1, "is a user already", ("user", "add", ALICE)),
        (1, "is an alias already", ("user", "add", f"team@{DOMAIN}")),
        (1, "is a user already", ("alias", "add", ALICE, BOB)),
        (1, "posthouse domain add none.test", ("user", "add", "x@none.test")),
        (1, "no user", ("user", "show", f"*@{DOMAIN}")),
        (1, "no user", ("user", "show", f"x)(mail=*@{DOMAIN}")),
        (1, "no user", ("user", "show", f"alice@{DOMAIN},o=extmailAccount")),
        (1, "no user", ("user", "show", f'"a,virtualDomain=x"@{DOMAIN}')),
        (1, "no user", ("user", "show", "x" * 10_000 + f"@{DOMAIN}")),
        (1, "no domain", ("domain", "show", "*")),
        (1, "would come back", ("alias", "add", f"loop@{DOMAIN}", f"back@{DOMAIN}")),
        (1, "would stand for itself", ("alias", "add", f"self@{DOMAIN}", f"self@{DOMAIN}")),
    ]
    for code, text, argv in cases:
        refused(stage, code, text, *argv, stdin="secret\n")
    step(f"{len(cases)} kinds of bad input are refused with a reason")
    equal(len(slapd.search(BASE, "dn", scope="sub")), before, "and none of them made an entry")
    admin(stage, "domain", "add", "small.test", "--max-users", "2", "--max-quota", "10M")
    admin(stage, "user", "add", "one@small.test", "--quota", "5M", "--no-password")
    refused(stage, 1, "may sum to", "user", "add", "two@small.test", "--quota", "6M", "--no-password")
    admin(stage, "user", "add", "two@small.test", "--quota", "5M", "--no-password")
    refused(stage, 1, "has all its 2 users", "user", "add", "three@small.test", "--quota", "1M", "--no-password")
    step("a domain's limits hold")
    refused(stage, 1, "Insufficient access", "user", "add", f"x@{DOMAIN}", "--no-password", config=LOOKUP)
    step("a name without the right to write is told so")


def servers(stage, dovecot):
    """Logins, deliveries and lookups."""
    equal([imap(dovecot, ALICE, x) for x in ("pw-of-alice", "wrong")], ["taken", "refused"], "IMAP knows the password")
    equal([imap(dovecot, BOB, x) for x in ("new-of-bob", "pw-of-bob")], ["taken", "refused"],
          "and the changed one at once")
    equal(imap(dovecot, f"nobody@{DOMAIN}", "x"), "refused", "and refuses an unknown user")
    equal([lmtp(stage, x) for x in (ALICE, f"nobody@{DOMAIN}")], [250, 550], "LMTP delivers, or refuses for good")
    home = admin(stage, "user", "show", ALICE, "--json")["home"]
    equal(len(os.listdir(stage.mail_root / home / "Maildir/new")), 1, f"the mail lies in {home}")
    equal([ask("domains", DOMAIN, stage), ask("domains", "none.test", stage)], [f"OK {DOMAIN}", "NOTFOUND "],
          "lookupd knows the domains")
    equal(ask("mailboxes", ALICE, stage), f"OK {home}/Maildir/", "and the mailboxes")
    equal(ask("aliases", f"team@{DOMAIN}", stage), f"OK {ALICE}, {BOB}, Friend@else.example", "and the aliases")
    equal(sorted(stage.run("doveadm", "user", "*").stdout.split()),
          sorted(x["address"] for x in admin(stage, "user", "list", "--json")), "doveadm lists all users")
    done = stage.run("posthouse", "user", "show", ALICE, "--json", "--config", LOOKUP, user="phlookup")
    check(home in done.stdout, "lookupd's user reads accounts with a password file of its group")


def later(stage, dovecot, what):
    """Every answer is "later", none is "no such user", and each comes in time."""
    begun = time.monotonic()
    answers = [ask("mailboxes", f"new{time.monotonic_ns()}@{DOMAIN}", stage).split()[0], imap(dovecot, ALICE, "pw-of-alice"),
               imap(dovecot, f"nobody@{DOMAIN}", "x"), lmtp(stage, f"nobody@{DOMAIN}")]
    check(answers[0] in ("TEMP", "TIMEOUT") and answers[1:] == ["later", "later", 451], f"{what}: {answers}")
    done = stage.run("posthouse", "user", "show", ALICE, "--config", ADMIN, ok=(75,))
    step(f"the command ends with 75: {done.stderr.splitlines()[0]}; all in {time.monotonic() - begun:.1f} s")


def back(stage, dovecot, what):
    """Everything works again within 5 s."""
    begun = time.monotonic()
    wait_for(lambda: imap(dovecot, ALICE, "pw-of-alice") == "taken" and imap(dovecot, f"nobody@{DOMAIN}", "x") == "refused"
             and ask("mailboxes", f"new{time.monotonic_ns()}@{DOMAIN}", stage) == "NOTFOUND " and lmtp(stage, ALICE) == 250,
             5, f"{what}: all to work again")
    step(f"{what}, all works again after {time.monotonic() - begun:.1f} s")


def faults(stage, slapd, dovecot):
    """The server killed, stopped in a request, with another password, and away for long."""
    slapd.process.kill()
    later(stage, dovecot, "the server is killed")
    slapd.start()
    back(stage, dovecot, "when it is started")
    slapd.process.signal(signal.SIGSTOP)
    time.sleep(0.5)  # a busy machine stops its threads one after the other
    later(stage, dovecot, "the server holds its breath")
    slapd.process.signal(signal.SIGCONT)
    back(stage, dovecot, "when it breathes again")
    slapd.process.signal(signal.SIGSTOP)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(stage.socket("lookupd")))
        key = f"mailboxes asked@{DOMAIN}".encode()
        sock.sendall(b"%d:%s," % (len(key), key))
        time.sleep(0.2)
        slapd.process.kill()
        check(b"TEMP" in sock.recv(1000), "killed in the middle of a request: TEMP")
    slapd.start()
    back(stage, dovecot, "when it is started")
    secret = pathlib.Path("/etc/posthouse/ldap-Manager.password")
    kept = secret.read_text(encoding="utf-8")
    secret.write_text("wrong\n", encoding="utf-8")
    refused(stage, 1, "check ldap_bind_dn and ldap_password_file", "user", "list")
    secret.write_text("\n", encoding="utf-8")
    refused(stage, 1, "holds no password", "user", "list")
    secret.write_text(kept, encoding="utf-8")
    step("a wrong or empty password of the bind name is named")
    stage.configure("directory-typo", {**slapd.settings("Manager"), "ldap_base": "dc=other,dc=test"})
    refused(stage, 75, "no entry o=extmailAccount,dc=other", "user", "show", ALICE,
            config="/etc/posthouse/directory-typo.conf")
    step("a base that is not there is no absence of users")
    equal(dovecot.log.find(r"Fatal|Panic"), None, "nothing has crashed in Dovecot")
    equal(stage.log("lookupd").held(), [], "no callback held lookupd's loop")


def policy(stage, slapd, dovecot):
    """policyd and Postfix, also when the server is killed."""
    house = directory_policy.Policy(stage, lambda *argv, **more: admin(stage, *argv, **more), LOOKUP)
    house.fill()
    house.start(dovecot)
    house.all_of_them()
    slapd.process.kill()
    house.later("without a server")
    slapd.start()
    house.back(time.monotonic(), "the server is back")
    house.stop()


def many(stage, slapd):
    """A domain of 100,000 users."""
    slapd.stop()
    rows = [f"dn: virtualDomain=many.test,o=extmailAccount,{BASE}\nobjectClass: top\nobjectClass: extmailDomain\n"
            "virtualDomain: many.test\nactive: 1\n"]
    for i in range(MANY):
        name = f"u{i:06}@many.test"
        rows.append(f"dn: mail={name},virtualDomain=many.test,o=extmailAccount,{BASE}\nobjectClass: top\n"
                    f"objectClass: uidObject\nobjectClass: extmailUser\nuid: u{i:06}\nmail: {name}\nvirtualDomain: many.test\n"
                    f"homeDirectory: many.test/u{i:06}\nmailMessageStore: many.test/u{i:06}/Maildir/\nmailQuota: 1048576S\n"
                    "userPassword: {CRYPT}!\nactive: 1\ncreateDate: 2020-01-01 00:00:00\n")
    slapd.load("\n".join(rows))
    slapd.start()
    begun = time.monotonic()
    done = stage.run("posthouse", "user", "list", "many.test", "--json", "--config", ADMIN, timeout=300)
    took = time.monotonic() - begun
    addresses = re.findall(r'"address":\s*"([^"]+)"', done.stdout)
    equal((len(addresses), addresses == sorted(set(addresses))), (MANY, True),
          f"{MANY} users are listed in order, each once, in {took:.1f} s")
    begun = time.monotonic()
    for i in range(0, MANY, MANY // 500):
        if not ask("mailboxes", f"u{i:06}@many.test", stage).startswith("OK "):
            raise Failed(f"u{i:06} is not found")
    took = (time.monotonic() - begun) / 500 * 1000
    step(f"500 first lookups take {took:.2f} ms each")
    equal(lmtp(stage, f"u{MANY // 2:06}@many.test"), 250, "one of them gets mail")


def lacking(stage, slapd):
    """A server whose schema has lost an attribute."""
    slapd.stop()
    text = slapd.schema.read_text(encoding="utf-8")
    slapd.schema.write_text(text.replace(f" $ {MISSING} ", " "), encoding="utf-8")
    slapd.start()
    refused(stage, 1, f"its schema has no attribute {MISSING} in class extmailUser", "domain", "add", "x.test")
    stage.lookupd.restart()
    stage.log("lookupd").wait(f"schema has no attribute {MISSING}")
    step("an attribute that the schema lacks is named, by the command and in lookupd's log")
    slapd.stop()
    slapd.schema.write_text(text, encoding="utf-8")
    slapd.start()


with Stage() as stage:
    shared(stage)
    slapd = stage.start_slapd(base=BASE)
    tools.configure(stage, slapd)
    command(stage, slapd)
    international(stage, slapd)
    bad_input(stage, slapd)
    stage.configure("dovecot-plugin", {})
    dovecot = stage.dovecot = stage.start_dovecot(DOVECOT + quota_status(stage)
                                                  + after_login.service(stage, folder="/etc/posthouse-writer"))
    stage.lookupd = stage.start_lookupd({"directory_settings": LOOKUP, "cache_time": "0s", "cache_negative_time": "0s"})
    servers(stage, dovecot)
    faults(stage, slapd, dovecot)
    lacking(stage, slapd)
    back(stage, dovecot, "with the whole schema")
    policy(stage, slapd, dovecot)
    many(stage, slapd)
    slapd.stop()
    known = Authority(stage, "known")
    pem, key = known.sign("slapd", "IP:127.0.0.1", "openldap")
    old = stage.start_slapd(base="dc=extman,dc=test", ldif=extman.TREE.read_text(encoding="utf-8"), name="slapd-extman",
                            head=f"TLSCertificateFile {pem}\nTLSCertificateKeyFile {key}", tls=True)
    old.add_readers()
    extman.site(tools, stage, old, dovecot)
    extman.limits(tools, stage, old, dovecot)
    extman.encrypted(tools, stage, old, known)
    old.stop()
    extman.originals(tools, stage)
