#!/usr/bin/env python3
# test/t-04-dovecot-auth/run.py -- Our passdb and userdb in a real Dovecot: logins, switches, homes, and trouble.
# SPDX-License-Identifier: GPL-3.0-or-later
import imaplib
import os
import pathlib
import poplib
import smtplib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Failed, Smtp, Stage, check, equal, step, wait_for  # noqa: E402

DOMAIN = "posthouse.test"
ALICE, BOB, CAROL = f"alice@{DOMAIN}", f"bob@{DOMAIN}", f"carol@{DOMAIN}"
MAIL = "From: a@example.org\r\nTo: alice\r\nSubject: home\r\n\r\nHello.\r\n"
DATABASE = pathlib.Path("/var/lib/posthouse/directory")
# The workers read the two databases by two groups, and nothing else of root's. Failures answer at once here.
AUTH = """\
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth-worker {
  user = dovecot
  extra_groups = posthouse,posthouse-auth
}
"""

QUOTA_2_3 = """\
mail_plugins = quota
plugin {
  quota = count:User quota
  quota_vsizes = yes
}
"""
QUOTA_2_4 = """\
mail_plugins {
  quota = yes
}
quota "User quota" {
  driver = count
}
"""


def imap_refusal(dovecot, user, password):
    """What IMAP says to a login that must fail."""
    try:
        dovecot.imap(user, password).logout()
    except imaplib.IMAP4.error as error:
        return str(error)
    raise Failed(f"{user} logged in by IMAP")


def pop_refusal(dovecot, user, password):
    """What POP3 says to a login that must fail."""
    try:
        dovecot.pop_messages(user, password)
    except poplib.error_proto as error:
        return str(error)
    raise Failed(f"{user} logged in by POP3")


def lmtp(stage, recipient):
    """The reply to one recipient, and to the mail when the recipient was taken."""
    with smtplib.LMTP(str(stage.queue / "private/dovecot-lmtp"), timeout=30) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("a@example.org")
        reply = client.rcpt(recipient)
        return client.data(MAIL) if reply[0] == 250 else reply


def auth_test(stage, service, user, password):
    """What `doveadm auth test` says: taken, refused or later."""
    done = stage.run("doveadm", "auth", "test", "-x", f"service={service}", user, password, ok=None)
    if done.returncode == 0:
        return "taken"
    return "later" if "code=temp_fail" in done.stdout else "refused"


def logins(stage, dovecot):
    """Right and wrong passwords, the switches of each service."""
    dovecot.imap(ALICE, "pw-of-alice").logout()
    step("IMAP takes the right password")
    dovecot.imap("Alice@Posthouse.TEST", "pw-of-alice").logout()
    step("and the name in any case")
    check("AUTHENTICATIONFAILED" in imap_refusal(dovecot, ALICE, "wrong"), "IMAP refuses a wrong password")
    check("AUTHENTICATIONFAILED" in imap_refusal(dovecot, f"nobody@{DOMAIN}", "pw"), "and an unknown user")
    equal(dovecot.pop_messages(ALICE, "pw-of-alice"), [], "POP3 takes the right password")
    check("AUTH" in pop_refusal(dovecot, ALICE, "wrong"), "POP3 refuses a wrong password")
    dovecot.imap(BOB, "pw-of-bob").logout()
    check(pop_refusal(dovecot, BOB, "pw-of-bob"), "POP3 refuses who has it switched off, IMAP does not")
    check(imap_refusal(dovecot, CAROL, "pw-of-carol"), "an expired account may not log in")
    for service, user, password, wanted in (
            ("sieve", ALICE, "pw-of-alice", "taken"), ("sieve", BOB, "pw-of-bob", "refused"),
            ("smtp", ALICE, "pw-of-alice", "taken"), ("submission", BOB, "pw-of-bob", "taken"),
            ("webmail", ALICE, "pw-of-alice", "taken"), ("webmail", ALICE, "wrong", "refused")):
        equal(auth_test(stage, service, user, password), wanted, f"{service}: {user} with {password} is {wanted}")


