# test/t-26-random/senders.py -- Mail by LMTP to one and several accounts, and again what got no answer, as Postfix does.
# SPDX-License-Identifier: GPL-3.0-or-later
import random
import time

from clients import Gone, Lmtp, No
from model import Copy, Mail


def letter(token, draw):
    """A mail of some size; its body is words, or nothing zstd can shorten."""
    size = draw.choice((0, 300, 300, 2000, 2000, 8000, 30_000, draw.randrange(150_000)))
    if draw.random() < 0.3:
        body = "".join(draw.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(size))
        lines = [body[i:i + 76] for i in range(0, len(body), 76)]
    else:
        lines = [" ".join(f"word{draw.randrange(3000)}" for _ in range(9)) for _ in range(size // 75)]
    if lines and draw.random() < 0.3:
        lines.insert(draw.randrange(len(lines)), draw.choice((".", "..hidden", "", "From me", "\x28\u00b5\x2f\u00fd")))
    return (f"X-Token: {token}\r\nFrom: a@example.org\r\nSubject: {token}\r\nMessage-ID: <{token}@example.org>\r\n\r\n"
            + "".join(x + "\r\n" for x in lines)).encode()


class Sender:
    """Sends mails by LMTP, and again what got no answer, as Postfix does."""

    def __init__(self, world, number, seed):
        self.world, self.number = world, number
        self.draw = random.Random(f"{seed} sender {number}")
        self.client = None

    def run(self, number, steps):
        """So many mails."""
        self.draw = random.Random(f"{self.world.seed} {number} sender {self.number}")
        for i in range(steps):
            text_draw = random.Random(self.draw.random())
            to = self.draw.sample(self.world.accounts, self.draw.choice((1, 1, 1, *range(1, len(self.world.accounts) + 1))))
            attempt = 0
            while to and attempt < 4 and self.connect():
                attempt += 1
                to = self.send(to, f"L{self.number}-{number}-{i}-{attempt}", text_draw)
        if self.client:
            self.client.close()
            self.client = None

    def send(self, accounts, token, draw):
        """One attempt, a mail of its own to the model; the accounts that must get it again."""
        mail = letter(token, draw)
        copies = {x.user: Copy(Mail(token, mail), x.folder("INBOX"), sure=False) for x in accounts}
        for account in accounts:
            account.add(copies[account.user])
        try:
            for user, reply in self.client.send(list(copies), mail):
                copy = copies.pop(user)
                copy.mail.history.append(f"{time.time():.3f} {user}: {reply}")
                if reply.startswith("250"):
                    copy.sure, copy.busy = True, False
                    self.world.counts.add("delivered")
                else:
                    copies[f"{user} "] = copy  # to be sent again; may not be there twice, may be there once
                    self.world.refused(f"LMTP: {reply}")
        except (Gone, No) as error:
            self.world.counts.add("lost deliveries")
            if isinstance(error, No):
                self.world.refused(f"LMTP: {error}")
            self.client.close()
            self.client = None
        return [x for x in accounts if x.user in copies or f"{x.user} " in copies]

    def connect(self):
        """True when there is a session; False when the round is over."""
        while self.client is None:
            if self.world.over.is_set():
                return False
            try:
                self.client = Lmtp(self.world.lmtp)
            except Gone:
                time.sleep(0.02)
        return True
