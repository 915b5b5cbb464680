# bench/servers/mail_clients.py -- Mail, LMTP and IMAP for measurements: as little work of the client as can be.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile

from stage import StageError

CORPUS = pathlib.Path(__file__).resolve().parents[3] / "shared/tools/corpus/gen_corpus.py"


def corpus(count):
    """That many mails, as LMTP sends them."""
    if not CORPUS.exists():
        words = random.Random(1)
        return [("Subject: mail %d\r\nFrom: a@example.org\r\n\r\n" % i + "\r\n".join(
            " ".join("word%d" % words.randrange(5000) for _ in range(10))
            for _ in range(words.randrange(10, 500))) + "\r\n").encode() + b".\r\n" for i in range(count)]
    with tempfile.NamedTemporaryFile(suffix=".pack") as pack:
        subprocess.run([sys.executable, CORPUS, pack.name, "--count", str(count)], check=True, stdout=subprocess.DEVNULL)
        data = pathlib.Path(pack.name).read_bytes()
    mails, at = [], 0
    while at < len(data):
        size = struct.unpack(">Q", data[at:at + 8])[0]
        mail = data[at + 8:at + 8 + size]
        mails.append(re.sub(rb"(?m)^\.", b"..", mail) + (b"" if mail.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        at += 8 + size
    return mails


def cpu_seconds(name):
    """Processor time that processes of that name have used."""
    total = 0
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().strip() == name:
                total += int((comm.parent / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total / 1e9


class Lmtp:
    """LMTP over the unix socket, as little work as can be."""

    def __init__(self, stage):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(stage.queue / "private/dovecot-lmtp"))
        self.lines = self.socket.makefile("rb")
        self.reply()
        self.ask(b"LHLO bench\r\n")

    def reply(self):
        """The last line of a reply."""
        while True:
            line = self.lines.readline()
            if not line:
                raise StageError("LMTP hung up")
            if line[3:4] != b"-":
                return line

    def ask(self, command):
        """A command that must be answered by 2xx or 3xx."""
        self.socket.sendall(command)
        line = self.reply()
        if line[:1] not in b"23":
            raise StageError(f"{command[:40]!r}: {line!r}")

    def send(self, recipient, mail):
        """One mail to one recipient."""
        self.ask(b"MAIL FROM:<a@example.org>\r\n")
        self.ask(b"RCPT TO:<" + recipient.encode() + b">\r\n")
        self.ask(b"DATA\r\n")
        self.ask(mail)


def imap(port, user):
    """A function that sends a command and reads to its end."""
    sock = socket.create_connection(("127.0.0.1", port))
    lines = sock.makefile("rb", 1 << 20)
    lines.readline()

    def ask(command):
        sock.sendall(b"x " + command.encode() + b"\r\n")
        size = 0
        while True:
            line = lines.readline()
            if not line:
                raise StageError(f"{command}: IMAP hung up")
            size += len(line)
            if line.startswith(b"x "):
                if not line.startswith(b"x OK"):
                    raise StageError(f"{command}: {line!r}")
                return size
            if literal := re.search(rb"\{(\d+)\}\r\n$", line):
                size += len(lines.read(int(literal.group(1))))

    ask(f"LOGIN {user} secret")
    return ask
