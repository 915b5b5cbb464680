# test/t-10-directory-mysql/extman.py -- An ExtMan site taken over in place: its schema, its passwords, its mail.
# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import hashlib
import imaplib
import json
import os
import poplib
import datetime
import re
import smtplib

from stage import Failed, Smtp, after_login, check, equal, step, wait_for
from stage.backends import Mysql
from stage.lookups import SocketmapClient
from stage.originals import extman as originals_folder
from stage.quota import quota_status
from stage.stage import ROOT

DOMAIN = "extmail.test"
MAIL = "From: a@example.org\r\nTo: x\r\nSubject: in place\r\n\r\nHello.\r\n"
FIXTURE = ROOT / "test/data/extman/schema.sql"
TABLES = ("domain", "mailbox", "alias", "manager", "domain_manager")
FAST = "auth_failure_delay = 0\nservice anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n"


def digest(name, password):
    """A digest in base64, as ExtMan's {MD5} and {SHA}."""
    return base64.b64encode(hashlib.new(name, password.encode()).digest()).decode()


def md5crypt(stage, password):
    """$1$…, ExtMan's default."""
    return stage.run("doveadm", "pw", "-s", "MD5-CRYPT", "-p", password).stdout.strip().partition("}")[2]


def people(stage):
    """The rows of mailbox: local part -> (password, further columns)."""
    return {
        "md5crypt": (md5crypt(stage, "pw-md5crypt"), {}),
        "ldapmd5": ("{MD5}" + digest("md5", "pw-ldapmd5"), {}),
        "sha": ("{SHA}" + digest("sha1", "pw-sha"), {}),
        "crypt": ("{CRYPT}" + md5crypt(stage, "pw-crypt"), {}),
        "clear": ("pw-clear", {}),
        "nopop": ("pw-nopop", {"disablepop3": "1"}),
        "noimap": ("pw-noimap", {"disableimap": "1", "disablepop3": "0"}),
        "noreceive": ("pw-noreceive", {"disablesmtp": "1"}),
        "expired": ("pw-expired", {"expiredate": "2010-11-08"}),
        "forever": ("pw-forever", {"expiredate": "0000-00-00", "clearpwd": "pw-forever"}),
        "off": ("pw-off", {"active": "0"}),
        "hashed": ("pw-hashed", {"maildir": f"A0/B0/{DOMAIN}/7C/21/hashed/Maildir/",
                                 "homedir": f"A0/B0/{DOMAIN}/7C/21/hashed"}),
        "counted": ("pw-counted", {"quota": "20971520S,1000C"}),
        "odd": ("pw-odd", {"quota": "much", "name": "J\xf6rg"}),
        "elsewhere": ("pw-elsewhere", {"mailhost": "smtp:[192.168.2.130]"}),
        "nosend": ("pw-nosend", {"disablesmtpd": "1", "disablewebmail": "1"}),
        "small": ("pw-small", {"quota": "2048S"}),
    }


def insert(table, row):
    """An INSERT statement in Latin-1 with the values quoted."""
    values = ", ".join("NULL" if x is None else "'" + x.replace("'", "''") + "'" for x in row.values())
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values});\n"


def fill(stage):
    """The statements of a small site."""
    text = "SET NAMES latin1; SET SESSION sql_mode = '';\n"
    text += insert("domain", {"domain": DOMAIN, "description": "a site", "hashdirpath": "A0/B0", "maxalias": "50",
                              "maxusers": "50", "maxquota": "1073741824S", "transport": None, "default_quota": "5242880",
                              "default_expire": "1y", "disablewebmail": "1", "createdate": "2007-02-14 15:10:04"})
    for name, (password, more) in people(stage).items():
        text += insert("mailbox", {"username": f"{name}@{DOMAIN}", "uid": name, "password": password, "name": name,
                                   "maildir": f"{DOMAIN}/{name}/Maildir/", "homedir": f"{DOMAIN}/{name}",
                                   "quota": "10485760S", "domain": DOMAIN, "createdate": "2007-02-14 15:10:04", **more})
    for address, goto in ((f"support@{DOMAIN}", f"md5crypt@{DOMAIN}, SHA@{DOMAIN.upper()},\r\n"),
                          (f"@{DOMAIN}", f"hashed@{DOMAIN}"), ("@alias.test", f"@{DOMAIN}")):
        text += insert("alias", {"address": address, "goto": goto, "domain": address.split("@")[1]})
    text += insert("domain", {"domain": "alias.test"})
    text += insert("manager", {"username": f"root@{DOMAIN}", "password": md5crypt(stage, "pw-root"), "type": "admin",
                               "name": "Super User", "expiredate": "2010-11-08"})
    return text.encode("latin-1")


