# test/t-13-storage/common.py -- A Dovecot with one kind of store, mail into it, and what lies on its disk.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import random
import re
import smtplib

from stage.storage import store

DOMAIN = "posthouse.test"
USERS = {f"{name}@{DOMAIN}": name for name in ("alice", "bob", "carol")}
ALICE, BOB, CAROL = USERS
ZSTD = b"\x28\xb5\x2f\xfd"


def letter(subject, size=2000, seed=1):
    """A mail with CRLF line ends whose body zstd can shorten."""
    words = random.Random(seed)
    lines = (" ".join(f"word{words.randrange(3000)}" for _ in range(9)) for _ in range(1 + size // 75))
    return (f"From: a@example.org\r\nTo: alice\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.org>\r\n\r\n"
            + "\r\n".join(lines) + "\r\n").encode()


class Lmtp:
    """An LMTP session with Dovecot."""

    def __init__(self, stage):
        self.client = smtplib.LMTP(str(stage.queue / "private/dovecot-lmtp"), timeout=60)
        self.client.ehlo_or_helo_if_needed()

    def send(self, recipients, mail):
        """The reply to each recipient, in order; an OSError when the server hangs up."""
        return list(self.replies([recipients] if isinstance(recipients, str) else recipients, mail))

    def replies(self, recipients, mail):
        """The same, each as it comes."""
        self.client.rset()
        self.client.mail("a@example.org")
        for recipient in recipients:
            code, text = self.client.rcpt(recipient)
            assert code == 250, text
        yield self.client.data(mail)
        for _ in recipients[1:]:
            yield self.client.getreply()

    def close(self):
        """Hang up."""
        self.client.close()


class Store:
    """One Dovecot with one kind of store; the mail of all kinds lies in the same homes."""

    def __init__(self, stage, kind, compression="none", extra="", plugins=""):
        stage.configure("dovecot-plugin", {"mail_compression": compression})
        self.stage = stage
        is_2_3 = stage.run("dovecot", "--version").stdout.startswith("2.3")
        self.is_2_3 = is_2_3
        self.begin = stage.log("dovecot").mark()
        self.dovecot = stage.start_dovecot(plugins + store(kind, is_2_3) + extra, users=USERS)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.dovecot.stop()

    def deliver(self, recipients, mail):
        """One mail by LMTP in a session of its own; the first reply's code."""
        session = Lmtp(self.stage)
        try:
            return session.send(recipients, mail)[0][0]
        finally:
            session.close()

    def log(self, pattern):
        """The first match in what this Dovecot has logged."""
        return self.dovecot.log.find(pattern, self.begin)

    def imap(self, user=ALICE):
        """A logged-in IMAP client."""
        return self.dovecot.imap(user, USERS[user])

    def doveadm(self, verb, *argv, user=ALICE):
        """doveadm on a user's mail; verb may be of two words."""
        return self.stage.run("doveadm", *verb.split(), "-u", user, *argv).stdout


def maildir(stage, user=ALICE):
    """Where a user's mail lies."""
    return pathlib.Path(f"{stage.mail_root}/{DOMAIN}/{user.split('@')[0]}/Maildir")


def files(folder):
    """The message files of a folder, in the order of their delivery."""
    found = [x for part in ("new", "cur") for x in (folder / part).iterdir()]
    return sorted(found, key=lambda x: (os.lstat(x).st_mtime_ns, x.name))


def newest(folder):
    """The message file that came last."""
    return max(files(folder), key=lambda x: (os.lstat(x).st_ctime_ns, x.name))


def sizes(path):
    """S= and W= of a file name."""
    match = re.search(r",S=(\d+),W=(\d+)", path.name)
    return (int(match.group(1)), int(match.group(2))) if match else None


def wipe(stage, user=ALICE):
    """No mail and no index."""
    stage.run("rm", "-rf", maildir(stage, user))
