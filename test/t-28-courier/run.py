#!/usr/bin/env python3
# test/t-28-courier/run.py -- posthouse mail adopt: Courier's own servers first, then Dovecot, same to every client.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 400 s
import hashlib
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[0]))
sys.path.insert(0, str(HERE.parent / "t-25-mail-command"))
sys.path.insert(0, str(HERE.parent / "t-13-storage"))
sys.path.insert(0, str(HERE))
from stage import Stage, check, equal, skip, step  # noqa: E402

from common import ALICE, BOB, CAROL, USERS, Store, letter, maildir  # noqa: E402
from courier import Courier, starts, unpacked  # noqa: E402
from mail_command import furnish, message_files  # noqa: E402
import making  # noqa: E402
from seen import by_imap, by_pop3, same  # noqa: E402


def tree(folder):
    """Every file with its content, but the lock of runs."""
    return {str(x.relative_to(folder)): hashlib.sha256(x.read_bytes()).hexdigest() for x in sorted(folder.rglob("*"))
            if x.is_file() and "packs" not in x.parts}


class Site:
    """The Maildirs as Courier left them, to be set back for each way."""

    def __init__(self, stage, root):
        self.stage = stage
        self.courier = Courier(stage, root)
        self.seen, self.subscribed, self.uidls = making.of_imap_and_pop3(self.courier, maildir(stage, ALICE))
        self.pop3_alone = making.of_pop3(self.courier, maildir(stage, BOB))
        self.extmail = making.of_extmail(maildir(stage, CAROL))
        self.kept = stage.scratch / "kept"
        stage.run("chown", "-R", "vmail:vmail", stage.mail_root)
        stage.run("cp", "-a", stage.mail_root, self.kept)
        step(f"Courier's clients saw {len(self.uidls)} mails by POP3, and by IMAP " + str({k: v[:2] for k, v in self.seen.items()}))

    def set_back(self):
        """As it was before anything of ours."""
        self.stage.run("rm", "-rf", *self.stage.mail_root.iterdir())
        self.stage.run("cp", "-a", *self.kept.iterdir(), self.stage.mail_root)

    def adopt(self, *argv):
        """The command, for all; what it prints."""
        return self.stage.run("posthouse", "mail", "adopt", "--all", *argv, ok=None)


def rehearse(site):
    """Nothing changes, and what cannot be is told."""
    before = tree(site.stage.mail_root)
    done = site.adopt("--dry-run")
    check(tree(site.stage.mail_root) == before, "a rehearsal changes nothing")
    check(done.returncode == 1 and "--rename-folders" in done.stderr, "folders named in UTF-8 are told: Dovecot cannot open them")
    check("maildirfilter: maildrop" in done.stderr, "so are maildrop's rules")


def adopt_all(site, *argv):
    """Takes over, and again."""
    done = site.adopt("--rename-folders", *argv)
    equal((done.returncode, [x for x in done.stderr.splitlines() if "note:" not in x]), (0, []), "all is taken over")
    before = tree(site.stage.mail_root)
    rows = site.stage.posthouse("mail", "adopt", "--all", "--rename-folders", *argv, "--json")
    equal((sum(x["adopted"] for x in rows), sum(x["dovecots"] for x in rows), tree(site.stage.mail_root) == before),
          (0, 0, True), "a second run finds it done and changes nothing")
    owner = os.stat(site.stage.mail_root).st_uid
    equal({x.stat().st_uid for x in site.stage.mail_root.rglob("*")}, {owner}, "all of it belongs to the mail user")


def look(site, store, text):
    """Every client sees what it saw with Courier."""
    seen, subscribed = by_imap(store.imap(ALICE))
    same(site.seen, seen, f"{text}: the same UIDs, UIDVALIDITY, UIDNEXT, flags, keywords, dates and text by IMAP")
    equal(subscribed, site.subscribed, f"{text}: the same subscriptions")
    port = store.dovecot.pop3_port
    equal(by_pop3(port, ALICE, USERS[ALICE]), site.uidls, f"{text}: the same UIDLs in the same order by POP3")
    equal(by_pop3(port, BOB, USERS[BOB]), site.pop3_alone, f"{text}: also for who never used IMAP")
    carol, subscribed = by_imap(store.imap(CAROL))
    equal((carol["INBOX"][:2], sorted(carol["INBOX"][2]), subscribed),
          ((1199999999, 30), [3, 6, 9, 12, 15, 18], {"INBOX", making.ARCHIVE}), f"{text}: ExtMail's and an old Courier's")
    equal([carol["INBOX"][2][x][0] for x in (6, 9, 12)], [[], ["NonJunk", "\\Seen"], ["\\Flagged", "\\Seen"]], f"{text}: its flags")
    equal((carol[making.ARCHIVE][:2], sorted(carol[making.ARCHIVE][2])), ((1199999998, 8), [7]), f"{text}: its folder in modified UTF-7")
    equal({x for _, x in by_pop3(port, CAROL, USERS[CAROL])}, site.extmail, f"{text}: its UIDLs")


