# test/stage/directory_steps.py -- What the posthouse command does to a directory, the same on every backend.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pty
import re
import subprocess
import termios
import time

from .report import Failed, check, equal, step

HOME = re.compile(r"[0-9A-F]{2}/example\.org/[0-9A-F]{2}/[0-9A-F]{2}/alice")


class Backend:
    """What a test tells of its backend."""

    settings = {}  # of directory.conf, but mail_root
    empty = ""  # what a reader is told before the first domain

    def __init__(self, stage):
        self.stage = stage

    def stored(self, address):
        """The stored password."""
        raise NotImplementedError

    def snapshot(self):
        """All that is stored, in any form that can be compared."""
        raise NotImplementedError

    def configure(self, path="/etc/posthouse/directory.conf", **changes):
        """Write directory.conf; returns its path."""
        settings = {"mail_root": self.stage.mail_root, **self.settings, **changes}
        return self.stage.write(path, "".join(f"{k} = {v}\n" for k, v in settings.items()))

    def fits(self, address, password):
        """Whether Dovecot's own check takes the password for the stored hash."""
        done = self.stage.run("doveadm", "pw", "-t", self.stored(address), "-p", password, ok=(0, 75))
        return done.returncode == 0


def refused(stage, code, text, *argv, stdin=None, user=None):
    """The command ends with that code, and its complaint holds the text and begins as documented."""
    done = stage.run("posthouse", *argv, stdin=stdin, user=user, ok=(code,))
    if text not in done.stderr or not done.stderr.startswith("posthouse: ") and code != 2:
        raise Failed(f"{argv}: {done.stderr!r} lacks {text!r}")
    return done


