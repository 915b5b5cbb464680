#!/usr/bin/env python3
# test/t-19-traps/run.py -- Spamtraps and action types on a real Postfix: entries, headers, a trainer by FILTER.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, step, wait_for  # noqa: E402

BOB, TRAP, HONEY = "bob@posthouse.test", "old-address@posthouse.test", "x@honey.test"
MAIL = "From: a@example.org\r\nTo: bob@posthouse.test\r\nSubject: %s\r\n\r\nHello.\r\n"
POLICY = "check_policy_service unix:posthouse/policyd/socket"
SETTINGS = {"log_to": "stderr", "greylist": "no", "trap_file": "/etc/posthouse/traps", "trap_network_score": 4,
            "trap_lifetime": "1h"}
# A trainer as a transport of master.cf: pipe(8) gives it the message, and the next hop as argument. Mail that is
# not filtered comes to it too, as delivered.
TRAINER = """\
retrain unix - n n - - pipe
  flags= user=vmail argv=%s ${nexthop}
"""
SCRIPT = """\
#!/bin/sh
cat > "%s/$1.$$"
"""


def client(address, name="mx.example.org"):
    """XCLIENT attributes of a client."""
    return {"ADDR": address, "NAME": name}


with Stage() as stage:
    stage.write("/etc/posthouse/traps", "# nobody uses these\nold-address@posthouse.test\n@honey.test\n")
    learned = stage.folder("learned", "vmail")
    trainer = stage.write("trainer", SCRIPT % learned, mode=0o755)
    policyd = stage.start_policyd(SETTINGS)
    postfix = stage.start_postfix(
        {"smtpd_recipient_restrictions": f"reject_unauth_destination, reject_unlisted_recipient, {POLICY}",
         "smtpd_end_of_data_restrictions": POLICY, "virtual_mailbox_domains": "posthouse.test, honey.test",
         "virtual_mailbox_maps": "inline:{ %s=x, %s=x, %s=x }" % (BOB, TRAP, HONEY),
         "virtual_transport": "retrain:delivered"}, master=TRAINER % trainer)

    def send(address, recipient=BOB, sender="x@example.org", subject="x"):
        """A mail from a client."""
        return postfix.send(sender, recipient, MAIL % subject, xclient=client(address))

    equal(send("192.0.2.7").code, 250, "a client nobody knows delivers")
    reply = send("192.0.2.7", TRAP)
    equal((reply.code, "5.1.1" in reply.text), (554, True), f"a trap looks like nobody: {reply.text}")
    check(policyd.log.find(r"policyd\.trap\.hit .*client=192\.0\.2\.7 .*recipient=old-address@posthouse.test"),
          "the log tells of the hit")
    reply = send("192.0.2.7")
    equal((reply.code, "spamtrap" in reply.text), (554, True), f"the client is refused from then on: {reply.text}")
    equal(send("192.0.2.8").code, 250, "one hit is not held against its neighbours")
    time.sleep(1.1)
    equal(send("192.0.2.9", HONEY).code, 554, "a whole domain can be a trap")
    time.sleep(1.1)
    equal(send("192.0.2.9", HONEY, subject="again").code, 554, "a third hit")
    equal(send("192.0.2.8").code, 554, "now the network is refused")
    equal(send("192.0.3.8").code, 250, "and no other")
    rows = {x["subject"]: x["hits"] for x in stage.posthouse("trap", "list", "--json")}
    equal(rows, {"192.0.2.7": 1, "192.0.2.9": 2, "192.0.2.0/24": 3}, "trap list shows who has how many hits")
    policyd.kill()
    policyd.start()
    equal(send("192.0.2.8").code, 554, "after kill -9 they are known")
    stage.posthouse("trap", "del", "192.0.2.9")
    equal(send("192.0.2.8").code, 250, "trap del forgets a client and takes its hits from the network")
    stage.posthouse("trap", "add", "203.0.113.5")
    equal(send("203.0.113.5").code, 554, "trap add makes an entry by hand")
    equal(stage.posthouse("trap", "add", "example.org", ok=(1,)).returncode, 1, "a name is no client")
    equal(send("198.51.100.1", TRAP, sender="").code, 250, "a bounce to a trap is nobody's fault")

    def reload(settings):
        """Other settings from now on."""
        mark = policyd.log.mark()
        stage.configure("policyd", {**SETTINGS, **settings})
        policyd.reload()
        policyd.log.wait(r"daemon\.reload", since=mark)
        check(not policyd.log.find(r"daemon\.reload\.failed", mark), f"settings are taken: {settings}")

    stage.write("/etc/posthouse/lists/sender_blacklist", "@spam.example\n")
    reload({"trap_answer": "discard"})
    equal(send("198.51.100.2", TRAP, subject="thrown away").code, 250, "trap_answer = discard takes the mail")
    wait_for(lambda: postfix.log.find(r"discard: RCPT from mx\.example\.org\[198\.51\.100\.2\]"), 10, "the discard")

    reload({"action_type": "header"})
    equal(send("198.51.100.3", sender="a@spam.example").code, 250, "action_type = header refuses nothing")
    wait_for(lambda: any("X-Posthouse-Policy: blocked by list\n" in x.read_text() for x in learned.glob("delivered.*")),
             15, "the mail with its header")
    step("and the mail says who would have")

    reload({"action_type": "learn", "action_spam": "FILTER retrain:spam", "action_ham": "FILTER retrain:innocent",
            "trap_answer": "accept"})

    def trained(kind, subject):
        """Wait until the trainer got a mail of that subject as that kind."""
        wait_for(lambda: any(f"Subject: {subject}" in x.read_text() for x in learned.glob(f"{kind}.*")), 15,
                 f"the trainer to get {subject} as {kind}")
        step(f"{subject} came to the trainer as {kind}")

    equal(send("198.51.100.4", sender="a@spam.example", subject="blacklisted").code, 250, "learn takes spam")
    trained("spam", "blacklisted")
    equal(send("198.51.100.5", TRAP, subject="trapped").code, 250, "and a trap's mail")
    trained("spam", "trapped")
    equal(send("198.51.100.6", subject="good").code, 250, "and good mail")
    trained("innocent", "good")
    equal([len(list(learned.glob(f"{x}.*"))) for x in ("spam", "innocent")], [2, 1], "each mail came once")
    reload({"action_type": "learn", "action_spam": "FILTER retrain:spam", "greylist": "yes"})
    equal(send("198.51.100.7", subject="new").code, 450, "the greylist's answers stay")
    equal(policyd.log.held(), [], "no callback held the loop")
    equal(policyd.stop(), 0, "policyd ends with code 0")
