# bench/servers/policy.py -- Policy servers under load: starting them, what they cost, and the load generator.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICK = os.sysconf("SC_CLK_TCK")


def policyload(scratch):
    """Build the load generator in the scratch folder."""
    for base in (ROOT.parent / "shared", ROOT.parents[1] / "shared"):
        source = base / "tools/policyload"
        if (source / "policyload.cc").exists():
            shutil.copytree(source, scratch / "policyload")
            subprocess.run(["make", "-s", "-C", scratch / "policyload", "policyload"], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return scratch / "policyload/policyload"
    print("SKIP: no sibling folder ../shared/tools/policyload")
    sys.exit(77)


class Server:
    """A policy server under load, and what it costs."""

    def __init__(self, argv, address, log):
        self.address = address
        self.child = subprocess.Popen([str(x) for x in argv], stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + 120
        while not self.answers():
            if self.child.poll() is not None or time.monotonic() > end:
                sys.exit(f"FAILED: {argv[0]} does not answer")
            time.sleep(0.005)

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(30)
        sock.connect(str(self.address))
        return sock

    def answers(self):
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def tree(self):
        """The pids of the server and its children, but for a name server that it needs."""
        pids = [self.child.pid]
        for pid in pids:
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                pids += [int(x) for x in children.read_text().split()
                         if b"names.py" not in pathlib.Path(f"/proc/{x}/cmdline").read_bytes()]
        return pids

    def cpu(self):
        ticks = 0
        for pid in self.tree():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(int(x) for x in fields[11:15])  # its own, and that of children that have ended
        return ticks / TICK

    def anonymous_mb(self):
        text = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"^RssAnon:\s+(\d+)", text, re.MULTILINE).group(1)) / 1024

    def ask(self, sender, recipient="bob@example.net"):
        with self.connect() as sock:
            return ask(sock, sender, recipient)

    def stop(self, number=signal.SIGTERM):
        self.child.send_signal(number)
        self.child.wait()


def ask(sock, sender, recipient="bob@example.net"):
    sock.sendall(f"request=smtpd_access_policy\nprotocol_state=RCPT\nsender={sender}\nrecipient={recipient}\n"
                 "client_address=192.0.2.1\nclient_name=mx.example.org\n\n".encode())
    answer = b""
    while not answer.endswith(b"\n\n"):
        piece = sock.recv(4096)
        if not piece:
            raise EOFError
        answer += piece
    return answer.decode()
