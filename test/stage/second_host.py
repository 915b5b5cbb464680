# test/stage/second_host.py -- Another host of the same mail: a name, a mount of the mail and a Dovecot of its own.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import re

from .process import Log
from .report import wait_for
from .clients import tcp_ready

# Its processes see the folders at the same paths as the first host does.
ENTER = 'hostname "$0" && while [ "$1" != -- ]; do mount --bind "$1" "$2" && shift 2 || exit 1; done && shift && exec "$@"'


class SecondHost:
    """Made when the first Dovecot of the stage is configured. folders: (other mount's folder, path) pairs."""

    def __init__(self, stage, name, folders):
        self.stage, self.name = stage, name
        binds = [str(x) for pair in folders for x in pair]
        self.wrapper = ["unshare", "--mount", "--uts", "sh", "-c", ENTER, name, *binds, "--"]
        self.imap_port = stage.port(f"imap of {name}")
        self.lmtp = stage.queue / f"private-{name}/dovecot-lmtp"
        self.log = Log(stage.log_folder / f"{name}.log")
        self.process = None
        with open("/etc/dovecot/dovecot.conf", encoding="utf-8") as file:
            text = file.read()
        text = text.replace("base_dir = /run/dovecot\n", f"base_dir = /run/dovecot-{name}\n")
        text = text.replace("/dovecot.log", f"/{name}.log").replace("/private/", f"/private-{name}/")
        text = re.sub(r"(?m)^state_dir = .*$", f"state_dir = {stage.folder(f'{name}-state')}", text)
        text = text.replace(f"port = {stage.port('imap')}\n", f"port = {self.imap_port}\n")
        text = text.replace(f"port = {stage.port('pop3')}\n", f"port = {stage.port(f'pop3 of {name}')}\n")
        self.conf = stage.write(f"{name}.conf", text)

    def start(self):
        """Start its Dovecot and wait for the IMAP port; returns itself."""
        folder = self.lmtp.parent
        if not os.path.isdir(folder):
            self.stage.folder(folder, "postfix", "root", 0o700)
        self.process = self.stage.start(f"dovecot-{self.name}", [*self.wrapper, "dovecot", "-F", "-c", self.conf])
        wait_for(lambda: tcp_ready(self.imap_port), 30, f"Dovecot on {self.name} to answer")
        return self
