#!/usr/bin/env python3
# test/t-09-demo/run.py -- ./dev demo --check: the whole house, every mail read back; then Ctrl-C leaves nothing.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 420 s
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test"))
from stage.tree import installed_tree  # noqa: E402

DEMO = [sys.executable, ROOT / "demo/demo.py"]


def fail(text):
    """The end of a failed test."""
    print(f"FAILED: {text}", flush=True)
    sys.exit(1)


def wait_until(condition, seconds, what):
    """Wait for condition() or fail."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            fail(f"waited {seconds} s for {what}")
        time.sleep(0.1)


def checked_run():
    """The demo's own checks."""
    print("  ./dev demo --check", flush=True)
    if subprocess.run([*DEMO, "--check"], check=False).returncode != 0:
        fail("the demo found a fault")


def port_in_use():
    """A fixed port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        done = subprocess.run([*DEMO, "--port", f"web={number}"], capture_output=True, text=True, check=False,
                              timeout=60)
    if done.returncode == 0 or f"port {number} (web)" not in done.stdout:
        fail(f"a port in use is not told: {done.returncode} {done.stdout}{done.stderr}")
    print("  a port in use is told by number and name", flush=True)


def ended_by(number):
    """The ports file, then a signal; nothing is left: no listener, no scratch folder."""
    with tempfile.TemporaryDirectory() as folder:
        ports = pathlib.Path(folder) / "ports"
        demo = subprocess.Popen([*DEMO, "--ports", ports], stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_until(lambda: ports.exists() and ports.stat().st_size or demo.poll() is not None, 180, "the ports file")
            if demo.poll() is not None:
                fail(f"the demo ended with code {demo.returncode}")
            known = dict(x.split("=", 1) for x in ports.read_text(encoding="utf-8").splitlines())
            scratch = pathlib.Path(known["logs"]).parent
            for name in ("web", "smtp", "submission", "imap", "pop3"):
                socket.create_connection(("127.0.0.1", int(known[f"{name}_port"])), 5).close()
            os.killpg(demo.pid, number)
            demo.wait(60)
        finally:
            if demo.poll() is None:
                demo.kill()
        wait_until(lambda: not scratch.exists() or number == signal.SIGKILL, 10, f"{scratch} to go")
        for name in ("web", "smtp", "submission", "imap", "pop3"):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", int(known[f"{name}_port"]))) == 0:
                    fail(f"{name} still listens after {signal.Signals(number).name}")
    print(f"  {signal.Signals(number).name} leaves no listener and no folder", flush=True)


os.environ["POSTHOUSE_TREE"] = str(installed_tree())
checked_run()
port_in_use()
ended_by(signal.SIGINT)
