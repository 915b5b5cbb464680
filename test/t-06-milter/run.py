#!/usr/bin/env python3
# test/t-06-milter/run.py -- The milter on real Postfix: forged results go, ours is stamped, reload and absence are safe.
# SPDX-License-Identifier: GPL-3.0-or-later
import email
import email.policy
import json
import pathlib
import re
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Smtp, Stage, check, equal, step, wait_for  # noqa: E402
from stage.minidns import MiniDns  # noqa: E402
from stage.store import Store  # noqa: E402

RCPT = "alice@posthouse.test"
HOST = "mx1.posthouse.test"
FIELD = "Authentication-Results"
BODY = "Subject: x\r\n\r\nHello.\r\n"
ZONE = {
    "1.2.0.192.in-addr.arpa": {"PTR": ["good.example.test"]},
    "good.example.test": {"A": ["192.0.2.1"]},
    "2.2.0.192.in-addr.arpa": {"PTR": ["liar.example.test"]},
    "liar.example.test": {"A": ["192.0.2.99"]},
    "3.2.0.192.in-addr.arpa": {"fault": "servfail"},
    "5.2.0.192.in-addr.arpa": {"fault": "silence"},
    "8.b.d.0.1.0.0.2.ip6.arpa": {"NS": ["ns.example.test"]},
    "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa": {"PTR": ["six.example.test"]},
    "six.example.test": {"AAAA": ["2001:db8::1"]},
}
STAMPS = (
    ("192.0.2.1", "iprev=pass (good.example.test) policy.iprev=192.0.2.1"),
    ("192.0.2.2", "iprev=fail (liar.example.test) policy.iprev=192.0.2.2"),
    ("192.0.2.3", "iprev=temperror policy.iprev=192.0.2.3"),
    ("192.0.2.4", "iprev=permerror policy.iprev=192.0.2.4"),
    ("192.0.2.5", "iprev=temperror policy.iprev=192.0.2.5"),
    ("IPV6:2001:db8::1", 'iprev=pass (six.example.test) policy.iprev="2001:db8::1"'),
    ("198.51.100.7", None),
)


class Sink(Store):
    """A host behind Postfix that keeps all mail."""

    def next(self):
        """Wait for one mail and return it, parsed."""
        wait_for(lambda: self.mails, 20, "a mail to arrive", every=0.05)
        return email.message_from_bytes(self.mails.pop(0)[1], policy=email.policy.compat32)


def results(mail):
    """The Authentication-Results fields, each on one line."""
    return [re.sub(r"\s+", " ", x) for x in mail.get_all(FIELD, [])]


