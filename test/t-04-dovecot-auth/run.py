#!/usr/bin/env python3
# test/t-04-dovecot-auth/run.py -- Our passdb and userdb in a real Dovecot: logins, switches, homes, and trouble.
# SPDX-License-Identifier: GPL-3.0-or-later
import imaplib
import json
import os
import pathlib
import poplib
import smtplib
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Failed, Smtp, Stage, after_login, check, equal, http_request, sasl, step, wait_for  # noqa: E402

DOMAIN = "posthouse.test"
ALICE, BOB, CAROL = f"alice@{DOMAIN}", f"bob@{DOMAIN}", f"carol@{DOMAIN}"
MAIL = "From: a@example.org\r\nTo: alice\r\nSubject: home\r\n\r\nHello.\r\n"
SECRET, WEBMAIL = pathlib.Path("/etc/posthouse/webmail-secret"), "posthouse-webmail"
DATABASE = pathlib.Path("/var/lib/posthouse/directory")
# The workers read the two databases by two groups, and nothing else of root's. Failures answer at once here.
AUTH = """\
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener auth-client {
    mode = 0600
    user = vmail
  }
  unix_listener auth-userdb {
    mode = 0600
    user = vmail
  }
}
service auth-worker {
  user = dovecot
  extra_groups = posthouse,posthouse-auth
}
protocols = imap pop3 lmtp sieve
service managesieve-login {
  chroot =
  inet_listener sieve {
    port = %(sieve)s
  }
}
"""
MD5_OF_OLD_PW = "$1$abcdefgh$22ulA4bsXi9GRj6Hhlotj0"  # md5crypt, as ExtMan stored it
ELSEWHERE = "127.0.0.2"  # a host that is no web host

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


def app_passwords(stage, dovecot):
    """One for IMAP opens IMAP alone; its use is written down by a service of Dovecot's, after the answer."""
    secret = stage.posthouse("app-password", "add", ALICE, "--label", "phone", "--service", "imap", "--json")["secret"]
    dovecot.imap(ALICE, secret).logout()
    step("IMAP takes an app password that was made for it")
    check(dovecot.log.wait(rf"{ALICE}.*app password \w+ \(phone\)", 10), "the log tells which one")
    used = wait_for(lambda: stage.posthouse("app-password", "list", ALICE, "--json")[0]["last_used"], 10, "the use")
    step(f"its use is remembered: {used}")
    dovecot.imap(ALICE, secret.upper().replace("-", " ")).logout()
    step("it may be typed in other ways")
    check(pop_refusal(dovecot, ALICE, secret), "POP3 refuses it")
    for service in ("smtp", "sieve", "webmail", "doveadm"):
        equal(auth_test(stage, service, ALICE, secret), "refused", f"{service} refuses it")
    dovecot.imap(ALICE, "pw-of-alice").logout()
    step("the account's own password goes on working")
    stage.configure("dovecot-plugin", {"app_passwords_only": "imap"})
    dovecot.reload()
    check(imap_refusal(dovecot, ALICE, "pw-of-alice"), "unless a setting says otherwise")
    check(dovecot.log.wait("an app password is needed", 10), "and the log says why")
    dovecot.imap(BOB, "pw-of-bob").logout()
    step("who has no app password still uses the own one")
    stage.configure("dovecot-plugin", {})
    dovecot.reload()
    stage.posthouse("app-password", "del", ALICE, stage.posthouse("app-password", "list", ALICE, "--json")[0]["id"])
    check("AUTHENTICATIONFAILED" in imap_refusal(dovecot, ALICE, secret), "a withdrawn one opens nothing")


