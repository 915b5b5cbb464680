#!/usr/bin/env python3
# test/t-05-lookupd/run.py -- lookupd and a real Postfix: who exists, where aliases lead, and what happens without it.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import maps as live  # noqa: E402
from stage import Smtp, Stage, check, equal, step, unix_ready, wait_for  # noqa: E402

DOMAIN = "posthouse.test"
ALICE, BOB, CAROL = f"alice@{DOMAIN}", f"bob@{DOMAIN}", f"carol@{DOMAIN}"
MAIL = "From: a@example.org\r\nSubject: by alias\r\n\r\nHello.\r\n"
IDLE = 2000


def frame(text):
    """A netstring."""
    data = text if isinstance(text, bytes) else text.encode()
    return b"%d:%s," % (len(data), data)


class Client:
    """A socketmap client without Postfix."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))  # waits while the backlog is full
        self.socket.settimeout(20)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """The next reply, or None when lookupd hung up."""
        while True:
            head, colon, rest = self.buffer.partition(b":")
            if colon and len(rest) > int(head):
                self.buffer = rest[int(head) + 1:]
                return rest[:int(head)].decode()
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.buffer += piece

    def ask(self, name, key):
        self.send(frame(f"{name} {key}"))
        return self.read()


def recipients(postfix):
    """What Postfix says to each recipient in one session."""
    with Smtp(postfix.port) as client:
        for recipient, code, text in (
                (ALICE, 250, "a mailbox is accepted"),
                (ALICE.upper(), 250, "in capitals too"),
                (f"alice+news@{DOMAIN}", 250, "with an extension too"),
                (f"info@{DOMAIN}", 250, "an alias is accepted"),
                (f"nobody@{DOMAIN}", 550, "an unknown recipient gets 550"),
                ("anything@catch.test", 250, "a catch-all accepts"),
                ("alice@elsewhere.test", 554, "another domain's mail is not relayed")):
            reply = client.rcpt("a@example.org", recipient)
            equal(reply.code, code, f"{text}: {reply.text[:60]}")


def hostile(stage, path):
    """Clients that break the protocol, and many that say nothing."""
    for data, text in ((b"GET / HTTP/1.0\r\n\r\n", "no netstring"), (b"99999999999:", "a length without end"),
                       (b"100001:x", "a request over the limit"), (b"4:abcdX", "a frame without its comma")):
        client = Client(path)
        client.send(data)
        check(client.read().startswith("PERM ") and client.read() is None, f"{text} is refused and hung up on")
    client = Client(path)
    check(client.ask("nosuchmap", "x").startswith("PERM "), "an unknown map is refused")
    client.send(frame("domains"))
    check(client.read().startswith("PERM "), "a request without a key is refused")
    equal(client.ask("domains", DOMAIN), f"OK {DOMAIN}", "and the connection goes on")
    equal(client.ask("mailboxes", "a" * 99_000 + "@" + DOMAIN), "NOTFOUND ", "a key of 99,000 bytes is answered")
    for byte in frame(f"domains {DOMAIN}"):
        client.send(bytes([byte]))
    equal(client.read(), f"OK {DOMAIN}", "a request in single bytes is answered")
    client.send(b"".join(frame(f"mailboxes user{i}@{DOMAIN}") for i in range(500)) + frame(f"domains {DOMAIN}"))
    replies = [client.read() for _ in range(501)]
    equal(replies, ["NOTFOUND "] * 500 + [f"OK {DOMAIN}"], "500 requests at once are answered in order")
    before = stage.lookupd.memory_kb()
    idle = [Client(path) for _ in range(IDLE)]
    for each in idle:
        each.send(b"17:")
    equal(client.ask("domains", DOMAIN), f"OK {DOMAIN}", f"{IDLE} idle connections delay nobody")
    step(f"{IDLE} idle connections took {max(0, stage.lookupd.memory_kb() - before)} kB")
    for each in idle:
        each.socket.close()


def freshness(stage, path):
    """New accounts work soon, flush makes them work at once."""
    client = Client(path)
    new = f"new@{DOMAIN}"
    equal(client.ask("mailboxes", new), "NOTFOUND ", "an account to come is unknown")
    stage.posthouse("user", "add", new, stdin="pw-of-new\n")
    wait_for(lambda: client.ask("mailboxes", new).startswith("OK "), 5, "the new account")
    step("a new account is known when the short memory of its absence ends")
    late = f"late@{DOMAIN}"
    client.ask("mailboxes", late)
    stage.posthouse("user", "add", late, stdin="pw-of-late\n")
    check(stage.control("lookupd", "flush")["ok"], "the control socket takes flush")
    check(client.ask("mailboxes", late).startswith("OK "), "after which a new account is known at once")
    text = stage.control("lookupd", "metrics")["text"]
    check("lookupd_cache_hits_total" in text and "lookupd_requests_total" in text, "metrics are told")


def trouble(stage, postfix, path):
    """Database away, then lookupd away: mail waits, nobody is called unknown."""
    folder = pathlib.Path("/var/lib/posthouse/directory")
    os.rename(folder, f"{folder}.away")
    stage.lookupd.reload()
    stage.log("lookupd").wait("daemon.reload.done")
    client = Client(path)
    check(client.ask("mailboxes", f"nobody@{DOMAIN}").startswith("TEMP "), "without the database the answer is TEMP")
    reply = postfix.send("a@example.org", f"nobody@{DOMAIN}", MAIL)
    check(reply.code == 451, f"and Postfix defers: {reply}")
    stage.log("lookupd").wait(r"lookupd\.directory\.trouble")
    os.rename(f"{folder}.away", folder)
    equal(client.ask("mailboxes", f"nobody@{DOMAIN}"), "NOTFOUND ", "when it is back the answer is certain again")
    stage.log("lookupd").wait(r"lookupd\.directory\.back")
    stage.lookupd.stop()
    reply = postfix.send("a@example.org", ALICE, MAIL)
    check(400 <= reply.code < 500, f"without lookupd Postfix defers: {reply}")
    stage.lookupd.start()
    # An smtpd remembers as long as it lives what trivial-rewrite could not tell of an address.
    equal(postfix.send("b@example.org", CAROL, MAIL).code, 250, "and accepts when it is back")
    postfix.wait_empty()


with Stage() as stage:
    stage.configure("directory", {"mail_root": stage.mail_root, "group": "phlookup"})
    stage.posthouse("domain", "add", DOMAIN)
    stage.posthouse("domain", "add", "catch.test")
    for address in (ALICE, BOB, CAROL):
        stage.posthouse("user", "add", address, stdin="pw-of-" + address + "\n")
    stage.posthouse("alias", "add", f"info@{DOMAIN}", ALICE, BOB)
    stage.posthouse("alias", "add", f"all@{DOMAIN}", f"info@{DOMAIN}", CAROL)
    stage.posthouse("alias", "add", "@catch.test", BOB)
    live.accounts(stage)
    path = stage.socket("lookupd")
    stage.lookupd_settings = {"log_to": "stderr", "log_level": "debug", "own_hosts": "store1"}
    stage.lookupd = stage.start_lookupd(stage.lookupd_settings)
    maps = f"socketmap:unix:{path}"
    dovecot = stage.start_dovecot(users={x: "pw" for x in (ALICE, BOB, CAROL)})
    postfix = stage.start_postfix({
        "virtual_mailbox_domains": f"{maps}:domains", "virtual_mailbox_maps": f"{maps}:mailboxes",
        "virtual_alias_maps": f"{maps}:aliases", "transport_maps": f"{maps}:transport",
        "recipient_delimiter": "+", "notify_classes": ""})
    live.answers(stage)
    recipients(postfix)
    equal(postfix.send("a@example.org", f"all@{DOMAIN}", MAIL).code, 250, "a mail to an alias of an alias is taken")
    postfix.wait_empty()
    for address in (ALICE, BOB, CAROL):
        equal(len(wait_for(lambda: dovecot.messages(address, "pw"), 10, "the mail")), 1, f"{address} has it once")
    equal(postfix.send("a@example.org", "someone@catch.test", MAIL).code, 250, "a mail to the catch-all is taken")
    postfix.wait_empty()
    equal(len(dovecot.messages(BOB, "pw")), 2, "its target has it")
    live.routes(stage, postfix)
    live.extensions(stage, postfix, dovecot)
    live.senders(stage, postfix)
    live.broken(stage, postfix)
    hostile(stage, path)
    freshness(stage, path)
    check(unix_ready(str(path)), "lookupd still answers")
    trouble(stage, postfix, path)
    equal(stage.log("lookupd").held(), [], "no callback held the loop")
