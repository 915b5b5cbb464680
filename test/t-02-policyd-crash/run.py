#!/usr/bin/env python3
# test/t-02-policyd-crash/run.py -- kill -9 under load, damaged state files, full and read-only disks, hostile clients.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import re
import resource
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import PolicyClient, Stage, check, equal, namespace, step, wait_for  # noqa: E402

IDLE = 3000
PAGE = 4096
# What a kill may lose is younger than this: 20 ms between commits and the time of one. Beside other tests, which keep
# disk and processors busy, only that commits go on can be judged.
LOSS_LIMIT = 0.05 if os.environ.get("POSTHOUSE_QUIET") else 5
# One client network makes all the load.
SETTINGS = {"log_to": "stderr", "greylist_delay": "1d", "greylist_throttle": 0, "greylist_throttle_rows": 0,
            "request_deadline": "2s", "state_file": "/var/lib/posthouse/policyd/state.mdb"}


class House:
    """policyd on a stage, and what the test asks of it."""

    def __init__(self, stage):
        self.stage = stage
        self.policyd = stage.start_policyd(SETTINGS)
        self.state = pathlib.Path(SETTINGS["state_file"])
        self.socket = str(stage.socket("policyd"))

    def client(self, timeout=30):
        return PolicyClient(self.socket, timeout)

    def ask(self, sender):
        """The answer to one request of that sender on a new connection."""
        client = self.client()
        try:
            return client.ask(sender=sender, recipient="bob@example.net")
        finally:
            client.close()

    def known(self):
        """The senders the state holds."""
        rows = self.stage.posthouse("greylist", "list", "bob@example.net", "--limit", "100000", "--json")
        return {x["sender"] for x in rows}

    def restart_on(self, content, what, damaged=True):
        """Start on a state file with that content and see that it serves."""
        self.policyd.stop()
        self.stage.write(self.state, content, "phpolicy", 0o640)
        mark = self.policyd.log.mark()
        begin = time.monotonic()
        self.policyd.start()
        check(self.ask("after@example.org").startswith("defer_if_permit"),
              f"{what}: serves after {time.monotonic() - begin:.2f} s")
        found = self.policyd.log.find(r"policyd\.store\.damaged file=(\S+) kept=(\S+) error=", mark)
        equal(bool(found), damaged, f"{what}: damage is " + ("named" if damaged else "not claimed"))
        if damaged:
            equal(pathlib.Path(found.group(2)).read_bytes(), content, f"{what}: the file is kept as it was")
            os.unlink(found.group(2))


def kill_under_load(house):
    """Kill while requests are answered; all but the youngest answers are remembered."""
    for attempt in range(3):
        client = house.client()
        answered = []
        end = time.monotonic() + 1.0 + 0.13 * attempt
        while time.monotonic() < end:
            sender = f"s{attempt}.{len(answered)}@example.org"
            client.ask(sender=sender, recipient="bob@example.net")
            answered.append((sender, time.monotonic()))
        killed = time.monotonic()
        house.policyd.kill()
        client.close()
        begin = time.monotonic()
        house.policyd.start()
        house.ask("after@example.org")
        back = time.monotonic() - begin
        known = house.known()
        ages = [killed - when for sender, when in answered if sender not in known]
        check(max(ages, default=0) <= LOSS_LIMIT,
              f"kill -9 after {len(answered)} answers: {len(ages)} lost, the oldest {1000 * max(ages, default=0):.1f} ms "
              f"old; serves again after {back:.2f} s")