def shape(server, database):
    """How ExtMan's tables are made: it must not change."""
    return [server.sql(f"SHOW CREATE TABLE {table}", database) for table in TABLES]


def lmtp(stage, recipient):
    """The code for one recipient, and for the mail when it was taken."""
    with smtplib.LMTP(str(stage.queue / "private/dovecot-lmtp"), timeout=30) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("a@example.org")
        reply = client.rcpt(recipient)
        return (client.data(MAIL) if reply[0] == 250 else reply)[0]


def logs_in(log_in, user):
    """Whether IMAP or POP3 takes the user's password."""
    try:
        log_in(f"{user}@{DOMAIN}", f"pw-{user}")
        return True
    except (imaplib.IMAP4.error, poplib.error_proto):
        return False


def shown(stage):
    """What the command shows of the rows."""
    users = {x["address"].split("@")[0]: x for x in stage.posthouse("user", "list", DOMAIN, "--json")}
    equal(sorted(users), sorted(people(stage)), "every mailbox of ExtMan is a user")
    equal([users[x]["quota"] for x in ("sha", "counted", "odd")], [10485760, 20971520, 0],
          "quotas are read with their S, with a count behind, and what is none is no limit")
    equal((users["expired"]["expires"], users["forever"]["expires"]), ("2010-11-08", None),
          "0000-00-00 is for ever")
    equal((users["hashed"]["home"], users["hashed"]["maildir"]),
          (f"A0/B0/{DOMAIN}/7C/21/hashed", f"A0/B0/{DOMAIN}/7C/21/hashed/Maildir"), "stored paths are the truth")
    equal((users["odd"]["name"], users["off"]["enabled"], users["nopop"]["disabled"]), ("Jörg", False, ["pop3"]),
          "names in Latin-1, active and the switches are read")
    equal(users["elsewhere"]["mail_host"], "smtp:[192.168.2.130]", "the mail host is told as it was written")
    domain = stage.posthouse("domain", "show", DOMAIN, "--json")
    equal((domain["max_quota"], domain["default_quota"], domain["max_users"], domain["expires"]),
          (1 << 30, 5242880, 50, None), "the domain's limits and templates too")
    targets = {x["address"]: x["targets"] for x in stage.posthouse("alias", "list", "--json")}
    equal(targets, {f"support@{DOMAIN}": [f"md5crypt@{DOMAIN}", f"SHA@{DOMAIN}"],
                    f"@{DOMAIN}": [f"hashed@{DOMAIN}"], "@alias.test": [f"@{DOMAIN}"]}, "and the aliases")


def logins(stage, dovecot):
    """Every scheme, every switch."""
    imap = {x: logs_in(lambda *who: dovecot.imap(*who).logout(), x) for x in people(stage)}
    equal(sorted(x for x, taken in imap.items() if not taken), ["expired", "noimap", "off"],
          "IMAP takes every scheme, but not who is off, expired or without IMAP")
    pop = {x: logs_in(dovecot.pop_messages, x) for x in ("md5crypt", "ldapmd5", "nopop", "noimap")}
    equal([x for x, taken in pop.items() if not taken], ["nopop"], "POP3 has its own switch")
    check(not logs_in(lambda user, _: dovecot.imap(user, "wrong").logout(), "ldapmd5"), "a wrong password is refused")
    taken = {service: stage.run("doveadm", "auth", "test", "-x", f"service={service}", f"nosend@{DOMAIN}", "pw-nosend",
                                ok=(0, 77)).returncode == 0 for service in ("smtp", "webmail", "imap")}
    equal(taken, {"smtp": False, "webmail": False, "imap": True}, "and so have sending and the webmail")


