#!/usr/bin/env python3
# test/t-26-random/returned.py -- A mail that comes back under the name it had, while another session has the old list in mind.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# By hand: shows what the random test's RENUMBERED is (docs/notes/0096-the-random-test.md). In a folder:
#   one session reads the list, and waits                 it knows k :NAME
#   the mail is moved out, and a copy of it comes back    k is gone; the copy has a name of its own, and the GUID NAME
#   a session in the folder looks at it, and copies that within the folder
#                                                         it has forgotten k, so the file is called NAME: n :NAME
#   the first session reads that copy                     it meets n :NAME, forgets n, and cannot read it; at its
#                                                         next look at the folder it gives NAME another UID
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "t-13-storage"))
from stage import Stage, check, equal, step  # noqa: E402

from common import ALICE, Store, files, letter, maildir, wipe  # noqa: E402
from large import uids  # noqa: E402

MAILS = 20  # so many that the list is not written anew for one


def uid_told(client, verb, numbers, folder):
    """UID COPY or MOVE of one mail: its new UID as COPYUID tells it."""
    client.untagged_responses.clear()
    equal(client.uid(verb, numbers, folder)[0], "OK", f"{verb} to {folder}")
    return int(client.response("COPYUID")[1][-1].split()[-1])


def returned(stage, kind):
    """The UID that was told and the one it has in the end, and what Dovecot logs."""
    wipe(stage)
    with Store(stage, kind) as store:
        for i in range(MAILS):
            store.deliver(ALICE, letter(f"mail{i}"))
        name = files(maildir(stage))[0].name
        waiting, other, third = store.imap(), store.imap(), store.imap()
        other.create("Away")
        for client in (waiting, other):
            client.select("INBOX")
            client.fetch("1:*", "(BODY.PEEK[])")
        name = next(x.name for x in files(maildir(stage)) if x.name.startswith(name)).split(":")[0]
        uid_told(other, "MOVE", "1", "Away")
        third.select("Away")
        back = uid_told(third, "COPY", "1", "INBOX")
        time.sleep(2.5)  # from then on a change of the folder's time is believed
        other.noop()
        told = uid_told(other, "COPY", str(back), "INBOX")
        check(any(x.name.split(":")[0] == name for x in files(maildir(stage))), "a copy has the name that the mail had")
        waiting.noop()
        body = waiting.uid("FETCH", str(told), "(BODY.PEEK[])")[1][0]
        os.utime(maildir(stage) / "cur")  # as whoever renames a file there
        waiting.noop()
        for client in (waiting, other, third):
            client.logout()
        found = {uid for uid, subject in uids(store).items() if subject == "Subject: mail0"}
        equal(len(found), 2, "two copies are there")
        return told, isinstance(body, tuple), max(found), store.log(r"Expunged message reappeared, giving a new UID[^\n]*")


with Stage() as whole_stage:
    for store_kind in ("maildir", "posthouse", "hook"):
        print(store_kind, flush=True)
        uid_then, is_read, uid_now, logged = returned(whole_stage, store_kind)
        if store_kind == "maildir":
            step(f"stock Dovecot: COPYUID said {uid_then}; who has the old list in mind "
                 f"{'reads it' if is_read else 'cannot read it'}, and then it has {uid_now}")
            step(f"it logs: {logged.group() if logged else 'nothing'}")
        else:
            check(is_read, "who has the old list in mind reads the copy")
            equal((uid_now, logged), (uid_then, None), "and it keeps the UID that COPYUID told")
