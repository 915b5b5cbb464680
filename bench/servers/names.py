#!/usr/bin/env python3
# bench/servers/names.py -- A name server for benchmarks: SPF records for all, four DNS lists, answers after a delay.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# TXT of any name below example.com includes _spf.pool.example, which names all clients of policyload; below
# bl1.example to bl4.example only the test entries exist. One thread, so that a delay costs nothing.
# usage: names.py --port N [--delay SECONDS]
import argparse
import collections
import select
import socket
import struct
import time

A, TXT, AAAA, ANY_TTL = 1, 16, 28, 3600
SPF = b"v=spf1 include:_spf.pool.example -all"
POOL = b"v=spf1 ip4:10.0.0.0/8 ip4:11.0.0.0/8 ip4:12.0.0.0/6 ip4:16.0.0.0/4 ip4:32.0.0.0/3 ip4:64.0.0.0/3 " \
       b"ip6:2001:db8::/32 ~all"
# The beginnings, in wire format, of 2.0.0.127 and of ::ffff:7f00:2 backwards.
LISTED = (b"\x012\x010\x010\x03127", b"".join(b"\x01" + bytes([c]) for c in reversed(b"0" * 20 + b"ffff7f000002")))


def response(packet):
    """The answer to one query."""
    end = packet.index(b"\0", 12) + 1
    name, (kind,) = packet[12:end].lower(), struct.unpack("!H", packet[end:end + 2])
    data, rcode = None, 0
    if name.endswith(b"\x07example\x03com\0"):
        data = bytes([len(SPF)]) + SPF if kind == TXT else None
    elif name == b"\x04_spf\x04pool\x07example\0":
        data = bytes([len(POOL)]) + POOL if kind == TXT else None
    elif name.startswith(LISTED) and kind == A:
        data = b"\x7f\0\0\x02"
    else:
        rcode = 3
    head = packet[:2] + struct.pack("!HHHHH", 0x8580 | rcode, 1, 1 if data else 0, 0 if data else 1, 0)
    body = packet[12:end + 4]
    if data:
        return head + body + struct.pack("!HHHIH", 0xC00C, kind, 1, ANY_TTL, len(data)) + data
    soa = b"\0\0" + struct.pack("!IIIII", 1, 3600, 3600, 3600, 3600)
    return head + body + b"\x07example\0" + struct.pack("!HHIH", 6, 1, ANY_TTL, len(soa)) + soa


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0)
    arguments = parser.parse_args()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 20)
    sock.bind(("127.0.0.1", arguments.port))
    sock.setblocking(False)
    waiting = collections.deque()
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, answer, client = waiting.popleft()
            sock.sendto(answer, client)
        select.select([sock], [], [], max(0, waiting[0][0] - now) if waiting else None)
        for _ in range(64):
            try:
                packet, client = sock.recvfrom(4096)
                answer = response(packet)
            except BlockingIOError:
                break
            except (ValueError, struct.error):
                continue
            if arguments.delay:
                waiting.append((time.monotonic() + arguments.delay, answer, client))
            else:
                sock.sendto(answer, client)


if __name__ == "__main__":
    main()