def delivery(stage, dovecot):
    """LMTP into the stored paths, lookups for Postfix, a mail through all of it."""
    for name, home in (("md5crypt", f"{DOMAIN}/md5crypt"), ("hashed", f"A0/B0/{DOMAIN}/7C/21/hashed")):
        equal(lmtp(stage, f"{name}@{DOMAIN}"), 250, f"LMTP takes a mail for {name}")
        equal(len(os.listdir(stage.mail_root / home / "Maildir/new")), 1, f"it lies in {home}")
    equal((lmtp(stage, f"noreceive@{DOMAIN}"), lmtp(stage, f"nobody@{DOMAIN}")), (550, 550),
          "who may not receive, and nobody, is refused")
    with SocketmapClient(stage.socket("lookupd")) as client:
        for key, wanted in ((f"domains {DOMAIN}", f"OK {DOMAIN}"), ("domains extmail.tes", "NOTFOUND "),
                            (f"aliases md5crypt@{DOMAIN}", f"OK md5crypt@{DOMAIN}"),
                            (f"aliases Nobody@{DOMAIN}", f"OK hashed@{DOMAIN}"),
                            (f"aliases support@{DOMAIN}", f"OK md5crypt@{DOMAIN}, SHA@{DOMAIN}"),
                            ("aliases sha@alias.test", f"OK sha@{DOMAIN}"),
                            (f"mailboxes md5crypt' OR '1'='1@{DOMAIN}", "NOTFOUND "),
                            (f"mailboxes {'x' * 10000}@{DOMAIN}", "NOTFOUND "),
                            ("mailboxes md5crypt\0@" + DOMAIN, "NOTFOUND "),
                            (f"mailboxes MD5CRYPT@{DOMAIN}%", "NOTFOUND "),
                            (f"mailboxes md5cr\u00fdpt@{DOMAIN}", "NOTFOUND "),
                            (f"mailboxes \u4f8b@{DOMAIN}", "NOTFOUND "),
                            (f"mailboxes noreceive@{DOMAIN}", "NOTFOUND ")):
            equal(client.ask(key)[:200], wanted, f"lookupd: {key[:60]!r} is {wanted[:40]!r}")
    maps = f"socketmap:unix:{stage.socket('lookupd')}"
    postfix = stage.start_postfix({"virtual_mailbox_domains": f"{maps}:domains", "recipient_delimiter": "+",
                                   "virtual_mailbox_maps": f"{maps}:mailboxes", "virtual_alias_maps": f"{maps}:aliases"})
    equal(postfix.send("a@example.org", f"support@{DOMAIN}", MAIL).code, 250, "Postfix takes a mail to an alias")
    postfix.wait_empty()
    for name in ("md5crypt", "sha"):
        box = wait_for(lambda: dovecot.messages(f"{name}@{DOMAIN}", f"pw-{name}"), 10, "the mail")
        equal(box[-1]["Subject"], "in place", f"{name} reads it by IMAP")
    return postfix


def written(stage, backend):
    """What the command writes, ExtMan and its other readers can read."""
    stage.posthouse("user", "add", f"new@{DOMAIN}", "--disable", "sieve", stdin="pw-new\n")
    row = backend.query("SELECT uid, maildir, homedir, quota, disablewebmail, active, expiredate, domain FROM mailbox "
                        f"WHERE username = 'new@{DOMAIN}'")[0]
    check(row[0] == "new" and re.fullmatch(rf"A0/B0/{DOMAIN}/[0-9A-F]{{2}}/[0-9A-F]{{2}}/new/Maildir/", row[1])
          and row[1] == row[2] + "/Maildir/", f"a new user has ExtMan's path: {row[1]}")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    in_a_year = [(today + datetime.timedelta(days=x)).isoformat() for x in (364, 365, 366)]
    equal(row[3:6] + row[7:], ["5242880S", "1", "1", DOMAIN], "the domain's template, and the S")
    check(row[6] in in_a_year, f"the template's term of a year: {row[6]}")
    equal(stage.posthouse("user", "show", f"new@{DOMAIN}", "--json")["disabled"], ["sieve", "webmail"],
          "a switch that ExtMan has not is kept beside")
    stage.posthouse("user", "passwd", f"forever@{DOMAIN}", stdin="pw-changed\n")
    row = backend.query(f"SELECT password, clearpwd FROM mailbox WHERE username = 'forever@{DOMAIN}'")[0]
    check(row[0].startswith("{CRYPT}$y$") and row[1] == "", "a new password is hashed, and no clear one stays behind")
    for argv, text in (((f"user add SHA@{DOMAIN} --no-password"), "is a user already"),
                       ((f"alias add support@{DOMAIN} sha@{DOMAIN}"), "is an alias already"),
                       ((f"domain add {DOMAIN.upper()}"), "is a domain already")):
        done = stage.posthouse(*argv.split(), ok=(1,))
        check(text in done.stderr, f"without transactions too: {done.stderr.strip()}")


