# test/t-26-random/model.py -- What must be in an account: every mail that was taken, every answered change, and no more.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A Mail is a text with a token in its header. A Copy is that mail in one folder under one UID. An operation that was
# answered changes the model; one that was not (its session was killed) leaves what it touched loose: either outcome
# is right until the account is looked at, and what is seen then is the model from there on.
import datetime
import hashlib
import itertools
import threading


class Fault(Exception):
    """The account is not what it must be; with what was done to the mail."""

    def __init__(self, text, mail=None):
        super().__init__(text + "".join(f"\n      {x}" for x in (mail.history if mail else ())))


class Mail:
    """One text: what was sent, and what must stay the same for good once it was seen."""

    def __init__(self, token, text, date=None):
        self.token, self.size, self.date = token, len(text), date
        self.digest = hashlib.sha256(text).digest()
        self.history = []  # what was done to it, for the reader of a fault

    def time(self):
        """Its INTERNALDATE in seconds."""
        return int(datetime.datetime.strptime(self.date.strip(), "%d-%b-%Y %H:%M:%S %z").timestamp())

    def is_text(self, found):
        """True when that is the mail; LMTP puts fields in front."""
        return hashlib.sha256(found[-self.size:]).digest() == self.digest


class Folder:
    """A folder, by the names it may have: several after a RENAME without an answer."""

    def __init__(self, name, owner=None, sure=True):
        self.names, self.owner, self.sure = {name}, owner, sure
        self.busy = False  # something about it is not known: nobody touches it until it was looked at

    @property
    def name(self):
        """Its only name."""
        return next(iter(self.names))


class Guid:
    """Dovecot's GUID of a mail, the same for all that an answered COPY or MOVE makes of it. A mail that a killed one
    has left behind is a new mail to Dovecot."""

    def __init__(self):
        self.text = None


class Copy:
    """A mail in a folder."""

    def __init__(self, mail, folder, uid=None, flags=(), sure=True, guid=None):
        self.mail, self.folder, self.uid, self.flags = mail, folder, uid, set(flags)
        self.sure, self.loose, self.guid = sure, set(), guid or Guid()
        self.busy = not sure

    def fits(self, seen, is_renumbered=False):
        """True when this may be what was seen. Dovecot calls a letter unknown whose keyword was never written down."""
        wrong = (self.flags ^ seen.flags) - self.loose
        has_uid = self.uid in (None, seen.uid) or (is_renumbered and seen.uid > self.uid)
        return has_uid and all(x.startswith("unknown-") for x in wrong)


class Seen:
    """What IMAP shows of one mail."""

    def __init__(self, folder, uid, flags, date, guid, text, token):
        self.folder, self.uid, self.flags, self.date = folder, uid, flags, date
        self.guid, self.text, self.token = guid, text, token

    def __repr__(self):
        return f"{self.token} uid {self.uid} in {self.folder} {sorted(self.flags)}"


