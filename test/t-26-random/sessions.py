# test/t-26-random/sessions.py -- Those who use an account at the same time: IMAP sessions.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each draws its choices from a generator of its own, so that a seed gives everyone the same wishes; what they meet
# depends on the others. A mail belongs to one session of its account: others see it, and leave it alone.
import datetime
import random
import re
import time
import zlib

from clients import Gone, Imap, No
from model import Copy, Fault, Folder, Mail, Seen
from senders import letter

FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "\\Deleted", "urgent", "$Label1", "later")
SEEN_ITEMS = "UID FLAGS INTERNALDATE X-GUID BODY.PEEK[]"
MOST = 120  # mails of one session; from there on it rather expunges


def owner_of(token, count):
    """Which of an account's sessions a mail belongs to."""
    return zlib.crc32(token.encode()) % count


def parse(folder, line):
    """A FETCH answer of SEEN_ITEMS."""
    text = line.literals[0]
    token = re.search(rb"^X-Token: (\S+)\r$", text, re.MULTILINE)
    return Seen(folder, int(line.word(r"UID (\d+)")), set(line.word(r"FLAGS \(([^)]*)\)").split()) - {"\\Recent"},
                line.word(r'INTERNALDATE "([^"]*)"'), line.word(r"X-GUID (\S+?)\)?(?: |$)"), text,
                token.group(1).decode() if token else None)


def bury(client, account, name):
    """A folder whose DELETE was killed in the middle: stock Dovecot shows it, and lets nobody use it, create it or
    always delete it. Its name is out of use until a DELETE is answered."""
    account.haunted.add(name)
    try:
        client.ask(f'DELETE "{name}"')
        account.haunted.remove(name)
    except No:
        pass


def look(port, account, password):
    """Everything an account shows: selectable folders, UIDVALIDITY of each, and all mail."""
    client = Imap(port, account.user, password)
    names = sorted(x.text.rsplit(" ", 1)[1].strip('"') for x in client.ask('LIST "" "*"')[0]
                   if x.text.startswith("* LIST") and "\\Noselect" not in x.text and "\\NonExistent" not in x.text)
    validities, seen = {}, []
    for name in list(names):
        try:
            if name in account.haunted:
                raise No("deleted under us")
            validities[name] = client.select(name)
        except No as no:
            if "deleted under us" in str(no):
                bury(client, account, name)
            elif "doesn't exist" not in str(no):  # LIST comes from an index of its own, which may lag behind
                raise
            names.remove(name)
            continue
        lines = client.ask(f"UID FETCH 1:* ({SEEN_ITEMS})")[0]
        seen += [parse(name, x) for x in lines if x.literals]
    client.close()
    return names, validities, seen


def keywords(flags):
    """What a killed APPEND or COPY may change: the mail lies there before the folder knows the names of its keywords,
    and the letters in its name may then be given to others."""
    return {x for x in FLAGS if not x.startswith("\\")} if any(not x.startswith("\\") for x in flags) else set()


def sequence(text):
    """The numbers of an IMAP set, in its order."""
    found = []
    for part in text.split(","):
        low, _, high = part.partition(":")
        low, high = int(low), int(high or low)
        found += range(low, high + 1) if low <= high else range(low, high - 1, -1)
    return found


class Counts:
    """What has been done, for the reader."""

    def __init__(self):
        self.done = {}

    def add(self, what, number=1):
        self.done[what] = self.done.get(what, 0) + number

    def __str__(self):
        return ", ".join(f"{v} {k}" for k, v in sorted(self.done.items()))