def ask(**request):
    """The lines that the milter's control socket answers."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect("/run/posthouse/milter/control")
        sock.sendall(json.dumps(request).encode() + b"\n")
        with sock.makefile() as lines:
            answers = []
            while not answers or "row" in answers[-1]:
                answers.append(json.loads(lines.readline()))
            return answers


def stamps(postfix, sink):
    """One mail from each client address."""
    for address, wanted in STAMPS:
        with Smtp(postfix.port, xclient={"ADDR": address}) as smtp:
            equal(smtp.send("a@example.test", RCPT, BODY).code, 250, f"a mail of {address} is taken")
        mail = sink.next()
        equal(results(mail), [f"{HOST}; {wanted or 'none'}"], f"the stamp of {address}")
        equal(mail.keys()[0], FIELD, "it stands on top")


def forged(postfix, sink):
    """Fields of strangers in our name, among honest ones."""
    fields = [f"{HOST}; spf=pass", "fair.example; spf=pass", f"(x) {HOST.upper()} 1; dkim=pass",
              f"{HOST} broken", "other.example;\r\n\tdkim=pass", f'"{HOST}"; dmarc=pass', "mx2.posthouse.test; x"]
    message = "".join(f"{FIELD}: {x}\r\n" for x in fields) + BODY
    with Smtp(postfix.port, xclient={"ADDR": "192.0.2.1"}) as smtp:
        equal(smtp.send("a@example.test", RCPT, message).code, 250, "a mail with forged results is taken")
        equal(results(sink.next()), [f"{HOST}; {STAMPS[0][1]}", "fair.example; spf=pass",
                                     "other.example; dkim=pass"], "forged fields are gone, others kept in order")
        reply = smtp.send("a@example.test", RCPT, f"{FIELD}: {HOST}; x\r\n" * 200 + BODY)
        check(reply.code == 550 and "5.7.1" in reply.text, f"200 forged fields refuse the mail: {reply}")
        equal(smtp.send("a@example.test", RCPT, BODY).code, 250, "the next mail of that session is taken")
        sink.next()


def reload_under_load(postfix, milter, sink):
    """Mails and reloads at the same time."""
    codes, is_over = [], threading.Event()

    def sender():
        with Smtp(postfix.port, xclient={"ADDR": "192.0.2.1"}) as smtp:
            while not is_over.is_set():
                codes.append(smtp.send("a@example.test", RCPT, BODY).code)

    senders = [threading.Thread(target=sender) for _ in range(4)]
    for thread in senders:
        thread.start()
    for _ in range(15):
        count = len(codes)
        mark = milter.log.mark()
        milter.reload()
        milter.log.wait("daemon.reload.done", since=mark)
        wait_for(lambda count=count: len(codes) > count + 2, 20, "mails during reloads")
    is_over.set()
    for thread in senders:
        thread.join()
    equal(set(codes), {250}, f"{len(codes)} mails pass while the settings are read again 15 times")
    wait_for(lambda: len(sink.mails) == len(codes), 60, "all of them to arrive", every=0.2)
    check(all(f"{HOST};".encode() in x for _, x in sink.mails), "each of them is stamped")
    sink.mails.clear()


with Stage() as stage, MiniDns(ZONE) as dns:
    sink = Sink(stage.port("sink"))
    user, password = RCPT, "pw1"
    stage.start_dovecot(users={user: password})
    settings = {"log_to": "stderr", "resolver": f"127.0.0.1@{dns.port}", "dns_deadline": "1s",
                "trusted_networks": "198.51.100.0/24", "also_strip": "mx2.posthouse.test"}
    milter = stage.start_milter(settings)
    step("the milter serves")
    postfix = stage.start_postfix({
        "virtual_mailbox_domains": "posthouse.test", "virtual_mailbox_maps": f"inline:{{ {RCPT}=x }}",
        "virtual_transport": f"lmtp:inet:127.0.0.1:{stage.port('sink')}",
        "smtpd_milters": "unix:posthouse/milter/socket", "inet_protocols": "all"})
    stamps(postfix, sink)
    forged(postfix, sink)
    with Smtp(postfix.submission_port, user=user, password=password) as smtp:
        equal(smtp.send(user, RCPT, BODY).code, 250, "an authenticated mail is taken")
    equal(results(sink.next()), [f"{HOST}; auth=pass (PLAIN) smtp.auth={user}"], "it says who sent it")
    reload_under_load(postfix, milter, sink)

    stage.configure("milter", {**settings, "dns_deadline": "soon"})
    milter.reload()
    milter.log.wait(r"daemon.reload.failed reason=.*milter\.conf:3")
    step("wrong settings are named by line, the old ones stay")
    stage.configure("milter", {**settings, "authserv_id": "our.posthouse.test"})
    milter.reload()
    wait_for(lambda: "our.posthouse.test" in str(ask(verb="explain", address="192.0.2.1")), 10, "the new settings")
    answer = ask(verb="explain", address="192.0.2.2")
    equal((answer[0]["row"]["iprev"], answer[0]["row"]["name"]), ("fail", "liar.example.test"), "explain tells why")
    text = ask(verb="metrics")[-1]["text"]
    check('milter_iprev_total{result="permerror"} 1\n' in text, "the results are counted")
    equal(milter.log.held(), [], "no callback held the loop")

    equal(milter.stop(), 0, "the milter ends when told")
    reply = postfix.send("a@example.test", RCPT, BODY)
    check(400 <= reply.code < 500, f"without it mail is deferred: {reply}")
    milter.start()
    equal(postfix.send("a@example.test", RCPT, BODY).code, 250, "with it again, mail is taken")
    sink.next()
    milter.kill()
    milter.start()
    equal(postfix.send("a@example.test", RCPT, BODY).code, 250, "after kill -9 its stale socket is replaced")
    second = stage.run("posthouse-milter", "--config", "/etc/posthouse/milter.conf", ok=(1,))
    check("already running" in second.stderr, "a second one does not take the socket away")
    check(not milter.log.find("loop.bug|milter.stamp.failed"), "the log has no complaint")
