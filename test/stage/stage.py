# test/stage/stage.py -- A private machine for one test: namespaces, users, folders, an install tree, servers.
# SPDX-License-Identifier: GPL-3.0-or-later
import grp
import json
import os
import pathlib
import pwd
import random
import shutil
import socket
import subprocess
import sys
import time
import traceback

from . import namespace
from .clients import HOST, unix_ready
from .dovecot import Dovecot
from .mariadb import Mariadb
from .nginx import Nginx
from .postfix import Postfix
from .process import Log, Process, tail
from .report import Failed, StageError
from .slapd import Slapd
from .tree import ROOT, installed_tree

USERS = ("phpolicy", "phlookup", "phmilter", "vmail")
DAEMON_USERS = {"policyd": "phpolicy", "lookupd": "phlookup", "milter": "phmilter", "webmail": "vmail"}
# Who may read the directory, and (nobody but root's auth workers) its password hashes.
GROUPS = {"posthouse": ("phpolicy", "phlookup", "vmail", "dovecot")}
POSTFIX_FACING = ("policyd", "lookupd", "milter")
PACKAGE_OF = {"postfix": "postfix", "dovecot": "dovecot-core", "nginx": "nginx-light", "setpriv": "util-linux",
              "slapd": "slapd", "slapadd": "slapd", "ldapmodify": "ldap-utils", "ldapsearch": "ldap-utils"}


