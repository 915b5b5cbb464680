# demo/checks.py -- What ./dev demo --check verifies: every mail by SMTP, IMAP, POP3, JMAP and a browser.
# SPDX-License-Identifier: GPL-3.0-or-later
import imaplib
import os
import poplib
import re
import subprocess

from stage import Failed, Smtp, check, equal, step, wait_for

from letters import FORGED, LISTED, TRAP, TRAPPED

CHECK_PAGE = "webmail-cgi/ui/test/check.mjs"


class Checks:
    """Each method is one or a few steps; the first that fails ends the demo with exit code 1."""

    def __init__(self, house, letters):
        self.house = house
        self.letters = letters

    def run(self):
        """All steps."""
        self.by_imap()
        self.by_pop3()
        self.refusals()
        self.policy()
        self.wishes()
        self.headers()
        self.bounce()
        self.flags_last()
        self.by_browser()
        self.logs()

    def by_imap(self):
        """Every subject that was sent is in its mailbox, once."""
        for local, subjects in sorted(self.letters.expected.items()):
            found = sorted(str(x["Subject"]) for x in self.house.messages(local))
            equal(found, sorted(subjects), f"IMAP: {local} has {len(subjects)} mails, every subject right")

    def by_pop3(self):
        """POP3 sees the same mail."""
        for local, subjects in sorted(self.letters.expected.items()):
            found = self.house.dovecot.pop_messages(self.house.address(local), self.house.password(local))
            equal(len(found), len(subjects), f"POP3: {local} has {len(subjects)} mails")

    def refusals(self):
        """Wrong passwords and unknown recipients."""
        postfix, dovecot = self.house.postfix, self.house.dovecot
        for kind, error in ((dovecot.imap, imaplib.IMAP4.error), (dovecot.pop_messages, poplib.error_proto)):
            try:
                kind(self.house.address("alice"), "wrong")
            except error:
                continue
            raise Failed("a wrong password was let in")
        step("a wrong password is refused by IMAP and POP3")
        reply = postfix.send("someone@example.org", "nobody@posthouse.test", b"Subject: x\r\n\r\nx\r\n")
        equal(reply.code, 550, "SMTP: an unknown recipient is refused")
        reply = postfix.send("someone@example.org", "someone@example.net", b"Subject: x\r\n\r\nx\r\n")
        equal(reply.code, 554, "SMTP: mail for elsewhere is refused")

    def policy(self):
        """What each check of policyd refuses."""
        postfix, alice = self.house.postfix, self.house.address("alice")

        def send(client, sender, recipient=alice):
            return postfix.send(sender, recipient, b"Subject: x\r\n\r\nx\r\n",
                                xclient={"ADDR": client, "NAME": "[UNAVAILABLE]"})

        reply = wait_for(lambda: (x := send(LISTED, "a@example.org")).code == 554 and x, 10, "the DNS list is in use")
        step(f"a client on a DNS list is refused: {reply.text}")
        reply = send("198.51.100.1", f"a@{FORGED}")
        equal((reply.code, "5.7.23" in reply.text), (554, True), f"a forged sender is refused by SPF: {reply.text}")
        equal(send("198.51.100.1", alice).code, 553, "a stranger cannot send as alice")
        equal(send(TRAPPED, "a@example.org", TRAP).code, 554, "mail for a spamtrap is refused")
        reply = send(TRAPPED, "b@example.org")
        equal(reply.code, 554, f"and so is its client from then on: {reply.text}")

    def wishes(self):
        """Lists and switches that users have in the directory."""
        house, bob = self.house, self.house.address("bob")

        def at_rcpt(sender, recipient=bob):
            with Smtp(house.postfix.port, xclient={"ADDR": "198.51.100.9", "NAME": "[UNAVAILABLE]"}) as client:
                client.command(f"MAIL FROM:<{sender}>")
                return client.command(f"RCPT TO:<{recipient}>").code

        equal(at_rcpt("x@pest.example"), 450, "mail of a stranger for bob waits")
        house.stage.posthouse("lists", "add", bob, "black", "pest.example")
        house.stage.posthouse("lists", "add", "global", "black", "nuisance.example")
        wait_for(lambda: at_rcpt("x@pest.example") == 554, 5, "bob's list")
        step("posthouse lists: the sender is on bob's blacklist, and refused")
        equal(at_rcpt("x@pest.example", house.address("alice")), 450, "and not for alice")
        wait_for(lambda: at_rcpt("x@nuisance.example", house.address("alice")) == 554, 5, "the global list")
        step("posthouse lists: a sender on the list for all is refused for her too")
        house.stage.posthouse("user", "set", bob, "--greylist", "no")
        wait_for(lambda: at_rcpt("x@example.net") == 250, 5, "bob's switch")
        check(house.policyd.log.find(rf"policyd\.greylist\.bypass .*{bob} wants no greylist"),
              "posthouse user set --greylist no: mail for bob waits no more")

    def headers(self):
        """The milter's stamp."""
        for mail in self.house.messages("li"):
            stamps = mail.get_all("Authentication-Results") or []
            if not any(re.match(r"mx1\.posthouse\.test\s*;", str(x)) for x in stamps):
                raise Failed(f"no stamp of ours on {mail['Subject']!r}: {stamps}")
        step("milter: every mail from outside carries our Authentication-Results")

    def bounce(self):
        """The bounce is a delivery report."""
        reports = [x for x in self.house.messages("alice") if x.get_content_type() == "multipart/report"]
        equal(len(reports), 1, "the undeliverable mail came back as a delivery report")

    def flags_last(self):
        """A flag set by IMAP stays in the Maildir."""
        client = self.house.dovecot.imap(self.house.address("li"), self.house.password("li"))
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Flagged)")
        client.logout()
        home = self.house.stage.mail_root
        wait_for(lambda: list(home.glob("**/cur/*:2,F*")), 5, "the flag in a file name")
        step("IMAP: a flag is in the Maildir's file name")

    def by_browser(self):
        """The page in headless Chromium, as each user sees it."""
        stage = self.house.stage
        url = f"http://mail.posthouse.localhost:{stage.port('web')}"
        for local, subjects in sorted(self.letters.expected.items()):
            done = subprocess.run(
                ["node", stage.source / CHECK_PAGE, "--url", url, "--user", self.house.address(local)],
                env={**os.environ, "POSTHOUSE_PASSWORD": self.house.password(local)},
                input="\n".join(subjects), capture_output=True, text=True, timeout=120, check=False)
            for line in done.stdout.splitlines():
                step(f"page, {local}: {line.strip()}")
            check(done.returncode == 0, f"page: {local} logs in, sees and reads the mail{done.stderr[-2000:]}")

    def logs(self):
        """Nobody complained."""
        equal(self.house.postfix.complaint(), None, "Postfix logged no warning")
        found = self.house.dovecot.log.find(r".*(Error|Fatal|Panic): .*")
        equal(found and found.group(0), None, "Dovecot logged no error")
