# test/nfs/kernel.py -- Inside user-mode-linux: modules, mounts, the kernel's NFS server and its two clients.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# All of it by system calls and /proc, so that neither nfs-utils nor kmod has to be installed: the server's questions
# about exports, which rpc.mountd would answer, are answered before they are asked.
import ctypes
import os
import pathlib
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = pathlib.Path("/usr/lib/uml/modules")
EXPORT = "/mnt/export"
CLIENTS = {"a": "vers=4.2", "b": "vers=4.1,nosharecache"}
FINIT_MODULE = 313
POWER_OFF = 0x4321FEDC
THREADS = 8
# The least that the server takes: what it waits for its clients after a restart, and they for it.
SECONDS = 10
MS_BIND = 4096
ROOT_SQUASH = 4

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    """A system call's wrapper; OSError when it fails."""
    if getattr(libc, name)(*(x.encode() if isinstance(x, str) else x for x in args)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name} {args}: {os.strerror(error)}")


def mount(source, target, kind, options="", flags=0):
    """mount(2); the folder is made."""
    os.makedirs(target, exist_ok=True)
    call("mount", source, target, kind, flags, options)


def write(path, text):
    """One write(2), as files of /proc want it."""
    with open(path, "wb", buffering=0) as file:
        file.write(text.encode())


def load_modules(*names):
    """Kernel modules with all that they need."""
    folder = MODULES / os.uname().release
    needs, loaded = {}, set()
    for line in (folder / "modules.dep").read_text(encoding="ascii").splitlines():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
    for name in names:
        path = next(x for x in needs if x.endswith(f"/{name}.ko"))
        for each in (*reversed(needs[path]), path):
            if each in loaded:
                continue
            loaded.add(each)
            with open(folder / each, "rb") as file:
                if libc.syscall(FINIT_MODULE, file.fileno(), b"", 0) != 0 and ctypes.get_errno() != 17:
                    raise OSError(ctypes.get_errno(), f"module {each}")


def furnish():
    """What an init does: the root is the host's and stays as it is."""
    for source, target, kind in (("proc", "/proc", "proc"), ("sysfs", "/sys", "sysfs"), ("run", "/run", "tmpfs"),
                                 ("mnt", "/mnt", "tmpfs"), ("tmp", "/mnt/tmp", "tmpfs"), ("shm", "/dev/shm", "tmpfs"),
                                 ("devpts", "/dev/pts", "devpts")):
        mount(source, target, kind)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        if not os.path.lexists(f"/dev/{name}"):
            os.symlink(target, f"/dev/{name}")
    os.chmod("/mnt/tmp", 0o1777)
    os.environ["TMPDIR"] = "/mnt/tmp"
    if not ROOT.is_relative_to("/tmp"):
        call("mount", "/mnt/tmp", "/tmp", "", MS_BIND, "")
    call("sethostname", b"nfs-test", 8)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Server:
    """The kernel's nfsd with one export: tmpfs, or the disk that user-mode-linux was given."""

    def __init__(self, kind):
        load_modules("nfsd", "nfsv4")
        write("/sys/module/nfsd/parameters/cltrack_prog", str(pathlib.Path(__file__).with_name("kept-clients")))
        if kind == "tmpfs":
            mount("export", EXPORT, "tmpfs")
        else:
            mount("/dev/ubda", EXPORT, kind)
        mount("nfsd", "/proc/fs/nfsd", "nfsd")
        write("/proc/fs/nfsd/versions", "-3 +4 +4.1 +4.2\n")
        for name in ("nfsv4leasetime", "nfsv4gracetime"):
            write(f"/proc/fs/nfsd/{name}", f"{SECONDS}\n")

    def answer(self, is_squashed=False):
        """What rpc.mountd would say: who asks, what may be had, which folder is the root."""
        never = int(time.time()) + 10**8
        write("/proc/net/rpc/auth.unix.ip/channel", f"nfsd 127.0.0.1 {never} test\n")
        # rw, sync, no_subtree_check, fsid=0
        flags = 0x2000 | 0x0400 | (ROOT_SQUASH if is_squashed else 0)
        write("/proc/net/rpc/nfsd.export/channel", f"test {EXPORT} {never} {flags} 65534 65534 0\n")
        write("/proc/net/rpc/nfsd.fh/channel", f"test 1 \\x00000000 {never} {EXPORT}\n")

    def start(self):
        """Listen and serve."""
        self.answer()
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 2049))
            listener.listen(64)
            write("/proc/fs/nfsd/portlist", f"{listener.fileno()}\n")
        write("/proc/fs/nfsd/threads", f"{THREADS}\n")

    def stop(self):
        """All threads end; the clients wait for the server."""
        write("/proc/fs/nfsd/threads", "0\n")


def mount_client(name, options=""):
    """One of the two mounts; its path. Attributes are cached as by default."""
    target = f"/mnt/{name}"
    mount("127.0.0.1:/", target, "nfs4", f"{CLIENTS[name]},addr=127.0.0.1,clientaddr=127.0.0.1,proto=tcp,sec=sys{options}")
    return target


def power_off():
    """The end of all."""
    libc.reboot(POWER_OFF)


def mounts():
    """What the kernel says of them."""
    return [x.split()[3] for x in open("/proc/mounts", encoding="ascii") if x.split()[2] == "nfs4"]