def limits(stage, server, dovecot):
    """A domain's limits as ExtMan counts them, and its last day."""
    users = len(stage.posthouse("user", "list", DOMAIN, "--json"))
    aliases = len(stage.posthouse("alias", "list", DOMAIN, "--json"))
    server.sql(f"UPDATE domain SET maxusers = {users}, maxalias = {aliases} WHERE domain = '{DOMAIN}'", "extmail")
    for argv in (("user", "add", f"more@{DOMAIN}", "--no-password"), ("alias", "add", f"more@{DOMAIN}", "x@else.example")):
        done = stage.posthouse(*argv, ok=(1,))
        check(f"has all its {users if argv[0] == 'user' else aliases}" in done.stderr, f"limits: {done.stderr.strip()}")
    server.sql("UPDATE domain SET maxusers = 50, maxalias = 50, maxquota = '209715200S'", "extmail")
    done = stage.posthouse("user", "add", f"more@{DOMAIN}", "--quota", "100M", "--no-password", ok=(1,))
    check("may sum to 209715200 bytes" in done.stderr, f"limits: with an S behind it: {done.stderr.strip()}")
    server.sql("UPDATE domain SET maxquota = '1073741824S', expiredate = '2010-01-01'", "extmail")
    check(not logs_in(lambda *who: dovecot.imap(*who).logout(), "sha"), "whose domain has expired cannot log in")
    equal(lmtp(stage, f"sha@{DOMAIN}"), 550, "nor get mail")
    server.sql("UPDATE domain SET expiredate = '0000-00-00', active = 0", "extmail")
    check(not logs_in(lambda *who: dovecot.imap(*who).logout(), "sha"), "nor whose domain is switched off")
    server.sql("UPDATE domain SET active = 1", "extmail")
    check(logs_in(lambda *who: dovecot.imap(*who).logout(), "sha"), "until it is on again")


def small(house):
    """ExtMan's quota with an S, at RCPT."""
    with Smtp(house.postfix.port) as client:
        client.command("MAIL FROM:<x@example.org> SIZE=60000")
        house_says = client.command(f"RCPT TO:<hashed@{DOMAIN}>"), client.command(f"RCPT TO:<small@{DOMAIN}>")
    equal([x.code for x in house_says], [250, 452], "policyd: a quota of ExtMan's with its S has room, or has not")


def hashed_anew(stage, backend, dovecot):
    """Old hashes grow strong at logins, in ExtMan's table; but not in a column that would cut them."""
    def reloaded(width):
        backend.query(f"ALTER TABLE mailbox MODIFY password VARCHAR({width}) NOT NULL DEFAULT ''")
        dovecot.reload()
        for name in old:
            check(logs_in(lambda *who: dovecot.imap(*who).logout(), name), f"{name} logs in")

    old = ("md5crypt", "ldapmd5", "sha", "counted")
    stage.configure("dovecot-plugin", {"rehash_scheme": "sha512-crypt"})
    before = backend.query(f"SELECT * FROM mailbox WHERE username = 'counted@{DOMAIN}'")[0]
    reloaded(100)
    check(dovecot.log.wait("passwords are not hashed anew: a stored password has room for 100 characters", 10),
          "a column that is too narrow is told")
    equal(backend.stored(f"counted@{DOMAIN}"), "pw-counted", "and left alone")
    reloaded(255)
    for name in old:
        wait_for(lambda: backend.stored(f"{name}@{DOMAIN}").startswith("{SHA512-CRYPT}"), 15, f"the hash of {name}")
        check(logs_in(lambda *who: dovecot.imap(*who).logout(), name), f"{name} has a new hash, and logs in with it")
    after = backend.query(f"SELECT * FROM mailbox WHERE username = 'counted@{DOMAIN}'")[0]
    equal([(x, y) for x, y in zip(before, after) if x != y], [("pw-counted", backend.stored(f"counted@{DOMAIN}"))],
          "nothing else of ExtMan's row has changed")
    stage.configure("dovecot-plugin", {})
    dovecot.reload()