def on_terminal(answers, *argv):
    """Run the command on a terminal, answer each prompt; returns (exit code, what was shown, echo put back)."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(["posthouse", *argv], stdin=follower, stdout=follower, stderr=follower)
    shown = b""
    for prompt, answer in answers:
        end = time.monotonic() + 20
        while prompt not in shown.rsplit(b"\n", 1)[-1] and time.monotonic() < end:
            shown += os.read(leader, 4096)
        # The prompt is printed once echo is off.
        os.write(leader, answer)
    code = process.wait(30)
    os.set_blocking(leader, False)
    try:
        while True:
            shown += os.read(leader, 4096)
    except (BlockingIOError, OSError):
        pass
    echo = bool(termios.tcgetattr(follower)[3] & termios.ECHO)
    os.close(leader)
    os.close(follower)
    return code, shown, echo


def accounts(stage, backend):
    """The first domain and its users."""
    refused(stage, 75, backend.empty, "domain", "list")
    step("before the first domain, a reader is told that it is unavailable (75)")
    added = stage.posthouse("domain", "add", "Example.ORG", "--default-quota", "1G", "--json")
    equal((added["name"], added["default_quota"], added["enabled"]), ("example.org", 1 << 30, True),
          "domain add --json answers what was stored")
    alice = stage.posthouse("user", "add", "Alice@example.org", "--name", "Alice 爱", "--disable", "pop3,sieve",
                            "--expires", "2031-12-31", "--json", stdin="first\n")
    check(HOME.fullmatch(alice["home"]), f"the home is hashed: {alice['home']}")
    equal((alice["quota"], alice["disabled"], alice["expires"]), (1 << 30, ["pop3", "sieve"], "2031-12-31"),
          "quota comes from the domain, switches and expiry from the options")
    stage.posthouse("user", "add", "bob@example.org", "--quota", "500M", stdin="bobs\n")
    users = stage.posthouse("user", "list", "example.org", "--json")
    equal([x["address"] for x in users], ["alice@example.org", "bob@example.org"], "user list --json is valid")
    equal(users[0]["home"], alice["home"], "the home stays what it was")
    equal(list(stage.mail_root.iterdir()), [], "nothing was made below the mail root")
    table = stage.posthouse("user", "list").stdout.splitlines()
    check(table[0].startswith("Address") and "Alice 爱" in table[1] and "500M" in table[2],
          "people get a table")
    check("\x1b" not in "".join(table), "no colours when it is not a terminal")


def passwords(stage, backend):
    """Set, refused, asked for on a terminal."""
    fits = backend.fits
    check(fits("alice@example.org", "first") and not fits("alice@example.org", "second"),
          "Dovecot reads the stored hash")
    stage.posthouse("user", "passwd", "alice@example.org", "--password-stdin", stdin="second\n")
    check(fits("alice@example.org", "second"), "user passwd changes it")
    for scheme in ("argon2id", "sha512-crypt", "blf-crypt"):
        conf = backend.configure("directory-scheme.conf", password_scheme=scheme)
        stage.posthouse("user", "passwd", "bob@example.org", "--config", conf, stdin="bobs\n")
        check(fits("bob@example.org", "bobs"), f"Dovecot reads {scheme}: {backend.stored('bob@example.org')[:14]}…")
    refused(stage, 2, "no option --password", "user", "add", "carol@example.org", "--password", "secret")
    step("a password cannot stand on the command line")
    refused(stage, 1, "no password on standard input", "user", "passwd", "bob@example.org", stdin="")
    refused(stage, 1, "longer than 512", "user", "passwd", "bob@example.org", stdin="x" * 600 + "\n")
    check(fits("bob@example.org", "bobs"), "a refused password changes nothing")
    code, shown, echo = on_terminal([(b"New password", b"thirx\x7fd\n"), (b"Once more", b"third\n")], "user", "passwd",
                                    "alice@example.org")
    check(code == 0 and echo and b"third" not in shown and fits("alice@example.org", "third"),
          "a terminal is asked twice, without echo")
    code, shown, echo = on_terminal([(b"New password", b"one\n"), (b"Once more", b"two\n")], "user", "passwd",
                                    "alice@example.org")
    check(code == 1 and echo and b"differ" in shown, "two different answers are refused")
    code, shown, echo = on_terminal([(b"New password", b"one\x03")], "user", "passwd", "alice@example.org")
    check(code == 1 and echo and fits("alice@example.org", "third"), "Ctrl-C changes nothing, echo is back")


def aliases(stage):
    """Added, listed, resolved, refused."""
    stage.posthouse("alias", "add", "team@example.org", "alice@example.org", "bob@example.org", "Friend@else.example")
    added = stage.posthouse("alias", "add", "@example.org", "bob@example.org", "--json")
    equal(added["targets"], ["bob@example.org"], "a catch-all is added")
    listed = stage.posthouse("alias", "list", "--json")
    equal([x["address"] for x in listed], ["@example.org", "team@example.org"], "alias list --json is valid")

    def resolve(address):
        return [x["address"] for x in stage.posthouse("alias", "resolve", address, "--json")]
    equal(resolve("team@example.org"), ["alice@example.org", "bob@example.org", "Friend@else.example"],
          "an alias resolves to all its recipients")
    equal((resolve("alice@example.org"), resolve("nobody@example.org")),
          (["alice@example.org"], ["bob@example.org"]), "the catch-all takes unknown addresses only")
    stage.posthouse("alias", "add", "one@example.org", "two@example.org")
    for text, argv in {
            "would stand for itself": ("x@example.org", "X@example.org"),
            "would come back to it by way of one@example.org": ("two@example.org", "one@example.org"),
            "is a user already": ("alice@example.org", "bob@example.org"),
            "is an alias already": ("team@example.org", "bob@example.org"),
            "posthouse domain add": ("x@none.example", "bob@example.org"),
            "no '@'": ("x@example.org", "bob"),
    }.items():
        refused(stage, 1, text, "alias", "add", *argv)
    step("loops, self reference, clashes and unknown domains are refused, with the reason")


def changes(stage):
    """set and del."""
    home = stage.posthouse("user", "show", "bob@example.org", "--json")["home"]
    bob = stage.posthouse("user", "set", "bob@example.org", "--name", "Bob", "--quota", "2G", "--disable", "pop3,webmail",
                          "--enabled", "no", "--greylist", "no", "--expires", "2032-02-29", "--json")
    equal((bob["name"], bob["quota"], bob["disabled"], bob["enabled"], bob["greylist"], bob["expires"], bob["home"]),
          ("Bob", 2 << 30, ["pop3", "webmail"], False, False, "2032-02-29", home), "user set changes what is given")
    bob = stage.posthouse("user", "set", "bob@example.org", "--enable", "webmail", "--enabled", "yes", "--greylist",
                          "yes", "--expires", "never", "--json")
    equal((bob["name"], bob["disabled"], bob["enabled"], bob["expires"]), ("Bob", ["pop3"], True, None),
          "and leaves the rest")
    domain = stage.posthouse("domain", "set", "example.org", "--max-users", "60", "--default-term", "6m",
                             "--description", "Beispiel", "--json")
    equal((domain["max_users"], domain["default_term"], domain["description"], domain["default_quota"]),
          (60, "6m", "Beispiel", 1 << 30), "domain set changes what is given")
    carol = stage.posthouse("user", "add", "carol@example.org", "--no-password", "--json")
    check(carol["expires"] is not None, f"a new user ends with the domain's term: {carol['expires']}")
    stage.posthouse("domain", "set", "example.org", "--default-term", "0")
    team = stage.posthouse("alias", "set", "team@example.org", "--add", "carol@example.org", "--remove",
                           "friend@else.example", "--json")
    equal(team["targets"], ["alice@example.org", "bob@example.org", "carol@example.org"], "alias set adds and removes")
    refused(stage, 1, "does not go to", "alias", "set", "team@example.org", "--remove", "x@else.example")
    removed = stage.posthouse("user", "del", "carol@example.org").stdout
    check(f"its mail stays in {stage.mail_root}/{carol['home']}/Maildir" in removed, "user del says where the mail is")
    refused(stage, 1, "no user carol@example.org", "user", "show", "carol@example.org")
    stage.posthouse("alias", "set", "team@example.org", "--remove", "carol@example.org")
    stage.posthouse("domain", "add", "gone.example")
    stage.posthouse("user", "add", "x@gone.example", "--no-password")
    refused(stage, 1, "has 1 users and 0 aliases", "domain", "del", "gone.example")
    stage.posthouse("domain", "del", "gone.example", "--recursive", "--dry-run")
    equal(len(stage.posthouse("user", "list", "gone.example", "--json")), 1, "--dry-run changes nothing")
    gone = stage.posthouse("domain", "del", "gone.example", "--recursive", "--json")
    equal((gone["name"], gone["users"], gone["aliases"]), ("gone.example", 1, 0), "a domain goes with all it has")
    refused(stage, 1, "no domain gone.example", "domain", "show", "gone.example")


def bad_input(stage, backend):
    """What is refused, and changes nothing."""
    before = backend.snapshot()
    cases = [
        (1, "is a domain already", ("domain", "add", "example.org")),
        (1, "is a user already", ("user", "add", "alice@example.org")),
        (1, "posthouse domain add example.com", ("user", "add", "alice@example.com")),
        (1, "no '@'", ("user", "add", "alice")),
        (1, "needs a plain name", ("user", "add", '"a b"@example.org')),
        (1, "cannot be a folder", ("user", "add", "a/b@example.org")),
        (1, "cannot be a folder", ("user", "add", "~root@example.org")),
        (1, "where none may be", ("user", "add", "../../etc@example.org")),
        (1, "not valid UTF-8", ("user", "add", os.fsdecode(b"\xff@example.org"))),
        (1, "longer than 64", ("user", "add", "x" * 65 + "@example.org")),
        (1, "no service 'ftp'", ("user", "add", "c@example.org", "--disable", "ftp")),
        (1, "--quota", ("user", "add", "c@example.org", "--quota", "12")),
        (1, "is no date", ("user", "add", "c@example.org", "--expires", "2030-02-30")),
        (1, "control character", ("user", "add", "c@example.org", "--name", "a\nb")),
        (1, "empty label", ("domain", "add", "a..example")),
        (1, "a character that no domain has", ("domain", "add", "x';DROP TABLE user")),
        (1, "no user", ("user", "passwd", "x' OR '1'='1@example.org")),
        (1, "no domain", ("user", "list", "example.org' OR 1=1")),
        (2, "a word is missing", ("user", "add")),
        (2, "one word too many", ("domain", "list", "x")),
        (1, "is neither", ("user", "set", "alice@example.org", "--enabled", "maybe")),
        (1, "to be enabled and disabled", ("user", "set", "alice@example.org", "--enable", "imap", "--disable", "imap")),
        (1, "no path below the mail root", ("user", "set", "alice@example.org", "--home", "../x")),
        (1, "is no term", ("domain", "set", "example.org", "--default-term", "soon")),
        (1, "no level of managers", ("manager", "add", "m@example.org", "--level", "root")),
        (1, "no domain none.example", ("manager", "add", "m@example.org", "--domain", "none.example")),
        (1, "no user", ("user", "del", "*@example.org")),
        (1, "no domain", ("domain", "del", "*")),
        (2, "--atomic needs --csv", ("user", "add", "c@example.org", "--atomic")),
        (2, "one word too many", ("user", "add", "c@example.org", "--csv", "-")),
        (2, "no option --frob", ("user", "list", "--frob")),
        (2, "user passwd", ("user",)),
        (2, "no verb", ("frobnicate",)),
        (2, "usage", ()),
    ]
    for code, text, argv in cases:
        refused(stage, code, text, *argv, stdin="secret\n")
    step(f"{len(cases)} kinds of bad input are refused with a reason")
    equal(backend.snapshot(), before, "none of them changed the directory")
    conf = stage.write("directory-bad.conf", "database = relative\n")
    refused(stage, 1, "not an absolute path", "--check", conf)
    refused(stage, 1, "did you mean mail_root", "--check", stage.write("directory-typo.conf", "mailroot = /x\n"))
    step("--check explains a bad settings file")


def all_of_them(stage, backend):
    """On an empty directory."""
    accounts(stage, backend)
    passwords(stage, backend)
    aliases(stage)
    changes(stage)
    bad_input(stage, backend)
