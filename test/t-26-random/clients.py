# test/t-26-random/clients.py -- IMAP and LMTP for servers that may be killed at any moment: what was answered, and what not.
# SPDX-License-Identifier: GPL-3.0-or-later
import re
import socket

PATIENCE = 25


class Gone(Exception):
    """The server hung up, or does not answer: what was asked last may have been done or not."""


class No(Exception):
    """The server refused."""


class Line:
    """One untagged answer: its text with literals taken out, and these."""

    def __init__(self, text, literals):
        self.text, self.literals = text, literals

    def word(self, pattern):
        """The first group of the pattern, or None."""
        found = re.search(pattern, self.text)
        return found.group(1) if found else None


class Connection:
    """A socket that turns every error into Gone."""

    def __init__(self, family, where):
        self.socket = socket.socket(family)
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.connect(where)
        except OSError as error:
            self.socket.close()
            raise Gone(str(error)) from None
        self.file = self.socket.makefile("rb")

    def write(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError as error:
            raise Gone(str(error)) from None

    def read_line(self):
        try:
            line = self.file.readline()
        except OSError as error:
            raise Gone(str(error)) from None
        if not line.endswith(b"\n"):
            raise Gone("the server hung up")
        return line

    def read(self, size):
        try:
            octets = self.file.read(size)
        except OSError as error:
            raise Gone(str(error)) from None
        if len(octets) < size:
            raise Gone("the server hung up")
        return octets

    def close(self):
        self.file.close()
        self.socket.close()


class Imap:
    """A logged-in IMAP session."""

    def __init__(self, port, user, password):
        self.connection = Connection(socket.AF_INET, ("127.0.0.1", port))
        self.number = 0
        self.selected = None
        try:
            if not self.connection.read_line().startswith(b"* OK"):
                raise Gone("no greeting")
            self.ask(f"LOGIN {user} {password}")
        except (Gone, No) as error:
            self.connection.close()
            raise Gone(str(error)) from None

    def ask(self, command, literal=None):
        """The untagged answers, and the text behind OK; No or Gone."""
        self.number += 1
        tag = f"t{self.number}"
        if literal is None:
            self.connection.write(f"{tag} {command}\r\n".encode())
        else:
            self.connection.write(f"{tag} {command} {{{len(literal)}+}}\r\n".encode() + literal + b"\r\n")
        lines = []
        while True:
            line = self.line()
            if line.text.startswith(f"{tag} "):
                _, code, text = line.text.split(" ", 2)
                if code != "OK":
                    raise No(f"{command[:80]}: {line.text}")
                return lines, text
            if line.text.startswith("* BYE"):
                raise Gone(line.text)
            lines.append(line)

    def line(self):
        """One answer with its literals."""
        text, literals = "", []
        while True:
            piece = self.connection.read_line()
            found = re.search(rb"\{(\d+)\}\r\n$", piece)
            if not found:
                return Line(text + piece.rstrip(b"\r\n").decode("latin-1"), literals)
            text += piece[:found.start()].decode("latin-1")
            literals.append(self.connection.read(int(found.group(1))))

    def select(self, folder):
        """Look at a folder, with all that others have done to it; its UIDVALIDITY when it was newly selected."""
        if self.selected == folder:
            self.ask("NOOP")
            return None
        self.selected = None
        lines, text = self.ask(f'SELECT "{folder}"')
        self.selected = folder
        words = [x.word(r"UIDVALIDITY (\d+)") for x in [*lines, Line(text, [])]]
        return int(next(x for x in words if x))

    def close(self):
        self.connection.close()


class Lmtp:
    """An LMTP session."""

    def __init__(self, path):
        self.connection = Connection(socket.AF_UNIX, str(path))
        try:
            self.reply()
            self.ask("LHLO test")
        except (Gone, No) as error:
            self.connection.close()
            raise Gone(str(error)) from None

    def reply(self):
        """The last line of a reply."""
        while True:
            line = self.connection.read_line().decode("latin-1")
            if line[3:4] != "-":
                return line.strip()

    def ask(self, command):
        """A command that is taken."""
        self.connection.write(f"{command}\r\n".encode())
        line = self.reply()
        if line[:1] not in "23":
            raise No(f"{command}: {line}")

    def send(self, recipients, mail):
        """Yields each recipient's reply; Gone in between when the server ends."""
        self.ask("MAIL FROM:<sender@example.org>")
        for recipient in recipients:
            self.ask(f"RCPT TO:<{recipient}>")
        self.ask("DATA")
        self.connection.write(re.sub(rb"(?m)^\.", b"..", mail) + b".\r\n")
        for recipient in recipients:
            yield recipient, self.reply()

    def close(self):
        self.connection.close()
