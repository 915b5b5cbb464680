# test/stage/dovecot.py -- A private Dovecot of one stage, 2.3 or 2.4, with our modules beside the stock ones.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import shutil

from . import namespace
from .clients import imap_login, imap_messages, pop_messages, tcp_ready
from .process import Log, children, wait_gone
from .report import StageError, wait_for

COMMON = """\
base_dir = /run/dovecot
state_dir = {state}
log_path = {log}/dovecot.log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = no
first_valid_uid = 1
{version_dependent}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener {queue}/private/dovecot-lmtp {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener {queue}/private/auth {{
    mode = 0666
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@posthouse.test
}}
{auth}
{extra}
"""
HEAD_2_4 = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
SETTINGS_2_3 = "disable_plaintext_auth = no\nmail_location = maildir:~/Maildir\n"
SETTINGS_2_4 = "auth_allow_cleartext = yes\nmail_driver = maildir\nmail_path = ~/Maildir\n"
AUTH_2_3 = """\
passdb {{
  driver = posthouse
  args = {args}
  master = yes
  result_success = continue
}}
passdb {{
  driver = posthouse
  args = {args}
}}
userdb {{
  driver = posthouse
  args = {args}
}}
"""
AUTH_2_4 = """\
passdb posthouse-webmail {{
  driver = posthouse
  master = yes
  result_success = continue
}}
passdb posthouse {{
  driver = posthouse
}}
userdb posthouse {{
  driver = posthouse
}}
"""


class Dovecot:
    """Started by Stage.start_dovecot.

    extra: further configuration. auth: the passdb and userdb blocks; None = our module reading
    /etc/posthouse/dovecot-plugin.conf (args, 2.3 only). users: {address: password} instead, for a test that is
    not about accounts: a passwd-file with homes below the stage's mail folder.
    """

    def __init__(self, stage, extra="", auth=None, users=None, args=""):
        self.stage = stage
        self.stage.need("dovecot")
        self.version = tuple(int(x) for x in stage.run("dovecot", "--version").stdout.split()[0].split(".")[:2])
        self.imap_port = stage.port("imap")
        self.pop3_port = stage.port("pop3")
        self.log = Log(stage.log_folder / "dovecot.log")
        self.process = None
        if users is not None:
            auth = self.passwd_file(users)
        elif auth is None:
            auth = self.accounts(args)
        text = COMMON.format(
            state=stage.folder("dovecot-state"), log=stage.log_folder, imap=self.imap_port, pop3=self.pop3_port,
            queue=stage.queue, auth=auth, extra=extra,
            version_dependent=self.settings())
        stage.write("/etc/dovecot/dovecot.conf", self.head() + text)
        self.lay_modules()

    @property
    def is_2_3(self):
        """Debian 12's Dovecot."""
        return self.version < (2, 4)

    # What differs between versions, also for a second Dovecot of a test's own.

    def head(self):
        """What a configuration begins with."""
        return "" if self.is_2_3 else HEAD_2_4

    def settings(self):
        """Passwords in clear, and where mail is."""
        return SETTINGS_2_3 if self.is_2_3 else SETTINGS_2_4

    def accounts(self, args=""):
        """passdb and userdb blocks of our module."""
        return (AUTH_2_3 if self.is_2_3 else AUTH_2_4).format(args=args)

    def passwd_file(self, users):
        """passdb and userdb blocks over a file with plain passwords."""
        vmail = os.stat(self.stage.mail_root)
        lines = []
        for address, password in users.items():
            name, domain = address.split("@")
            home = f"{self.stage.mail_root}/{domain}/{name}"
            lines.append(f"{address}:{{PLAIN}}{password}:{vmail.st_uid}:{vmail.st_gid}::{home}::\n")
        path = self.stage.write("dovecot-users", "".join(lines))
        if self.is_2_3:
            return (f"passdb {{\n  driver = passwd-file\n  args = {path}\n}}\n"
                    f"userdb {{\n  driver = passwd-file\n  args = {path}\n}}\n")
        return (f"passdb passwd-file {{\n  passwd_file_path = {path}\n}}\n"
                f"userdb passwd-file {{\n  passwd_file_path = {path}\n}}\n")

    def lay_modules(self):
        """Dovecot looks for auth modules in one compiled-in folder: bind the stock ones plus ours over it."""
        stock = next((x for x in (pathlib.Path("/usr/lib/dovecot/modules"),) if x.is_dir()), None)
        if stock is None:
            raise StageError("/usr/lib/dovecot/modules is missing: install the package dovecot-core")
        ours = pathlib.Path(f"{self.stage.tree}{stock}")
        both = self.stage.scratch / "dovecot-modules"
        if both.exists() or not ours.is_dir():
            return
        shutil.copytree(stock, both, symlinks=True)
        shutil.copytree(ours, both, symlinks=True, dirs_exist_ok=True)
        namespace.bind(str(both), str(stock))

    def start(self):
        """Start and wait for the IMAP port; returns itself."""
        for name in ("private", ""):  # Postfix makes the same folders with the same owner
            if not os.path.isdir(self.stage.queue / name):
                self.stage.folder(self.stage.queue / name, "postfix", "root", 0o700)
        self.process = self.stage.start("dovecot-main", ["dovecot", "-F"])
        wait_for(lambda: tcp_ready(self.imap_port) and tcp_ready(self.pop3_port), 15, "Dovecot to answer")
        return self

    def reload(self):
        """Read the configuration again; what asks from now on is asked of new processes."""
        old = [pid for name in ("auth", "imap-login", "pop3-login", "lmtp") for pid in children(self.process.pid, name)]
        self.stage.run("doveadm", "reload")
        for pid in old:
            wait_gone(pid)

    def stop(self):
        """Stop it."""
        self.process.stop()

    def imap(self, user, password):
        """A logged-in imaplib client."""
        return imap_login(self.imap_port, user, password)

    def messages(self, user, password, folder="INBOX"):
        """All messages of a folder, read by IMAP."""
        return imap_messages(self.imap_port, user, password, folder)

    def pop_messages(self, user, password):
        """All messages, read by POP3."""
        return pop_messages(self.pop3_port, user, password)
