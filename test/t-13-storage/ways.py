# test/t-13-storage/ways.py -- Every way into and out of the store, plain and compressed, and stock Dovecot after us.
# SPDX-License-Identifier: GPL-3.0-or-later
import imaplib
import os
import re
import shutil

from stage import Failed, check, equal, step
from stage.quota import quota_status
from stage.storage import zlib

from common import ALICE, BOB, CAROL, USERS, ZSTD, Store, files, letter, maildir, newest, sizes, wipe

ALL = (ALICE, BOB, CAROL)


def fetch(client, what, numbers="1:*"):
    """The literals of a FETCH, in order."""
    return [x[1] for x in client.fetch(numbers, what)[1] if isinstance(x, tuple)]


def reading(store, mails):
    """What went in comes out: whole, in part, header alone, by search, by POP3."""
    client = store.imap()
    client.select("INBOX", readonly=True)
    bodies = fetch(client, "(BODY.PEEK[])")
    equal(len(bodies), len(mails), "IMAP has all mails")
    for found, sent in zip(bodies, mails):
        if not found.endswith(sent):
            raise Failed(f"sent {sent[:200]}, found {found[:400]}")
    step("IMAP: every mail is byte for byte what was sent")
    last = len(mails)
    equal(fetch(client, "(BODY.PEEK[]<3000.500>)", str(last))[0], bodies[-1][3000:3500], "a part of a mail")
    equal(fetch(client, "(BODY.PEEK[HEADER])", str(last))[0], bodies[-1].split(b"\r\n\r\n")[0] + b"\r\n\r\n",
          "the header alone")
    equal(fetch(client, "(BODY.PEEK[TEXT])", str(last))[0], bodies[-1].split(b"\r\n\r\n", 1)[1], "the text alone")
    numbers = [int(x) for x in re.findall(rb"RFC822.SIZE (\d+)", b" ".join(client.fetch("1:*", "(RFC822.SIZE)")[1]))]
    equal(numbers, [len(x) for x in bodies], "RFC822.SIZE is the size of each mail")
    word = re.search(rb"word\d+", mails[-1]).group().decode()
    check(str(last).encode() in client.search(None, "BODY", word)[1][0].split(), "SEARCH BODY looks into it")
    client.logout()
    pop = store.dovecot.pop_messages(ALICE, USERS[ALICE])
    equal([str(x["Subject"]) for x in pop], [re.search(rb"Subject: (.*)\r", x).group(1).decode() for x in mails],
          "POP3 has the same")


def delivered(store, compressed):
    """One mail to one, one mail to three; the bytes on disk."""
    folder = maildir(store.stage)
    mail = letter("one", 20_000)
    equal(store.deliver(ALICE, mail), 250, "LMTP takes a mail")
    file = newest(folder)
    content = file.read_bytes()
    equal(content.startswith(ZSTD), compressed, f"its file is {'zstd' if compressed else 'plain'}")
    plain = sizes(file)
    check(plain and plain[1] > len(mail) > 20_000 and plain[0] < plain[1], f"its name has both sizes: {file.name}")
    if compressed:
        check(len(content) < plain[0] * 0.7, f"{plain[0]} octets became {len(content)}")
        equal(content.count(ZSTD), 2, "in two frames")
    else:
        equal(len(content), plain[0], "S= is the file's size")
    equal(store.deliver(list(ALL), letter("three", 30_000, 2)), 250, "LMTP takes a mail for three")
    links = [os.stat(newest(maildir(store.stage, user))) for user in ALL]
    equal([x.st_nlink for x in links], [3, 3, 3], "it is one file with three names")
    equal(len({x.st_ino for x in links}), 1, "the same file")
    check(all(sizes(newest(maildir(store.stage, user))) for user in ALL), "each name has both sizes")
    return [mail, letter("three", 30_000, 2)]


def guids(store, compressed):
    """The GUID of a compressed mail stands in the uidlist without sizes; a plain mail's is its base name."""
    text = (maildir(store.stage) / "dovecot-uidlist").read_text()
    found = {}
    for line in store.doveadm("fetch", "uid guid", "mailbox", "INBOX").split("\f"):
        pair = dict(x.split(": ", 1) for x in line.strip().splitlines())
        if pair:
            found[pair["uid"]] = pair["guid"]
    first = re.search(r"^(\d+)(?: G(\S+))? :(\S+)$", text, re.MULTILINE)
    if compressed:
        check(first.group(2) and ",S=" not in first.group(2), "the GUID of a compressed mail is in the uidlist")
        equal(found[first.group(1)], first.group(2), "and is what Dovecot says")
    else:
        equal((first.group(2), found[first.group(1)]), (None, first.group(3)), "a plain mail's GUID is its base name")


