#!/usr/bin/env python3
# test/t-24-packed/run.py -- Packed mail in a real Dovecot: IMAP, POP3, copies, dates, dsync, lost and cut packs.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 300 s
import imaplib
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "t-13-storage"))
from stage import Stage, check, equal, step  # noqa: E402
from stage.storage import pack  # noqa: E402

from common import ALICE, BOB, Store, files, letter, maildir, wipe  # noqa: E402
from large import bytes_read  # noqa: E402
from ways import fetch, reading, state  # noqa: E402

THEN = 1_500_000_000


def stubs(folder):
    """The links among the messages of a folder, by name."""
    return sorted((x for part in ("new", "cur") for x in (folder / part).iterdir() if x.is_symlink()), key=lambda x: x.name)


def fill(stage, kind, count=4):
    """Mails delivered, then packed. One is older than it looks, one is large."""
    for user in (ALICE, BOB):
        wipe(stage, user)
    mails = [letter(f"packed{i}", 5_000_000 if i == 1 else 9000 + i, i) for i in range(count)]
    with Store(stage, kind, "zstd") as store:
        for mail in mails:
            equal(store.deliver(ALICE, mail), 250, "LMTP takes a mail")
        store.deliver(BOB, mails[0])
        before = state(store)
    for i, file in enumerate(files(maildir(stage))):
        os.utime(file, (THEN + i, THEN + i))
    for cache in maildir(stage).glob("dovecot.index.cache*"):  # 2.4 has put the dates there
        cache.unlink()
    count_, octets, packed = pack(stage, maildir(stage))
    equal(count_, count, f"{count} mails are packed: {octets} octets became {packed}")
    equal(len(stubs(maildir(stage))), count, "each name is a link into the pack")
    return mails, before


def same(stage, kind):
    """Clients see no difference."""
    print(f"{kind}: reading", flush=True)
    mails, before = fill(stage, kind)
    with Store(stage, kind, "zstd") as store:
        reading(store, mails)
        unflagged = [[y for y in x if not y.startswith("flags")] for x in state(store)]
        equal(unflagged, [[y for y in x if not y.startswith("flags")] for x in before], "GUIDs and sizes are as they were")
        dates = [int(x) for x in re.findall(r"date.received.unixtime: (\d+)", store.doveadm(
            "fetch", "date.received.unixtime", "mailbox", "INBOX"))]
        equal(dates, [THEN + i for i in range(len(mails))], "INTERNALDATE is the link's")
        shutil.rmtree(maildir(stage) / "dovecot.index.cache", ignore_errors=True)
        check("date.saved" in store.doveadm("fetch", "date.saved", "mailbox", "INBOX"), "the date of saving is known")
        equal(re.findall(r"refcount: (\d+)", store.doveadm("fetch", "refcount", "mailbox", "INBOX")), ["1"] * len(mails),
              "each has one name")
        mails.append(letter("after", 9000, 9))
        store.deliver(ALICE, mails[-1])
        reading(store, mails)
        step("a mail that came later stands beside the packed")
        equal(store.log(r"Error|Panic|Fatal"), None, "no error in Dovecot's log")


def headers(stage, kind):
    """A pass over headers touches no body."""
    print(f"{kind}: headers", flush=True)
    fill(stage, kind)
    size = sum(x.stat().st_size for x in (maildir(stage) / "packs").iterdir())
    for cache in maildir(stage).glob("dovecot.index.cache*"):
        cache.unlink()
    with Store(stage, kind, "zstd") as store:
        client = store.imap()
        client.select("INBOX")
        before = bytes_read("imap")
        equal(len(client.fetch("1:*", "(ENVELOPE)")[1]), 4, "all envelopes are asked for")
        read = bytes_read("imap") - before
        client.logout()
        check(read < size / 4, f"{read} octets of {size} are read for them")


