# test/t-11-directory-ldap/tools.py -- Questions to the command, lookupd, Dovecot and the LDAP server itself.
# SPDX-License-Identifier: GPL-3.0-or-later
import imaplib
import pathlib
import smtplib
import socket

from stage import Failed

ADMIN, LOOKUP, AUTH = (f"/etc/posthouse/{x}.conf" for x in ("directory-admin", "directory-lookup", "directory"))
MAIL = "From: a@example.org\r\nSubject: home\r\n\r\nHello.\r\n"


def configure(stage, slapd, **more):
    """Three settings files: the manager's for the command, one for passwords, one without them."""
    common = {"mail_root": stage.mail_root, "group": "posthouse", "ldap_timeout": "1s", "ldap_connect_timeout": "500ms",
              **more}
    for name, path in (("Manager", ADMIN), ("lookup", LOOKUP), ("auth", AUTH)):
        stage.configure(pathlib.Path(path).stem, {**slapd.settings(name), **common})


def admin(stage, *argv, **options):
    """The posthouse command as the manager of the tree."""
    return stage.posthouse(*argv, "--config", ADMIN, **options)


def refused(stage, code, text, *argv, stdin=None, config=ADMIN):
    """The command ends with that code, and its complaint holds the text."""
    done = stage.run("posthouse", *argv, "--config", config, stdin=stdin, ok=(code,))
    if text not in done.stderr:
        raise Failed(f"{argv}: {done.stderr!r} lacks {text!r}")
    return done


def ask(name, key, stage):
    """One question to lookupd."""
    data = f"{name} {key}".encode()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(stage.socket("lookupd")))
        sock.sendall(b"%d:%s," % (len(data), data))
        answer = b""
        while not answer.endswith(b","):
            answer += sock.recv(65536)
        return answer.partition(b":")[2][:-1].decode()


def imap(dovecot, user, password):
    """What a login by IMAP comes to: taken, refused or later."""
    try:
        dovecot.imap(user, password).logout()
        return "taken"
    except imaplib.IMAP4.error as error:
        return "later" if "UNAVAILABLE" in str(error) else "refused"


def lmtp(stage, recipient, size=0):
    """The code for one recipient, and for the mail (with so many bytes more) when the recipient was taken."""
    with smtplib.LMTP(str(stage.queue / "private/dovecot-lmtp"), timeout=30) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("a@example.org")
        reply = client.rcpt(recipient)
        return client.data(MAIL + ("x" * 70 + "\r\n") * (size // 72))[0] if reply[0] == 250 else reply[0]


def entry(slapd, name):
    """One entry of the server as {attribute: [values]}."""
    found = {}
    for rows in slapd.search(name):
        for attribute, value in rows:
            found.setdefault(attribute.rstrip(":"), []).append(value)
    return found