def go_on(site, store, text):
    """New mail, new keywords; what was there stays."""
    equal(store.deliver(ALICE, letter("later")), 250, f"{text}: mail is delivered")
    client = store.imap(ALICE)
    client.select("INBOX")
    uid = int(client.search(None, "SUBJECT", "later")[1][0].split()[-1])
    new = client.uid("FETCH", f"{client.fetch(str(uid), '(UID)')[1][0].decode().split()[-1].rstrip(')')}", "(UID)")[1][0].decode()
    client.store(str(uid), "+FLAGS", "(fresh work)")
    client.logout()
    check(f"UID {site.seen['INBOX'][1]})" in new, f"{text}: its UID is the one that Courier would have given")
    uidls = by_pop3(store.dovecot.pop3_port, ALICE, USERS[ALICE])
    equal((uidls[:-1], len({x for _, x in uidls})), (site.uidls, len(uidls)), f"{text}: its UIDL is a new one, at the end")
    seen, _ = by_imap(store.imap(ALICE))
    last = seen["INBOX"][2].pop(site.seen["INBOX"][1])
    equal(last[0], ["fresh", "work"], f"{text}: keywords go on")
    seen["INBOX"] = (seen["INBOX"][0], seen["INBOX"][1] - 1, seen["INBOX"][2])
    same(site.seen, seen, f"{text}: all else as before")


def with_dovecot(site, kind, *argv):
    """From Courier to one kind of store."""
    site.set_back()
    adopt_all(site, *argv)
    text = f"{kind} {' '.join(argv)}".strip()
    with Store(site.stage, kind) as store:
        look(site, store, text)
        go_on(site, store, text)
        if argv:
            unsized = [x for x in message_files(ALICE, site.stage) if ",S=" not in x or ",W=" not in x]
            equal(unsized, [], "every name has both sizes")
            for verb in ("compress", "pack"):
                row = site.stage.posthouse("mail", verb, ALICE, "--older-than", "0ms", "--json",
                                           *(("--mail-config", site.stage.write("mail.conf", "pack_least = 1B\n")) if verb == "pack" else ()))[0]
                check(row["mails"] > 10 and row["unsized"] == 0 and row["problems"] == 0, f"{verb} takes them: {row['mails']}")
            seen, _ = by_imap(store.imap(ALICE))
            seen["INBOX"][2].pop(site.seen["INBOX"][1])
            seen["INBOX"] = (seen["INBOX"][0], seen["INBOX"][1] - 1, seen["INBOX"][2])
            same(site.seen, seen, "packed")
        equal(store.log(r"(Error|Panic|Fatal|Warning): "), None, f"{text}: Dovecot's log has no complaint")


def too_late(site):
    """Dovecot was first."""
    site.set_back()
    with Store(site.stage, "maildir") as store:
        store.imap(ALICE).select("INBOX")
    before = tree(maildir(site.stage, ALICE))
    done = site.stage.run("posthouse", "mail", "adopt", ALICE, ok=None)
    after = tree(maildir(site.stage, ALICE))
    check(done.returncode == 1 and "Dovecot has opened the folder" in done.stderr, "a folder that Dovecot has opened is told")
    inbox = [x for x in before if x.count("/") == 0 or x.startswith(("cur/", "new/"))]
    equal({x: after.get(x) for x in inbox}, {x: before[x] for x in inbox}, "and left as it is")
    for name in [x for x in maildir(site.stage, ALICE).rglob("dovecot*") if x.name == "dovecot-uidlist" or x.name.startswith("dovecot.index")]:
        name.unlink()
    (maildir(site.stage, ALICE) / "subscriptions").unlink(missing_ok=True)
    site.adopt("--rename-folders")
    with Store(site.stage, "maildir") as store:
        look(site, store, "its uidlist and index removed, Courier's hold again")


def and_back(site):
    """Courier again."""
    site.set_back()
    site.adopt()
    seen, subscribed = by_imap(site.courier.imap(maildir(site.stage, ALICE)), "INBOX.")
    same(site.seen, seen, "taken over without options, Courier serves it as before")
    equal((subscribed, site.courier.pop3(maildir(site.stage, ALICE))), (site.subscribed, site.uidls), "with its subscriptions and UIDLs")


root = unpacked()
if root is None:
    skip("Courier's packages cannot be downloaded")
if not starts(root):
    skip("Courier's programs do not start: packages.txt lacks a library of this release under [unpacked]")
with Stage() as stage:
    furnish(stage)
    site = Site(stage, root)
    rehearse(site)
    and_back(site)
    with_dovecot(site, "maildir")
    with_dovecot(site, "posthouse")
    with_dovecot(site, "posthouse", "--sizes")
    too_late(site)
