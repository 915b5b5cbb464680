# test/stage/directory_administration.py -- Managers, app passwords and CSV, the same on every backend.
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import re
import time

from .directory_steps import refused
from .report import check, equal, step


def managers(stage):
    """Levels, ceilings, the audit trail."""
    stage.posthouse("domain", "add", "small.example", "--max-users", "2", "--max-quota", "1G", "--disable", "pop3")
    stage.posthouse("manager", "add", "chief@example.org", "--level", "admin", stdin="topsecret\n")
    pam = stage.posthouse("manager", "add", "pam@else.example", "--domain", "small.example", "--json", stdin="pams\n")
    equal((pam["level"], pam["domains"]), ("postmaster", ["small.example"]), "a postmaster has its domains")
    acting = ("--as", "pam@else.example")
    stage.posthouse("user", "add", "dora@small.example", "--quota", "600M", "--no-password", *acting)
    for text, argv in (
            ("may not see or change example.org", ("user", "list", "example.org")),
            ("may not see or change example.org", ("user", "passwd", "alice@example.org", "--no-password")),
            ("may not make domains", ("domain", "add", "new.example")),
            ("may not change more of a domain", ("domain", "set", "small.example", "--max-users", "100")),
            ("may not switch on pop3", ("user", "set", "dora@small.example", "--enable", "pop3")),
            ("may sum to", ("user", "set", "dora@small.example", "--quota", "2G")),
            ("may not see or change managers", ("manager", "list")),
            ("may not choose the mail host", ("user", "set", "dora@small.example", "--mail-host", "elsewhere")),
    ):
        refused(stage, 1, text, *argv, *acting)
    step("a postmaster stays within its domains and their ceiling")
    stage.posthouse("user", "add", "emil@small.example", "--quota", "400M", "--no-password", *acting)
    refused(stage, 1, "has all its 2 users", "user", "add", "fritz@small.example", "--quota", "1M", "--no-password",
            *acting)
    small = stage.posthouse("domain", "show", "small.example", "--json", *acting)
    equal((small["users"], small["aliases"], small["allotted"]), (2, 0, 1000 << 20), "it sees how full its domain is")
    equal([x["address"] for x in stage.posthouse("user", "list", "--json", *acting)],
          ["dora@small.example", "emil@small.example"], "it sees its own users alone")
    refused(stage, 1, "is no manager", "user", "list", "--as", "nobody@else.example")
    stage.posthouse("manager", "set", "pam@else.example", "--enabled", "no")
    refused(stage, 1, "is switched off", "user", "list", *acting)
    stage.posthouse("manager", "set", "pam@else.example", "--enabled", "yes")
    trail = stage.posthouse("directory", "audit", "--domain", "small.example", "--json")
    equal([(x["who"], x["verb"], x["object"], x["outcome"]) for x in trail[:2]],
          [("pam@else.example", "user add", "fritz@small.example", "over_quota"),
           ("pam@else.example", "user add", "emil@small.example", "done")], "the audit trail has both ends of it")
    denied = [x for x in stage.posthouse("directory", "audit", "--who", "pam@else.example", "--json")
              if x["outcome"] == "denied"]
    check(len(denied) == 4 and all(x["verb"] for x in denied), f"and what was denied: {len(denied)}")
    whole = json.dumps(stage.posthouse("directory", "audit", "--limit", "0", "--json"))
    check(not any(x in whole for x in ("topsecret", "pams", "first", "$y$")), "no secret is in it")