def master_login(stage, dovecot):
    """The webmail acts for users with its own secret: on its services and from its hosts alone."""
    stage.posthouse("webmail", "secret")
    equal(oct(os.stat(SECRET).st_mode & 0o777), "0o600", "the secret is for the webmail's user alone")
    secret = SECRET.read_text().strip()
    equal(os.stat(SECRET).st_uid, os.stat(stage.mail_root).st_uid, "who is the mail user")
    check(secret not in pathlib.Path(f"{SECRET}.sha256").read_text(), "Dovecot sees a digest of it")
    for_alice = sasl.plain(WEBMAIL, secret, ALICE)
    imap, pop3, sieve = dovecot.imap_port, dovecot.pop3_port, stage.port("sieve")
    check(sasl.imap(imap, for_alice).startswith("a OK"), "the webmail opens alice's mail by IMAP")
    check(dovecot.log.wait(rf"{WEBMAIL}.*acts for {ALICE}", 10), "the log tells who acts for whom")
    check(sasl.sieve(sieve, for_alice).startswith("OK"), "and her filters by ManageSieve")
    check(sasl.imap(imap, sasl.plain(WEBMAIL, secret, CAROL)).startswith("a NO"), "not those of an expired user")
    check(sasl.sieve(sieve, sasl.plain(WEBMAIL, secret, BOB)).startswith("NO"), "nor where bob has it switched off")
    check(sasl.imap(imap, sasl.plain(WEBMAIL, secret, f"nobody@{DOMAIN}")).startswith("a NO"), "nor those of nobody")
    check(sasl.imap(imap, sasl.plain(WEBMAIL, "wrong", ALICE)).startswith("a NO"), "not with a wrong secret")
    check(sasl.imap(imap, sasl.plain(WEBMAIL, secret)).startswith("a NO"), "nobody is the webmail itself")
    check(sasl.imap(imap, sasl.plain(BOB, "pw-of-bob", ALICE)).startswith("a NO"), "bob acts for nobody")
    check(sasl.pop3(pop3, for_alice).startswith("-ERR"), "POP3 is no service of the webmail's")
    check(dovecot.log.wait(rf"nobody acts for a user on pop3: {ALICE}", 10), "and the log says so")
    check(sasl.imap(imap, for_alice, ELSEWHERE).startswith("a NO"), "no other host acts for alice")
    check(dovecot.log.wait(rf"from {ELSEWHERE}, which is not in master_hosts: {ALICE}", 10), "and the log says which")
    check(sasl.sieve(sieve, for_alice, ELSEWHERE).startswith("NO"), "nor by ManageSieve")
    check(sasl.imap(imap, sasl.plain(ALICE, "pw-of-alice"), ELSEWHERE).startswith("a OK"), "alice herself may")
    stage.posthouse("webmail", "secret")
    check(sasl.imap(imap, for_alice).startswith("a NO"), "a new secret ends the old one at once")
    new = SECRET.read_text().strip()
    check(sasl.imap(imap, sasl.plain(WEBMAIL, new, ALICE)).startswith("a OK"), "and opens in its place")
    return sasl.plain(WEBMAIL, new, ALICE)


def submission(stage, for_alice):
    """SASL through Postfix, by users and by the webmail for them."""
    postfix = stage.start_postfix({
        "virtual_mailbox_domains": DOMAIN, "virtual_mailbox_maps": f"inline:{{ {BOB}=x }}",
        "smtpd_sender_restrictions": "reject_sender_login_mismatch",
        "smtpd_sender_login_maps": f"inline:{{ {ALICE}={ALICE}, {BOB}={BOB} }}"})
    port, to_bob = postfix.submission_port, f"RCPT TO:<{BOB}>"
    check(sasl.smtp(port, for_alice, then=[f"MAIL FROM:<{ALICE}>", to_bob]).startswith("250"),
          "the webmail submits as alice")
    check(sasl.smtp(port, for_alice, then=[f"MAIL FROM:<{BOB}>", to_bob]).startswith("553"),
          "but not with another's address: reject_sender_login_mismatch holds")
    check(sasl.smtp(port, for_alice, source=ELSEWHERE).startswith("535"), "and from no other host")
    with Smtp(postfix.submission_port, user=ALICE, password="pw-of-alice") as client:
        equal(client.send(ALICE, BOB, MAIL).code, 250, "submission takes a mail after the login")
    postfix.wait_empty()
    try:
        Smtp(postfix.submission_port, user=ALICE, password="wrong").close()
        raise Failed("submission took a wrong password")
    except smtplib.SMTPAuthenticationError as error:
        equal(error.smtp_code, 535, "submission refuses a wrong password")


def hashed_anew(stage, dovecot):
    """rehash_scheme: an old hash is replaced after the answer; a password changed meanwhile is not."""
    stage.configure("dovecot-plugin", {"rehash_scheme": "sha512-crypt"})
    dovecot.reload()
    with sqlite3.connect(DATABASE / "passwords.db") as db:
        db.execute("UPDATE password SET stored = ? WHERE address = ?", (MD5_OF_OLD_PW, BOB))
    begin = time.monotonic()
    dovecot.imap(BOB, "old-pw").logout()
    step(f"a login with an old hash took {(time.monotonic() - begin) * 1000:.0f} ms")
    wait_for(lambda: stored(BOB).startswith("{SHA512-CRYPT}"), 10, "the new hash")
    step("its hash is of the chosen scheme a moment later")
    before = stored(BOB)
    dovecot.imap(BOB, "old-pw").logout()
    step("and the password is the same")
    time.sleep(0.5)
    equal(stored(BOB), before, "which is not hashed again")
    stage.posthouse("user", "passwd", BOB, "--password-stdin", stdin="pw-of-bob\n")
    stage.configure("dovecot-plugin", {})
    dovecot.reload()


def seconds_until(condition, what, limit=5):
    """How long it took; five seconds are the limit."""
    begin = time.monotonic()
    wait_for(condition, limit, what)
    return f"{time.monotonic() - begin:.1f} s"


