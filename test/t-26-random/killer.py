# test/t-26-random/killer.py -- Ends mail processes by kill -9, one or all, and clears up as a few minutes would.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import random
import signal
import time

MAIL = ("imap", "lmtp", "posthouse")
DOVECOT = ("dovecot", "imap-login", "pop3-login", "auth", "anvil", "log", "config", "stats", "imap", "lmtp", "pop3",
           "indexer", "indexer-worker", "dict")


def processes(names):
    """(pid, name) of those on this stage; it has a pid namespace of its own."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(encoding="latin-1")
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        if name in names and text.rsplit(")", 1)[1].split()[0] != "Z":
            found.append((int(path.parent.name), name))
    return sorted(found)


def kill(pid):
    """True when it was there to be ended."""
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def kill_all(names):
    """None of that name is left."""
    while left := processes(names):
        for pid, _ in left:
            kill(pid)
        time.sleep(0.005)


def end_all(master, draw):
    """Dovecot's master first, and the others with it or a moment later; none is left."""
    master.kill()
    time.sleep(draw.choice((0, 0, 0.005, 0.05)))
    kill_all(DOVECOT)


def is_alive(lock):
    """True when the process that a dotlock names runs."""
    try:
        return os.path.exists(f"/proc/{int(lock.read_text(encoding='latin-1').split(':')[0])}")
    except (ValueError, OSError):
        return False


def locks(root):
    """All dotlocks of Dovecot; .newlock is that of a log of an index that is made."""
    return [pathlib.Path(folder) / x for folder, _, names in os.walk(root) for x in names
            if x.startswith("dovecot") and x.endswith("lock")]


def release_locks(root, nobody_runs, are_hosts=False):
    """Dotlocks of processes that are gone, as they are some seconds later, when Dovecot takes them over; with
    nobody_runs also those that name no process yet, or may be another host's, for which it would wait two minutes."""
    for lock in locks(root):
        try:
            if is_alive(lock):
                continue
            if ":" in lock.read_text(encoding="latin-1") and not (nobody_runs and are_hosts):
                past = time.time() - 10
                os.utime(lock, (past, past))
            elif nobody_runs:
                lock.unlink()
        except OSError:
            continue


class Killer:
    """Ends some mail process every now and then while a round runs."""

    def __init__(self, world, number):
        self.world, self.draw = world, random.Random(f"{world.seed} {number} killer")

    def run(self):
        """Until the round is over."""
        pause = self.draw.choice((0.03, 0.15, 0.6, 10))  # from all the time to not at all
        while not self.world.over.wait(self.draw.random() * 2 * pause * self.world.slow):
            name, at, all_of_them = self.draw.choice(MAIL), self.draw.random(), self.draw.random() < 0.2
            victims = processes((name,))
            if not victims:
                continue
            for pid, _ in victims if all_of_them else [victims[int(at * len(victims))]]:
                if kill(pid):
                    self.world.counts.add(f"{name} killed")
            release_locks(self.world.root, False)
