# test/stage/elsewhere.py -- The rest of the world: an SMTP server that knows none of its recipients.
# SPDX-License-Identifier: GPL-3.0-or-later
import socketserver

from .foreign import ForeignHost


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self):
        self.wfile.write(b"220 mx.elsewhere.test ESMTP\r\n")
        while line := self.rfile.readline(1000):
            verb = line[:4].upper()
            if verb == b"RCPT":
                self.wfile.write(b"550 5.1.1 no such user here\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"554 5.5.1 no recipients\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 2.0.0 bye\r\n")
                return
            else:
                self.wfile.write(b"250 mx.elsewhere.test\r\n")


class Elsewhere(ForeignHost):
    """Where a house sends all mail for other domains: it comes back as a bounce, and none leaves the machine."""

    def __init__(self, port):
        super().__init__(port, Session)
