# test/t-11-directory-ldap/extman.py -- An ExtMan site's tree taken over in place: logins, mail, changes that leave the rest alone.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import re

from stage import check, equal, step

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "test/data/extman/tree.ldif"
# ExtMan's own files, when its data lies in the folder beside this tree.
ORIGINALS = ROOT.parent / "shared/data/extman"
POSTMASTER = "postmaster@old.test"


def site(tools, stage, slapd, dovecot):
    """The fixture: read, used, changed."""
    admin = tools.admin
    tools.configure(stage, slapd)
    stage.lookupd.restart()
    stage.run("doveadm", "reload")
    shown = admin(stage, "user", "show", POSTMASTER, "--json")
    equal([shown[x] for x in ("home", "maildir", "quota", "disabled", "expires")],
          ["A0/B0/old.test/3F/A0/postmaster", "A0/B0/old.test/3F/A0/postmaster/Maildir", 104857600, ["pop3"], None],
          "ExtMan's user is read: stored paths, quota with S, switches")
    gone = admin(stage, "user", "show", "gone@old.test", "--json")
    equal((gone["mail_host"], gone["quota"], gone["expires"]), ("lmtp:store2", 0, "2010-10-01"),
          "and another's mail host, no limit and last day")
    equal([x["address"] for x in admin(stage, "alias", "list", "--json")], ["@old.test", "support@old.test"],
          "aliases and the domain's catchAllAddress are listed")
    equal([[y["address"] for y in admin(stage, "alias", "resolve", x, "--json")]
           for x in ("support@old.test", "nobody@old.test")],
          [[POSTMASTER, "Friend@else.example"], [POSTMASTER]], "and resolve")
    equal([tools.imap(dovecot, POSTMASTER, x) for x in ("hello world", "hello")], ["taken", "refused"],
          "{MD5} is verified as ExtMan's, not as Dovecot's")
    equal(tools.imap(dovecot, "gone@old.test", "saddle"), "refused", "who has expired may not log in")
    equal([tools.lmtp(stage, x) for x in (POSTMASTER, "gone@old.test")], [250, 550], "mail is delivered, or refused")
    check(os.listdir(stage.mail_root / shown["maildir"] / "new"), "into the path that ExtMan stored")
    equal([tools.ask("domains", x, stage) for x in ("old.test", "closed.test")], ["OK old.test", "NOTFOUND "],
          "a domain that is switched off is not served")
    changes(tools, stage, slapd, dovecot)


def changes(tools, stage, slapd, dovecot):
    """What the command changes, and what it leaves."""
    name = "mail=postmaster@old.test,virtualDomain=old.test,o=extmailAccount,dc=extman,dc=test"
    before = tools.entry(slapd, name)
    tools.admin(stage, "user", "passwd", POSTMASTER, "--password-stdin", stdin="new secret\n")
    after = tools.entry(slapd, name)
    changed = {x for x in {*before, *after} if before.get(x) != after.get(x)}
    equal((changed, "clearPassword" in after), ({"userPassword", "clearPassword"}, False),
          "a new password changes it alone, and the clear one that ExtMan kept is gone")
    equal(tools.imap(dovecot, POSTMASTER, "new secret"), "taken", "and opens at once")
    added = tools.admin(stage, "user", "add", "new@old.test", "--json", stdin="pw-of-new\n")
    check(re.fullmatch(r"A0/B0/old\.test/[0-9A-F]{2}/[0-9A-F]{2}/new", added["home"]) and added["quota"] == 5242880,
          f"a new user begins with the domain's template: {added['home']}")
    equal(tools.imap(dovecot, "new@old.test", "pw-of-new"), "refused" if "imap" in added["disabled"] else "taken",
          "and its switches")


def certificate(stage, name):
    """A certificate for 127.0.0.1 that signs itself; returns (certificate, key)."""
    pair = [stage.write(f"{name}.{kind}", "", "openldap", 0o644) for kind in ("pem", "key")]
    stage.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
              "-addext", "subjectAltName=IP:127.0.0.1", "-out", pair[0], "-keyout", pair[1])
    return pair


def encrypted(tools, stage, slapd, certificate_file):
    """The same server by TLS."""
    other, _key = certificate(stage, "other-ca")
    tools.configure(stage, slapd, ldap_tls="starttls", ldap_tls_ca=certificate_file)
    tools.admin(stage, "user", "show", POSTMASTER)
    step("StartTLS is spoken with a server whose certificate is known")
    tools.configure(stage, slapd, ldap_tls="starttls", ldap_tls_ca=other)
    tools.refused(stage, 75, "TLS was not agreed on", "user", "show", POSTMASTER)
    step("and not with one whose certificate nobody knows")
    tools.configure(stage, slapd, ldap_tls="starttls", ldap_tls_ca="/nonexistent")
    tools.refused(stage, 75, "ldap_tls_ca", "user", "show", POSTMASTER)
    step("a missing file of authorities is named")


def originals(tools, stage):
    """ExtMan's own schema and first entries, where they are at hand."""
    if not (ORIGINALS / "init.ldif").exists():
        step("ExtMan's own files are not here: the schema written anew has to do")
        return
    server = stage.start_slapd(base="dc=extmail.org", ldif=(ORIGINALS / "init.ldif").read_text(encoding="utf-8"),
                               schema=ORIGINALS / "extmail.schema", name="originals")
    tools.configure(stage, server)
    user = tools.admin(stage, "user", "show", "postmaster@extmail.org", "--json")
    equal((user["home"], user["quota"], user["expires"]), ("extmail.org/postmaster", 104857600, "2010-10-01"),
          "ExtMan's own first user is read")
    equal(tools.admin(stage, "alias", "resolve", "support@extmail.org", "--json")[0]["address"],
          "postmaster@extmail.org", "its alias leads to it")
    tools.admin(stage, "user", "add", "new@extmail.org", "--no-password")
    step("its schema takes what we write")
    server.stop()
