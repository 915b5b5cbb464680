# test/stage/foreign.py -- A host that is not ours: a server of the test's own process.
# SPDX-License-Identifier: GPL-3.0-or-later
import socketserver
import threading

from .clients import HOST


class ForeignHost(socketserver.ThreadingTCPServer):
    """Serves from its making on, each connection by a `session` in a thread; shutdown() ends it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port, session):
        super().__init__((HOST, port), session)
        self.port = port
        threading.Thread(target=self.serve_forever, daemon=True).start()