def damaged_files(house):
    """Each kind of damage is noticed at the start and costs the state, not the service."""
    client = house.client()
    for i in range(3000):
        client.ask(sender=f"d{i}@example.org", recipient=f"u{i}@example.net")
    client.close()
    house.policyd.stop()
    sound = house.state.read_bytes()
    house.restart_on(sound, "a sound file", damaged=False)
    house.restart_on(sound[:len(sound) // 2 // PAGE * PAGE], "a truncated file")
    pages = len(sound) // PAGE
    used = [i for i in range(2, pages) if sound[i * PAGE + 10] in (1, 2) and sound[i * PAGE:i * PAGE + 8] ==
            i.to_bytes(8, "little")]
    # The newest root page names the pages in use; old copies are free. Zero all of one kind to hit a used one.
    zeroed = bytearray(sound)
    for i in used[len(used) // 2:]:
        zeroed[i * PAGE:(i + 1) * PAGE] = bytes(PAGE)
    house.restart_on(bytes(zeroed), f"{len(used) - len(used) // 2} zeroed pages")
    garbage = bytearray(sound)
    for i in used[::2]:
        garbage[i * PAGE + 16:(i + 1) * PAGE] = os.urandom(PAGE - 16)
    house.restart_on(bytes(garbage), "garbage in pages")
    house.restart_on(os.urandom(200_000), "a file of garbage")
    house.restart_on(b"", "an empty file", damaged=False)


def unusable_disks(house):
    """No room, no right to write: the setting decides, and the log tells once a minute."""
    house.policyd.stop()
    folder = house.state.parent
    owner = folder.stat()
    namespace.mount("tmpfs", str(folder), "tmpfs", 0, f"size=512k,mode=0750,uid={owner.st_uid},gid={owner.st_gid}")
    mark = house.policyd.log.mark()
    house.policyd.start()
    house.ask("first@example.org")
    client = house.client()
    answers = []

    def is_full():
        for _ in range(200):
            answers.append(client.ask(sender=f"f{len(answers)}@example.org", recipient="bob@example.net"))
        return answers[-1] == "dunno"
    wait_for(is_full, 30, "the disk to be full")
    client.close()
    check(house.policyd.log.find(r"policyd\.store\.failed file=", mark), "a full disk: the log names the file")
    lines = len(re.findall(r"policyd\.greylist\.unsure", house.policyd.log.text()[mark:]))
    equal(lines, 1, "a full disk: dunno by default, one line a minute")
    check(house.ask("first@example.org").startswith("defer_if_permit"), "a full disk: what is known is still known")
    house.policyd.kill()

    for path in folder.iterdir():
        path.unlink()
    folder.chmod(0o550)
    house.stage.configure("policyd", {**SETTINGS, "greylist_on_error": "defer"})
    mark = house.policyd.log.mark()
    house.policyd.start()
    equal(house.ask("ro@example.org"), "defer_if_permit 4.3.0 Try again later",
          "a read-only folder: greylist_on_error decides")
    check(house.policyd.log.find(r"policyd\.store\.failed file=.*(denied|Permission)", mark), "and the log says why")
    folder.chmod(0o750)
    wait_for(lambda: "4.7.1" in house.ask("ro@example.org"), 10, "the store to recover by itself")
    step("the store opens by itself once the folder can be written")
    house.stage.configure("policyd", SETTINGS)
    house.policyd.restart()


def hostile_clients(house):
    """Thousands of idle connections, half requests, endless requests and noise delay nobody."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE + 500), hard))
    count = min(IDLE, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    idle = [socket.socket(socket.AF_UNIX) for _ in range(count)]
    for sock in idle:
        sock.connect(house.socket)
    before = house.policyd.memory_kb()
    slow = house.client(timeout=10)
    slow.socket.sendall(b"request=smtpd_access_policy\n")
    client = house.client()
    worst = 0.0
    begin = time.monotonic()
    for i in range(300):
        asked = time.monotonic()
        client.ask(sender=f"h{i}@example.org", recipient="bob@example.net")
        worst = max(worst, time.monotonic() - asked)
        if i % 100 == 0:
            slow.socket.sendall(b"x=1\n")
    check(worst < 1.0, f"{count} idle clients and a slow one: 300 answers in {time.monotonic() - begin:.2f} s, worst "
                       f"{1000 * worst:.1f} ms, {before} kB")
    begin = time.monotonic()
    try:
        while True:  # a byte now and then does not keep it open
            slow.socket.sendall(b"y")
            time.sleep(0.2)
            if time.monotonic() - begin > 8:
                break
    except OSError:
        pass
    check(time.monotonic() - begin < 8, f"a request that never ends is closed after {time.monotonic() - begin:.1f} s")
    for noise, what in ((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20, "a TLS hello"),
                        (b"x" * 20_000, "a line without end"), (b"a=1\n" * 20_000, "attributes without end"),
                        (b"sender=a\n\n", "a request without request="), (bytes(range(256)), "binary")):
        bad = house.client(timeout=10)
        try:
            bad.socket.sendall(noise)
            answer = bad.socket.recv(100)
        except OSError:
            answer = b""
        equal(answer, b"", f"{what}: closed without an answer")
        bad.close()
    check(house.policyd.log.find(r"policyd\.request\.malformed error="), "and logged")
    check(client.ask(sender="h0@example.org", recipient="bob@example.net"), "other clients are served meanwhile")
    for sock in idle:
        sock.close()
    client.close()


with Stage() as stage:
    house = House(stage)
    kill_under_load(house)
    damaged_files(house)
    unusable_disks(house)
    hostile_clients(house)
    check(not house.policyd.log.find(r"loop\.bug"), "no bug in the log")
    equal(house.policyd.stop(), 0, "policyd ends with code 0")