class Stage:
    """with Stage() as stage: everything inside the block runs in namespaces of its own.

    Entering forks: the block runs in a child as (namespaced) root, and the scratch folder, all processes and
    all mounts are gone when it ends, however it ends. Inside, /etc and /run are scratch copies and the
    Postfix queue directory and /var/lib are scratch folders, so programs find everything at its final place
    and nothing of the host changes. private_network=False shares the host's loopback (the demo).
    """

    def __init__(self, private_network=True, tree=None):
        self.private_network = private_network
        self.tree = tree
        self.processes = []
        self.servers = []
        self.ports = {}
        self.scratch = None

    def __enter__(self):
        try:
            self.tree = pathlib.Path(self.tree or installed_tree())
            self.scratch = pathlib.Path(namespace.enter(self.private_network))
            self.furnish()
        except (StageError, OSError) as error:
            print(f"FAILED: {error}", flush=True)
            sys.exit(1)
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and not issubclass(kind, (KeyboardInterrupt, SystemExit)):
            if not issubclass(kind, (Failed, StageError)):
                traceback.print_exception(kind, error, trace, file=sys.stdout)
            self.print_logs()
            print(f"FAILED: {error}", flush=True)
        try:
            self.stop_all()
        except Failed as late:
            print(f"FAILED: {late}", flush=True)
            sys.exit(1)
        if kind is KeyboardInterrupt:
            sys.exit(130)
        if kind is not None and not issubclass(kind, SystemExit):
            sys.exit(1)

    # -- the private machine

    def furnish(self):
        """Lay the scratch folders over /etc, /run, /var/lib, the queue and Dovecot's modules."""
        self.log_folder = self.folder("log", mode=0o1777)
        etc = self.folder("etc")
        namespace.mount("tmpfs", str(etc), "tmpfs", 0, "mode=0755")
        # In a user namespace the host's root is nobody, and Postfix trusts no file of nobody's.
        keep = [] if os.stat("/etc").st_uid == 0 else ["--no-preserve=ownership"]
        subprocess.run(["cp", "-a", *keep, "/etc/.", str(etc)], check=False, stderr=subprocess.DEVNULL)
        self.add_users(etc)
        # Our users may not be able to pass the folders above the build (a clone below /root).
        tree = self.folder("tree")
        namespace.bind(str(self.tree), str(tree))
        self.tree = tree
        namespace.bind(str(etc), "/etc")
        namespace.mount("tmpfs", "/run", "tmpfs", 0, "mode=0755")
        self.cover_var_lib()
        self.folder("/etc/posthouse")
        self.mail_root = self.folder("mail", "vmail")
        self.queue = pathlib.Path("/var/spool/postfix")
        self.folder("/run/posthouse")
        for name, user in DAEMON_USERS.items():
            # The web server, and nobody else, reaches the webmail's socket by its group.
            group = "www-data" if name == "webmail" else None
            self.folder(f"/run/posthouse/{name}", user, group, mode=0o2750 if group else 0o755)
            self.folder(f"/var/lib/posthouse/{name}", user, mode=0o750)
        self.folder("/var/lib/posthouse/directory", "root", "posthouse", 0o2750)
        if self.queue.exists():
            namespace.bind(str(self.folder("spool")), str(self.queue))
            for name in POSTFIX_FACING:
                self.folder(self.queue / "posthouse" / name, DAEMON_USERS[name], "postfix", 0o2750)
        os.environ["PATH"] = f"{self.tree}/usr/sbin:{self.tree}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    def add_users(self, etc):
        """Our users, in the scratch copies alone; ones that the host has stay as they are."""
        taken = {x.pw_uid for x in pwd.getpwall()} | {x.gr_gid for x in grp.getgrall()}
        free = (x for x in range(64000, 64999) if x not in taken)
        with open(etc / "passwd", "a", encoding="utf-8") as users, open(etc / "group", "a",
                                                                       encoding="utf-8") as groups:
            for name in USERS:
                if name in {x.pw_name for x in pwd.getpwall()}:
                    continue
                number = next(free)
                users.write(f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n")
                groups.write(f"{name}:x:{number}:\n")
            for name, members in GROUPS.items():
                groups.write(f"{name}:x:{next(free)}:{','.join(members)}\n")

    def cover_var_lib(self):
        """A scratch /var/lib in which what the host has there is a symlink to the real place."""
        real = self.folder("host-var-lib")
        namespace.bind("/var/lib", str(real))
        namespace.mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=0755")
        for name in os.listdir(real):
            os.symlink(real / name, f"/var/lib/{name}")

    def folder(self, path, user="root", group=None, mode=0o755):
        """Make a folder, below the scratch folder unless the path is absolute; returns its path."""
        path = self.scratch / path
        path.mkdir(parents=True, exist_ok=True)
        shutil.chown(path, user, group or pwd.getpwnam(user).pw_gid)
        path.chmod(mode)
        return path

    def write(self, path, text, user="root", mode=0o644):
        """Write a file, below the scratch folder unless the path is absolute; returns its path."""
        path = self.scratch / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
        path.chmod(mode)
        return path

    def write_for_postfix(self, path, text):
        """The same for a file that Postfix reads: it waits for two seconds before it believes a younger one."""
        path = self.write(path, text)
        minute_ago = time.time() - 60
        os.utime(path, (minute_ago, minute_ago))
        return path

    def port(self, name, wanted=None):
        """The loopback port of that name: chosen free the first time, then remembered."""
        if name in self.ports:
            return self.ports[name]
        low = random.SystemRandom().randrange(20000, 30000)
        for number in [wanted] if wanted else range(low, low + 2000):
            if number in self.ports.values():
                continue
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    sock.bind((HOST, number))
                except OSError as error:
                    if wanted:
                        raise StageError(f"port {number} ({name}) on {HOST}: {error.strerror}") from None
                    continue
            self.ports[name] = number
            return number
        raise StageError(f"no free port on {HOST}")

    # -- programs

    def need(self, program):
        """The full path of a program, or a clear error that names the package."""
        found = shutil.which(program)
        if not found:
            package = PACKAGE_OF.get(program)
            raise StageError(f"{program} is missing: " + (f"install the package {package}, or run ./dev build"
                                                         if package else "run ./dev build"))
        return found

    def run(self, *argv, user=None, stdin=None, ok=(0,), timeout=170, env=None):
        """Run a program to its end and return its output; fails unless the exit code is one of ok."""
        argv = [str(x) for x in argv]
        self.need(argv[0])
        if user:
            argv = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--", *argv]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout, check=False,
                              env={**os.environ, **(env or {})})
        if ok is not None and done.returncode not in ok:
            raise Failed(f"{' '.join(argv)} ended with code {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def posthouse(self, *argv, stdin=None, ok=(0,)):
        """Run the posthouse command; with --json among the arguments returns the parsed answer."""
        done = self.run("posthouse", *argv, stdin=stdin, ok=ok)
        return json.loads(done.stdout) if "--json" in argv and done.returncode == 0 else done

    def control(self, daemon, verb, **members):
        """Ask a daemon's control socket; the last line of the answer, with the rows before it under "rows"."""
        rows = []
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(f"/run/posthouse/{daemon}/control")
            sock.sendall(json.dumps({"verb": verb, **members}).encode() + b"\n")
            with sock.makefile(encoding="utf-8") as lines:
                for line in map(json.loads, lines):
                    if "row" not in line:
                        return {**line, "rows": rows}
                    rows.append(line["row"])
        raise Failed(f"{daemon} hung up on {verb}")

    def start(self, name, argv, user=None, ready=None, env=None, cwd=None, timeout=10.0):
        """Start a program in the foreground; its output goes to log/NAME.log. Returns a Process."""
        self.need(str(argv[0]))
        process = Process(name, argv, self.log_folder / f"{name}.log", user, env, cwd, ready, timeout)
        self.processes.append(process)
        return process.start()

    def log(self, name):
        """The log of that name."""
        return Log(self.log_folder / f"{name}.log")

    def configure(self, name, settings):
        """Write /etc/posthouse/NAME.conf from a dict (name = value) or a text; returns its path."""
        if isinstance(settings, dict):
            settings = "".join(f"{k} = {v}\n" for k, v in settings.items())
        return self.write(f"/etc/posthouse/{name}.conf", settings)

    def start_daemon(self, name, settings=None, ready=None, env=None, wrapper=()):
        """Start posthouse-NAME as its user. ready: a unix socket path to wait for, or a condition."""
        if isinstance(settings, str):
            settings = ("" if "log_to" in settings else "log_to = stderr\n") + settings
        if settings is not None or not os.path.exists(f"/etc/posthouse/{name}.conf"):
            self.configure(name, settings if isinstance(settings, str) else {"log_to": "stderr",
                                                                             **(settings or {})})
        condition = (lambda: unix_ready(str(ready))) if isinstance(ready, (str, pathlib.Path)) else ready
        argv = [*wrapper, self.need(f"posthouse-{name}"), "--config", f"/etc/posthouse/{name}.conf"]
        return self.start(name, argv, DAEMON_USERS[name], condition, env)

    def start_policyd(self, settings=None, **options):
        """posthouse-policyd; waits for its Postfix-facing socket. It asks no DNS unless told which."""
        if not isinstance(settings, str):
            settings = {"resolver": "off", **(settings or {})}
        return self.start_daemon("policyd", settings, **{"ready": self.socket("policyd"), **options})

    def start_lookupd(self, settings=None, **options):
        """posthouse-lookupd; waits for its Postfix-facing socket."""
        return self.start_daemon("lookupd", settings, **{"ready": self.socket("lookupd"), **options})

    def start_milter(self, settings=None, **options):
        """posthouse-milter; waits for its Postfix-facing socket."""
        return self.start_daemon("milter", settings, **{"ready": self.socket("milter"), **options})

    def start_webmail(self, settings=None, **options):
        """posthouse-webmail; waits for its FastCGI socket."""
        return self.start_daemon("webmail", settings, **{"ready": self.socket("webmail"), **options})

    def socket(self, name):
        """Where a daemon listens for the stock servers."""
        if name in POSTFIX_FACING:
            return self.queue / "posthouse" / name / "socket"
        return pathlib.Path(f"/run/posthouse/{name}/socket")

    def start_postfix(self, main=None, master="", **options):
        """A private Postfix: main = changes to main.cf, master = further lines; see stage/postfix.py."""
        self.servers.append(Postfix(self, main or {}, master, **options))
        return self.servers[-1].start()

    def start_dovecot(self, extra="", **options):
        """A private Dovecot with our modules: extra = further configuration; see stage/dovecot.py."""
        self.servers.append(Dovecot(self, extra, **options))
        return self.servers[-1].start()

    def start_nginx(self, server="", **options):
        """A private nginx: server = lines of the server block; see stage/nginx.py."""
        self.servers.append(Nginx(self, server, **options))
        return self.servers[-1].start()

    def start_mariadb(self, *options):
        """A private MariaDB on its usual socket; options = further ones of mariadbd; see stage/mariadb.py."""
        self.folder("/run/mysqld", "nobody")
        self.servers.append(Mariadb(self.scratch / "mariadb", self.log_folder / "mariadb.log",
                                    "/run/mysqld/mysqld.sock", options))
        return self.servers[-1].start()

    def start_slapd(self, **options):
        """A private OpenLDAP server with ExtMan's schema: base, ldif, schema, head; see stage/slapd.py."""
        self.servers.append(Slapd(self, **options))
        return self.servers[-1].start()

    def stop_all(self):
        """Stop what still runs, the last started first."""
        for server in reversed(self.servers):
            server.stop()
        for process in reversed(self.processes):
            process.stop()

    def print_logs(self):
        """The end of every log, for the reader of a failed test."""
        for path in sorted(self.log_folder.iterdir()):
            text = tail(path)
            if text:
                print(f"---- {path.name}\n{text}", end="" if text.endswith("\n") else "\n")

    @property
    def source(self):
        """The root of the source tree."""
        return ROOT
