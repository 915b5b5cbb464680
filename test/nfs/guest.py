#!/usr/bin/env python3
# test/nfs/guest.py -- What runs inside user-mode-linux as its first process: NFS, two mounts of it, and the steps.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Started by run.py, which says what to do in a file (POSTHOUSE_NFS names it, on the kernel's command line). Lines for
# the reader go to the console behind a mark; the last one has the exit code.
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import kernel  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
RANDOM = HERE.parent / "t-26-random/run.py"
USER = "65533"  # owns nothing else
MARK = "nfs: "


def say(text):
    """One line, or several, for the reader."""
    for line in text.splitlines():
        print(f"{MARK}{line}", flush=True)


class Steps:
    """Each returns True when it held."""

    def __init__(self, job, server):
        self.job, self.server = job, server
        self.first, self.second = (kernel.mount_client(x) for x in kernel.CLIENTS)

    def run(self, *argv, env=None):
        """A program whose lines are shown as they come; True when it ends well."""
        with subprocess.Popen([str(x) for x in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, errors="replace",
                              cwd="/mnt/tmp") as child:
            for line in child.stdout:
                say(line.rstrip())
        return child.returncode == 0

    def versions(self):
        """What it was tried on."""
        dovecot = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=False).stdout.split()
        say(f"  kernel {os.uname().release}, Dovecot {dovecot[0] if dovecot else '(none)'}, export on {self.job['disk']}")
        for options in kernel.mounts():
            say(f"  mounted {options}")
        return True

    def library(self):
        """The unit tests of maildir-lib, as an ordinary user, in a folder on NFS; some see it on both mounts."""
        folder = pathlib.Path(self.first) / "unit"
        folder.mkdir()
        folder.chmod(0o1777)
        done = self.run("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", self.job["unit_tests"],
                        "--color_output=no", "--report_level=short",
                        env={"TMPDIR": str(folder), "POSTHOUSE_SOURCE": str(kernel.ROOT),
                             "POSTHOUSE_TWO_MOUNTS": f"{folder}:{self.second}/unit"})
        left = os.listdir(folder)
        if left:
            say(f"  left on NFS: {left[:5]}")
        return done and not left

    def both(self):
        """Two hosts deliver at the same time."""
        return self.run(HERE / "both.py", f"{self.first}/both", f"{self.second}/both", "--mails", self.job["mails"])

    def both_stock(self):
        """The same without the plugin."""
        return self.run(HERE / "both.py", f"{self.first}/stock", f"{self.second}/stock", "--mails", self.job["mails"],
                        "--stock")

    def random(self, name="random", seconds=None):
        """Random mail with kills; two hosts by turns, tools on both."""
        return self.run(RANDOM, "--mail-root", f"{self.first}/{name}", "--second-mail-root", f"{self.second}/{name}",
                        "--slow", "10", "--seconds", seconds or self.job["seconds"])

    def restart(self):
        """The same while the server goes and comes."""
        over, restarts = threading.Event(), []

        def trouble():
            while not over.wait(20):
                self.server.stop()
                time.sleep(2)
                self.server.start()
                restarts.append(time.monotonic())

        thread = threading.Thread(target=trouble)
        thread.start()
        done = self.random("restart")
        over.set()
        thread.join()
        say(f"  the server was stopped for two seconds {len(restarts)} times")
        return done and len(restarts) > 1

    def seconds_until(self, condition):
        """How long it takes until that is so; at most two minutes."""
        begin = time.monotonic()
        while not condition() and time.monotonic() - begin < 120:
            time.sleep(0.2)
        return f"{time.monotonic() - begin:.1f} s"

    def stale(self):
        """What a process sees of another host's changes, and after the server was started anew."""
        here, there = (pathlib.Path(x) / "stale" for x in (self.first, self.second))
        here.mkdir()
        for name in ("kept", "removed", "lock", "grown"):
            (here / name).write_bytes(b"x" * 100_000)
        files = {x: os.open(here / x, os.O_RDWR) for x in ("kept", "removed", "lock")}
        fcntl.flock(files["lock"], fcntl.LOCK_EX | fcntl.LOCK_NB)
        (here / "missing").exists()
        (here / "grown").stat()
        (there / "missing").write_bytes(b"")
        with open(there / "grown", "ab") as file:
            file.write(b"x")
        say(f"  a listing shows a new file at once: {'missing' in os.listdir(here)}")
        (here / "absent").exists()
        (there / "absent").write_bytes(b"")
        say(f"  a name that was asked for before: seen after {self.seconds_until((here / 'absent').exists)}")
        say(f"  a size: seen after {self.seconds_until(lambda: (here / 'grown').stat().st_size == 100_001)}")
        (there / "removed").unlink()
        self.server.stop()
        self.server.start()
        kernel.write("/proc/sys/vm/drop_caches", "3\n")
        say("  the server was started anew")
        seen = {}
        for name in ("kept", "removed"):
            try:
                seen[name] = f"{len(os.pread(files[name], 10**6, 0))} octets"
            except OSError as error:
                seen[name] = error.strerror
        say(f"  an open file: {seen['kept']}; one that the other host has removed: {seen['removed']}")
        with open(there / "lock", "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                is_kept = False
            except BlockingIOError:
                is_kept = True
        say(f"  a lock is still held: {is_kept}")
        for file in files.values():
            os.close(file)
        return is_kept and seen["kept"] == "100000 octets"

    def squash(self):
        """posthouse mail where root is nobody."""
        folder = pathlib.Path(self.first) / "squash"
        folder.mkdir()
        folder.chmod(0o1777)
        self.server.answer(is_squashed=True)
        done = self.run(HERE / "squash.py", folder)
        self.server.answer()
        return done


def work():
    """The steps that were asked for; the exit code."""
    with open(os.environ["POSTHOUSE_NFS"], encoding="utf-8") as file:
        job = json.load(file)
    kernel.furnish()
    os.environ.update(job["environment"])
    server = kernel.Server(job["disk"])
    server.start()
    steps = Steps(job, server)
    failed = []
    for name in job["steps"]:
        say(f"{name}: {getattr(Steps, name).__doc__}")
        begin = time.monotonic()
        good = getattr(steps, name)()
        say(f"{name}: {'done' if good else 'FAILED'} in {time.monotonic() - begin:.0f} s")
        if not good:
            failed.append(name)
    for line in subprocess.run(["dmesg"], capture_output=True, text=True, check=False).stdout.splitlines():
        if "segfault" in line or "BUG" in line or "WARNING" in line:
            say(f"  kernel: {line}")
    return 1 if failed else 0


def main():
    code = 1
    try:
        code = work()
    except BaseException:  # noqa: BLE001 -- pid 1 must not end
        say(traceback.format_exc())
    say(f"exit {code}")
    os.sync()
    kernel.power_off()


main()