def with_cache(stage, dovecot):
    """The auth cache on: a new password counts at once, an old one and a closed account end within five seconds."""
    def takes(password, service="smtp"):
        return auth_test(stage, service, ALICE, password) == "taken"

    path = pathlib.Path("/etc/dovecot/dovecot.conf")
    plain = path.read_text()
    for times, is_used in (("auth_cache_ttl = 4 secs\nauth_cache_negative_ttl = 0\n", True), ("", False)):
        path.write_text(plain + "auth_cache_size = 1 M\nauth_debug = yes\n" + times)
        dovecot.reload()
        since = dovecot.log.mark()
        wait_for(lambda: takes("pw-of-alice"), 10, "the new configuration")
        for _ in range(3):
            takes("pw-of-alice")
        equal(bool(dovecot.log.find("cache hit", since)), is_used,
              "the cache is used" if is_used else "with Dovecot's own times it is not")
        if not is_used:
            check(dovecot.log.find("answers are not kept in the auth cache", since), "and the log says why")
        check(not takes("next-pw"), "the next password does not work yet")
        stage.posthouse("user", "passwd", ALICE, "--password-stdin", stdin="next-pw\n")
        # Dovecot counts whole seconds: in the one in which the old login was kept, a wrong guess is still remembered.
        step(f"a changed password works after {seconds_until(lambda: takes('next-pw'), 'the new one', 1.5)}")
        lasted = seconds_until(lambda: not takes("pw-of-alice"), "the old password to end")
        step(f"the old one ended after {lasted}")
        takes("next-pw")
        stage.posthouse("user", "set", ALICE, "--enabled", "no")
        check(imap_refusal(dovecot, ALICE, "next-pw"), "a disabled account may not read from then on")
        lasted = seconds_until(lambda: not takes("next-pw"), "submission to end")
        step(f"nor submit after {lasted}")
        stage.posthouse("user", "set", ALICE, "--enabled", "yes")
        check(takes("next-pw"), "enabled again it may at once")
        stage.posthouse("user", "passwd", ALICE, "--password-stdin", stdin="pw-of-alice\n")
        wait_for(lambda: not takes("next-pw"), 5, "the old password to end")
    path.write_text(plain)
    dovecot.reload()


def sessions(stage):
    """The webmail's sessions end with the password or the account, by themselves and whoever changed them."""
    port = stage.port("web")
    origin = f"http://mail.posthouse.localhost:{port}"
    stage.start_webmail({"public_origin": origin, "mail_root": stage.mail_root})
    stage.start_nginx("location / {\n include /etc/nginx/fastcgi_params;\n"
                      f" fastcgi_pass unix:{stage.socket('webmail')};\n}}\n")

    def login(password):
        body = json.dumps({"username": ALICE, "password": password})
        status, headers, _ = http_request(port, "/api/login", "POST", body, {
            "X-Requested-With": "test", "Origin": origin, "Content-Type": "application/json"})
        equal(status, 200, f"alice signs in with {password}")
        return headers["Set-Cookie"].split(";")[0]

    def lives(cookie):
        return http_request(port, "/api/session", headers={"Cookie": cookie})[0] == 200

    first = login("pw-of-alice")
    time.sleep(3.5)
    check(lives(first), "her session outlives the moment at which it is looked at again")
    stage.posthouse("user", "passwd", ALICE, "--password-stdin", stdin="next-pw\n")
    second = login("next-pw")
    lasted = seconds_until(lambda: not lives(first), "the first session to end")
    check(lives(second), f"a changed password ends it after {lasted}, and not the session with the new one")
    stage.posthouse("user", "set", ALICE, "--disable", "webmail")
    lasted = seconds_until(lambda: not lives(second), "the session to end")
    stage.posthouse("user", "set", ALICE, "--enable", "webmail")
    time.sleep(3.5)
    check(not lives(second), f"switching the webmail off ends hers after {lasted}, and for good")
    stage.posthouse("user", "passwd", ALICE, "--password-stdin", stdin="pw-of-alice\n")


def stored(address):
    """What is stored of a password."""
    with sqlite3.connect(f"file:{DATABASE}/passwords.db?mode=ro", uri=True) as db:
        return db.execute("SELECT stored FROM password WHERE address = ?", (address,)).fetchone()[0]


def without_database(stage, dovecot):
    """The database away: every answer is "later", none is "no such user"; then it is back."""
    port = stage.port("submission")
    os.rename(DATABASE, f"{DATABASE}.away")
    dovecot.reload()  # workers that still hold the files open end
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
    AUTH = AUTH % {"sieve": stage.port("sieve")} + after_login.service(stage, "dovecot")
    stage.configure("dovecot-plugin", {})
    with_quota = QUOTA_2_4 if stage.run("dovecot", "--version").stdout.startswith("2.4") else QUOTA_2_3
    dovecot = stage.start_dovecot(AUTH + with_quota)
    logins(stage, dovecot)
    homes(stage, dovecot)
    app_passwords(stage, dovecot)
    submission(stage, master_login(stage, dovecot))
    hashed_anew(stage, dovecot)
    with_cache(stage, dovecot)
    sessions(stage)
    equal(dovecot.log.find(r"Error|Fatal|Panic"), None, "no error in Dovecot's log")
    without_database(stage, dovecot)
    equal(dovecot.log.find(r"Fatal|Panic"), None, "nothing has crashed")