class Account:
    """One user's mail. Threads: the lock is held while copies or folders are changed."""

    def __init__(self, user):
        self.user = user
        self.lock = threading.Lock()
        self.mails = {}    # token: Mail
        self.copies = []
        self.folders = [Folder("INBOX")]
        self.either = []   # (copy, copy): one of the two must be there
        self.uids = {}     # (folder name, UIDVALIDITY): {uid: token}, for ever
        self.twice_named = set()  # base names that stock Dovecot has given anew (docs/notes/0096-the-random-test.md)
        self.haunted = set()  # names of folders whose DELETE was killed, and that Dovecot still shows
        self.validity = {}  # folder: UIDVALIDITY

    def folder(self, name):
        """The folder that surely has this name."""
        return next(x for x in self.folders if x.names == {name})

    def may_exist(self, name):
        """True when a folder may have this name."""
        return name in self.haunted or any(name in x.names for x in self.folders)

    def add(self, copy):
        """One more copy."""
        with self.lock:
            self.mails.setdefault(copy.mail.token, copy.mail)
            self.copies.append(copy)

    def remove(self, copies):
        """They are gone for good."""
        with self.lock:
            self.copies = [x for x in self.copies if x not in copies]

    # -- looking at it

    def settle(self, names, validities, seen):
        """names: selectable folders; seen: all mail. Checks everything, then the model is what was seen."""
        self.settle_folders(names)
        self.check_uids(validities, seen)
        for each in seen:
            self.check_mail(each)
        found = self.match(seen)
        for copy, each in found.items():
            copy.guid.text = copy.guid.text or each.guid
            if copy.guid.text != each.guid:
                raise Fault(f"the GUID of {each} was {copy.guid.text} and is {each.guid}", copy.mail)
        for pair in self.either:
            if not any(x in found for x in pair):
                raise Fault(f"a mail that was being moved is in neither folder: {self.tell(pair[0])}", pair[0].mail)
        self.either = []
        self.copies = [Copy(x.mail, self.folder(s.folder), s.uid, s.flags, guid=x.guid) for x, s in found.items()]

    def settle_folders(self, names):
        """Which folders there are, and under which name."""
        left = set(names)
        for folder in list(self.folders):
            here = folder.names & left
            if len(here) > 1 or (not here and folder.sure):
                raise Fault(f"folder {'/'.join(sorted(folder.names))}: there is {sorted(here) or 'none'} in {names}")
            if not here:
                self.folders.remove(folder)
                lost = [x for x in self.copies if x.folder is folder and x.sure]
                if lost:
                    raise Fault(f"folder {folder.names} is gone with {self.tell(lost[0])}")
                continue
            left -= here
            folder.names, folder.sure, folder.busy = here, True, False
        if left:
            raise Fault(f"folders that nobody made, or that were deleted: {sorted(left)}")

    def check_uids(self, validities, seen):
        """A UID never means another mail."""
        for folder in self.folders:
            new = validities[folder.name]
            if self.validity.setdefault(folder, new) != new:
                raise Fault(f"UIDVALIDITY of {folder.name} was {self.validity[folder]} and is {new}")
        for each in seen:
            known = self.uids.setdefault((each.folder, validities[each.folder]), {})
            if known.setdefault(each.uid, each.token) != each.token:
                raise Fault(f"{each}: this UID was {known[each.uid]}", self.mails.get(known[each.uid]))

    def check_mail(self, seen):
        """Text and date are those of the mail."""
        mail = self.mails.get(seen.token)
        if mail is None:
            raise Fault(f"a mail that nobody sent: {seen}")
        if not mail.is_text(seen.text):
            raise Fault(f"the text of {seen} is not what was sent: {len(seen.text)} octets of {mail.size} and more",
                        mail)
        mail.date = mail.date or seen.date
        if mail.date != seen.date:
            raise Fault(f"the date of {seen} was {mail.date} and is {seen.date}", mail)

    def match(self, seen):
        """{copy: what was seen of it}; each thing seen is one copy, each sure copy was seen."""
        there, wanted = {}, {}
        for each in seen:
            there.setdefault((each.token, each.folder), []).append(each)
        for copy in self.copies:
            if copy.folder in self.folders:
                wanted.setdefault((copy.mail.token, copy.folder.name), []).append(copy)
        found = {}
        for where in there.keys() | wanted.keys():
            found.update(self.match_one(where, wanted.get(where, []), there.get(where, [])))
        return found

    def match_one(self, where, copies, seen):
        """The same of one mail in one folder."""
        for is_renumbered in (False, True) if any(x.guid in self.twice_named for x in seen) else (False,):
            for chosen in itertools.permutations(copies, len(seen)):
                if (all(x in chosen for x in copies if x.sure)
                        and all(x.fits(s, is_renumbered and s.guid in self.twice_named) for x, s in zip(chosen, seen))):
                    if is_renumbered:
                        print(f"  RENUMBERED: {[self.tell(x) for x in copies]} became {seen}", flush=True)
                    return dict(zip(chosen, seen))
        raise Fault(f"{where[0]} in {where[1]}: wanted {[self.tell(x) for x in copies]}, seen {seen}",
                    self.mails[where[0]])

    def tell(self, copy):
        """One copy, for a reader."""
        return (f"{copy.mail.token} uid {copy.uid} in {'/'.join(sorted(copy.folder.names))} {sorted(copy.flags)}"
                f"{' loose ' + str(sorted(copy.loose)) if copy.loose else ''}{'' if copy.sure else ' (perhaps)'}")
