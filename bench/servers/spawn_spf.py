#!/usr/bin/env python3
# bench/servers/spawn_spf.py -- policyd-spf as Postfix's spawn(8) runs it: a process for each connection.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# It asks the resolver of /etc/resolv.conf: run this as root in network and mount namespaces of its own
# (unshare --net --mount), where it binds its own file there and starts names.py on port 53.
# usage: spawn_spf.py SOCKET FOLDER
import os
import pathlib
import signal
import socket
import subprocess
import sys


def reap(*_):
    """Waits for processes that have ended, so that their CPU time is counted."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main():
    path, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:2\n")
    (folder / "spf.conf").write_text("debugLevel = 0\nTestOnly = 0\nHELO_reject = Fail\nMail_From_reject = Fail\n"
                                     "PermError_reject = False\nTempError_Defer = False\n"
                                     "skip_addresses = 127.0.0.0/8,::ffff:127.0.0.0/104,::1\n")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", folder / "resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
    names = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("names.py"), "--port", "53"])

    def end(*_):
        names.kill()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGCHLD, reap)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(64)
    while True:
        client, _ = server.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.dup2(client.fileno(), 0)
            os.dup2(client.fileno(), 1)
            os.execvp("policyd-spf", ["policyd-spf", str(folder / "spf.conf")])
        client.close()


main()