def appended(store, compressed):
    """IMAP APPEND, COPY, MOVE, flags; a mail that looks compressed."""
    client = store.imap()
    mail = letter("append", 8000, 3)
    equal(client.append("INBOX", r"(\Flagged mine)", None, mail)[0], "OK", "APPEND takes a mail")
    file = newest(maildir(store.stage))
    equal(file.read_bytes().startswith(ZSTD), compressed, "it is stored like any other")
    check(":2,F" in file.name and sizes(file) == (len(mail.replace(b"\r\n", b"\n")), len(mail)),
          f"with its flags and sizes: {file.name}")
    client.create("Kept")
    client.select("INBOX")
    equal(client.copy("3", "Kept")[0], "OK", "COPY")
    equal(os.stat(file).st_nlink, 2, "links the file")
    for name, fake in (("zstd", ZSTD + b"\x24\x05\x29abcde"), ("gzip", b"\x1f\x8b\x08\x01\x01\x01\x01\x01x")):
        try:
            kind, text = client.append("Kept", None, None, fake + b"\n\nhello\n")
        except imaplib.IMAP4.error as error:
            kind, text = "NO", str(error)
        if compressed:
            equal(kind, "OK", f"a mail that starts like {name} is taken")
            client.select("Kept", readonly=True)
            equal(fetch(client, "(BODY.PEEK[])", "*")[0].replace(b"\r\n", b"\n"), fake + b"\n\nhello\n", "and comes back")
        else:
            equal(kind, "NO", f"a mail that starts like {name} is refused: {text}")
    client.logout()


def flags(store):
    """Flag changes, foreign capitals, MOVE, expunge."""
    folder = maildir(store.stage)
    file = newest(folder)
    base, _, letters = file.name.partition(":2,")
    os.rename(file, folder / "cur" / f"{base}:2,A{letters}")
    client = store.imap()
    client.select("INBOX")
    client.store("3", "+FLAGS", r"(\Seen \Answered)")
    client.create("Moved")
    client.select("INBOX")
    name = next(x.name for x in files(folder) if x.name.startswith(base))
    check(set("AFRS") <= set(name.partition(":2,")[2]), f"a foreign capital stays: {name}")
    equal(client._simple_command("MOVE", "3", "Moved")[0], "OK", "MOVE")  # pylint: disable=protected-access
    client.select("Moved")
    equal(len(fetch(client, "(BODY.PEEK[])")), 1, "the mail is in its new folder")
    client.store("1", "+FLAGS", r"(\Deleted)")
    client.expunge()
    equal(files(folder / ".Moved"), [], "EXPUNGE removes the file")
    client.logout()


def stock(stage, mails, compressed):
    """Stock Dovecot on what we have written, without our plugin."""
    with Store(stage, "maildir", extra=zlib(stage.run("dovecot", "--version").stdout.startswith("2.3"))) as store:
        reading(store, mails)
        equal(store.log(r"Error|Panic|Fatal"), None, "and its log has no error")
    step(f"stock Dovecot reads {'compressed' if compressed else 'plain'} mail without our plugin")


def one_kind(stage, kind, compression):
    """All of it on one kind of store."""
    print(f"{kind}, {compression}", flush=True)
    for user in ALL:
        wipe(stage, user)
    compressed = compression == "zstd"
    with Store(stage, kind, compression) as store:
        mails = delivered(store, compressed)
        reading(store, mails)
        guids(store, compressed)
        appended(store, compressed)
        flags(store)
        equal(store.log(r"Error|Panic|Fatal"), None, "no error in Dovecot's log")
    stock(stage, mails, compressed)


def state(store):
    """GUID, flags and sizes of every mail, as doveadm has them."""
    text = store.doveadm("fetch", "mailbox guid flags size.physical size.virtual hdr.subject", "all")
    return sorted(tuple(x.strip().splitlines()) for x in text.split("\f") if x.strip())


