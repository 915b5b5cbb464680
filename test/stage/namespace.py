# test/stage/namespace.py -- Puts this process into private namespaces, so that nothing it starts outlives it.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# enter() forks twice and returns in the grandchild:
#   keeper  the process that called; owns the scratch folder, waits, removes it, exits with the test's code
#   init    pid 1 of the new pid namespace; takes in orphans; when it ends the kernel kills all that is left
#   test    returns from enter() and goes on
# init dies with the keeper (PR_SET_PDEATHSIG), so even kill -9 of the keeper leaves nothing running. Without
# root one more process in front maps the user's subordinate ids (newuidmap), and the rest is the same.
import ctypes
import errno
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

from .report import StageError

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_NOSUID_NODEV_NOEXEC = 2 | 4 | 8
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
PR_SET_PDEATHSIG = 1
PREFIX = "posthouse-"

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    """Call a libc function that returns -1 on error."""
    if getattr(libc, name)(*args) == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def mount(source, target, fstype=None, flags=0, options=None):
    """mount(2)."""
    encode = [None if x is None else os.fsencode(x) for x in (source, target, fstype, options)]
    try:
        call("mount", encode[0], encode[1], encode[2], ctypes.c_ulong(flags), encode[3])
    except OSError as error:
        raise OSError(error.errno, f"mount {source} on {target}: {os.strerror(error.errno)}") from None


def bind(source, target):
    """Show source at target too."""
    mount(source, target, flags=MS_BIND | MS_REC)


def raise_loopback():
    """Bring up lo, which a new network namespace has switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS, UP | RUNNING


def sweep():
    """Remove scratch folders whose keeper is gone (it was killed): their lock is free."""
    base = tempfile.gettempdir()
    for name in os.listdir(base):
        lock = os.path.join(base, name, ".lock")
        if not name.startswith(PREFIX) or not os.path.exists(lock):
            continue
        try:
            with open(lock, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(os.path.join(base, name), ignore_errors=True)
        except OSError:
            continue


def make_scratch():
    """A new scratch folder and its lock, held by whoever holds the file."""
    sweep()
    path = tempfile.mkdtemp(prefix=PREFIX)
    os.chmod(path, 0o755)
    lock = open(os.path.join(path, ".lock"), "wb")  # noqa: SIM115 -- held until the keeper ends
    fcntl.flock(lock, fcntl.LOCK_EX)
    return path, lock


def wait_code(pid):
    """The exit code of a child, 128 + n when a signal ended it."""
    while True:
        try:
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            return code if code >= 0 else 128 - code
        except InterruptedError:
            continue


def forward_signals(pid):
    """Pass INT, TERM and HUP on to the child; a second one, or ten seconds, ends it by force."""
    seen = []

    def forward(number, _frame):
        seen.append(number)
        try:
            os.kill(pid, signal.SIGKILL if len(seen) > 2 else number)
        except ProcessLookupError:
            return
        signal.alarm(10)

    def force(_number, _frame):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    signal.signal(signal.SIGALRM, force)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)


def become_root():
    """Without root: a user namespace in which this user is root and the subordinate ids are the others."""
    for tool in ("newuidmap", "newgidmap"):
        if not shutil.which(tool):
            raise StageError(f"{tool} is missing: install the package uidmap, or run as root")
    name = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    ranges = {}
    for kind in ("uid", "gid"):
        path = f"/etc/sub{kind}"
        lines = open(path, encoding="utf-8").read().split() if os.path.exists(path) else []
        owned = [x.split(":") for x in lines if x.split(":")[0] in (name, str(os.getuid()))]
        if not owned or int(owned[0][2]) < 65535:
            raise StageError(f"{path} gives {name} no 65536 subordinate ids: "
                             f"run as root: usermod --add-sub{kind}s 100000-165535 {name}")
        ranges[kind] = owned[0][1]
    ready_r, ready_w = os.pipe()
    mapped_r, mapped_w = os.pipe()
    uid, gid = os.getuid(), os.getgid()
    child = os.fork()
    if child:
        os.close(ready_w)
        os.close(mapped_r)
        forward_signals(child)
        if os.read(ready_r, 1):
            for kind, own in (("uid", uid), ("gid", gid)):
                subprocess.run([f"new{kind}map", str(child), "0", str(own), "1", "1", ranges[kind], "65535"],
                               check=True)
            os.write(mapped_w, b"1")
        os._exit(wait_code(child))
    os.close(ready_r)
    os.close(mapped_w)
    call("prctl", PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    try:
        call("unshare", CLONE_NEWUSER)
    except OSError as error:
        raise StageError(f"this kernel lets no user make a user namespace ({error.strerror}): run as root") from None
    os.write(ready_w, b"1")
    if not os.read(mapped_r, 1):
        os._exit(1)
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def run_init(test):
    """pid 1: pass signals to the test, take in orphans, end with the test's code."""
    forward_signals(test)
    while True:
        try:
            pid, status = os.waitpid(-1, 0)
        except InterruptedError:
            continue
        if pid == test:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def keep(scratch, init):
    """The keeper: wait for the namespace to end, remove the scratch folder, exit with the test's code."""
    forward_signals(init)
    code = wait_code(init)
    if os.environ.get("POSTHOUSE_KEEP"):
        print(f"kept: {scratch}", file=sys.stderr, flush=True)
    else:
        shutil.rmtree(scratch, ignore_errors=True)
    os._exit(code)


def fork_test():
    """In pid 1: fork the test, which alone returns."""
    test = os.fork()
    if test:
        run_init(test)

    def interrupt(number, _frame):
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def enter(private_network):
    """Enter the namespaces; returns the path of the scratch folder, in the test process alone."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.getuid() != 0:
        become_root()
    scratch, lock = make_scratch()
    try:
        call("unshare", CLONE_NEWPID)
    except OSError as error:
        shutil.rmtree(scratch)
        raise StageError(f"no new pid namespace ({error.strerror}): run as root, in a container with CAP_SYS_ADMIN")
    init = os.fork()
    if init:
        keep(scratch, init)
    lock.close()
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    call("unshare", CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | (CLONE_NEWNET if private_network else 0))
    try:
        mount("none", "/", flags=MS_REC | MS_PRIVATE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise StageError("the root folder is no mount point: bind a chroot's folder onto itself "
                         "(mount --bind DIR DIR) before entering it") from None
    mount("proc", "/proc", "proc", MS_NOSUID_NODEV_NOEXEC)
    if private_network:
        raise_loopback()
    fork_test()
    return scratch