def homes(stage, dovecot):
    """LMTP into the stored path, doveadm on it."""
    home = stage.posthouse("user", "show", ALICE, "--json")["home"]
    equal(lmtp(stage, ALICE)[0], 250, "LMTP takes a mail")
    new = stage.mail_root / home / "Maildir/new"
    files = os.listdir(new)
    equal(len(files), 1, f"it lies in the hashed home {home}")
    status = os.stat(new / files[0])
    owner = os.stat(stage.mail_root)
    equal((status.st_uid, status.st_gid), (owner.st_uid, owner.st_gid), "and belongs to the mail user")
    equal(dovecot.messages(ALICE, "pw-of-alice")[0]["Subject"], "home", "IMAP shows it")
    equal(len(dovecot.pop_messages(ALICE, "pw-of-alice")), 1, "POP3 shows it")
    equal(lmtp(stage, f"nobody@{DOMAIN}")[0], 550, "LMTP refuses an unknown user for good")
    equal(lmtp(stage, CAROL)[0], 550, "and an expired one")
    names = stage.run("doveadm", "user", "*").stdout.split()
    equal(names, sorted([ALICE, BOB, CAROL] + [f"user{i:04}@{DOMAIN}" for i in range(30)]), "doveadm lists all users")
    text = stage.run("doveadm", "user", CAROL).stdout
    check(f"\t{stage.mail_root}/" in text and f"\t{owner.st_uid}\n" in text, "doveadm finds the home of an expired user")
    limits = [stage.run("doveadm", "-f", "flow", "quota", "get", "-u", user).stdout for user in (ALICE, BOB)]
    check("Type=STORAGE" in limits[0] and "Limit=10240 " in limits[0], "Dovecot's quota knows the account's limit")
    check("Limit=10240 " not in limits[1], "and that another has none")
    check(ALICE in stage.run("doveadm", "auth", "lookup", ALICE).stdout, "doveadm auth lookup finds the account")


def submission(stage):
    """SASL through Postfix."""
    postfix = stage.start_postfix({"virtual_mailbox_domains": DOMAIN, "virtual_mailbox_maps": f"inline:{{ {BOB}=x }}"})
    with Smtp(postfix.submission_port, user=ALICE, password="pw-of-alice") as client:
        equal(client.send(ALICE, BOB, MAIL).code, 250, "submission takes a mail after the login")
    postfix.wait_empty()
    try:
        Smtp(postfix.submission_port, user=ALICE, password="wrong").close()
        raise Failed("submission took a wrong password")
    except smtplib.SMTPAuthenticationError as error:
        equal(error.smtp_code, 535, "submission refuses a wrong password")


def without_database(stage, dovecot):
    """The database away: every answer is "later", none is "no such user"; then it is back."""
    port = stage.servers[-1].submission_port
    os.rename(DATABASE, f"{DATABASE}.away")
    stage.run("doveadm", "reload")  # workers that still hold the files open end
    wait_for(lambda: auth_test(stage, "imap", ALICE, "pw-of-alice") == "later", 30, "the workers to notice")
    for user in (ALICE, f"nobody@{DOMAIN}"):
        check("UNAVAILABLE" in imap_refusal(dovecot, user, "pw-of-alice"), f"IMAP says later to {user}")
        equal(lmtp(stage, user)[0], 451, f"LMTP says later to mail for {user}")
    check("SYS/TEMP" in pop_refusal(dovecot, ALICE, "pw-of-alice"), "POP3 says later")
    try:
        Smtp(port, user=ALICE, password="pw-of-alice").close()
        raise Failed("submission took a login without a database")
    except smtplib.SMTPResponseException as error:
        # Postfix 3.7 does not know Dovecot's "code=temp_fail" and says 535.
        check(error.smtp_code in (454, 535), f"submission takes no login: {error.smtp_code}")
    check(stage.run("doveadm", "user", "*", ok=None).returncode != 0, "doveadm does not show an empty list")
    check(dovecot.log.find(r"auth-worker.*directory\.db"), "the log names what is missing")
    os.rename(f"{DATABASE}.away", DATABASE)
    dovecot.imap(ALICE, "pw-of-alice").logout()
    step("when the database is back, logins work again at once")


def accounts(stage):
    """alice may do all; bob has neither POP3 nor ManageSieve; carol has expired."""
    with open("/etc/group", "a", encoding="utf-8") as groups:
        groups.write("posthouse-auth:x:64990:\n")
    stage.configure("directory", {"mail_root": stage.mail_root, "group": "posthouse",
                                  "password_group": "posthouse-auth"})
    stage.posthouse("domain", "add", DOMAIN)
    stage.posthouse("user", "add", ALICE, "--quota", "10M", stdin="pw-of-alice\n")
    stage.posthouse("user", "add", BOB, "--disable", "pop3", "--disable", "sieve", stdin="pw-of-bob\n")
    stage.posthouse("user", "add", CAROL, "--expires", "2020-01-31", stdin="pw-of-carol\n")
    for i in range(30):
        stage.posthouse("user", "add", f"user{i:04}@{DOMAIN}", "--no-password")


with Stage() as stage:
    accounts(stage)
    stage.configure("dovecot-plugin", {})
    with_quota = QUOTA_2_4 if stage.run("dovecot", "--version").stdout.startswith("2.4") else QUOTA_2_3
    dovecot = stage.start_dovecot(AUTH + with_quota)
    logins(stage, dovecot)
    homes(stage, dovecot)
    submission(stage)
    equal(dovecot.log.find(r"Error|Fatal|Panic"), None, "no error in Dovecot's log")
    without_database(stage, dovecot)
    equal(dovecot.log.find(r"Fatal|Panic"), None, "nothing has crashed")
