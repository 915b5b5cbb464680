#!/usr/bin/env python3
# test/t-22-proxy/run.py -- Two Dovecots, one directory: logins and mail go to the host that an account's route names.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import smtplib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, sasl, step, wait_for  # noqa: E402

DOMAIN = "posthouse.test"
ALICE, BOB, CAROL, DAVE = (f"{name}@{DOMAIN}" for name in ("alice", "bob", "carol", "dave"))
# What ExtMan's mailhost may hold for the same host: a route with a port, a bare name, an address.
ROUTES = {ALICE: "lmtp:inet:store-2:2424", BOB: "", CAROL: "store-2:2424", DAVE: "smtp:[127.0.0.2]"}
MAIL = "From: a@example.org\r\nTo: alice\r\nSubject: {}\r\n\r\nHello.\r\n"
STORE_2 = "127.0.0.2"
SECRET = pathlib.Path("/etc/posthouse/webmail-secret")

COMMON = """\
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth-worker {{
  user = dovecot
  extra_groups = posthouse,posthouse-auth
}}
"""
FRONT = COMMON + """\
protocols = imap pop3 lmtp submission sieve
lmtp_proxy = yes
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {submission}
  }}
  inet_listener submissions {{
    port = 0
  }}
}}
service managesieve-login {{
  chroot =
  inet_listener sieve {{
    port = {sieve}
  }}
}}
"""
# The second host: the usual ports on an address of its own.
BACK = COMMON + """\
base_dir = /run/dovecot-2
state_dir = {state}
instance_name = store-2
log_path = {log}/dovecot-2.log
protocols = imap pop3 lmtp submission sieve
listen = 127.0.0.2
ssl = no
first_valid_uid = 1
{by_version}
login_trusted_networks = 127.0.0.1
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
service submission-login {{
  chroot =
}}
service managesieve-login {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    port = 2424
  }}
  inet_listener usual {{
    port = 24
  }}
}}
"""
ENVIRONMENT = "POSTHOUSE_CONFIG_DIR"
OWN_SETTINGS = "/etc/posthouse-2"
IMPORT_2_3 = f"import_environment = $import_environment {ENVIRONMENT}={OWN_SETTINGS}\n"
IMPORT_2_4 = f"import_environment {{\n  {ENVIRONMENT} = {OWN_SETTINGS}\n}}\n"


def accounts(stage):
    """One directory, read by both hosts; each host knows its own names and its own mail root."""
    with open("/etc/group", "a", encoding="utf-8") as groups:
        groups.write("posthouse-auth:x:64990:\n")
    with open("/etc/hosts", "a", encoding="utf-8") as hosts:
        hosts.write(f"{STORE_2} store-2\n")
    common = {"group": "posthouse", "password_group": "posthouse-auth"}
    second_root = stage.folder("mail-2", "vmail")
    stage.configure("directory", {**common, "mail_root": stage.mail_root})
    stage.configure("dovecot-plugin", {"own_hosts": "store-1"})
    stage.folder(OWN_SETTINGS)
    for name, settings in (("directory", {**common, "mail_root": second_root}),
                           ("dovecot-plugin", {"own_hosts": f"store-2 {STORE_2}"})):
        stage.write(f"{OWN_SETTINGS}/{name}.conf", "".join(f"{k} = {v}\n" for k, v in settings.items()))
    stage.posthouse("domain", "add", DOMAIN)
    for address, route in ROUTES.items():
        stage.posthouse("user", "add", address, *(["--mail-host", route] if route else []),
                        stdin=f"pw-of-{address.split('@')[0]}\n")
    stage.posthouse("webmail", "secret")
    return second_root


def start_second(stage, first, relay):
    """Another Dovecot beside the stage's own."""
    imports = IMPORT_2_3 if first.is_2_3 else IMPORT_2_4
    text = BACK.format(state=stage.folder("dovecot-state-2"), log=stage.log_folder, relay=relay,
                       by_version=first.settings() + first.accounts() + imports)
    stage.write("/etc/dovecot/second.conf", first.head() + text)
    stage.start("dovecot-2-main", ["dovecot", "-F", "-c", "/etc/dovecot/second.conf"], env={ENVIRONMENT: OWN_SETTINGS})

    def answers():
        with sasl.Lines(143, STORE_2) as server:
            return server.line()
    wait_for(answers, 15, "the second Dovecot to answer")
    return stage.log("dovecot-2")


def token(address):
    """The user's own login."""
    return sasl.plain(address, f"pw-of-{address.split('@')[0]}")


