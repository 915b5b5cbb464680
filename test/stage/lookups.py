# test/stage/lookups.py -- A socketmap client without Postfix.
# SPDX-License-Identifier: GPL-3.0-or-later
import socket


class SocketmapClient:
    """One connection: ask("MAP KEY") -> "OK …", "NOTFOUND " or "TEMP …"; None when the other side hung up."""

    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.settimeout(timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, question):
        """The reply to one question."""
        data = question.encode()
        self.socket.sendall(b"%d:%s," % (len(data), data))
        while True:
            head, colon, rest = self.buffer.partition(b":")
            if colon and len(rest) > int(head):
                self.buffer = rest[int(head) + 1:]
                return rest[:int(head)].decode()
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.buffer += piece
