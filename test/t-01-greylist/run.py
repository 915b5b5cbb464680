#!/usr/bin/env python3
# test/t-01-greylist/run.py -- Greylist and lists on a real Postfix: deferred, accepted on retry, lists that change, replies, pools, null sender, reload.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import PolicyClient, Smtp, Stage, check, equal, step  # noqa: E402

MAIL = "From: a@example.org\r\nTo: bob@posthouse.test\r\nSubject: x\r\n\r\nHello.\r\n"
BOB, CAROL = "bob@posthouse.test", "carol@posthouse.test"
DELAY = 2


def restrictions(stage):
    """The two restriction lists of conf-examples/postfix-policyd.cf, as they stand there."""
    text = (stage.source / "conf-examples/postfix-policyd.cf").read_text(encoding="utf-8")
    text = "\n".join(x for x in text.splitlines() if not x.startswith("#"))
    return {name: " ".join(re.search(rf"^{name} =((?:\n[ \t].*)+)", text, re.MULTILINE).group(1).split())
            for name in ("smtpd_recipient_restrictions", "smtpd_end_of_data_restrictions")}


def replace(stage, path, text):
    """As editors do: a new file is renamed over the old one."""
    stage.write(path + "~", text)
    os.rename(path + "~", path)


with Stage() as stage:
    for user in ("sender_whitelist", "blacklist"):
        stage.write(f"/etc/posthouse/lists/{user}", "")
    settings = {"log_to": "stderr", "greylist_delay": f"{DELAY}s", "greylist_auto_whitelist": 2,
                "list_interval": "200ms", "greylist_name_pools": "pool.example"}
    policyd = stage.start_policyd(settings)
    postfix = stage.start_postfix({**restrictions(stage), "virtual_mailbox_domains": "posthouse.test",
                                   "virtual_mailbox_maps": "inline:{ %s=x, %s=x }" % (BOB, CAROL),
                                   "virtual_transport": "discard:", "default_transport": "discard:"})

    reply = postfix.send("alice@example.org", BOB, MAIL)
    equal((reply.code, reply.where), (450, "RCPT"), "the first mail is deferred at RCPT")
    check("4.7.1" in reply.text and "Greylisted" in reply.text, f"and is told why: {reply.text}")
    equal(postfix.send("alice@example.org", BOB, MAIL).code, 450, "a retry at once is deferred")
    equal(postfix.send("alice@example.org", "nobody@posthouse.test", MAIL).code, 550,
          "an unknown user is refused for good: no other restriction is weakened")
    time.sleep(DELAY)
    equal(postfix.send("alice@example.org", BOB, MAIL).code, 250, "a retry after the delay is accepted")
    equal(postfix.send("alice@example.org", BOB, MAIL).code, 250, "the next mail does not wait")
    check(policyd.log.find(r"policyd\.greylist\.pass .*sender=alice@example.org"), "the pass is logged")

    other = {"ADDR": "192.0.2.7", "NAME": "mx.example.org"}
    sibling = {"ADDR": "192.0.2.8", "NAME": "mx2.example.org"}
    equal(postfix.send("x@example.org", BOB, MAIL, xclient=other).code, 450, "another network waits for itself")
    time.sleep(DELAY)
    equal(postfix.send("x@example.org", BOB, MAIL, xclient=sibling).code, 250, "its /24 is one client")

    with Smtp(postfix.port, xclient=other) as client:
        equal(client.rcpt("", BOB).code, 250, "a callout with the null sender is not told to wait")
    bounce = postfix.send("", [BOB, CAROL], MAIL, xclient=other)
    equal((bounce.code, bounce.where), (450, "END"), "a bounce waits at its end")
    time.sleep(DELAY)
    equal(postfix.send("", [BOB, CAROL], MAIL, xclient=other).code, 250, "and comes in with its retry")

    equal(postfix.send("y@example.org", CAROL, MAIL, xclient=other).code, 250,
          "after two successes the network is trusted")

    new = {"ADDR": "198.51.100.9", "NAME": "host9.dyn.example.com"}
    equal(postfix.send("a@friends.example", BOB, MAIL, xclient=new).code, 450, "a stranger waits")
    mark = policyd.log.mark()
    stage.write("/etc/posthouse/lists/sender_whitelist", "@friends.example\n")
    replace(stage, "/etc/posthouse/lists/blacklist", "*.dyn.example.com\n/^dsl/\n")
    policyd.log.wait(r"policyd\.list\.loaded .*/blacklist entries=1", since=mark)
    policyd.log.wait(r"policyd\.list\.loaded .*/sender_whitelist entries=1", since=mark)
    step("lists that change are read again by themselves, written in place or replaced")
    check(policyd.log.find(r"policyd\.list\.bad_line .*/blacklist line=2 .*regular expression.*write dsl\*", mark),
          "a line that is not understood is named, with what to write instead")
    told = stage.run("posthouse-policyd", "--check", ok=(1,))
    check("/etc/posthouse/lists/blacklist:2: a regular expression" in told.stderr, "--check names it too")
    equal(postfix.send("a@friends.example", BOB, MAIL, xclient=new).code, 250, "a whitelisted sender does not wait")
    blocked = postfix.send("b@example.org", BOB, MAIL, xclient=new)
    equal(blocked.code, 554, f"a blacklisted client is refused: {blocked.text}")

    told = {x["check"]: x for x in stage.posthouse(
        "policy", "explain", "--client", new["ADDR"], "--name", new["NAME"], "--from", "b@example.org", "--to", BOB,
        "--json")}
    equal((told["list"]["action"], told["list"]["decides"]), ("reject", True), "explain names the check that decides")
    check("blacklist line 1" in told["list"]["reason"], f"and why: {told['list']['reason']}")
    equal((told["greylist"]["action"], told["greylist"]["decides"]), ("defer_if_permit", False),
          "and what the checks behind it would say")
    check("b@example.org" not in [x["sender"] for x in stage.posthouse("greylist", "list", BOB, "--json")],
          "explaining remembers nothing")
    equal(postfix.send("a@friends.example", BOB, MAIL, xclient=new).code, 250, "a mail gets a queue id")
    queue_id = re.findall(r"(\w+): client=host9\.dyn\.example\.com", postfix.log.text())[-1]
    postfix.log.wait(rf"{queue_id}: to=<")
    told = {x["check"]: x for x in stage.posthouse(
        "policy", "explain", "--queue-id", queue_id, "--log", str(postfix.log.path), "--json")}
    check("sender_whitelist line 1" in told["list"]["reason"], "explain finds a mail in the log by that")

    mark = policyd.log.mark()
    stage.configure("policyd", {**settings, "resolver": "off", "dry_run": "list, greylist"})
    policyd.reload()
    policyd.log.wait(r"policyd\.list\.loaded", since=mark)
    equal(postfix.send("b@example.org", BOB, MAIL, xclient=new).code, 250, "a check in dry run refuses nothing")
    check(policyd.log.find(r"policyd\.dry_run .*check=list action=reject .*sender=b@example.org", mark),
          "what it would have refused is logged")
    mark = policyd.log.mark()
    stage.write("/etc/posthouse/shadow.conf", "list_folder = /etc/posthouse/no-lists\ngreylist_delay = 1h\n")
    stage.configure("policyd", {**settings, "resolver": "off", "shadow_settings": "/etc/posthouse/shadow.conf"})
    policyd.reload()
    policyd.log.wait(r"daemon\.reload\.done", since=mark)
    equal(postfix.send("c@example.org", BOB, MAIL, xclient=other).code, 250, "settings in shadow answer nobody")
    equal(postfix.send("b@example.org", BOB, MAIL, xclient=new).code, 554, "nor do their lists")
    policyd.log.wait(r"policyd\.shadow\.differs live=reject live_check=list .* shadow=defer_if_permit "
                     r"shadow_check=greylist", since=mark)
    step("what they would have answered otherwise is logged")
    metrics = stage.control("policyd", "metrics")["text"]
    check("policyd_shadow_differences_total" in metrics, "and counted")

    mark = policyd.log.mark()
    stage.write("/etc/posthouse/shadow.conf", "greylist_delay = never\n")
    policyd.reload()
    policyd.log.wait(r"policyd\.shadow\.unusable .*shadow\.conf:1: greylist_delay", since=mark)
    equal(postfix.send("b@example.org", BOB, MAIL, xclient=new).code, 554, "a wrong shadow file is reported, and no harm")
    mark = policyd.log.mark()
    stage.configure("policyd", {**settings, "resolver": "off"})
    policyd.reload()
    policyd.log.wait(r"daemon\.reload\.done", since=mark)

    mark = policyd.log.mark()
    stage.configure("policyd", {**settings, "greylist_delay": "2 parsecs"})
    policyd.reload()
    policyd.log.wait(r"daemon\.reload\.failed .*policyd\.conf:2: greylist_delay: unknown unit", since=mark)
    equal(postfix.send("a@friends.example", BOB, MAIL, xclient=new).code, 250,
          "wrong settings are refused with the line, the old ones stay")

    submission = PolicyClient(str(stage.socket("policyd")))  # a Postfix that authenticates needs a Dovecot: see t-09
    equal(submission.ask(protocol_state="RCPT", sasl_username="bob", sender=BOB, recipient="alice@far.example"), "dunno",
          "bob writes to a stranger")
    equal(postfix.send("alice@far.example", BOB, MAIL, xclient={"ADDR": "203.0.113.80", "NAME": "a.far.example"}).code,
          250, "her reply does not wait")
    equal(postfix.send("alice@far.example", CAROL, MAIL, xclient={"ADDR": "203.0.113.80", "NAME": "a.far.example"}).code,
          450, "her mail to others does")
    equal(postfix.send("p@pool.example", BOB, MAIL, xclient={"ADDR": "198.18.1.1", "NAME": "m1.pool.example"}).code, 450,
          "one server of a pool is told to come back")
    time.sleep(DELAY)
    equal(postfix.send("p@pool.example", BOB, MAIL, xclient={"ADDR": "198.18.2.2", "NAME": "m2.pool.example"}).code, 250,
          "another comes for it")

    third = {"ADDR": "203.0.113.5", "NAME": "mx.example.net"}
    equal(postfix.send("r@example.net", BOB, MAIL, xclient=third).code, 450, "mail waits to be released")
    rows = stage.posthouse("greylist", "list", BOB, "--sender", "r@example.net", "--json")
    equal([x["state"] for x in rows], ["waiting"], "posthouse greylist list shows it")
    stage.posthouse("greylist", "release", BOB, "--sender", "r@example.net")
    equal(postfix.send("r@example.net", BOB, MAIL, xclient=third).code, 250, "released mail comes in at once")

    stage.configure("policyd", settings)
    equal(policyd.stop(), 0, "policyd ends with code 0")
    equal(postfix.send("down@example.org", BOB, MAIL, xclient=third).code, 250,
          "while policyd is down Postfix does its default_action")
    postfix.set(smtpd_recipient_restrictions="check_policy_service unix:posthouse/policyd/socket")
    reply = postfix.send("down@example.org", BOB, MAIL, xclient=third)
    equal(reply.code, 451, f"without one mail waits: {reply.text}")
    policyd.start()
    equal(postfix.send("alice@example.org", BOB, MAIL).code, 250, "after a restart known senders are known")
    equal(policyd.log.held(), [], "no callback held the loop")
    policyd.stop()