def app_passwords(stage, backend):
    """Made once, listed, withdrawn."""
    made = stage.posthouse("app-password", "add", "alice@example.org", "--label", "phone", "--service", "imap", "--json")
    check(re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", made["secret"]), "a secret is made that can be typed")
    listed = stage.posthouse("app-password", "list", "alice@example.org", "--json")
    equal([(x["id"], x["label"], x["services"], x["last_used"]) for x in listed], [(made["id"], "phone", ["imap"], None)],
          "app-password list shows it, without its secret")
    secret = made["secret"]
    check(not any(x in str(backend.secrets()) for x in (secret, secret.replace("-", ""))), "the secret is stored nowhere")
    refused(stage, 1, "needs a label", "app-password", "add", "alice@example.org")
    refused(stage, 1, "no app password", "app-password", "del", "alice@example.org", "xxxxxx")
    stage.posthouse("app-password", "del", "alice@example.org", made["id"])
    equal(stage.posthouse("app-password", "list", "alice@example.org", "--json"), [], "and withdrawn")


def bulk(stage, backend):
    """CSV."""
    stage.posthouse("domain", "add", "bulk.example")
    lines = "address,name,quota,disable,password\r\n" + "".join(
        f'u{n}@bulk.example,"User, {n}",{n}M,"pop3, sieve",pw{n}\r\n' for n in (1, 2, 3))
    conf = backend.configure("directory-fast.conf", password_scheme="sha512-crypt")
    done = stage.posthouse("user", "add", "--csv", "-", "--json", "--config", conf, stdin=lines)
    equal((done["done"], done["refused"]), (3, 0), "users come from CSV on standard input")
    users = stage.posthouse("user", "list", "bulk.example", "--json")
    equal([(x["name"], x["quota"] >> 20, x["disabled"]) for x in users],
          [(f"User, {n}", n, ["pop3", "sieve"]) for n in (1, 2, 3)], "with all their columns")
    check(backend.fits("u2@bulk.example", "pw2"), "and their passwords")
    bad = "address,quota\nu4@bulk.example,1M\nu1@bulk.example,1M\nu5@bulk.example,x\nno address,1M\nu6@bulk.example\n" \
          "u7@bulk.example,7M\n"
    done = stage.run("posthouse", "user", "add", "--csv", "-", "--atomic", stdin=bad, ok=(1,))
    check("nothing was done" in done.stderr, done.stderr.strip().splitlines()[-2])
    equal(len(stage.posthouse("user", "list", "bulk.example", "--json")), 3, "--atomic does nothing when a line is bad")
    done = stage.run("posthouse", "user", "add", "--csv", "-", "--dry-run", stdin=bad, ok=(1,))
    equal(done.stdout.strip(), "2 would be done, 4 refused", "--dry-run says what would be done")
    equal(len(stage.posthouse("user", "list", "bulk.example", "--json")), 3, "and does nothing")
    done = stage.run("posthouse", "user", "add", "--csv", "-", stdin=bad, ok=(1,))
    told = [x.split(":")[0] for x in done.stderr.splitlines() if x.startswith("line ")]
    equal(told, ["line 3", "line 4", "line 5", "line 6"], "bad lines are told by their number")
    check("4 of 6 lines were refused" in done.stderr, "and counted")
    equal([x["address"] for x in stage.posthouse("user", "list", "bulk.example", "--json")][3:],
          ["u4@bulk.example", "u7@bulk.example"], "the others are done")
    stage.posthouse("user", "set", "--csv", "-", "--enabled", "no", stdin="address,quota\nu4@bulk.example,44M\nu7@bulk.example,\n")
    users = stage.posthouse("user", "list", "bulk.example", "--json")[3:]
    equal([(x["quota"] >> 20, x["enabled"]) for x in users], [(44, False), (7, False)],
          "user set takes columns, and options for all lines")
    stage.posthouse("alias", "add", "--csv", "-",
                    stdin='address,targets\nall@bulk.example,"u1@bulk.example, u2@bulk.example"\n@bulk.example,u1@bulk.example\n')
    equal(stage.posthouse("alias", "show", "all@bulk.example", "--json")["targets"],
          ["u1@bulk.example", "u2@bulk.example"], "aliases have their targets in one column")
    for text, csv in {"no column 'quotum'": "address,quotum\n", "the column address is missing": "quota\n1M\n",
                      "two columns quota": "address,quota,quota\n", "no line that names": "\n"}.items():
        refused(stage, 1, text, "user", "add", "--csv", "-", stdin=csv)
    step("a bad header is refused before anything is done")
    much = "address\n" + "".join(f"m{n}@bulk.example\n" for n in range(5000))
    begun = time.monotonic()
    stage.posthouse("user", "add", "--csv", "-", stdin=much)
    taken = time.monotonic() - begun
    step(f"5,000 users are added in {taken:.1f} s ({5000 / taken:.0f}/s)")
    stage.posthouse("user", "del", "--csv", stage.write("gone.csv", much))
    step(f"and removed in {time.monotonic() - begun - taken:.1f} s")
    stage.posthouse("domain", "del", "bulk.example", "--recursive")


def all_of_them(stage, backend):
    """On the directory that directory_steps leaves."""
    managers(stage)
    app_passwords(stage, backend)
    bulk(stage, backend)
