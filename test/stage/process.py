# test/stage/process.py -- One started program: its pid, log, readiness, and its end.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from .report import Failed, StageError, wait_for


def tail(path, lines=25):
    """The last lines of a file, or nothing when it does not exist."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])
    except OSError:
        return ""


PAUSE = 200  # milliseconds


class Log:
    """A log file: its text, and waiting for a line in it."""

    def __init__(self, path):
        self.path = path

    def text(self):
        """All that has been written so far."""
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def mark(self):
        """The present length, for wait(since=...)."""
        return len(self.text())

    def find(self, pattern, since=0):
        """The first match of the regular expression, or None."""
        return re.search(pattern, self.text()[since:], re.MULTILINE)

    def held(self):
        """What the daemon says of callbacks that held its loop, or threw. A shared machine that gives its
        processor to others for a moment looks the same: pauses below PAUSE are not told."""
        lines = re.findall(r"loop\.(?:bug .*|stall .*?ms=\d+)", self.text())
        return [x for x in lines if x.startswith("loop.bug") or int(x.rsplit("=", 1)[1]) >= PAUSE]

    def wait(self, pattern, timeout=10.0, since=0):
        """Wait for a match of the regular expression and return it."""
        return wait_for(lambda: self.find(pattern, since), timeout, f"/{pattern}/ in {self.path}")


class Process:
    """A program in the foreground, started by Stage.start; `log` holds its output."""

    def __init__(self, name, argv, log, user=None, env=None, cwd=None, ready=None, timeout=10.0):
        self.name = name
        self.argv = [str(x) for x in argv]
        self.user = user
        self.env = env
        self.cwd = cwd
        self.ready = ready
        self.timeout = timeout
        self.log = Log(log)
        self.child = None

    def start(self):
        """Start it and wait until it is ready; returns itself."""
        if not shutil.which(self.argv[0]):
            raise StageError(f"{self.argv[0]} is missing")
        argv = self.argv
        if self.user:
            argv = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups",
                    "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--", *argv]
        with open(self.log.path, "ab") as output:
            self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                          env={**os.environ, **(self.env or {})}, cwd=self.cwd,
                                          start_new_session=True)
        if self.ready:
            wait_for(self.ready_or_dead, self.timeout, f"{self.name} to be ready\n{tail(self.log.path)}")
        return self

    def ready_or_dead(self):
        """Ask the ready condition; fail at once when the program has ended."""
        if self.child.poll() is not None:
            raise Failed(f"{self.name} ended with code {self.child.returncode}:\n{tail(self.log.path)}")
        return self.ready()

    @property
    def pid(self):
        """Its process id (inside the stage)."""
        return self.child.pid

    def running(self):
        """True while it runs."""
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        """Send a signal."""
        self.child.send_signal(number)

    def reload(self):
        """SIGHUP."""
        self.signal(signal.SIGHUP)

    def kill(self):
        """kill -9 and wait for the end."""
        self.signal(signal.SIGKILL)
        self.child.wait()

    def stop(self, timeout=10.0):
        """SIGTERM and wait; returns the exit code. Fails when it does not end in time."""
        if not self.running():
            return self.child.returncode if self.child else 0
        self.signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.name} did not end within {timeout:g} s of SIGTERM") from None

    def restart(self):
        """Stop, then start again."""
        self.stop()
        return self.start()

    def memory_kb(self, field="RssAnon"):
        """A field of /proc/PID/status in kB."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{field}:\s+(\d+)", file.read(), re.MULTILINE).group(1))

    def cpu_seconds(self):
        """User and system CPU time used so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(parent, name):
    """The processes of that name below a parent."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f"({name})" in text and int(text.rsplit(")", 1)[1].split()[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def wait_gone(pid, timeout=10.0):
    """Wait until a process that is not our child has ended."""
    end = time.monotonic() + timeout
    while True:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except (FileNotFoundError, ProcessLookupError):
            return
        if time.monotonic() > end:
            raise Failed(f"process {pid} did not end within {timeout:g} s")
        time.sleep(0.02)
