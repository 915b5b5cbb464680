#!/usr/bin/env python3
# test/stage/minidns.py -- a tiny DNS server for tests: a zone in a dict, and faults on order.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The zone maps names to records: {"mx.example.org": {"A": ["192.0.2.1"], "TXT": ["v=spf1 -all"]},
# "1.2.0.192.in-addr.arpa": {"PTR": ["mx.example.org"]}, "www.example.org": {"CNAME": ["mx.example.org"]},
# "slow.example.org": {"A": ["192.0.2.9"], "delay": 0.5}, "bad.example.org": {"fault": "servfail"}}.
# Types: A, AAAA, PTR, NS, CNAME, MX ("10 host"), TXT; {"A": [...], "times": 10000} repeats the records, as many as
# 64 KB hold. Faults: servfail, refused, silence, garbage, truncated (and no answer by TCP), wrong_id, wrong_name.
# "*" as the first label is a wildcard. Names without a record are NXDOMAIN, unless a longer name
# exists below them. UDP and TCP on 127.0.0.1; aliases are followed, recursion is claimed, so that
# a resolver may use it as a forwarder. `minidns.py --zone FILE.json [--port N]` serves until killed.
import argparse
import json
import socket
import socketserver
import struct
import threading
import time

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NXDOMAIN, SERVFAIL, REFUSED = 3, 2, 5
TTL = 60
UDP_LIMIT = 1232
TCP_LIMIT = 65535


def wire_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            raw = label.encode("latin-1")
            out += bytes([len(raw)]) + raw
    return out + b"\0"


def read_name(packet, at):
    labels = []
    while packet[at]:
        size = packet[at]
        labels.append(packet[at + 1:at + 1 + size].decode("latin-1"))
        at += 1 + size
    return ".".join(labels).lower(), at + 1


def rdata(kind, text):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, text)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, text)
    if kind == "MX":
        preference, host = text.split()
        return struct.pack("!H", int(preference)) + wire_name(host)
    if kind == "TXT":
        raw = text.encode("utf-8")
        parts = [raw[i:i + 255] for i in range(0, len(raw), 255)] or [b""]
        return b"".join(bytes([len(part)]) + part for part in parts)
    return wire_name(text)


def record(owner, kind, data, asked=None):
    owner = b"\xc0\x0c" if owner == asked else wire_name(owner)
    return owner + struct.pack("!HHIH", TYPES[kind], 1, TTL, len(data)) + data


class MiniDns:
    """Serves `zone` (see the head of the file) from start() to stop(); the zone may be changed meanwhile."""

    def __init__(self, zone, port=0):
        self.zone = {name.lower().rstrip("."): records for name, records in zone.items()}
        self.questions = []  # (name, type) as they came
        self.port = port
        self._servers = []

    def start(self):
        for _ in range(50):
            udp = _Udp(("127.0.0.1", self.port), _UdpRequest)
            try:
                tcp = _Tcp(("127.0.0.1", udp.server_address[1]), _TcpRequest)
            except OSError:
                udp.server_close()
                if self.port:
                    raise
                continue
            self.port = udp.server_address[1]
            self._servers = [udp, tcp]
            for server in self._servers:
                server.dns = self
                threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            return self
        raise OSError("no port is free for both UDP and TCP")

    def stop(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def find(self, name):
        if name in self.zone:
            return self.zone[name]
        parts = name.split(".")
        for i in range(1, len(parts)):
            parent = ".".join(parts[i:])
            if "*." + parent in self.zone:
                return self.zone["*." + parent]
            if parent in self.zone:
                break
        return {} if any(other.endswith("." + name) for other in self.zone) else None

    def answer(self, packet, is_tcp=False):
        """The response to one query, or nothing for silence."""
        number, _flags, questions = struct.unpack("!HHH", packet[:6])
        if questions != 1:
            return None
        name, end = read_name(packet, 12)
        qtype = struct.unpack("!H", packet[end:end + 2])[0]
        kind = next((word for word, code in TYPES.items() if code == qtype), None)
        self.questions.append((name, kind or str(qtype)))
        question, asked = packet[12:end + 4], name
        answers, rcode, flags = [], 0, 0x8580
        for _ in range(10):
            records = self.find(name)
            if records is None:
                rcode = NXDOMAIN
                break
            time.sleep(records.get("delay", 0))
            fault = records.get("fault")
            if fault == "silence" or (fault == "truncated" and is_tcp):
                return None
            if fault == "garbage":
                return struct.pack("!HHHHHH", number, 0x8180, 1, 1, 0, 0) + question + b"\xc0\xff\x00"
            if fault in ("servfail", "refused"):
                answers, rcode = [], {"servfail": SERVFAIL, "refused": REFUSED}[fault]
                break
            if fault == "truncated":
                flags |= 0x0200
                break
            if fault == "wrong_id":
                number ^= 0x5555
            elif fault == "wrong_name":
                question = wire_name("other." + name) + packet[end:end + 4]
            answers += [record(name, kind, rdata(kind, text), asked)
                        for text in records.get(kind, [])] * records.get("times", 1)
            if kind == "CNAME" or "CNAME" not in records:
                break
            answers.append(record(name, "CNAME", rdata("CNAME", records["CNAME"][0])))
            name = records["CNAME"][0].lower().rstrip(".")
        authority = []
        if not answers and rcode in (0, NXDOMAIN):
            zone = name.split(".")[-1]
            soa = wire_name("ns." + zone) + wire_name("post." + zone) + struct.pack("!IIIII", 1, 60, 60, 60, 60)
            authority.append(record(zone, "SOA", soa))
        room = TCP_LIMIT - 12 - len(question) - sum(map(len, authority))
        while answers and sum(map(len, answers)) > room:
            answers = answers[:len(answers) * 9 // 10]
        head = struct.pack("!HHHHHH", number, flags | rcode, 1, len(answers), len(authority), 0)
        return head + question + b"".join(answers + authority)


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


class _UdpRequest(socketserver.BaseRequestHandler):
    def handle(self):
        packet, sock = self.request
        response = _safely(self.server.dns, packet)
        if response is None:
            return
        if len(response) > UDP_LIMIT:
            _name, end = read_name(packet, 12)
            response = packet[:2] + struct.pack("!HHHHH", 0x8780, 1, 0, 0, 0) + packet[12:end + 4]
        try:
            sock.sendto(response, self.client_address)
        except OSError:
            pass  # stopped meanwhile


class _TcpRequest(socketserver.StreamRequestHandler):
    def handle(self):
        while len(size := self.rfile.read(2)) == 2:
            response = _safely(self.server.dns, self.rfile.read(struct.unpack("!H", size)[0]), True)
            if response is not None:
                self.wfile.write(struct.pack("!H", len(response)) + response)


def _safely(dns, packet, is_tcp=False):
    try:
        return dns.answer(packet, is_tcp)
    except (IndexError, struct.error):
        return None  # not a query


def main():
    arguments = argparse.ArgumentParser(description="A tiny DNS server for tests.")
    arguments.add_argument("--zone", required=True, help="JSON file: name to records")
    arguments.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 chooses and prints one")
    chosen = arguments.parse_args()
    with open(chosen.zone, encoding="utf-8") as file:
        zone = json.load(file)
    with MiniDns(zone, chosen.port) as server:
        print(server.port, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
