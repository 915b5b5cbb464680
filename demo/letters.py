# demo/letters.py -- The mail of the demo: letters from outside, one between users, and one that bounces.
# SPDX-License-Identifier: GPL-3.0-or-later
import email
import email.policy
import email.utils
import re
import sys
import time

from stage import Failed, Smtp, check, step, wait_for

# Every letter from outside comes from a network of its own, as on the internet.
CLIENT = {"ADDR": "192.0.2.{}", "NAME": "mail{}.example.org"}
MOST = 50  # letters, each with a reverse name
ZONE = {f"{n}.2.0.192.in-addr.arpa": {"PTR": [f"mail{n}.example.org"]} for n in range(1, MOST)}
ZONE.update({f"mail{n}.example.org": {"A": [f"192.0.2.{n}"]} for n in range(1, MOST)})
# For the policy daemon: a list of bad clients, a domain whose mail comes from nowhere, a trap.
DNSBL = "bl.posthouse.test"
LISTED, FORGED, TRAPPED = "198.51.100.66", "forged.example", "203.0.113.9"
TRAP = "old-address@posthouse.test"
ZONE.update({f"2.0.0.127.{DNSBL}": {"A": ["127.0.0.2"]}, f"66.100.51.198.{DNSBL}": {"A": ["127.0.0.4"]},
             FORGED: {"TXT": ["v=spf1 -all"]}})
TO_BOB = """\
From: Alice <alice@posthouse.test>
To: Bob <bob@posthouse.test>
Subject: Lunch at the second station?
Message-ID: <lunch@posthouse.test>

Bob,

I ride north at eleven. Lunch at the second station?

Alice
"""
REPLY = """\
From: Bob <bob@posthouse.test>
To: Alice <alice@posthouse.test>
Subject: Re: Lunch at the second station?
Message-ID: <lunch-reply@posthouse.test>
In-Reply-To: <lunch@posthouse.test>
References: <lunch@posthouse.test>

Gladly. I bring the tea.

> I ride north at eleven. Lunch at the second station?
"""
TO_NOBODY = """\
From: Alice <alice@posthouse.test>
To: An old friend <gone@example.org>
Subject: Are you still there?
Message-ID: <old-friend@posthouse.test>

I have not heard from you for years.
"""


class Letter:
    """One file of demo/mail: envelope from its headers, the text as it stands."""

    def __init__(self, path, number):
        self.name = path.stem
        self.raw = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
        message = email.message_from_bytes(self.raw, policy=email.policy.default)
        self.subject = str(message["Subject"])
        self.sender = email.utils.parseaddr(str(message["From"]))[1]
        self.recipient = email.utils.parseaddr(str(message["To"]))[1]
        self.client = {k: v.format(number) for k, v in CLIENT.items()}


def stamped(text):
    """The text as sent now."""
    return (f"Date: {email.utils.formatdate()}\n" + text).replace("\n", "\r\n").encode()


class Letters:
    """Sends all of them, retrying as a real mail server does."""

    def __init__(self, house, folder, delay):
        self.house = house
        self.delay = delay
        self.letters = [Letter(path, n) for n, path in enumerate(sorted(folder.glob("*.eml")), 1)]
        self.expected = {}  # local part -> subjects

    def send(self, letter):
        """One try by SMTP from the letter's own client address."""
        with Smtp(self.house.postfix.port, helo=letter.client["NAME"], xclient=letter.client) as client:
            return client.send(letter.sender, letter.recipient, letter.raw)

    def deliver(self):
        """All letters; ends when every one is in its mailbox."""
        first, begin = self.letters[0], time.monotonic()
        reply = self.send(first)
        check(reply.code == 450, f"greylisted at the first try: {first.sender} -> {first.recipient}: "
                                 f"{reply.code} {reply.text}")
        waiting = [first] + [x for x in self.letters[1:] if not self.send(x).ok]
        step(f"{len(waiting)} of {len(self.letters)} letters from outside wait for their second try")
        time.sleep(max(0, self.delay + 0.2 - (time.monotonic() - begin)))
        reply = self.send(first)
        check(reply.code == 250, f"accepted when it is tried again {self.delay} s later: {reply.code} {reply.text}")
        time.sleep(self.delay)
        for letter in self.letters:
            if letter is not first and letter in waiting:
                reply = self.send(letter)
                if reply.code != 250:
                    raise Failed(f"{letter.name}: {reply}")
            self.expect(letter.recipient, letter.subject)
        step(f"{len(self.letters)} letters accepted")
        self.submit("alice", "bob@posthouse.test", TO_BOB)
        self.submit("bob", "alice@posthouse.test", REPLY)
        self.submit("alice", "gone@example.org", TO_NOBODY)
        self.expect("bob@posthouse.test", "Lunch at the second station?")
        self.expect("alice@posthouse.test", "Re: Lunch at the second station?")
        self.expect("alice@posthouse.test", "Undelivered Mail Returned to Sender")
        for local, subjects in self.expected.items():
            wait_for(lambda who=local, n=len(subjects): len(self.house.messages(who)) >= n, 20,
                     f"{len(subjects)} mails in {local}'s mailbox")
        step("all mail has arrived: " + ", ".join(f"{k} {len(v)}" for k, v in sorted(self.expected.items())))

    def submit(self, local, recipient, text):
        """A mail of one of the users."""
        reply = self.house.submit(local, recipient, stamped(text))
        if reply.code != 250:
            raise Failed(f"submission by {local}: {reply}")

    def expect(self, address, subject):
        """Remember what belongs into a mailbox."""
        self.expected.setdefault(address.split("@")[0], []).append(subject)


if __name__ == "__main__":
    sys.exit("start it by ./dev demo")
