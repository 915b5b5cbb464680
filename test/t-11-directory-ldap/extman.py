# test/t-11-directory-ldap/extman.py -- An ExtMan site's tree taken over in place: logins, mail, changes that leave the rest alone.
# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import os
import pathlib
import re

from stage import check, equal, step, wait_for
from stage.certificates import Authority
from stage.originals import extman as originals_folder

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "test/data/extman/tree.ldif"
POSTMASTER = "postmaster@old.test"


def site(tools, stage, slapd, dovecot):
    """The fixture: read, used, changed."""
    admin = tools.admin
    tools.configure(stage, slapd)
    stage.lookupd.restart()
    dovecot.reload()
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
    hashed_anew(tools, stage, slapd, dovecot)
    changes(tools, stage, slapd, dovecot)


def hashed_anew(tools, stage, slapd, dovecot):
    """A login makes ExtMan's {MD5} a strong hash, through a service that may write the tree, unlike the auth workers."""
    name = "mail=postmaster@old.test,virtualDomain=old.test,o=extmailAccount,dc=extman,dc=test"
    before = tools.entry(slapd, name)
    stage.write("/etc/posthouse-writer/directory.conf", pathlib.Path(tools.ADMIN).read_bytes(), mode=0o600)
    for folder in ("/etc/posthouse", "/etc/posthouse-writer"):
        stage.write(f"{folder}/dovecot-plugin.conf", "rehash_scheme = sha512-crypt\n")
    dovecot.reload()
    equal(tools.imap(dovecot, POSTMASTER, "hello world"), "taken", "a login with the old hash")
    # LDIF shows userPassword in base64.
    wait_for(lambda: base64.b64decode(tools.entry(slapd, name)["userPassword"][0]).startswith(b"{SHA512-CRYPT}"), 15,
             "the new hash")
    after = tools.entry(slapd, name)
    equal({x for x in {*before, *after} if before.get(x) != after.get(x)}, {"userPassword"},
          "puts a new one in its place and changes nothing else")
    equal([tools.imap(dovecot, POSTMASTER, x) for x in ("hello world", "hello")], ["taken", "refused"],
          "of the same password")
    stage.configure("dovecot-plugin", {})
    dovecot.reload()


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


def limits(tools, stage, slapd, dovecot):
    """A domain's limits, its last day and switches, as ExtMan set them."""
    def entry(name, **values):
        """Attributes of an entry replaced."""
        changes = "-\n".join(f"replace: {x}\n{x}: {y}\n" for x, y in values.items())
        slapd.modify(f"dn: {name},o=extmailAccount,{slapd.base}\nchangetype: modify\n{changes}")

    domain = "virtualDomain=old.test"
    users = len(tools.admin(stage, "user", "list", "old.test", "--json"))
    aliases = len(tools.admin(stage, "alias", "list", "old.test", "--json"))
    entry(domain, domainMaxUsers=users, domainMaxAlias=aliases)
    tools.refused(stage, 1, f"has all its {users} users", "user", "add", "more@old.test", "--no-password")
    tools.refused(stage, 1, f"has all its {aliases} aliases", "alias", "add", "more@old.test", "x@else.example")
    entry(domain, domainMaxUsers=100, domainMaxAlias=100, domainMaxQuota="209715200S")
    tools.refused(stage, 1, "may sum to 209715200 bytes", "user", "add", "more@old.test", "--quota", "199M", "--no-password")
    step("limits of users, aliases and quota hold, with an S behind it too")
    entry(domain, domainMaxQuota="0", expireDate="2010-01-01")
    equal((tools.imap(dovecot, POSTMASTER, "new secret"), tools.lmtp(stage, POSTMASTER),
           tools.ask("domains", "old.test", stage)), ("refused", 550, "NOTFOUND "), "a domain has its last day")
    entry(domain, expireDate="0000-00-00")
    name = "mail=postmaster@old.test,virtualDomain=old.test"
    refused = {}
    for switch, service in (("disableimap", "imap"), ("disablepop3", "pop3"), ("disablesmtpd", "smtp"),
                            ("disablewebmail", "webmail")):
        codes = []
        for value in ("1", "0"):
            entry(name, **{switch: value})
            codes.append(stage.run("doveadm", "auth", "test", "-x", f"service={service}", POSTMASTER, "new secret",
                                   ok=(0, 77)).returncode)
        refused[switch] = codes
    equal(set(map(tuple, refused.values())), {(77, 0)}, f"each switch closes its service and no other: {', '.join(refused)}")
    entry(name, disablesmtp="1")
    equal(tools.lmtp(stage, POSTMASTER), 550, "disablesmtp keeps mail away")
    entry(name, disablesmtp="0", mailQuota="8192S")
    equal([tools.lmtp(stage, POSTMASTER, size=x) for x in (20_000, 10)], [552, 250], "a quota with its S holds at delivery")


def encrypted(tools, stage, slapd, known):
    """The same server by TLS: StartTLS and ldaps, with a certificate that is known, or not, or is another's."""
    other = Authority(stage, "other")
    for name, more in (("StartTLS", {"ldap_tls": "starttls"}), ("ldaps", {"ldap_uri": slapd.tls_uri})):
        tools.configure(stage, slapd, ldap_tls_ca=known.file, **more)
        tools.admin(stage, "user", "show", POSTMASTER)
        stage.lookupd.restart()
        stage.dovecot.reload()
        equal((tools.ask("domains", "old.test", stage), tools.imap(stage.dovecot, POSTMASTER, "new secret")),
              ("OK old.test", "taken"), f"{name}: the command, lookupd and a login speak it with a server that is known")
        tools.configure(stage, slapd, ldap_tls_ca=other.file, **more)
        told = tools.refused(stage, 75, "", "user", "show", POSTMASTER).stderr.splitlines()[0]
        step(f"{name}: and not with one whose certificate nobody knows: {told}")
        tools.configure(stage, slapd, **more)
        tools.refused(stage, 75, "", "user", "show", POSTMASTER)
        step(f"{name}: nor by the authorities of the system, which are asked when none are named")
        tools.configure(stage, slapd, ldap_tls_ca=known.file,
                        **{**more, "ldap_uri": (more.get("ldap_uri") or slapd.uri).replace("127.0.0.1", "localhost")})
        told = tools.refused(stage, 75, "", "user", "show", POSTMASTER).stderr.splitlines()[0]
        step(f"{name}: nor with one whose certificate is for another name: {told}")
        tools.configure(stage, slapd, **{**more, "ldap_tls_ca": "/nonexistent"})
        tools.refused(stage, 75, "ldap_tls_ca", "user", "show", POSTMASTER)
    step("a missing file of authorities is named")


def originals(tools, stage):
    """ExtMan's own schema and first entries, where they are at hand."""
    files = originals_folder()
    if files is None:
        step("ExtMan's own files are not here: the schema written anew has to do")
        return
    server = stage.start_slapd(base="dc=extmail.org", ldif=(files / "init.ldif").read_text(encoding="utf-8"),
                               schema=files / "extmail.schema", name="originals")
    tools.configure(stage, server)
    user = tools.admin(stage, "user", "show", "postmaster@extmail.org", "--json")
    equal((user["home"], user["quota"], user["expires"]), ("extmail.org/postmaster", 104857600, "2010-10-01"),
          "ExtMan's own first user is read")
    equal(tools.admin(stage, "alias", "resolve", "support@extmail.org", "--json")[0]["address"],
          "postmaster@extmail.org", "its alias leads to it")
    tools.admin(stage, "user", "add", "new@extmail.org", "--no-password")
    step("its schema takes what we write")
    server.stop()
