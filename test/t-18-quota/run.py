#!/usr/bin/env python3
# test/t-18-quota/run.py -- Full mailboxes at RCPT: real Dovecot with quota-status, aliases; and sender logins.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Smtp, Stage, check, equal, step, wait_for  # noqa: E402
from stage.quota import QUOTA_STATUS, quota_status  # noqa: E402

DOMAIN = "posthouse.test"
ALICE, BOB, CAROL = f"alice@{DOMAIN}", f"bob@{DOMAIN}", f"carol@{DOMAIN}"
BOSS, SALES = f"boss@{DOMAIN}", f"sales@{DOMAIN}"
SETTINGS = {"log_to": "stderr", "greylist": "no", "quota_status": f"unix:{QUOTA_STATUS}", "quota_cache_time": "0s",
            "directory_cache_time": "1s", "sender_login": "yes", "sender_login_strangers": "users"}


def mail(size):
    """A mail of about so many bytes."""
    return "From: x@example.org\r\nTo: alice\r\nSubject: x\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72)


with Stage() as stage:
    stage.configure("directory", {"mail_root": stage.mail_root, "group": "posthouse"})
    stage.posthouse("domain", "add", DOMAIN)
    for user, quota in ((ALICE, "40k"), (BOB, "10M"), (CAROL, "40k")):
        stage.posthouse("user", "add", user, "--quota", quota, "--password-stdin", stdin="secret\n")
    stage.posthouse("alias", "add", BOSS, ALICE)
    stage.posthouse("alias", "add", SALES, ALICE, BOB)
    policyd = stage.start_policyd(SETTINGS)
    stage.start_lookupd()
    stage.configure("dovecot-plugin", {})
    dovecot = stage.start_dovecot(quota_status(stage))
    text = (stage.source / "conf-examples/postfix-policyd.cf").read_text(encoding="utf-8")
    text = "\n".join(x for x in text.splitlines() if not x.startswith("#"))
    restrictions = {name: " ".join(value.split()) for name, value in
                    re.findall(r"^(\w+_restrictions) =((?:\n[ \t].*)+)", text, re.MULTILINE)}
    maps = "socketmap:unix:posthouse/lookupd/socket"
    postfix = stage.start_postfix(
        {**restrictions, "virtual_mailbox_domains": f"{maps}:domains", "virtual_mailbox_maps": f"{maps}:mailboxes",
         "virtual_alias_maps": f"{maps}:aliases"},
        submission="-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject "
                   "-o smtpd_recipient_restrictions=$submission_recipient_restrictions")

    def at_rcpt(recipient, size=None):
        """What is said to one recipient."""
        with Smtp(postfix.port) as client:
            client.command("MAIL FROM:<x@example.org>" + (f" SIZE={size}" if size else ""))
            return client.command(f"RCPT TO:<{recipient}>")

    equal(at_rcpt(ALICE).code, 250, "an empty mailbox has room")
    equal(at_rcpt(ALICE, 60_000).code, 452, "but not for a message larger than its quota")
    for _ in range(2):
        equal(postfix.send("x@example.org", ALICE, mail(15_000)).code, 250, "mail comes in")
    postfix.wait_empty()
    reply = at_rcpt(ALICE, 15_000)
    equal((reply.code, "4.2.2" in reply.text), (452, True), f"a full mailbox is told at RCPT: {reply.text}")
    equal(at_rcpt(BOB, 15_000).code, 250, "another mailbox has room")
    equal(at_rcpt(f"Alice+news@{DOMAIN}", 15_000).code, 452, "an extension is the same mailbox")
    equal(at_rcpt(BOSS, 15_000).code, 452, "an alias counts as the mailbox behind it")
    equal(at_rcpt(SALES, 15_000).code, 250, "an alias of several lets mail in while one has room")
    reply = postfix.send("x@example.org", ALICE, mail(15_000))
    equal((reply.code, reply.where), (452, "END"), "whose client names no size is told at the end of the message")
    reply = postfix.send("x@example.org", [BOB, CAROL], mail(15_000))
    equal(reply.code, 250, "with several recipients the end names none, and the mail is accepted")
    postfix.wait_empty()
    check(policyd.log.find(r"policyd\.quota\.refuse .*recipient=boss@posthouse\.test reason=\"alice@\S+ is full"),
          "the log names the mailbox")
    explained = stage.posthouse("policy", "explain", "--to", BOSS, "--from", "x@example.org", "--size", "15000").stdout
    check("alice@posthouse.test is full" in explained, f"policy explain asks too:\n{explained}")

    with dovecot.imap(ALICE, "secret") as client:
        client.select("INBOX")
        client.store("1:*", "+FLAGS", r"\Deleted")
        client.expunge()
    wait_for(lambda: at_rcpt(ALICE, 15_000).code == 250, 5, "room after mail was deleted")
    step("who deletes mail gets mail again")

    def submit(user, sender, recipient=BOB):
        """A mail of a user under any sender."""
        with Smtp(postfix.submission_port, user=user, password="secret") as client:
            return client.send(sender, recipient, mail(100))

    equal(submit(ALICE, ALICE).code, 250, "a login sends as itself")
    equal(submit(ALICE, f"alice+shop@{DOMAIN}").code, 250, "and with an extension")
    equal(submit(BOB, SALES).code, 250, "and as an alias that leads to it")
    reply = submit(BOB, ALICE)
    equal((reply.code, reply.where), (553, "RCPT"), f"but not as another: {reply.text}")
    equal(submit(BOB, BOSS).code, 553, "nor as an alias of another")
    equal(submit(BOB, "bob@elsewhere.example").code, 553, "nor from a foreign domain")
    equal(postfix.send(ALICE, BOB, mail(100)).code, 553, "a stranger may not use an address of ours")
    equal(postfix.send(f"nobody@{DOMAIN}", BOB, mail(100)).code, 250, "but one that nobody has")
    equal(postfix.send("", BOB, mail(100)).code, 250, "a bounce comes in")

    # The workers of Dovecot that answer are held: the deadline lets mail in, and then the rest does at once.
    pids = [int(x) for x in stage.run("pgrep", "-x", "quota-status", ok=(0, 1)).stdout.split()]
    check(pids, "quota-status runs")
    for pid in pids:
        stage.run("kill", "-STOP", pid)
    begin = time.monotonic()
    equal(at_rcpt(ALICE, 60_000).code, 250, "while Dovecot is silent mail comes in")
    check(time.monotonic() - begin < 2, f"after the deadline of 200 ms: {time.monotonic() - begin:.2f} s")
    for pid in pids:
        stage.run("kill", "-CONT", pid)
    check(policyd.log.find(r"policyd\.quota\.trouble .*does not answer in time"), "and the log says why")
    time.sleep(1.1)
    equal(at_rcpt(ALICE, 60_000).code, 452, "when it answers again quotas hold again")
    dovecot.stop()
    equal(at_rcpt(ALICE, 60_000).code, 250, "without Dovecot mail comes in")

    pathlib.Path("/var/lib/posthouse/directory/directory.db").rename("/var/lib/posthouse/directory/away.db")
    policyd.signal(signal.SIGHUP)
    policyd.log.wait(r"daemon\.reload")
    with Smtp(postfix.port) as client:
        begin = time.monotonic()
        client.command(f"MAIL FROM:<{ALICE}>")
        check(time.monotonic() - begin < 5, "without the directory nobody waits for long")
    wait_for(lambda: at_rcpt(BOB).code and policyd.log.find(r"policyd\.directory\.trouble"), 10,
             "the log to say that the directory cannot be asked")
    equal(policyd.log.held(), [], "no callback held the loop")
    equal(policyd.stop(), 0, "policyd ends with code 0")
