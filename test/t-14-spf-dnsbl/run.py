#!/usr/bin/env python3
# test/t-14-spf-dnsbl/run.py -- SPF and DNS lists on a real Postfix and a DNS of our own; hostile DNS harms nobody.
# SPDX-License-Identifier: GPL-3.0-or-later
import json
import pathlib
import re
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, step, wait_for  # noqa: E402
from stage.minidns import MiniDns  # noqa: E402

MAIL = "From: a@example.org\r\nTo: bob@posthouse.test\r\nSubject: x\r\n\r\nHello.\r\n"
BOB = "bob@posthouse.test"
GOOD, BAD = "192.0.2.1", "198.51.100.66"
ZONE = {
    "example.org": {"TXT": ["unrelated", "v=spf1 ip4:192.0.2.0/24 -all exp=why.example.org"]},
    "why.example.org": {"TXT": ["%{i} is not one of ours"]},
    "soft.example": {"TXT": ["v=spf1 ~all"]},
    "broken.example": {"TXT": ["v=spf1 includ:x -all"]},
    "mx.example.org": {"TXT": ["v=spf1 a -all"], "A": [GOOD]},
}
SIX = "2001:db8::66"
SIX_LABEL = ".".join(reversed("20010db8" + "0" * 22 + "66"))
SIX_TEST = ".".join(reversed("0" * 20 + "ffff7f000002"))
ZONE |= {
    "2.0.0.127.bl.example": {"A": ["127.0.0.2", "127.0.0.4"]}, SIX_TEST + ".bl.example": {"A": ["127.0.0.2"]},
    "66.100.51.198.bl.example": {"A": ["127.0.0.4"], "TXT": ["listed for spam, see https://bl.example/?198.51.100.66"]},
    SIX_LABEL + ".bl.example": {"A": ["127.0.0.4"]},
    "67.100.51.198.bl.example": {"A": ["127.0.0.4"]}, "68.100.51.198.bl.example": {"A": ["127.255.255.254"]},
    "2.0.0.127.ok.example": {"A": ["127.0.0.2"]}, "67.100.51.198.ok.example": {"A": ["127.0.9.2"]},
    "2.0.0.127.all.example": {"A": ["127.0.0.2"]}, "*.all.example": {"A": ["127.0.0.2"]},
    "test.dbl.example": {"A": ["127.0.1.2"]}, "spam.example.dbl.example": {"A": ["127.0.1.2"]},
}
# What hostile servers may do to whoever asks about them.
HOSTILE = {
    "mute": {"fault": "silence"}, "servfail": {"fault": "servfail"}, "garbage": {"fault": "garbage"},
    "wrong-id": {"fault": "wrong_id", "TXT": ["v=spf1 -all"]}, "wrong-name": {"fault": "wrong_name", "TXT": ["v=spf1 -all"]},
    "truncated": {"fault": "truncated"}, "late": {"TXT": ["v=spf1 -all"], "delay": 8},
    "loop": {"CNAME": ["loop2.example"]}, "huge": {"TXT": ["v=spf1 " + "a:x.example " * 4000 + "-all"]},
    "many": {"TXT": ["not SPF at all"], "times": 10000},
    "includes": {"TXT": ["v=spf1 include:includes.example -all"]},
    "slow": {"TXT": ["v=spf1 " + " ".join(f"exists:{i}.mute.example" for i in range(9)) + " -all"]},
}
ZONE |= {f"{prefix}{name}.example": records for name, records in HOSTILE.items() for prefix in ("", "*.")}
ZONE |= {"loop2.example": {"CNAME": ["loop.example"]}, "fresh.example": {"TXT": ["v=spf1 -all"]}}