def logins(stage, dovecot, second):
    """Each protocol, for a user of the other host and one of this."""
    protocols = {
        "imap": lambda t: sasl.imap(dovecot.imap_port, t).startswith("a OK"),
        "pop3": lambda t: sasl.pop3(dovecot.pop3_port, t).startswith("+OK"),
        "managesieve": lambda t: sasl.sieve(stage.port("sieve"), t).startswith("OK"),
        "submission": lambda t: sasl.smtp(stage.port("dovecot-submission"), t).startswith("235"),
    }
    for name, login in protocols.items():
        here, there = dovecot.log.mark(), second.mark()
        check(login(token(ALICE)), f"{name}: alice logs in")
        check(second.wait(rf"{name}-login: .*(?:Login|Logged in): user=<{ALICE}>", 10, there), "on the host of her home")
        check(dovecot.log.wait(rf"{name}-login: .*[Pp]roxying to .*|{name}-login: .*proxy.*{ALICE}", 10, here),
              "the other passed her on")
        there = second.mark()
        check(login(token(BOB)), f"{name}: bob logs in")
        check(dovecot.log.wait(rf"{name}-login: .*(?:Login|Logged in): user=<{BOB}>", 10, here), "on this host")
        equal(second.find(BOB, there), None, "and the other hears nothing of him")
        check(not login(sasl.plain(ALICE, "wrong")), "a wrong password is refused here already")
        equal(second.find(r"auth failed|mismatch", there), None, "and never reaches the other host")
    for user in (CAROL, DAVE):
        there = second.mark()
        check(protocols["imap"](token(user)), f"a route written as {ROUTES[user]} will do")
        check(second.wait(rf"(?:Login|Logged in): user=<{user}>", 10, there), "too")
    stage.posthouse("user", "set", ALICE, "--disable", "pop3")
    there = second.mark()
    check(not protocols["pop3"](token(ALICE)), "a service switched off is refused before the proxy")
    equal(second.find(ALICE, there), None, "without asking the other host")
    stage.posthouse("user", "set", ALICE, "--enable", "pop3")
    there = second.mark()
    secret = stage.posthouse("app-password", "add", ALICE, "--label", "phone", "--json")["secret"]
    check(protocols["imap"](sasl.plain(ALICE, secret)), "an app password passes the proxy")
    check(second.wait(r"app password \w+ \(phone\)", 10, there), "and is known on both hosts")
    there = second.mark()
    webmail = sasl.plain("posthouse-webmail", SECRET.read_text().strip(), ALICE)
    check(protocols["imap"](webmail), "the webmail acts for alice across the proxy")
    check(second.wait(rf"acts for {ALICE}", 10, there), "with its own name on the other host")
    check(protocols["managesieve"](webmail), "also by ManageSieve")


def lmtp(stage, recipients, subject):
    """One LMTP transaction with the front's socket; an answer for each recipient."""
    with smtplib.LMTP(str(stage.queue / "private/dovecot-lmtp"), timeout=30) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("a@example.org")
        taken = [client.rcpt(x)[0] for x in recipients]
        client.putcmd("data")
        client.getreply()
        client.send(MAIL.format(subject).replace("\r\n.", "\r\n..") + ".\r\n")
        return taken, [client.getreply()[0] for code in taken if code == 250]


def delivery(stage, dovecot, second_root):
    """Mail goes to the host of the home, recipient by recipient."""
    equal(lmtp(stage, [ALICE, BOB, DAVE, f"nobody@{DOMAIN}"], "parted"), ([250, 250, 250, 550], [250, 250, 250]),
          "LMTP takes one mail for users of two hosts, and refuses who is nobody")
    for user, root in ((ALICE, second_root), (DAVE, second_root), (BOB, stage.mail_root)):
        home = stage.posthouse("user", "show", user, "--json")["home"]
        equal(len(os.listdir(root / home / "Maildir/new")), 1, f"{user} has it on the right host")
    check(not (stage.mail_root / stage.posthouse("user", "show", ALICE, "--json")["home"]).exists(),
          "and nothing of alice's lies here")
    equal([x["Subject"] for x in dovecot.messages(ALICE, "pw-of-alice")], ["parted"], "alice reads it through the proxy")


def round_trip(stage, dovecot):
    """alice submits through both hosts; Postfix hands the mail back, and it comes to her home."""
    codes = ["2", "3", "4", "5"]
    with sasl.Lines(stage.port("dovecot-submission")) as server:
        server.until(codes)
        for command in ("EHLO client.example.org", f"AUTH PLAIN {token(ALICE)}", f"MAIL FROM:<{ALICE}>",
                        f"RCPT TO:<{ALICE}>", "DATA"):
            answer = server.ask(command, [f"{n} " for n in range(200, 600)])
        check(answer.startswith("354"), "submission through both hosts")
        check(server.ask(MAIL.format("round") + ".", codes).startswith("250"), "takes a mail")
    wait_for(lambda: "round" in [x["Subject"] for x in dovecot.messages(ALICE, "pw-of-alice")], 20, "the mail")
    step("which Postfix and LMTP bring to her home on the second host")


with Stage() as stage:
    second_root = accounts(stage)
    postfix = stage.start_postfix({"virtual_mailbox_domains": DOMAIN,
                                   "virtual_mailbox_maps": f"inline:{{ {ALICE}=x, {BOB}=x }}"})
    dovecot = stage.start_dovecot(FRONT.format(relay=postfix.port, submission=stage.port("dovecot-submission"),
                                               sieve=stage.port("sieve")))
    second = start_second(stage, dovecot, postfix.port)
    logins(stage, dovecot, second)
    delivery(stage, dovecot, second_root)
    round_trip(stage, dovecot)
    for log in (dovecot.log, second):
        equal(log.find(r"Fatal|Panic"), None, "nothing has crashed")
