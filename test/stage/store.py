# test/stage/store.py -- Another host that holds mailboxes: an LMTP server that keeps what it is given.
# SPDX-License-Identifier: GPL-3.0-or-later
import socketserver

from .foreign import ForeignHost


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self):
        recipients = []
        self.wfile.write(b"220 store2.posthouse.test LMTP\r\n")
        while line := self.rfile.readline(1000):
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipients.append(line.decode().partition("<")[2].partition(">")[0])
            if verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                text = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    text += line.removeprefix(b".")
                self.server.mails.append((recipients, text))
                self.wfile.write(b"250 2.0.0 kept\r\n" * len(recipients))
                recipients = []
            elif verb == b"QUIT":
                self.wfile.write(b"221 2.0.0 bye\r\n")
                return
            else:
                self.wfile.write(b"250 2.0.0 ok\r\n")


class Store(ForeignHost):
    """mails: (recipients, text) of each mail, in order."""

    def __init__(self, port):
        self.mails = []
        super().__init__(port, Session)
