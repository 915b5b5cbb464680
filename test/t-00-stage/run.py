#!/usr/bin/env python3
# test/t-00-stage/run.py -- The stage itself: stock Postfix and Dovecot pass one mail, nothing of the host changes.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, step, wait_for  # noqa: E402

MAIL = "From: a@example.org\r\nTo: user1@posthouse.test\r\nSubject: first mail\r\n\r\nHello.\r\n"
USER, PASSWORD = "user1@posthouse.test", "pw1"

with Stage() as stage:
    for name in ("phpolicy", "phlookup", "phmilter", "vmail"):
        stage.run("true", user=name)
    step("our users exist on the stage")
    dovecot = stage.start_dovecot(users={USER: PASSWORD})
    postfix = stage.start_postfix({"virtual_mailbox_domains": "posthouse.test",
                                   "virtual_mailbox_maps": "inline:{ %s=x }" % USER})
    reply = postfix.send("a@example.org", USER, MAIL)
    check(reply.code == 250, f"SMTP takes a mail: {reply}")
    postfix.wait_empty()
    mails = wait_for(lambda: dovecot.messages(USER, PASSWORD), 10, "the mail")
    equal(mails[0]["Subject"], "first mail", "IMAP shows it")
    equal(len(dovecot.pop_messages(USER, PASSWORD)), 1, "POP3 shows it")
    reply = postfix.send("a@example.org", "nobody@posthouse.test", MAIL)
    equal(reply.code, 550, "an unknown user is refused")
    owner = os.stat(stage.mail_root / "posthouse.test/user1").st_uid
    equal(owner, os.stat(stage.mail_root).st_uid, "the home belongs to vmail")
    web = stage.start_nginx("    location / { return 200 'here'; }")
    equal(web.request("/")[2], b"here", "nginx answers")
    equal(postfix.complaint(), None, "no warning in Postfix's log")
    equal(dovecot.log.find("Error|Fatal|Panic|Warning"), None, "no warning in Dovecot's log")
