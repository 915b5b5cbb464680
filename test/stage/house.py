# test/stage/house.py -- The whole house on one stage: accounts, our daemons and the stock servers, wired as in production.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib

from .backends import Ldap, Mysql
from .clients import HOST, Smtp
from .directory_steps import Backend
from .elsewhere import Elsewhere
from .minidns import MiniDns
from .nginx import from_example
from .quota import quota_status
from .report import StageError
from .storage import store

DOMAIN = "posthouse.test"
DOVECOT = """\
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
"""
# The policy stands before permit_sasl_authenticated: it limits and learns from those who have logged in.
SUBMISSION = ("-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject "
              "-o smtpd_recipient_restrictions=$submission_recipient_restrictions")


class House:
    """house = House(stage).start(); then house.postfix, house.dovecot, house.nginx, house.policyd ...

    users: {local part: (name, password)}. settings: {"policyd": {...}, ...} beside what the house needs.
    zone: what the house's own DNS server knows; no question leaves the machine. directory: where accounts are kept,
    one of DIRECTORIES. mail: how it is stored, one of MAIL (posthouse: compressed, too; packed: pack() moves what has
    come into packs).
    """

    MAIL = ("maildir", "posthouse", "packed")
    DIRECTORIES = ("sqlite", "mysql", "ldap")

    def __init__(self, stage, users, settings=None, main=None, zone=None, directory="sqlite",
                 mail="maildir"):
        self.stage = stage
        self.dns = MiniDns(zone or {})
        self.elsewhere = Elsewhere(stage.port("elsewhere"))
        self.users = users
        self.settings = settings or {}
        self.main = main or {}
        self.directory = directory
        self.mail = mail
        self.lookups = {}  # settings of daemons that only look accounts up

    def start(self):
        """Everything, in the order of dependency."""
        self.dns.start()
        self.make_accounts()
        self.start_daemons()
        self.start_servers()
        return self

    def address(self, local):
        """The mail address of a user."""
        return f"{local}@{DOMAIN}"

    def password(self, local):
        """The password of a user."""
        return self.users[local][1]

    def make_accounts(self):
        """One domain and its users, by the posthouse command."""
        stage = self.stage
        backend = self.start_backend()
        backend.settings = {**backend.settings, "group": "posthouse", **self.settings.get("directory", {})}
        backend.configure()
        stage.posthouse("domain", "add", DOMAIN)
        if self.directory != "sqlite":
            self.lookups = {"directory_settings": backend.configure_lookups()}
        for local, (name, password) in self.users.items():
            stage.posthouse("user", "add", self.address(local), "--name", name, "--password-stdin",
                            stdin=password + "\n")

    def start_backend(self):
        """The server that keeps the accounts, where there is one."""
        if self.directory == "mysql":
            return Mysql(self.stage, self.stage.start_mariadb(), "posthouse")
        if self.directory == "ldap":
            return Ldap(self.stage, self.stage.start_slapd())
        return Backend(self.stage)

    def start_daemons(self):
        """lookupd, policyd, milter and webmail, each as its user."""
        stage = self.stage
        for name in ("lookupd", "policyd", "milter"):
            needs = {"resolver": f"127.0.0.1@{self.dns.port}"} if name != "lookupd" else {}
            if "directory_settings" in stage.run(f"posthouse-{name}", "--settings=conf").stdout:
                needs.update(self.lookups)
            daemon = stage.start_daemon(name, {**needs, **self.settings.get(name, {})},
                                        ready=stage.socket(name))
            setattr(self, name, daemon)
        compressed = {"mail_compression": "zstd"} if self.mail != "maildir" else {}
        stage.configure("dovecot-plugin", {**compressed, **self.settings.get("dovecot-plugin", {})})
        kind = store("maildir" if self.mail == "maildir" else "posthouse", stage.run("dovecot", "--version").stdout.startswith("2.3"))
        self.dovecot = stage.start_dovecot(DOVECOT + quota_status(stage) + kind)
        web = {"public_origin": f"http://mail.posthouse.localhost:{stage.port('web')}", "mail_root": stage.mail_root}
        self.webmail = stage.start_webmail({**web, **self.settings.get("webmail", {})})

    def start_servers(self):
        """Postfix and nginx before our daemons."""
        stage = self.stage
        maps = "socketmap:unix:posthouse/lookupd/socket"  # below the queue directory, as smtpd(8) sees it
        policy = "check_policy_service unix:posthouse/policyd/socket"
        self.postfix = stage.start_postfix({
            "virtual_mailbox_domains": f"{maps}:domains",
            "virtual_mailbox_maps": f"{maps}:mailboxes",
            "virtual_alias_maps": f"{maps}:aliases",
            "recipient_delimiter": "+",
            "smtpd_recipient_restrictions": f"reject_unauth_destination, reject_unlisted_recipient, {policy}",
            "smtpd_end_of_data_restrictions": policy,
            "submission_recipient_restrictions": f"{policy}, permit_sasl_authenticated, reject",
            "smtpd_milters": "unix:posthouse/milter/socket",
            "default_transport": f"smtp:[{HOST}]:{self.elsewhere.port}",
            **self.main,
        }, submission=SUBMISSION)
        page = pathlib.Path(f"{stage.tree}/usr/share/posthouse/webmail")
        if not (page / "index.html").exists():
            raise StageError(f"{page} has no page: run ./dev build")
        server, upstream = from_example(stage, page)
        self.nginx = stage.start_nginx(server, http=upstream)

    def pack(self):
        """All mail that is there goes into packs; how many mails."""
        self.stage.configure("mail", {"pack_older_than": "0s", "pack_least": "1B"})
        self.stage.posthouse("mail", "pack", "--all")
        rows = self.stage.posthouse("mail", "stat", "--all", "--json")
        return sum(x.get("packed_mails", 0) for x in rows)

    def submit(self, local, recipients, message):
        """A mail from one of the users by the submission port; returns the reply that ended it."""
        with Smtp(self.postfix.submission_port, user=self.address(local), password=self.password(local)) as client:
            return client.send(self.address(local), recipients, message)

    def messages(self, local, folder="INBOX"):
        """A user's messages, read by IMAP."""
        return self.dovecot.messages(self.address(local), self.password(local), folder)
