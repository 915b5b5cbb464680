# test/t-28-courier/courier.py -- Courier's own IMAP and POP3 servers on a Maildir, by their pipes.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Debian's packages take the place of Dovecot's, so they are never installed: what packages.txt names under
# [unpacked] is downloaded and unpacked into a folder of its own. The servers are started as their login
# servers start them, logged in already, with the session on standard input and output.
import fcntl
import imaplib
import os
import pathlib
import re
import shutil
import subprocess

from stage import Failed
from stage.tree import ROOT

USER = "vmail"


def names():
    """What packages.txt lists for this release under [unpacked]."""
    release = re.search(r"^VERSION_CODENAME=(\S+)", pathlib.Path("/etc/os-release").read_text(encoding="utf-8"), re.M)
    found, wanted = [], False
    for line in (ROOT / "packages.txt").read_text(encoding="utf-8").splitlines():
        word = line.split("#")[0].strip()
        if word.startswith("["):
            wanted = word == "[unpacked]"
        elif word and wanted and word.partition("@")[2] in ("", release and release.group(1)):
            found.append(word.partition("@")[0])
    return found


def libraries(root):
    """Where its programs find theirs."""
    lib = root / "usr/lib"
    return {"LD_LIBRARY_PATH": ":".join(str(x) for x in (*lib.glob("*-linux-gnu"), lib / "courier-authlib", lib))}


def starts(root):
    """False when a library is missing: another release's names."""
    done = subprocess.run([root / "usr/bin/imapd"], env={**os.environ, **libraries(root)}, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False, timeout=30)
    return done.returncode != 127


def unpacked():
    """The folder with Courier's programs, downloaded at the first call; None when they cannot be had."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "posthouse"
    root = cache / "unpacked"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "unpacked.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (root / "usr/bin/imapd").exists():
            return root
        fresh = cache / "unpacked.new"
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "debs").mkdir(parents=True)
        done = subprocess.run(["apt-get", "download", *names()], cwd=fresh / "debs", capture_output=True, check=False)
        if done.returncode != 0:
            return None
        for deb in (fresh / "debs").iterdir():
            subprocess.run(["dpkg-deb", "-x", deb, fresh], check=True)
        fresh.rename(root)
        return root


class Pipe(imaplib.IMAP4_stream):
    """A session with imapd that is logged in from its first line on."""

    def __init__(self, argv, env, cwd):
        self.argv, self.env, self.cwd = argv, env, cwd
        super().__init__("")
        self.state = "AUTH"  # the greeting PREAUTH may come behind a warning

    def open(self, host=None, port=None, timeout=None):
        """Start the server in place of a connection."""
        self.host = self.port = self.sock = None
        self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=self.env, cwd=self.cwd, close_fds=True)
        self.writefile = self.process.stdin
        self.readfile = self.process.stdout


class Courier:
    """Its servers, for the Maildir of one user at a time."""

    def __init__(self, stage, root):
        self.stage = stage
        self.root = stage.scratch / "courier"
        shutil.copytree(root, self.root, symlinks=True, ignore=shutil.ignore_patterns("debs"))
        os.chmod(self.root, 0o755)
        self.env = {**os.environ, **libraries(self.root), "AUTHENTICATED": "user", "AUTHADDR": "user",
                    "IMAP_KEYWORDS": "1", "IMAP_ENHANCEDIDLE": "0", "IMAP_USELOCKS": "0", "HOSTNAME": "old.example.org"}
        self.drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--"]

    def make(self, maildir):
        """An empty Maildir."""
        maildir.parent.mkdir(parents=True, exist_ok=True)
        shutil.chown(maildir.parent, USER, USER)
        self.stage.run(self.root / "usr/bin/maildirmake.courier", maildir, user=USER, env=self.env)

    def imap(self, maildir):
        """An IMAP session."""
        return Pipe([*self.drop, self.root / "usr/bin/imapd", maildir.name], self.env, maildir.parent)

    def pop3(self, maildir):
        """[(number, UIDL)], as a POP3 client sees them."""
        done = subprocess.run([*self.drop, self.root / "usr/lib/courier/courier/courierpop3d", maildir.name],
                              input="UIDL\r\nQUIT\r\n", capture_output=True, text=True, env=self.env,
                              cwd=maildir.parent, timeout=30, check=False)
        lines = re.findall(r"^(\d+) (\S+)$", done.stdout.replace("\r", ""), re.M)
        if done.stdout.count("+OK") < 3:
            raise Failed(f"Courier's POP3 server: {done.stdout}{done.stderr}")
        return [(int(number), uidl) for number, uidl in lines]