class Session:
    """One IMAP client of an account: does what it likes with its own mail until told to stop."""

    def __init__(self, world, account, number, seed):
        self.world, self.account, self.number = world, account, number
        self.draw = random.Random(f"{seed} {account.user} {number}")
        self.round = None
        self.made = 0
        self.client = None

    # -- choosing: a draw for everything, whether it can be used or not, so that a seed stays a seed

    def pick(self, things):
        """One of them, or None."""
        at = self.draw.random()
        return things[int(at * len(things))] if things else None

    def mine(self):
        """Its copies that nothing is unsettled about."""
        with self.account.lock:
            found = [x for x in self.account.copies
                     if owner_of(x.mail.token, self.world.sessions) == self.number and not x.busy and not x.folder.busy]
        return sorted(found, key=lambda x: (x.mail.token, x.folder.name, x.uid or 0))

    def pick_copies(self):
        """Some of its copies in one folder, with their UIDs."""
        at, count = self.draw.random(), self.draw.choice((1, 1, 1, 2, 3, 8))
        copies = self.mine()
        if not copies:
            return []
        first = copies[int(at * len(copies))]
        self.client.select(first.folder.name)
        copies = [x for x in copies if x.folder is first.folder]
        at = copies.index(first)
        return self.with_uids(copies[at:at + count])

    def with_uids(self, copies):
        """Those whose UID is known, or can be found out."""
        unknown = {x.mail.token: x for x in copies if x.uid is None}
        if unknown:
            for line in self.client.ask("UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (X-Token)])")[0]:
                token = re.search(rb"X-Token: (\S+)", line.literals[0]) if line.literals else None
                copy = unknown.pop(token.group(1).decode(), None) if token else None
                if copy:
                    copy.uid = int(line.word(r"UID (\d+)"))
        # A delivery that did not get the lock at once is seen some seconds later, by all at the end of the round.
        return [x for x in copies if x.uid is not None]

    def pick_folder(self):
        """One that all may put mail into, or one of its own."""
        with self.account.lock:
            folders = [x for x in self.account.folders if x.owner in (None, self.number) and not x.busy]
        return self.pick(sorted(folders, key=lambda x: x.name))

    def own_folders(self):
        """The folders it may rename and delete, without folders below them."""
        return sorted((x for x in self.account.folders if x.owner == self.number and not x.busy), key=lambda x: x.name)

    def ask(self, copies, command, literal=None):
        """An IMAP command that is written into the history of these mails, with its end."""
        for copy in copies:
            copy.mail.history.append(f"round {self.round} {time.time():.3f} {self.account.user} {self.number}: "
                                     f"{self.account.tell(copy)}: {command[:100]}")
        end = "no answer"
        try:
            lines, text = self.client.ask(command, literal)
            end = " ".join([x.text for x in lines if "COPYUID" in x.text] + [text])
            return lines, text
        except No as no:
            end = str(no)
            raise
        finally:
            for copy in copies:
                copy.mail.history.append(f"  {time.time():.3f} {end}")

    # -- what it does. Each loosens the model before it asks, and settles it when the answer is there.

    def act(self):
        """One thing."""
        crowded = len(self.mine()) > MOST
        what = self.draw.choices((self.append, self.store, self.copy, self.move, self.expunge, self.read, self.create,
                                  self.rename, self.delete),
                                 (8, 16, 4 if not crowded else 0, 16, 8 if not crowded else 40, 10, 3, 3, 2))[0]
        what()
        self.world.counts.add(what.__name__)

    def append(self):
        """APPEND with flags and a date."""
        self.made += 1
        token = f"A{self.account.user[0]}{self.number}-{self.round}-{self.made}"
        while owner_of(token, self.world.sessions) != self.number:
            token += "x"
        folder, text = self.pick_folder(), letter(token, self.draw)
        flags = set(self.draw.sample(FLAGS, self.draw.randrange(4)))
        date = datetime.datetime.fromtimestamp(self.draw.randrange(10**9, 16 * 10**8), datetime.timezone.utc)
        date = date.strftime("%d-%b-%Y %H:%M:%S +0000")
        mail = Mail(token, text, date)
        copy = Copy(mail, folder, flags=flags, sure=False)
        copy.loose = keywords(flags)
        self.account.add(copy)
        _, text = self.ask([copy], f'APPEND "{folder.name}" ({" ".join(flags)}) "{date}"', text)
        copy.uid = int(re.search(r"APPENDUID \d+ (\d+)", text).group(1))
        copy.sure, copy.busy, copy.loose = True, False, set()

    def store(self):
        """STORE of flags and keywords."""
        copies = self.pick_copies()
        sign, flags = self.draw.choice("+-= ").strip(), set(self.draw.sample(FLAGS, self.draw.randrange(1, 4)))
        sign = sign.replace("=", "")
        if not copies:
            return
        for copy in copies:
            copy.busy, before = True, copy.flags
            wanted = before | flags if sign == "+" else before - flags if sign == "-" else flags
            copy.loose, copy.flags = before ^ wanted, set(wanted)
        uids = ",".join(str(x.uid) for x in copies)
        silent = self.draw.choice((".SILENT", ""))
        self.ask(copies, f"UID STORE {uids} {sign}FLAGS{silent} ({' '.join(flags)})")
        for copy in copies:
            copy.busy, copy.loose = False, set()

    def transfer(self, verb):
        """COPY or MOVE: the copies asked for, those that are made, and the two as pairs."""
        copies, to = self.pick_copies(), self.pick_folder()
        if verb == "COPY":
            copies = [x for x in copies if len([y for y in self.account.copies if y.mail is x.mail]) < 3]
        if not copies or (verb == "MOVE" and copies[0].folder is to):
            return
        made = [Copy(x.mail, to, flags=x.flags, sure=False) for x in copies]
        for old, new in zip(copies, made):
            new.loose = keywords(new.flags)
            self.account.add(new)
            old.busy = True
            if verb == "MOVE":
                old.sure = False
        if verb == "MOVE":
            self.account.either += zip(copies, made)
        lines, text = self.ask(copies, f'UID {verb} {",".join(str(x.uid) for x in copies)} "{to.name}"')
        told = re.search(r"COPYUID \d+ (\S+) ([\d:,]+)", "\n".join([text, *(x.text for x in lines)]))
        uids = dict(zip(sequence(told.group(1)), sequence(told.group(2)))) if told else {}
        if set(uids) != {x.uid for x in copies}:
            raise Fault(f"{verb} of {[self.account.tell(x) for x in copies]} answered OK with {told and told.group(0)}")
        for old, new in zip(copies, made):
            new.uid, new.guid = uids[old.uid], old.guid
            new.sure, new.busy, old.busy, new.loose = True, False, False, set()
        if verb == "MOVE":
            self.account.either = [x for x in self.account.either if x[0] not in copies]
            self.account.remove(copies)

    def copy(self):
        """COPY."""
        self.transfer("COPY")

    def move(self):
        """MOVE."""
        self.transfer("MOVE")

    def expunge(self):
        """Flagged as deleted, then away."""
        copies = self.pick_copies()
        if not copies:
            return
        uids = ",".join(str(x.uid) for x in copies)
        for copy in copies:
            copy.busy, copy.sure, copy.loose = True, False, {"\\Deleted"}
        self.ask(copies, f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
        self.ask(copies, f"UID EXPUNGE {uids}")
        self.account.remove(copies)

    def read(self):
        """The whole mail, while others compress or pack it."""
        copies = self.pick_copies()
        if not copies:
            return
        lines = self.client.ask(f"UID FETCH {','.join(str(x.uid) for x in copies)} ({SEEN_ITEMS})")[0]
        seen = {x.uid: x for x in (parse(copies[0].folder.name, y) for y in lines if y.literals)}
        for copy in copies:
            found = seen.get(copy.uid)
            if found is None or found.token != copy.mail.token or not copy.fits(found):
                raise Fault(f"read {found}, wanted {self.account.tell(copy)}")
            if not copy.mail.is_text(found.text):
                raise Fault(f"the text of {found} is not what was sent")

    def fresh_name(self):
        """A name that no folder may have; one that a deleted folder had is as good as another."""
        name = f"s{self.number}{self.draw.choice('abcdef')}"
        while self.account.may_exist(name):
            name += self.draw.choice("abc.").replace(".", ".d")
        return name

    def create(self):
        """A folder."""
        name = self.fresh_name()
        if len(self.own_folders()) > 5:
            return
        folder = Folder(name, self.number, sure=False)
        folder.busy = True
        with self.account.lock:
            self.account.folders.append(folder)
        self.client.ask(f'CREATE "{name}"')
        folder.sure, folder.busy = True, False

    def alone(self, folder):
        """True when no folder may lie below it: those would be renamed along."""
        return not any(x.startswith(f"{folder.name}.") for y in self.account.folders for x in y.names)

    def rename(self):
        """A folder gets another name."""
        folder, name = self.pick(self.own_folders()), self.fresh_name()
        if folder is None or not self.alone(folder) or name.startswith(f"{folder.name}."):
            return
        old = folder.name
        if self.client.selected == old:
            self.client.select("INBOX")
        folder.busy = True
        folder.names = {old, name}
        self.ask([x for x in self.account.copies if x.folder is folder], f'RENAME "{old}" "{name}"')
        folder.names, folder.busy = {name}, False

    def delete(self):
        """A folder goes with all that is in it."""
        folder = self.pick(self.own_folders())
        if folder is None or not self.alone(folder):
            return
        if self.client.selected == folder.name:
            self.client.select("INBOX")
        folder.busy, folder.sure = True, False
        inside = [x for x in self.account.copies if x.folder is folder]
        self.account.either = [x for x in self.account.either if not set(x) & set(inside)]
        for copy in inside:
            copy.busy, copy.sure = True, False
        self.ask(inside, f'DELETE "{folder.name}"')
        self.account.remove(inside)
        with self.account.lock:
            self.account.folders.remove(folder)

    # -- its life

    def run(self, number, steps):
        """So many things, over as many connections as it takes; ends early when the world does."""
        self.round, self.draw = number, random.Random(f"{self.world.seed} {number} {self.account.user} {self.number}")
        for _ in range(steps):
            if not self.connect():
                return
            try:
                self.act()
            except Gone:
                self.world.counts.add("lost answers")
                self.client.close()
                self.client = None
            except No as no:
                self.world.refused(str(no))
        if self.client:
            self.client.close()
            self.client = None

    def connect(self):
        """True when there is a session; False when the round is over."""
        while self.client is None:
            if self.world.over.is_set():
                return False
            try:
                self.client = Imap(self.world.port, self.account.user, "secret")
            except Gone:
                time.sleep(0.02)
        return True
