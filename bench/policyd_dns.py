#!/usr/bin/env python3
# bench/policyd_dns.py -- What SPF, four DNS lists, lists and greylist cost together; policyd-spf and postgrey beside them.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Load comes from policyload in the sibling folder of test data (../shared/tools/policyload); without it the script
# says so and ends with code 77. usage: bench/policyd_dns.py [--build DIR] [--seconds S]
import argparse
import json
import os
import pathlib
import re
import resource
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from servers.policy import Server, policyload

ROOT = pathlib.Path(__file__).resolve().parents[1]
SERVERS = pathlib.Path(__file__).resolve().parent / "servers"
RUNS = 3
ZONES = "bl1.example=127.0.0.[2..11]*2, bl2.example*2, bl3.example=127.0.0.2, bl4.example*-3"
IN_FLIGHT = 6000
DELAY = 0.02


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Bench:
    def __init__(self, arguments, scratch):
        self.program = arguments.build / "policyd/posthouse-policyd"
        self.seconds = arguments.seconds
        self.scratch = scratch
        self.load_program = policyload(scratch)
        self.log = open(scratch / "servers.log", "wb")
        self.failed = []

    def bar(self, text, good):
        print(f"  {'ok  ' if good else 'MISS'} {text}", flush=True)
        if not good:
            self.failed.append(text)

    def start(self, name, delay=0.0, more=""):
        """policyd with all checks that ask the DNS, and its name server."""
        port = free_port()
        names = subprocess.Popen([sys.executable, SERVERS / "names.py", "--port", str(port), "--delay", str(delay)])
        folder = self.scratch / name
        (folder / "lists").mkdir(parents=True)
        (folder / "lists/whitelist").write_text("".join(f"mx{i}.trusted.example\n10.{i}.0.0/16\n" for i in range(80)))
        (folder / "lists/sender_blacklist").write_text("".join(f"@spam{i}.example\n" for i in range(80)))
        (folder / "conf").write_text(
            f"log_to = {folder}/log\ncontrol_socket = {folder}/control\nlisten = unix:{folder}/socket\n"
            f"state_file = {folder}/state.mdb\nlist_folder = {folder}/lists\nresolver = 127.0.0.1@{port}\n"
            f"dnsbl_zones = {ZONES}\ndnsbl_threshold = 3\n{more}")
        server = Server([self.program, "--config", folder / "conf"], folder / "socket", self.log)
        server.names = names
        end = time.monotonic() + 20
        while (folder / "log").read_text().count("policyd.dnsbl.good") < 4:
            if time.monotonic() > end:
                sys.exit("FAILED: the DNS lists do not pass their test")
            time.sleep(0.05)
        return server

    def stop(self, server):
        server.stop()
        if hasattr(server, "names"):
            server.names.kill()
            server.names.wait()

    def load(self, server, seconds, *options):
        """CPU microseconds a request, and what the generator saw."""
        before = server.cpu()
        done = subprocess.run([self.load_program, "--unix", server.address, "-c", "16", "-d", str(seconds), "--mode",
                               "repeat", "--pool", "1000", *map(str, options)], check=True, capture_output=True, text=True,
                              timeout=2 * seconds + 60)
        result = json.loads(done.stdout)
        result["cpu_us"] = 1e6 * (server.cpu() - before) / max(1, result["replies"])
        return result

    def medians(self, server):
        self.load(server, 2 * self.seconds)  # fills the caches
        runs = [self.load(server, self.seconds) for _ in range(RUNS)]
        return {k: statistics.median(x[k] for x in runs) for k in ("cpu_us", "req_s", "p50_us", "p99_us")}

    def slope(self, server):
        """As medians(), but what more requests cost more: without the start of a process for each connection."""
        rows = []
        for _ in range(RUNS):
            few, many = self.load(server, self.seconds), self.load(server, 3 * self.seconds)
            more = many["replies"] - few["replies"]
            many["cpu_us"] = (many["cpu_us"] * many["replies"] - few["cpu_us"] * few["replies"]) / max(1, more)
            rows.append(many)
        return {k: statistics.median(x[k] for x in rows) for k in ("cpu_us", "req_s", "p50_us", "p99_us")}

    def warm(self):
        """A thousand triplets again and again: the DNS answers come from the cache."""
        rows = {}
        server = self.start("warm")
        rows["policyd, all checks"] = self.medians(server)
        failures = metric(server, "policyd_dns_failures_total")
        self.stop(server)
        server = self.start("spf", more="greylist = no\n")
        rows["policyd, no greylist"] = self.medians(server)
        self.stop(server)
        if shutil.which("policyd-spf") and os.geteuid() == 0:
            folder = self.scratch / "peer"
            folder.mkdir()
            server = Server(["unshare", "--net", "--mount", sys.executable, SERVERS / "spawn_spf.py", folder / "socket",
                             folder], folder / "socket", self.log)
            rows["policyd-spf"] = self.slope(server)
            server.stop()
        else:
            print("policyd-spf is not installed, or this is not root: no ratio")
        if shutil.which("postgrey"):
            server = self.postgrey()
            rows["postgrey"] = self.medians(server)
            server.stop()
        for name, row in rows.items():
            print(f"{name:22} {row['cpu_us']:.1f} us CPU a request, {row['req_s']:.0f} req/s, p50 {row['p50_us']:.0f} us, "
                  f"p99 {row['p99_us']:.0f} us", flush=True)
        ours = rows["policyd, all checks"]["cpu_us"]
        for peer in ("policyd-spf", "postgrey"):
            if peer in rows:
                print(f"  {rows[peer]['cpu_us'] / ours:.1f} times less than {peer}")
        self.bar(f"{ours:.1f} us CPU a request: SPF, 4 DNS lists, lists, greylist, warm cache (80)", ours <= 80)
        self.bar(f"{failures} questions failed", failures == 0)

    def postgrey(self):
        folder = self.scratch / "postgrey"
        folder.mkdir()
        (folder / "none").write_text("")
        return Server(["postgrey", f"--unix={folder}/socket", f"--dbdir={folder}", f"--pidfile={folder}/pid", "--quiet",
                       f"--user={os.environ.get('USER', 'root')}", "--group=root", f"--whitelist-clients={folder}/none",
                       f"--whitelist-recipients={folder}/none"], folder / "socket", self.log)

    def cold(self):
        """Every question new, answers after 20 ms: how many requests wait at once."""
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        server = self.start("cold", DELAY)
        ask_metric(server)
        clients = []
        for _ in range(IN_FLIGHT):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(server.address))
            clients.append(sock)
        begin, cpu = time.monotonic(), server.cpu()
        for number, sock in enumerate(clients):
            sock.send(f"request=smtpd_access_policy\nprotocol_state=RCPT\nhelo_name=mx.h{number}.example.com\n"
                      f"sender=a@s{number}.example.com\nrecipient=b@example.net\n"
                      f"client_address=20.{number // 65536}.{number // 256 % 256}.{number % 256}\n\n".encode())
        most, took, answers = 0, [], {}
        poll = select.epoll()
        for sock in clients:
            poll.register(sock, select.EPOLLIN)
        by_number = {sock.fileno(): sock for sock in clients}
        next_look = 0.0
        while len(took) < IN_FLIGHT and time.monotonic() - begin < 30:
            if time.monotonic() >= next_look:
                most = max(most, metric(server, "policyd_waiting_requests"))
                next_look = time.monotonic() + 0.02
            for number, _ in poll.poll(0.02):
                action = by_number[number].recv(4096).decode().split()[0]
                answers[action] = answers.get(action, 0) + 1
                took.append(time.monotonic() - begin)
                poll.unregister(number)
        cpu = 1e6 * (server.cpu() - cpu) / IN_FLIGHT
        failures, dropped = metric(server, "policyd_dns_failures_total"), IN_FLIGHT - len(took)
        for sock in clients:
            sock.close()
        self.stop(server)
        print(f"cold, {1000 * DELAY:.0f} ms away: {IN_FLIGHT} requests at once, answered after {max(took):.2f} s, {cpu:.0f} us "
              f"CPU each; {failures} questions failed, {dropped} unanswered; {answers}", flush=True)
        self.bar(f"{most} requests in flight at once on one thread (5000)", most >= 5000)


def ask_metric(server):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(server.address.with_name("control")))
        sock.settimeout(30)
        sock.sendall(b'{"verb":"metrics"}\n')
        text = b""
        while not text.endswith(b"}\n"):
            text += sock.recv(65536)
    return json.loads(text.splitlines()[-1])["text"]


def metric(server, name):
    return int(re.search(rf"^{name} (\d+)$", ask_metric(server), re.MULTILINE).group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=os.environ.get("POSTHOUSE_BENCH", ROOT / "build-bench"))
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    arguments.build = pathlib.Path(arguments.build).resolve()
    with tempfile.TemporaryDirectory(prefix="bench-policyd-dns.", dir="/tmp") as scratch:
        bench = Bench(arguments, pathlib.Path(scratch))
        with open("/proc/loadavg", encoding="ascii") as file:
            print(f"{os.cpu_count()} processors, load {file.read().split()[0]}, medians of {RUNS} runs of "
                  f"{arguments.seconds:g} s", flush=True)
        bench.warm()
        bench.cold()
    sys.exit(1 if bench.failed else 0)


main()
