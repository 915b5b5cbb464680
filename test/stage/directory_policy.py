# test/stage/directory_policy.py -- policyd's questions to the directory, before a real Postfix: the same on every backend.
# SPDX-License-Identifier: GPL-3.0-or-later
import time

from .clients import Smtp
from .quota import QUOTA_STATUS, quota_status
from .report import Failed, check, equal, step, wait_for

DOMAIN = "policy.example"
ALICE, BOB, CAROL, TEAM = (f"{x}@{DOMAIN}" for x in ("alice", "bob", "carol", "team"))
RECOVERY = 5  # seconds
SETTINGS = {"log_to": "stderr", "quota_status": f"unix:{QUOTA_STATUS}", "quota_cache_time": "0s", "user_lists": "yes",
            "user_lists_on_error": "defer", "list_directory": "yes", "list_directory_interval": "1s",
            "sender_login": "yes", "sender_login_on_error": "defer", "greylist": "no",
            "directory_cache_time": "0s", "directory_cache_negative_time": "0s"}


def mail(size=100):
    """A mail of about so many bytes."""
    return "From: x@example.org\r\nTo: you\r\nSubject: x\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72 + 1)


class Policy:
    """policyd and Postfix on a directory that the command fills; Dovecot and lookupd run already or are None.

    run: the posthouse command with the rights to write. lookups: the settings file of those that only look up.
    domains: of the directory, that Postfix knows beside DOMAIN; it knows these by itself, so that policyd is asked
    also while lookupd cannot tell.
    """

    def __init__(self, stage, run, lookups, domains=()):
        self.stage = stage
        self.domains = [DOMAIN, *domains]
        self.run = run
        self.lookups = lookups
        self.dovecot = self.policyd = self.postfix = None

    def fill(self):
        """The accounts."""
        self.run("domain", "add", DOMAIN)
        for user, quota in ((ALICE, "40k"), (BOB, "10M"), (CAROL, "10M")):
            self.run("user", "add", user, "--quota", quota, "--password-stdin", stdin="secret\n")
        self.run("alias", "add", TEAM, BOB)

    def start(self, dovecot=None):
        """policyd, Dovecot with quota-status unless it runs, Postfix."""
        stage = self.stage
        self.dovecot = dovecot or stage.start_dovecot(quota_status(stage))
        self.policyd = stage.start_policyd({**SETTINGS, "directory_settings": self.lookups})
        maps = f"socketmap:unix:{stage.socket('lookupd')}"
        policy = "check_policy_service unix:posthouse/policyd/socket"
        self.postfix = stage.start_postfix(
            {"virtual_mailbox_domains": " ".join(self.domains), "virtual_mailbox_maps": f"{maps}:mailboxes",
             "virtual_alias_maps": f"{maps}:aliases", "recipient_delimiter": "+",
             "smtpd_recipient_restrictions": f"reject_unauth_destination, {policy}",
             "smtpd_end_of_data_restrictions": policy,
             "submission_recipient_restrictions": f"{policy}, permit_sasl_authenticated, reject"},
            submission="-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject "
                       "-o smtpd_recipient_restrictions=$submission_recipient_restrictions")

    def code(self, sender, recipient, client=1, size=100):
        """What a client of a network of its own is told."""
        return self.postfix.send(sender, recipient, mail(size),
                                 xclient={"ADDR": f"198.18.{client}.1", "NAME": f"mx.net{client}.example"}).code

    def submit(self, sender):
        """What bob is told who sends as this."""
        with Smtp(self.postfix.submission_port, user=BOB, password="secret") as client:
            return client.send(sender, CAROL, mail()).code

    def quotas(self):
        """ALICE has a small mailbox."""
        with Smtp(self.postfix.port) as client:
            client.command("MAIL FROM:<x@example.org> SIZE=60000")
            reply = client.command(f"RCPT TO:<{ALICE}>")
        equal((reply.code, "4.2.2" in reply.text), (452, True), f"policyd: a mailbox without room is told at RCPT: {reply.text}")
        equal(self.code("x@example.org", ALICE, size=10_000), 250, "policyd: what fits comes in")
        self.postfix.wait_empty()

    def logins(self):
        """Who may send as whom."""
        equal([self.submit(x) for x in (BOB, f"bob+shop@{DOMAIN}", TEAM, ALICE, "bob@elsewhere.example")],
              [250, 250, 250, 553, 553], "policyd: a login sends as itself and its aliases, as nobody else")

    def lists(self):
        """Lists of a user, a domain, all."""
        self.run("lists", "add", BOB, "black", "evil.example")
        self.run("lists", "add", BOB, "white", "friend@evil.example")
        self.run("lists", "add", DOMAIN, "black", "198.18.9.0/24")
        mark = self.policyd.log.mark()
        self.run("lists", "add", "global", "black", "spammer.example")
        equal([self.code("x@evil.example", x) for x in (BOB, TEAM, CAROL)], [554, 554, 250],
              "policyd: a user's blacklist refuses for him alone, by an alias too")
        equal((self.code("friend@evil.example", BOB), self.code("y@example.org", CAROL, 9)), (250, 554),
              "policyd: his whitelist goes before, a domain's list holds for its users")
        self.policyd.log.wait(r"policyd\.list\.loaded file=directory entries=1", since=mark)
        equal(self.code("z@spammer.example", CAROL), 554, "policyd: a global entry refuses for all")

    def greylist(self):
        """Each user's switch."""
        self.set({"greylist": "yes", "greylist_user_switch": "yes", "greylist_auto_whitelist": 0})
        equal(self.code("t@example.org", CAROL, 21), 450, "policyd: mail for carol waits")
        self.run("user", "set", CAROL, "--greylist", "no")
        equal(self.code("u@example.org", CAROL, 22), 250, "policyd: until she wants no greylist")
        self.set({})

    def set(self, more):
        """Settings beside those that every step has."""
        self.stage.configure("policyd", {**SETTINGS, "directory_settings": self.lookups, "resolver": "off", **more})
        mark = self.policyd.log.mark()
        self.policyd.reload()
        self.policyd.log.wait(r"daemon\.reload\.done", since=mark)

    def all_of_them(self):
        """With a server that answers."""
        self.quotas()
        self.logins()
        self.lists()
        self.greylist()

    def later(self, what):
        """No answer is for good: policyd defers what it cannot know, Postfix what lookupd cannot tell it."""
        begin = time.monotonic()
        codes = {self.code("x@evil.example", BOB, 31), self.code("x@example.org", CAROL, 32),
                 self.code("x@example.org", f"nobody@{DOMAIN}", 33)}
        check(codes <= {450, 451}, f"policyd: {what}: mail is told to come later: {sorted(codes)}, "
                                   f"in {time.monotonic() - begin:.1f} s")
        told = self.stage.posthouse("policy", "explain", "--from", "x@evil.example", "--to", BOB, "--client", "198.18.31.1")
        check("defer" in told.stdout.lower(), f"policyd: {what}: policy explain says so too")
        check(self.policyd.log.find(r"policyd\.directory\.trouble"), "policyd: and its log says why")

    def back(self, since, what):
        """All as before, within the promised time."""
        works = {"a list": lambda: self.code("x@evil.example", BOB, 1) == 554,
                 "a mail": lambda: self.code("x@example.org", CAROL, 40) == 250,
                 "a login's sender": lambda: self.submit(ALICE) == 553 and self.submit(BOB) == 250}
        for name, work in works.items():
            wait_for(work, 60, f"{name} to work again")
        took = time.monotonic() - since
        if took > RECOVERY:
            raise Failed(f"policyd: {what}: all worked only after {took:.1f} s")
        step(f"policyd: {what}: all works again after {took:.1f} s")
        equal(self.policyd.log.held(), [], "policyd: no callback held its loop")

    def stop(self):
        """Postfix and policyd end."""
        self.postfix.stop()
        equal(self.policyd.stop(), 0, "policyd ends with code 0")