def spf(stage, postfix, policyd):
    def send(sender, client=BAD, helo="mx.elsewhere.example"):
        return postfix.send(sender, BOB, MAIL, helo=helo, xclient={"ADDR": client, "NAME": "[UNAVAILABLE]"})

    equal(send("a@example.org", GOOD).code, 250, "SPF pass: accepted")
    reply = send("a@example.org")
    equal(reply.code, 554, f"SPF fail: refused: {reply.text}")
    check("5.7.23" in reply.text and "example.org explains: 198.51.100.66 is not one of ours" in reply.text,
          "with its status code and the domain's explanation")
    check(policyd.log.find(r'policyd\.spf\.reject .*client=198\.51\.100\.66 .*reason="fail of MAIL FROM example\.org'),
          "and the log says why")
    equal([send(f"a@{x}.example").code for x in ("soft", "broken", "none")], [250] * 3,
          "softfail, permerror and none go on by default")
    reply = send("", helo="mx.example.org")
    equal(reply.code, 554, f"the null sender is judged by HELO: {reply.text}")
    equal(send("a@soft.example", helo="mx.example.org").code, 554, "HELO that lies is refused with any sender")
    stage.configure("policyd", {**SETTINGS, "resolver": policyd.resolver, "spf_softfail_action": "defer",
                                "spf_permerror_action": "reject", "spf_header": "yes"})
    mark = policyd.log.mark()
    policyd.reload()
    policyd.log.wait(r"daemon\.reload\.done", since=mark)
    reply = send("a@soft.example")
    equal(reply.code, 450, f"softfail may be told to come back: {reply.text}")
    reply = send("a@broken.example")
    equal(reply.code, 554, f"permerror may be refused: {reply.text}")
    check("5.7.24" in reply.text, "as an error of SPF")


def command(stage, dns):
    def ask(ip, sender):
        return stage.posthouse("spf", "--ip", ip, "--from", sender, "--helo", "x.example", "--dns",
                               f"127.0.0.1:{dns.port}", "--json")

    equal([ask(GOOD, "a@example.org")["result"], ask(BAD, "a@example.org")["explanation"]],
          ["pass", f"{BAD} is not one of ours"], "posthouse spf says the same")
    row = stage.posthouse("policy", "explain", "--client", BAD, "--from", "a@example.org", "--to", BOB, "--json")
    row = next(x for x in row if x["check"] == "spf")
    check(row["decides"] and "fail of MAIL FROM example.org" in row["reason"], f"and so does explain: {row['reason']}")


def dnsbl(stage, postfix, policyd):
    settings = {**SETTINGS, "resolver": policyd.resolver, "spf": "no", "dnsbl_break_after": 3, "dnsbl_pause": "1s",
                "dnsbl_zones": "bl.example=127.0.0.[2..11]*2, all.example*2, ok.example*-3, sender:dbl.example*2",
                "dnsbl_threshold": 2, "dnsbl_text": "{what} is listed by {zones}: {reason}"}
    stage.configure("policyd", settings)
    mark = policyd.log.mark()
    policyd.reload()
    for zone in ("bl", "ok", "dbl"):
        policyd.log.wait(rf"policyd\.dnsbl\.good zone={zone}\.example", since=mark)
    check(policyd.log.find(r"policyd\.dnsbl\.good zone=bl\.example ipv6=yes", mark), "zones pass their test")
    policyd.log.wait(r"policyd\.dnsbl\.bad zone=all\.example .*lists 1\.0\.0\.127", since=mark)
    step("one that lists everything is left out")

    def send(client, sender="a@example.org"):
        name = "IPV6:" + client if ":" in client else client
        return postfix.send(sender, BOB, MAIL, xclient={"ADDR": name, "NAME": "[UNAVAILABLE]"})

    reply = send(BAD)
    equal(reply.code, 554, f"a listed client is refused: {reply.text}")
    check("listed for spam, see https://bl.example/" in reply.text, "and told in the zone's own words")
    check(policyd.log.find(r'policyd\.dnsbl\.reject .*reason="score 2: bl\.example=127\.0\.0\.4\*2"'), "the log says why")
    equal(send(SIX).code, 554, "so is a listed IPv6 client")
    equal(send(GOOD).code, 250, "who is not listed gets in")
    equal(send("198.51.100.67").code, 250, "a list of the good outweighs")
    reply = send(GOOD, "x@spam.example")
    check(reply.code == 554 and "spam.example is listed by dbl.example" in reply.text, f"a listed domain: {reply.text}")
    equal(send("198.51.100.68").code, 250, "127.255.255.254 is no hit")
    policyd.log.wait(r"policyd\.dnsbl\.refused zone=bl\.example", since=mark)
    for _ in range(2):
        send("198.51.100.68")
    policyd.log.wait(r"policyd\.dnsbl\.bad zone=bl\.example", since=mark)
    equal(send(BAD).code, 250, "a zone that refuses us is left out")
    wait_for(lambda: send(BAD).code == 554, 10, "the zone to be used again", every=0.3)
    step("and used again once its test passes")
    check(re.search(r'^policyd_dnsbl_answers_total\{zone="bl\.example",outcome="hit"\} [1-9]', metrics(), re.M),
          "each zone is counted")


