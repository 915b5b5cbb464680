#!/usr/bin/env python3
# test/t-15-user-lists/run.py -- Lists in the directory on a real Postfix: of users, domains and all; switch, release by user.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, step, wait_for  # noqa: E402

DOMAIN = "posthouse.test"
BOB, CAROL, INFO, TEAM = (f"{x}@{DOMAIN}" for x in ("bob", "carol", "info", "team"))
MAIL = "From: a@example.org\r\nSubject: x\r\n\r\nHello.\r\n"


def network(number):
    """A client that nobody knows."""
    return {"ADDR": f"198.18.{number}.1", "NAME": f"mx.net{number}.example"}


with Stage() as stage:
    for size in ("small", "large"):
        stage.run("posthouse-policyd", "--config", stage.source / f"conf-examples/policyd-{size}.conf", "--check")
        step(f"the example for a {size} site has no mistake")
    stage.configure("directory", {"mail_root": stage.mail_root, "group": "posthouse"})
    stage.posthouse("domain", "add", DOMAIN)
    for user in (BOB, CAROL):
        stage.posthouse("user", "add", user, "--no-password")
    stage.posthouse("alias", "add", INFO, BOB)
    stage.posthouse("alias", "add", TEAM, BOB, CAROL)

    done = stage.posthouse("lists", "add", BOB, "black", "Evil.example")
    check("black list of bob" in done.stdout, f"an entry is added: {done.stdout.strip()}")
    refused = stage.posthouse("lists", "add", BOB, "black", r".*@evil\.example", ok=(1,))
    check("write *@evil.example" in refused.stderr, "a regular expression is refused with what to write instead")
    equal(stage.posthouse("lists", "add", BOB, "black", "evil.example", ok=(1,)).returncode, 1, "nothing is added twice")
    stage.posthouse("lists", "add", BOB, "white", "friend@evil.example")
    stage.posthouse("lists", "add", DOMAIN, "black", "198.18.9.0/24")
    stage.posthouse("lists", "add", BOB, "white", "client:net9.example")
    stage.posthouse("lists", "add", "global", "black", "spammer.example")
    listed = [(x["owner"], x["list"] if "list" in x else x["kind"], x["entry"])
              for x in stage.posthouse("lists", "list", BOB, "--all", "--json")]
    check((BOB, "black", "evil.example") in listed and (DOMAIN, "black", "198.18.9.0/24") in listed and
          ("global", "black", "spammer.example") in listed, "lists list --all shows user, domain and site")

    settings = {"log_to": "stderr", "user_lists": "yes", "list_directory": "yes", "list_directory_interval": "1s",
                "directory_cache_time": "0s", "greylist": "no"}
    policyd = stage.start_policyd(settings)
    policy = "check_policy_service unix:posthouse/policyd/socket"
    postfix = stage.start_postfix({"virtual_mailbox_domains": DOMAIN, "virtual_transport": "discard:",
                                   "recipient_delimiter": "+", "virtual_mailbox_maps": "inline:{ %s }" % ", ".join(
                                       f"{x}=x" for x in (BOB, CAROL, INFO, TEAM)),
                                   "smtpd_recipient_restrictions": f"reject_unauth_destination, {policy}",
                                   "smtpd_end_of_data_restrictions": policy})
    policyd.log.wait(r"policyd\.list\.loaded file=directory entries=1")

    def code(sender, recipient, client=1):
        return postfix.send(sender, recipient, MAIL, xclient=network(client)).code

    reply = postfix.send("x@sub.evil.example", BOB, MAIL, xclient=network(1))
    equal(reply.code, 554, f"a user's blacklist refuses: {reply.text}")
    equal(code("x@sub.evil.example", INFO), 554, "also by an alias of his")
    equal(code("x@sub.evil.example", CAROL), 250, "for nobody else")
    equal(code("x@sub.evil.example", TEAM), 250, "nor where others get the mail too")
    equal(code("x@notevil.example", BOB), 250, "names end at a dot")
    equal(code("friend@evil.example", BOB), 250, "his whitelist goes before")
    check(policyd.log.find(r"policyd\.user_list\.accept .*reason=\"white list of bob@posthouse.test: friend@evil.example\""),
          "and the log says whose entry it was")
    equal((code("y@example.org", CAROL, 9), code("y@example.org", BOB, 9)), (554, 250),
          "a domain's blacklist refuses, a user's whitelist goes before")
    equal(code("z@spammer.example", CAROL), 554, "a global entry of the directory refuses")

    stage.posthouse("lists", "del", BOB, "black", "evil.example")
    equal(code("x@sub.evil.example", BOB), 250, "a removed entry counts no more")
    mark = policyd.log.mark()
    stage.posthouse("lists", "del", "global", "black", "spammer.example")
    policyd.log.wait(r"policyd\.list\.loaded file=directory entries=0", since=mark)
    equal(code("z@spammer.example", CAROL), 250, "a global one either, without a reload")

    old = stage.write("blacklist.cf", "x@evil.example\r\n@worse.example\r\n.*@worst\\.example\r\n")
    told = stage.posthouse("lists", "import", CAROL, str(old), "--dry-run", ok=(1,))
    equal(stage.posthouse("lists", "list", CAROL, "--json"), [], "a dry run of an import adds nothing")
    told = stage.posthouse("lists", "import", CAROL, str(old), ok=(1,))
    check("blacklist.cf:3: a regular expression" in told.stderr and "added 2 entries" in told.stdout,
          "ExtMail's file is imported, the bad line is told")
    equal((code("x@evil.example", CAROL), code("y@evil.example", CAROL), code("q@worse.example", CAROL)),
          (554, 250, 554), "and its entries refuse")
    stage.posthouse("lists", "import", CAROL, stdin="white x@evil.example\n")
    equal(code("x@evil.example", CAROL), 250, "our own form is imported from standard input")

    stage.configure("policyd", {**settings, "resolver": "off", "greylist": "yes", "greylist_user_switch": "yes",
                                "greylist_auto_whitelist": 0})
    mark = policyd.log.mark()
    policyd.reload()
    policyd.log.wait(r"daemon\.reload\.done", since=mark)
    all_of_bob = (BOB, BOB.replace("@", "+news@"), INFO)
    equal([code(f"s{i}@example.org", one, 20) for i, one in enumerate(all_of_bob)], [450, 450, 450], "mail for bob waits")
    rows = stage.posthouse("greylist", "list", "--user", BOB, "--json")
    equal(sorted(x["recipient"] for x in rows), sorted(all_of_bob),
          "greylist list --user shows what waits by all his addresses, extensions too")
    stage.posthouse("greylist", "release", "--user", BOB)
    equal([code(f"s{i}@example.org", one, 20) for i, one in enumerate(all_of_bob)], [250, 250, 250],
          "released, it comes in at once")
    equal(code("t@example.org", CAROL, 21), 450, "mail for carol waits")
    stage.posthouse("user", "set", CAROL, "--greylist", "no")
    equal(code("u@example.org", CAROL, 21), 250, "until she wants no greylist")
    check(policyd.log.find(r"policyd\.greylist\.bypass .*carol@posthouse.test wants no greylist"), "and the log says so")

    stage.write("/etc/posthouse/directory.conf", "database = /nonexistent/directory.db\n")
    mark = policyd.log.mark()
    policyd.reload()
    policyd.log.wait(r"policyd\.list\.directory_failed", since=mark)
    equal(code("v@example.org", BOB, 22), 450, "without the directory mail goes on without the lists")
    stage.configure("policyd", {**settings, "resolver": "off", "user_lists_on_error": "defer"})
    policyd.reload()
    equal(wait_for(lambda: code("v@example.org", CAROL, 23) == 450), True, "or waits for it, as the setting says")
    equal(policyd.log.held(), [], "no callback held the loop")
    equal(policyd.stop(), 0, "policyd ends with code 0")