def moved(stage, kind):
    """Flags, COPY, MOVE, EXPUNGE, in the account and out of it."""
    print(f"{kind}: copies", flush=True)
    mails, _ = fill(stage, kind)
    folder = maildir(stage)
    inbox = "namespace inbox {\n  inbox = yes\n  separator = /\n}\n"  # dsync wants one separator on both sides
    other = (f"namespace other {{\n  prefix = Other/\n  separator = /\n  location = {'posthouse' if kind == 'posthouse' else 'maildir'}"
             ":~/Other\n}\n")
    with Store(stage, kind, "none") as store:
        is_2_3 = store.is_2_3
    with Store(stage, kind, "none", extra=inbox + (other if is_2_3 else "")) as store:
        client = store.imap()
        client.create("Kept")
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Seen \Flagged mine)")
        check(any(":2,FSa" in x.name for x in stubs(folder)), "a flag is a rename of the link")
        equal(client.copy("1:2", "Kept")[0], "OK", "COPY")
        copies = stubs(folder / ".Kept")
        equal([x.lstat().st_nlink for x in copies], [2, 2], "links the link")
        equal(re.findall(r"refcount: (\d+)", store.doveadm("fetch", "refcount", "mailbox", "Kept")), ["2", "2"],
              "and doveadm says so")
        equal(client._simple_command("MOVE", "3", "Kept")[0], "OK", "MOVE")  # pylint: disable=protected-access
        equal(len(stubs(folder / ".Kept")), 3, "moves it")
        client.select("Kept")
        got = fetch(client, "(BODY.PEEK[])")
        check(all(x.endswith(y) for x, y in zip(got, mails)), "what was copied is read from the pack")
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
        equal(len(stubs(folder)), 2, "EXPUNGE removes the link")
        client.select("Kept")
        equal(len(fetch(client, "(BODY.PEEK[])")), 3, "and no other")
        if is_2_3:
            client.create("Other/There")
            client.select("Kept")
            equal(client.copy("2", "Other/There")[0], "OK", "COPY into another Maildir of the user")
            there = files(folder.parent / "Other/.There")
            equal([x.is_symlink() for x in there], [False], "writes the whole mail")
            check(there[0].read_bytes().endswith(mails[1].replace(b"\r\n", b"\n")), "octet for octet")
        client.logout()
        store.doveadm("copy", "INBOX", "user", ALICE, "mailbox", "INBOX", user=BOB)
        away = files(maildir(stage, BOB))
        check(len(away) == 3 and not any(x.is_symlink() for x in away), "a copy to another account is the whole mail")
        before = state(store)
        backup = stage.folder("backup", "vmail")
        store.doveadm("backup", f"maildir:{backup}/mail" if is_2_3 else f"sdbox:{backup}/mail")
        stage.run("rm", "-rf", folder)
        store.doveadm("backup", "-R", f"maildir:{backup}/mail" if is_2_3 else f"sdbox:{backup}/mail")
        equal(state(store), before, "dsync away and back: GUIDs, flags and sizes are as before")
        equal(store.log(r"Error|Panic|Fatal"), None, "no error in Dovecot's log")
        stage.run("rm", "-rf", backup, folder.parent / "Other")


def body_of(store, number):
    """A mail's octets; nothing when the server refuses or hangs up."""
    client = store.imap()
    client.select("INBOX")
    try:
        return b"".join(fetch(client, "(BODY.PEEK[])", str(number)))
    except (imaplib.IMAP4.error, OSError):
        return b""


def answers(store, numbers):
    """Of which mails a FETCH gives the octets, and the word of its last line."""
    client = store.imap()
    client.select("INBOX")
    client.send(b"last FETCH " + numbers.encode() + b" (BODY.PEEK[])\r\n")
    text = b""
    while not re.search(rb"(?m)^last |^\* BYE", text):
        line = client.readline()
        if not line:
            return [], "EOF"
        text += line
    return ([int(x) for x in re.findall(rb"(?m)^\* (\d+) FETCH \(.*BODY\[\]", text)],
            re.search(rb"(?m)^last (\w+)|\* BYE", text).group(1).decode())


def lost(stage, kind):
    """A pack that is away, one that is cut, and Dovecot without the plugin."""
    print(f"{kind}: lost packs", flush=True)
    mails, _ = fill(stage, kind)
    folder = maildir(stage)
    file = next((folder / "packs").iterdir())
    whole = file.read_bytes()
    with Store(stage, kind, "none") as store:
        store.deliver(ALICE, letter("plain", 3000))
        file.rename(folder / "away")
        equal(answers(store, "1:5"), ([5], "NO"), "a FETCH of all gives the mail that is there, and then an error")
        equal(body_of(store, 1), b"", "without the pack a packed mail is refused")
        check(store.log(r"posthouse: pack:[0-9a-f]+#\d+\+\d+ cannot be read"), "and the log says why")
        check(body_of(store, 5).endswith(letter("plain", 3000)), "the others are read")
        (folder / "away").rename(file)
        check(body_of(store, 1).endswith(mails[0]), "with the pack again, all is well")
        file.write_bytes(whole[:1500])
        equal(answers(store, "1:5"), ([5], "NO"), "with a pack that was cut, too")
        content = bytearray(whole)
        content[len(whole) // 2] ^= 0x20
        file.write_bytes(content)
        bodies = [body_of(store, i + 1) for i in range(4)]
        wrong = [i for i, x in enumerate(bodies) if not x.endswith(mails[i])]
        check(0 < len(wrong) < 4 and all(len(bodies[i]) < len(mails[i]) for i in wrong),
              f"a damaged block costs its own mails ({wrong}), and none is passed off as whole")
        file.write_bytes(whole)
        equal(len(stubs(folder)), 4, "nothing was deleted")
        equal(store.log(r"Panic|Fatal"), None, "no process ended")
    with Store(stage, "maildir") as store:
        client = store.imap()
        client.select("INBOX")
        client.store("1", "+FLAGS", r"(\Seen)")
        equal(len(client.fetch("1:*", "(UID FLAGS RFC822.SIZE)")[1]), 5, "stock Dovecot lists packed mail")
        client.logout()
        body_of(store, 1)
        equal(len(stubs(folder)), 4, "and leaves it, though it cannot read it")
    with Store(stage, kind, "none") as store:
        check(all(body_of(store, i + 1).endswith(mails[i]) for i in range(4)), "the plugin reads it again")


with Stage() as whole_stage:
    for store_kind in ("posthouse", "hook"):
        same(whole_stage, store_kind)
        headers(whole_stage, store_kind)
        moved(whole_stage, store_kind)
        lost(whole_stage, store_kind)
