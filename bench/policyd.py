#!/usr/bin/env python3
# bench/policyd.py -- What a policy request costs: CPU, rate, memory, size, at rest and after a kill; postgrey beside it.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Load comes from policyload in the sibling folder of test data (../shared/tools/policyload); without it the script
# says so and ends with code 77. usage: bench/policyd.py [--build DIR] [--seconds S] [--quick]
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from servers.policy import Server, ask, policyload

ROOT = pathlib.Path(__file__).resolve().parents[1]
RUNS = 3
SIZES = (10_000, 1_000_000, 10_000_000)


class Bench:
    def __init__(self, arguments, scratch):
        self.program = arguments.build / "policyd/posthouse-policyd"
        self.fill = arguments.build / "bench/fill_state"
        self.seconds = arguments.seconds
        self.sizes = SIZES[:2] if arguments.quick else SIZES
        self.scratch = scratch
        self.load_program = policyload(scratch)
        self.log = open(scratch / "servers.log", "wb")
        self.failed = []

    def bar(self, text, good):
        print(f"  {'ok  ' if good else 'MISS'} {text}", flush=True)
        if not good:
            self.failed.append(text)

    def start(self, name, more=""):
        folder = self.scratch / name
        (folder / "lists").mkdir(parents=True, exist_ok=True)
        (folder / "lists/whitelist").write_text("".join(f"mx{i}.trusted.example\n10.{i}.0.0/16\n" for i in range(80)))
        (folder / "lists/sender_blacklist").write_text("".join(f"@spam{i}.example\n" for i in range(80)))
        (folder / "conf").write_text(f"log_to = {folder}/log\ncontrol_socket =\nresolver = off\nspf = no\n"
                                     f"listen = unix:{folder}/socket\n"
                                     f"state_file = {folder}/state.mdb\nlist_folder = {folder}/lists\n{more}")
        return Server([self.program, "--config", folder / "conf"], folder / "socket", self.log)

    def start_postgrey(self):
        folder = self.scratch / "postgrey"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "none").write_text("")
        argv = ["postgrey", f"--unix={folder}/socket", f"--dbdir={folder}", f"--pidfile={folder}/pid", "--quiet",
                f"--user={os.environ.get('USER', 'root')}", "--group=root",
                f"--whitelist-clients={folder}/none", f"--whitelist-recipients={folder}/none"]
        return Server(argv, folder / "socket", self.log)

    def load(self, server, *options, seconds=None):
        """Run the generator; returns its JSON with cpu_us, the server's CPU time per request."""
        before = server.cpu()
        done = subprocess.run([self.load_program, "--unix", server.address, "-c", "16", "-d",
                               str(seconds or self.seconds), *map(str, options)], check=True, capture_output=True,
                              text=True, timeout=2 * (seconds or self.seconds) + 60)
        result = json.loads(done.stdout)
        result["cpu_us"] = 1e6 * (server.cpu() - before) / max(1, result["replies"])
        return result

    def medians(self, server, *options):
        runs = [self.load(server, "--seed", i + 1, *options) for i in range(RUNS)]
        return {k: statistics.median(x[k] for x in runs) for k in ("cpu_us", "req_s", "p50_us", "p99_us", "max_us")}

    def rate(self):
        """CPU and rate, with postgrey's in the same run."""
        rows = {}
        for mode in ("mixed", "random"):
            server = self.start(f"rate-{mode}")
            rows[mode] = self.medians(server, "--mode", mode)
            server.stop()
            print(f"policyd  {mode:6} {text_of(rows[mode])}", flush=True)
        if shutil.which("postgrey"):
            server = self.start_postgrey()
            peer = self.medians(server, "--mode", "mixed")
            server.stop()
            print(f"postgrey mixed  {text_of(peer)}", flush=True)
            self.bar(f"{peer['cpu_us'] / rows['mixed']['cpu_us']:.1f} times less CPU than postgrey (10)",
                     peer["cpu_us"] >= 10 * rows["mixed"]["cpu_us"])
        else:
            print("postgrey is not installed: no ratio")
        self.bar(f"{rows['mixed']['cpu_us']:.1f} us CPU a request, mixed (25)", rows["mixed"]["cpu_us"] <= 25)
        self.bar(f"{rows['mixed']['req_s']:.0f} requests/s at 16 connections, mixed (30000 on a quiet machine)",
                 rows["mixed"]["req_s"] >= 30_000)

    def rates(self):
        """What limits of clients and of sender domains add to a request."""
        limits = ("rate_client_messages = 1000000/1h, 9000000/1d\nrate_client_recipients = 1000000/1h, 9000000/1d\n"
                  "rate_domain_recipients = 1000000/1h\n")
        rows = {}
        for name, more in (("without", "greylist = no\n"), ("with", "greylist = no\n" + limits)):
            server = self.start(f"rates-{name}", more)
            rows[name] = self.medians(server, "--mode", "mixed")
            server.stop()
            print(f"policyd without greylist, {name:7} 5 limits of 2 kinds: {text_of(rows[name])}", flush=True)
        more = rows["with"]["cpu_us"] - rows["without"]["cpu_us"]
        self.bar(f"{more:.1f} us CPU more a request for five limits (10)", more <= 10)

    def stalled(self):
        """The slowest answer while clients hold half a request, with and without them."""
        server = self.start("stalled")
        alone = self.load(server, "--rate", 5000)
        held = [server.connect() for _ in range(500)]
        for sock in held:
            sock.sendall(b"request=smtpd_access_policy\nsender=")
        beside = self.load(server, "--rate", 5000, seconds=min(self.seconds, 5))
        for sock in held:
            sock.close()
        server.stop()
        print(f"5000/s alone: p99 {alone['p99_us']:.0f} us, worst {alone['max_us']:.0f} us; beside 500 stalled clients: "
              f"p99 {beside['p99_us']:.0f} us, worst {beside['max_us']:.0f} us", flush=True)
        self.bar(f"500 stalled clients delay nobody: p50 {beside['p50_us']:.0f} us after {alone['p50_us']:.0f} us",
                 beside["unanswered"] == 0 and beside["p50_us"] <= 3 * alone["p50_us"] + 500)

    def sizes_and_kills(self):
        """Memory, file and cost at each size; restart and loss at a million."""
        for size in self.sizes:
            name = f"size-{size}"
            folder = self.scratch / name
            folder.mkdir()
            begin = time.monotonic()
            # In commits as large as the daemon's under load; ten million rows would take too long that way.
            how = ("2048", "arrival") if size <= 1_000_000 else ("65536", "sorted")
            subprocess.run([self.fill, folder / "state.mdb", str(size), *how], check=True)
            bytes_each = (folder / "state.mdb").stat().st_size / size
            filled = time.monotonic() - begin
            server = self.start(name)
            cost = self.medians(server, "--mode", "mixed")
            anonymous = server.anonymous_mb()
            print(f"{size:>9} triplets: {cost['cpu_us']:.1f} us CPU a request, {cost['req_s']:.0f} req/s, "
                  f"{bytes_each:.0f} bytes of file each, {anonymous:.1f} MB anonymous (filled in {filled:.0f} s)",
                  flush=True)
            if size == 1_000_000:
                self.bar(f"{anonymous:.1f} MB anonymous at 1,000,000 triplets, after load (40)", anonymous <= 40)
                self.bar(f"{bytes_each:.0f} bytes of file a triplet at 1,000,000 (300)", bytes_each <= 300)
                self.kills(server, name)
            else:
                server.stop()
            shutil.rmtree(folder)

    def kills(self, server, name):
        """kill -9 under load: what is lost, and how soon the next process serves."""
        losses, restarts = [], []
        for attempt in range(RUNS):
            answered = []
            with server.connect() as sock:
                end = time.monotonic() + 1 + 0.013 * attempt
                while time.monotonic() < end:
                    sender = f"k{attempt}.{len(answered)}@example.org"
                    ask(sock, sender)
                    answered.append((sender, time.monotonic()))
                killed = time.monotonic()
                server.stop(signal.SIGKILL)
            begin = time.monotonic()
            server = self.start(name)
            server.ask("first@example.org")
            restarts.append(time.monotonic() - begin)
            time.sleep(1.1)  # a second later the log of an answer tells a new triplet from one it knew
            lost = 0.0
            mark = (self.scratch / name / "log").stat().st_size
            with server.connect() as sock:
                for sender, _ in answered[-3000:]:
                    ask(sock, sender)
            log = (self.scratch / name / "log").read_bytes()[mark:].decode()
            new = set(re.findall(r'sender=(\S+) \S+ reason="first attempt', log))
            for sender, when in answered[-3000:]:
                if sender in new:
                    lost = max(lost, killed - when)
            losses.append(lost)
        server.stop()
        self.bar(f"kill -9 under load lost at most the last {1000 * max(losses):.1f} ms (50)", max(losses) <= 0.05)
        self.bar(f"serves {statistics.median(restarts):.2f} s after a restart at 1,000,000 triplets (1)",
                 statistics.median(restarts) <= 1)


def text_of(row):
    return (f"{row['cpu_us']:.1f} us CPU a request, {row['req_s']:.0f} req/s, p50 {row['p50_us']:.0f} us, "
            f"p99 {row['p99_us']:.0f} us")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=os.environ.get("POSTHOUSE_BENCH", ROOT / "build-bench"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--quick", action="store_true", help="no 10,000,000 triplets")
    arguments = parser.parse_args()
    arguments.build = pathlib.Path(arguments.build).resolve()
    if not (arguments.build / "bench/fill_state").exists():
        sys.exit(f"FAILED: {arguments.build} has no bench/fill_state: build with -Dbenchmarks=true")
    with tempfile.TemporaryDirectory(prefix="bench-policyd.", dir="/tmp") as scratch:
        bench = Bench(arguments, pathlib.Path(scratch))
        with open("/proc/loadavg", encoding="ascii") as file:
            print(f"{os.cpu_count()} processors, load {file.read().split()[0]}, medians of {RUNS} runs of "
                  f"{arguments.seconds:g} s", flush=True)
        bench.rate()
        bench.rates()
        bench.stalled()
        bench.sizes_and_kills()
    sys.exit(1 if bench.failed else 0)


main()
