# test/stage/sasl.py -- Logins by SASL PLAIN on each protocol, also for another user and from a chosen address.
# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import socket

from .clients import HOST


def plain(user, password, acting_for=""):
    """The initial response of SASL PLAIN (RFC 4616)."""
    return base64.b64encode(f"{acting_for}\0{user}\0{password}".encode()).decode()


class Lines:
    """A connection that speaks in lines."""

    def __init__(self, port, host=HOST, source=None):
        self.socket = socket.create_connection((host, port), 30, (source, 0) if source else None)
        self.file = self.socket.makefile("rwb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def line(self):
        """The next line."""
        return self.file.readline().decode("utf-8", "replace").rstrip("\r\n")

    def ask(self, text, ends):
        """Send a line; the answer's first line that begins with one of these words."""
        self.file.write(text.encode() + b"\r\n")
        self.file.flush()
        return self.until(ends)

    def until(self, ends):
        """The next line that begins with one of these words; empty at the end."""
        while True:
            line = self.line()
            if not line or line.startswith(tuple(ends)):
                return line


def imap(port, token, source=None, command="a SELECT INBOX"):
    """What IMAP answers to the login, and after a good one to a command."""
    with Lines(port, source=source) as server:
        server.line()
        answer = server.ask(f"a AUTHENTICATE PLAIN {token}", ["a "])
        return server.ask(command, ["a "]) if answer.startswith("a OK") else answer


def pop3(port, token, source=None):
    """What POP3 answers to the login."""
    with Lines(port, source=source) as server:
        server.line()
        return server.ask(f"AUTH PLAIN {token}", ["+OK", "-ERR"])


def sieve(port, token, source=None):
    """What ManageSieve answers to the login, and after a good one to LISTSCRIPTS."""
    ends = ["OK", "NO", "BYE"]
    with Lines(port, source=source) as server:
        server.until(ends)
        answer = server.ask(f'AUTHENTICATE "PLAIN" "{token}"', ends)
        return server.ask("LISTSCRIPTS", ends) if answer.startswith("OK") else answer


def smtp(port, token, source=None, then=()):
    """What SMTP answers to the login, and after a good one to the last of further commands."""
    codes = [f"{n} " for n in range(200, 600)]
    with Lines(port, source=source) as server:
        server.until(codes)
        server.ask("EHLO client.example.org", codes)
        answer = server.ask(f"AUTH PLAIN {token}", codes)
        for command in then if answer.startswith("235") else ():
            answer = server.ask(command, codes)
        return answer
