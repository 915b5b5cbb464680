# test/stage/mariadb.py -- A private MariaDB server in a scratch folder, on a unix socket, as an unprivileged user.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess

from .process import Process
from .report import Failed, StageError

USER = "nobody"
OPTIONS = ("--no-defaults", "--skip-networking", "--skip-name-resolve", "--innodb-buffer-pool-size=64M",
           "--innodb-log-file-size=32M", "--innodb-flush-log-at-trx-commit=0", "--performance-schema=OFF",
           "--max-allowed-packet=64M", "--skip-log-bin", "--console")


def needed(program):
    """Its full path, or a clear error."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    if not found:
        raise StageError(f"{program} is missing: install the packages mariadb-server-core and mariadb-client-core, "
                         "or run ./dev test")
    return found


def as_user(argv, user=USER):
    """The command as that user when we are root; else as ourselves."""
    if os.geteuid() != 0:
        return argv
    return ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups", "--", *argv]


class Mariadb:
    """Root logs in without a password, by the socket alone. `folder` is made, and is the server's own."""

    def __init__(self, folder, log, sock=None, options=()):
        self.folder = pathlib.Path(folder)
        self.socket = pathlib.Path(sock or self.folder / "socket")
        self.data = self.folder / "data"
        self.client = needed("mariadb")
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER)
        self.log_path = log
        argv = as_user([needed("mariadbd"), *OPTIONS, f"--datadir={self.data}", f"--socket={self.socket}",
                        f"--pid-file={self.folder}/pid", *options])
        self.process = Process("mariadb", argv, log, ready=self.is_ready, timeout=60)

    def install(self):
        """The system tables, once."""
        if self.data.exists():
            return
        done = subprocess.run(
            as_user([needed("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
                     "--auth-root-authentication-method=normal", "--skip-name-resolve"]),
            capture_output=True, text=True, timeout=120, check=False, cwd=self.folder)
        if done.returncode != 0:
            raise StageError(f"mariadb-install-db: {done.stdout[-2000:]}{done.stderr[-2000:]}")

    def is_ready(self):
        """It answers a login."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(2)
            sock.connect(str(self.socket))
            return len(sock.recv(5)) == 5

    def start(self):
        """Start and wait until it takes connections; returns itself."""
        self.install()
        self.process.start()
        return self

    def stop(self):
        """SIGTERM and wait."""
        if self.process.running():
            self.resume()
            self.process.stop(timeout=60)

    def keep_writes(self):
        """From now on a commit is on disk before it is answered, so that kill() takes none along. Slower."""
        self.sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        self.process.argv.append("--innodb-flush-log-at-trx-commit=1")

    def kill(self):
        """kill -9: takes the last second of writes along."""
        self.process.kill()

    def pause(self):
        """It stays connected and answers nothing."""
        self.process.signal(signal.SIGSTOP)

    def resume(self):
        """Undo pause()."""
        self.process.signal(signal.SIGCONT)

    def sql(self, text, database="", ok=True):
        """Run statements as root; the rows as lists of texts. A statement that fails is a failure unless not ok."""
        done = subprocess.run([self.client, "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch",
                               "--skip-column-names", "--binary-mode", "--default-character-set=utf8mb4",
                               *([database] if database else [])],
                              input=text if isinstance(text, bytes) else text.encode(), capture_output=True,
                              timeout=300, check=False)
        if done.returncode != 0 and ok:
            raise Failed(f"SQL: {done.stderr.decode('utf-8', 'replace')}")
        return [line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines()]