def other_ways(stage):
    """dsync to another format and back, and what the quota counts."""
    print("dsync, quota", flush=True)
    wipe(stage)
    is_2_3 = stage.run("dovecot", "--version").stdout.startswith("2.3")
    away = stage.folder("away", "vmail")
    there = f"mdbox:{away}/mail" if is_2_3 else f"sdbox:{away}/mail"
    # Two formats with one separator: dsync insists.
    namespace = "namespace inbox {\n  inbox = yes\n  separator = /\n}\n"
    with Store(stage, "posthouse", "zstd", plugins=quota_status(stage), extra=namespace) as store:
        for i in range(5):
            store.deliver(ALICE, letter(f"dsync{i}", 5000, i))
        client = store.imap()
        client.create("Sub/Folder")
        client.select("INBOX")
        client.copy("2:3", "Sub/Folder")
        client.store("1", "+FLAGS", r"(\Seen $Label)")
        client.logout()
        before = state(store)
        equal(len(before), 7, "7 mails in two folders")
        store.doveadm("backup", there)
        stage.run("rm", "-rf", maildir(stage))
        store.doveadm("backup", "-R", there)
        equal(state(store), before, f"dsync to {there.split(':')[0]} and back: GUIDs, flags, keywords and sizes are as before")
        check(all(x.read_bytes().startswith(ZSTD) and sizes(x) for x in files(maildir(stage))), "compressed, with sizes")
        stored = sum(int(re.search(r"size.physical: (\d+)", "\n".join(x)).group(1)) for x in before)
        store.doveadm("quota recalc")
        found = re.search(r"STORAGE\s+(\d+)", store.doveadm("quota get")).group(1)
        virtual = sum(int(re.search(r"size.virtual: (\d+)", "\n".join(x)).group(1)) for x in before)
        check(stored < virtual and abs(int(found) * 1024 - virtual) < 2048, f"quota counts mail, not files: {found} kB")
        equal(store.log(r"Error|Panic|Fatal"), None, "no error in Dovecot's log")


def damaged(stage):
    """A cut file and a changed one: their headers and all other mails can be read, nothing is deleted."""
    print("damaged files", flush=True)
    wipe(stage)
    with Store(stage, "posthouse", "zstd") as store:
        for i in range(3):
            store.deliver(ALICE, letter(f"damaged{i}", 40_000, i))
        cut, changed, _ = files(maildir(stage))
        cut.write_bytes(cut.read_bytes()[:-2000])
        content = bytearray(changed.read_bytes())
        content[-2000] ^= 0x10
        changed.write_bytes(content)
        for number in ("1", "2"):
            client = store.imap()
            client.select("INBOX")
            check(b"Subject: damaged" in fetch(client, "(BODY.PEEK[HEADER])", number)[0], "the header can be read")
            try:
                body = b"".join(fetch(client, "(BODY.PEEK[])", number))
            except (imaplib.IMAP4.error, OSError):
                body = b""
            check(len(body) < 40_000, f"the mail is not passed off as whole ({len(body)} octets)")
        client = store.imap()
        client.select("INBOX")
        check(fetch(client, "(BODY.PEEK[])", "3")[0].endswith(letter("damaged2", 40_000, 2)), "the third mail is well")
        client.logout()
        equal(len(files(maildir(stage))), 3, "no file was deleted")
        check(store.log("the file ends in the middle of the mail"), "the log tells of the cut file")
        check(store.log("a compressed mail that cannot be read"), "and of the changed one")
        equal(store.log(r"Panic|Fatal"), None, "no process ended")


def mixed(stage):
    """Plain and compressed side by side, read by either; settings for one user; settings that are wrong."""
    print("mixed", flush=True)
    wipe(stage)
    mails = []
    for kind, compression in (("posthouse", "zstd"), ("maildir", "none"), ("hook", "none"), ("posthouse", "zstd")):
        with Store(stage, kind, compression) as store:
            mails.append(letter(f"mixed{len(mails)}", 9000, len(mails)))
            equal(store.deliver(ALICE, mails[-1]), 250, f"{kind}, {compression}: one more mail")
    with Store(stage, "posthouse", "none") as store:
        reading(store, mails)
    with Store(stage, "posthouse", "zstd", plugins=zlib(store.is_2_3)) as store:
        mails.append(letter("both", 9000, 8))
        equal(store.deliver(ALICE, mails[-1]), 250, "with Dovecot's own reader of compressed mail beside ours: one more mail")
        equal(newest(maildir(stage)).read_bytes().count(ZSTD), 2, "compressed once")
        reading(store, mails)
    wipe(stage, BOB)
    with Store(stage, "posthouse", "none") as store:
        users = stage.scratch / "dovecot-users"
        text = users.read_text()
        users.write_text(re.sub(f"(?m)^({BOB}:.*)$", r"\1userdb_posthouse_compression=zstd", text))
        equal(store.deliver(BOB, letter("bob", 9000)), 250, "one user has his own setting")
        equal(newest(maildir(stage, BOB)).read_bytes().startswith(ZSTD), True, "and gets compressed mail")
    with Store(stage, "posthouse", "rot13") as store:
        mails.append(letter("after", 9000, 9))
        equal(store.deliver(ALICE, mails[-1]), 250, "with broken settings mail is still taken")
        equal(newest(maildir(stage)).read_bytes().startswith(ZSTD), False, "as it is")
        check(store.log("posthouse: .*mail_compression"), "and the log names the mistake")
        reading(store, mails)


def run(stage):
    """All kinds."""
    for kind, compression in (("posthouse", "none"), ("posthouse", "zstd"), ("hook", "zstd")):
        one_kind(stage, kind, compression)
    other_ways(stage)
    damaged(stage)
    mixed(stage)
    shutil.rmtree(maildir(stage))