def metrics():
    """The text of policyd's counters."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect("/run/posthouse/policyd/control")
        sock.settimeout(10)
        sock.sendall(b'{"verb":"metrics"}\n')
        text = b""
        while not text.endswith(b"}\n"):
            text += sock.recv(65536)
    return json.loads(text.splitlines()[-1])["text"]


def ask(sender, client=BAD, timeout=30):
    """One request on a connection of its own; the answer, and how long it took."""
    begin = time.monotonic()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(timeout)
        sock.connect("/var/spool/postfix/posthouse/policyd/socket")
        sock.sendall(f"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address={client}\nhelo_name=x\n"
                     f"sender={sender}\nrecipient={BOB}\n\n".encode())
        answer = b""
        while not answer.endswith(b"\n\n"):
            piece = sock.recv(4096)
            if not piece:
                break
            answer += piece
    return answer.decode().strip(), time.monotonic() - begin


def latency(seconds):
    """The latencies of requests that need no DNS, asked one after the other."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        took.append(ask("a@example.org", "127.0.0.1")[1])
        time.sleep(0.002)
    return took


def hostile(stage, policyd):
    deadline = 2.0
    stage.configure("policyd", {**SETTINGS, "resolver": policyd.resolver, "lookup_deadline": "2s", "spf_deadline": "1s",
                                "spf_temperror_action": "defer", "spf_text": "{result}"})
    mark = policyd.log.mark()
    policyd.reload()
    policyd.log.wait(r"daemon\.reload\.done", since=mark)
    ask("a@example.org")
    alone = latency(1.0)
    answers, threads = {}, []

    def run(name, number):
        answers[name, number] = ask(f"a@{number}.{name}.example")

    for name in HOSTILE:
        for number in range(20):
            threads.append(threading.Thread(target=run, args=(name, number)))
            threads[-1].start()
    beside = latency(1.5)
    for thread in threads:
        thread.join()
    allowed = {"defer_if_permit 4.7.24 temperror", "dunno"}
    for name in HOSTILE:
        mine = [answers[name, number] for number in range(20)]
        words = {x[0].removeprefix("action=") for x in mine}
        slowest = max(x[1] for x in mine)
        check(words <= allowed and slowest < deadline + 1, f"{name}: {', '.join(sorted(words))} after {slowest:.2f} s at most")
    equal({answers[x, 0][0] for x in ("mute", "servfail", "truncated", "late", "slow")},
          {"action=defer_if_permit 4.7.24 temperror"}, "what never answers is temperror")
    before, now = statistics.median(alone), statistics.median(beside)
    check(now < 3 * before + 0.005,
          f"meanwhile others are answered after {1000 * now:.2f} ms, as before ({1000 * before:.2f} ms, median)")
    answer, took = ask("a@fresh.example")
    check(answer == "action=reject 5.7.23 fail" and took < 1, f"a new name of somebody else is still found, in {took:.2f} s")


SETTINGS = {"log_to": "stderr", "greylist": "no"}

with Stage() as stage:
    with MiniDns(ZONE) as dns:
        policyd = stage.start_policyd({**SETTINGS, "resolver": f"127.0.0.1@{dns.port}"})
        policyd.resolver = f"127.0.0.1@{dns.port}"
        postfix = stage.start_postfix({
            "smtpd_recipient_restrictions": "check_policy_service { unix:posthouse/policyd/socket, timeout=20s }",
            "virtual_mailbox_domains": "posthouse.test", "virtual_mailbox_maps": "inline:{ %s=x }" % BOB,
            "virtual_transport": "discard:", "inet_protocols": "all"})
        step("SPF")
        spf(stage, postfix, policyd)
        command(stage, dns)
        step("DNS lists")
        dnsbl(stage, postfix, policyd)
        step("hostile DNS")
        hostile(stage, policyd)
        equal(policyd.log.held(), [], "no callback held the loop")
        equal(policyd.stop(), 0, "policyd ends with code 0")