def checked(stage, backend):
    """posthouse directory check names what does not fit."""
    backend.query("SET SESSION sql_mode = '';" + insert("domain", {"domain": "bare.test", "default_expire": "soon"})
                  + insert("mailbox", {"username": "strange@bare.test", "uid": "strange", "domain": "bare.test",
                                       "password": "{FOO}x", "homedir": "../out", "maildir": "bare.test/strange/Maildir/"})
                  + insert("alias", {"address": "x@bare.test", "goto": "y@bare.test,z@else.example", "domain": "bare.test"}))
    stage.folder(stage.mail_root / "A0/left.test/over/Maildir/cur", "vmail")
    done = stage.posthouse("directory", "check", "--json", ok=(1,))
    found = {(x["about"], x["name"]): x["finding"] for x in json.loads(done.stdout)}
    for about, name, text in (("stored", f"odd@{DOMAIN}", "quota 'much' is read as no limit"),
                              ("stored", "bare.test", "default_expire 'soon' is read as for ever"),
                              ("user", f"new@{DOMAIN}", "is not there (yet)"),
                              ("user", "strange@bare.test", "scheme that is not known"),
                              ("alias", "x@bare.test", "leads to y@bare.test, which nobody has"),
                              ("disk", "A0/left.test/over", "a home that no user of this host has")):
        check(text in found.get((about, name), ""), f"directory check: {name}: {text}")
    check(("user", f"md5crypt@{DOMAIN}") not in found and ("alias", f"support@{DOMAIN}") not in found
          and "do not fit" in done.stderr, "and leaves the others in peace")
    backend.query("DELETE FROM domain WHERE domain = 'bare.test'; DELETE FROM mailbox WHERE domain = 'bare.test';"
                  "DELETE FROM alias WHERE domain = 'bare.test'")


def site(stage, server):
    """The whole of it, on the schema written anew."""
    server.sql(f"CREATE DATABASE extmail CHARACTER SET latin1; USE extmail;\n{FIXTURE.read_text()}")
    server.sql(fill(stage), "extmail")
    before = shape(server, "extmail")
    backend = Mysql(stage, server, "extmail", "latin1")
    backend.settings["default_password_scheme"] = "plain"
    backend.configure()
    stage.backend = backend
    shown(stage)
    dovecot = stage.dovecot = stage.start_dovecot(FAST + quota_status(stage) + after_login.service(stage))
    stage.configure("dovecot-plugin", {})
    logins(stage, dovecot)
    written(stage, backend)
    limits(stage, server, dovecot)
    equal(shape(server, "extmail"), before, "ExtMan's tables were not altered")
    hashed_anew(stage, backend, dovecot)
    stage.lookupd = stage.start_lookupd({"log_to": "stderr", "cache_time": "0s", "cache_negative_time": "0s",
                                         "directory_settings": backend.configure_lookups()})
    stage.postfix = delivery(stage, dovecot)
    checked(stage, backend)
    equal(dovecot.log.find(r"Fatal|Panic"), None, "nothing has crashed")


def originals(stage, server):
    """ExtMan's own files, where they are at hand."""
    files = originals_folder()
    if files is None:
        step("ExtMan's own files are not here: the schema written anew has to do")
        return
    text = (files / "extmail.sql").read_text(encoding="latin-1")
    text = text[text.index("CREATE DATABASE"):].replace("TYPE=MyISAM", "ENGINE=MyISAM").replace("extmail;", "original;")
    text = text.replace("CREATE DATABASE original;", "CREATE DATABASE original CHARACTER SET latin1;")
    data = (files / "init.sql").read_text(encoding="latin-1").replace("use extmail;", "use original;")
    server.sql("SET SESSION sql_mode = '';" + text + data)
    Mysql(stage, server, "original", "latin1").configure()
    user = stage.posthouse("user", "show", "postmaster@extmail.org", "--json")
    equal((user["home"], user["quota"], user["expires"], user["disabled"]),
          ("extmail.org/postmaster", 104857600, "2010-11-08", []), "ExtMan's own first user is read")
    equal(stage.posthouse("alias", "resolve", "support@extmail.org", "--json")[0]["address"], "postmaster@extmail.org",
          "its alias leads to it")
    server.sql("UPDATE mailbox SET expiredate = '2099-12-31'; UPDATE domain SET expiredate = 0", "original")
    stage.dovecot.reload()
    try:
        stage.dovecot.imap("postmaster@extmail.org", "extmail").logout()
    except imaplib.IMAP4.error as error:
        raise Failed(f"ExtMan's first user cannot log in: {error}") from None
    step("and logs in with the password that ExtMan's file names")
    equal(server.sql("SELECT expiredate FROM domain", "original"), [["0000-00-00"]], "0 is a date that never comes")
    stage.posthouse("user", "add", "second@extmail.org", "--no-password")
    rows = server.sql("SELECT quota, netdiskquota, disableimap, maildir LIKE 'A0/B0/extmail.org/%/second/Maildir/' "
                      "FROM mailbox WHERE uid = 'second'", "original")
    equal(rows, [["5242880S", "5242880", "1", "1"]], "a new user has the template of its domain")
