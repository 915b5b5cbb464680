#!/usr/bin/env python3
# test/t-17-rates/run.py -- Rates on a real Postfix: logins, clients, what is given up, show and reset, kill -9.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Smtp, Stage, check, equal, step  # noqa: E402

ALICE, BOB, CAROL = "alice@posthouse.test", "bob@posthouse.test", "carol@posthouse.test"
USERS = {ALICE: "secret-a", BOB: "secret-b", CAROL: "secret-c"}
MAIL = "From: a@posthouse.test\r\nTo: bob@posthouse.test\r\nSubject: x\r\n\r\nHello.\r\n"
LOCAL = [f"r{i}@posthouse.test" for i in range(8)]
SETTINGS = {"log_to": "stderr", "greylist": "no", "rate_user_messages": "3/1h, 20/1d",
            "rate_user_recipients": "6/1h", "rate_client_messages": "2/1h"}


def example(stage):
    """The lines of conf-examples/postfix-policyd.cf that name restrictions, as they stand there."""
    text = (stage.source / "conf-examples/postfix-policyd.cf").read_text(encoding="utf-8")
    text = "\n".join(x for x in text.splitlines() if not x.startswith("#"))
    return {name: " ".join(value.split())
            for name, value in re.findall(r"^(\w+_restrictions) =((?:\n[ \t].*)+)", text, re.MULTILINE)}


with Stage() as stage:
    lines = example(stage)
    policyd = stage.start_policyd(SETTINGS)
    stage.start_dovecot(users=USERS)
    postfix = stage.start_postfix(
        {**lines, "virtual_mailbox_domains": "posthouse.test", "virtual_transport": "discard:",
         # One smtpd, for what is given up is given back with the next mail of its connection to policyd.
         "default_process_limit": "1",
         "virtual_mailbox_maps": "inline:{ %s }" % ", ".join(f"{x}=x" for x in [*USERS, *LOCAL])},
        submission="-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject "
                   "-o smtpd_recipient_restrictions=$submission_recipient_restrictions")

    def submit(user, recipients, sender=None):
        """A mail of a user by the submission port; returns the reply that ended it."""
        with Smtp(postfix.submission_port, user=user, password=USERS[user]) as client:
            return client.send(sender or user, recipients, MAIL)

    for number in (1, 2, 3):
        equal(submit(ALICE, BOB).code, 250, f"message {number} of a login that may send three an hour is taken")
    reply = submit(ALICE, BOB)
    equal((reply.code, reply.where), (450, "RCPT"), f"the fourth is deferred at RCPT: {reply.text}")
    seconds = int(re.search(r"try again in (\d+) s", reply.text).group(1))
    # What was counted falls out within two slots of 117 s after its hour (policyd/checks/rate_window.hh).
    check(3500 < seconds <= 3600 + 2 * 117, f"with the time until there is room: {seconds} s")
    check(policyd.log.find(r"policyd\.rate\.refuse .*reason=\"user alice@posthouse.test has sent 3 messages in 1h"),
          "the log says which limit it was")
    equal(submit(BOB, ALICE).code, 250, "another login is not held up")
    stage.posthouse("rate", "reset", BOB)

    for _ in range(4):
        with Smtp(postfix.submission_port, user=BOB, password=USERS[BOB]) as client:
            client.command(f"MAIL FROM:<{BOB}>")
            for recipient in LOCAL[:5]:
                equal(client.command(f"RCPT TO:<{recipient}>").code, 250, f"{recipient} is taken")
    step("four messages with five recipients each were begun and given up")
    equal(submit(BOB, LOCAL[:5]).code, 250, "what is given up is not counted")
    reply = submit(BOB, LOCAL[:2])
    equal((reply.code, reply.where), (450, "RCPT"), "six recipients an hour: the seventh is deferred")
    rows = stage.posthouse("rate", "show", BOB, "--json")
    counts = {(x["unit"], x["window"]): (x["count"], x["limit"]) for x in rows}
    equal(counts[("messages", 3600)], (1, 3), "rate show tells the messages of the hour and their limit")
    equal(counts[("messages", 86400)], (1, 20), "and of the day")
    equal(counts[("recipients", 3600)], (5, 6), "and the recipients")
    table = stage.posthouse("rate", "show").stdout
    check("alice@posthouse.test" in table and "bob@posthouse.test" in table, f"without a key all are shown:\n{table}")
    explained = stage.posthouse("policy", "explain", "--user", BOB, "--from", BOB, "--to", CAROL, "--client",
                                "127.0.0.1").stdout
    check("5 recipients and 1 under way of 6 in 1h" in explained, f"policy explain tells the counts:\n{explained}")

    policyd.kill()
    policyd.start()
    equal(submit(ALICE, BOB).code, 450, "after kill -9 what was counted is known")
    stage.posthouse("rate", "reset", ALICE)
    equal(submit(ALICE, BOB).code, 250, "a reset login may send again")
    equal(stage.posthouse("rate", "reset", "nobody@posthouse.test", ok=(1,)).returncode, 1,
          "resetting whom nothing was counted of is an error")

    one, other = {"ADDR": "192.0.2.7", "NAME": "mx.example.org"}, {"ADDR": "192.0.2.8", "NAME": "mx2.example.org"}
    for _ in range(3):
        equal(postfix.send("x@example.org", "nobody@posthouse.test", MAIL, xclient=one).code, 550,
              "mail for nobody is refused by Postfix")
    for _ in range(2):
        equal(postfix.send("x@example.org", BOB, MAIL, xclient=one).code, 250, "a client without login may send two")
    equal(postfix.send("x@example.org", BOB, MAIL, xclient=one).code, 450, "and no third: refused mail did not count")
    equal(postfix.send("x@example.org", BOB, MAIL, xclient=other).code, 250, "its neighbour may")
    rows = stage.posthouse("rate", "show", "192.0.2.7", "--json")
    equal([(x["kind"], x["count"]) for x in rows], [("client", 2)], "rate show knows clients by their address")

    mark = policyd.log.mark()
    stage.configure("policyd", {**SETTINGS, "rate_client_messages": "20/1h, 10/1d"})
    policyd.reload()
    policyd.log.wait(r"daemon\.reload\.failed .*rate_client_messages: .*no effect beside the other", since=mark)
    equal(postfix.send("x@example.org", BOB, MAIL, xclient=one).code, 450, "a wrong limit is refused, the old stay")
    mark = policyd.log.mark()
    stage.configure("policyd", {**SETTINGS, "rate_client_messages": "20/1h", "rate_action": "reject"})
    policyd.reload()
    policyd.log.wait(r"daemon\.reload", since=mark)
    equal(postfix.send("x@example.org", BOB, MAIL, xclient=one).code, 250, "a raised limit holds at once")
    equal(submit(BOB, LOCAL[:2]).code, 554, "rate_action = reject refuses for good")
    equal(policyd.log.held(), [], "no callback held the loop")
    equal(policyd.stop(), 0, "policyd ends with code 0")
