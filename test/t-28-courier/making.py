# test/t-28-courier/making.py -- Maildirs as a site of Courier or ExtMail leaves them.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import shutil

from seen import by_imap

USER = "vmail"
ARCHIVE = "&X1JoYw-"  # 归档
WORDS = [f"word{i}" for i in range(24)]


def mail(number, size=700):
    """A letter as maildrop stores it: LF."""
    lines = "".join(f"line {i} of letter {number}, some words to be stored\n" for i in range(size * (1 + number % 9) // 50))
    return f"From: a@example.org\nTo: alice\nSubject: letter {number}\nMessage-ID: <{number}@old>\n\n{lines}".encode()


def put(path, content, when=None):
    """A file of the mail user's."""
    path.write_bytes(content)
    if when:
        os.utime(path, (when, when))
    shutil.chown(path, USER, USER)


def deliver(maildir, numbers, sized=False):
    """Mail into new/ as maildrop does: sizes in names only where there is a quota."""
    for i in numbers:
        when = 1_600_000_000 + i * 3600
        size = f",S={len(mail(i))}" if sized else ""
        put(maildir / "new" / f"{when}.M{i}P7V0801I{i:016X}_0.old.example.org{size}", mail(i), when)


def folder(maildir, name):
    """A folder beside INBOX."""
    for part in ("", "tmp", "new", "cur"):
        (maildir / name / part).mkdir(exist_ok=True)
        shutil.chown(maildir / name / part, USER, USER)
    put(maildir / name / "maildirfolder", b"")


def of_imap_and_pop3(courier, maildir):
    """Clients of both kinds at work; what they see in the end: (folders, subscriptions, UIDLs)."""
    courier.make(maildir)
    deliver(maildir, range(40))
    courier.pop3(maildir)
    client = courier.imap(maildir)
    client.select("INBOX")
    client.store("1:9", "+FLAGS", r"(\Seen)")
    client.store("3,7", "+FLAGS", r"(\Answered $Forwarded)")
    client.store("5:8", "+FLAGS", r"(\Flagged $Label1 work)")
    for i, word in enumerate(WORDS):
        client.store(f"{10 + i % 7}", "+FLAGS", f"({word})")
    for name in ("Sent", ARCHIVE, "A&-B.C d", "Trash"):
        client.create(f'"INBOX.{name}"')
    client.subscribe("INBOX.Sent")
    client.subscribe(f"INBOX.{ARCHIVE}")
    client.subscribe('"INBOX.A&-B.C d"')
    client.append("INBOX.Sent", r"(\Seen)", '"03-Mar-2020 10:00:00 +0000"', mail(100).replace(b"\n", b"\r\n"))
    client.copy("5:12", f"INBOX.{ARCHIVE}")
    client.store("2,4,11", "+FLAGS", r"(\Deleted)")
    client.expunge()
    client.store("5", "-FLAGS", "($Label1)")
    client.select(f"INBOX.{ARCHIVE}")
    client.store("1", "+FLAGS", "(archived)")
    client.store("2", "+FLAGS", r"(\Deleted)")
    client.expunge()
    client.logout()
    deliver(maildir, range(40, 50), sized=True)
    client = courier.imap(maildir)
    client.select("INBOX")
    client.store("38", "+FLAGS", "(archived)")
    client.logout()
    deliver(maildir, range(20, 23))  # of an earlier time: POP3 has them before others that IMAP knows
    for name in list((maildir / "new").iterdir()):
        name.rename(maildir / "new" / name.name.replace("P7V", "P8V"))
    deliver(maildir, range(50, 55))
    uidls = courier.pop3(maildir)
    seen, subscribed = by_imap(courier.imap(maildir), "INBOX.")
    put(maildir / "maildirfilter", b"to Maildir\n")
    return seen, subscribed, uidls


def of_pop3(courier, maildir):
    """Who never used IMAP; what POP3 clients see."""
    courier.make(maildir)
    deliver(maildir, range(12))
    courier.pop3(maildir)
    deliver(maildir, range(12, 16))
    return courier.pop3(maildir)


def of_extmail(maildir):
    """An old Courier beside ExtMail, by hand: names in modified UTF-7, UIDLs of the second kind, ExtMail's own files."""
    for part in ("", "tmp", "new", "cur", "courierimapkeywords"):
        (maildir / part).mkdir(parents=True, exist_ok=True)
        shutil.chown(maildir / part, USER, USER)
    shutil.chown(maildir.parent, USER, USER)
    names = [f"{1_200_000_000 + i}.V0801I{i:X}.old,S={len(mail(i))}" for i in range(6)]
    for i, name in enumerate(names):
        put(maildir / "cur" / f"{name}:2,{('', 'A', 'AS', 'SF', 'RS', 'S')[i]}", mail(i), 1_200_000_000 + i)
    uids = "".join(f"{(i + 1) * 3} {name}\n" for i, name in enumerate(names))
    put(maildir / "courierimapuiddb", f"1 1199999999 30\n{uids}".encode())
    sizes = "".join(f"{name}:2, 1000 {i + 1}:0\n" for i, name in enumerate(names))
    put(maildir / "courierpop3dsizelist", f"/2 7 1199999000\n{sizes}".encode())
    put(maildir / "courierimapkeywords/:list", f"NonJunk\n\n{names[2]}:0\n".encode())
    put(maildir / "courierimapsubscribed", f"INBOX\nINBOX.{ARCHIVE}\n".encode())
    put(maildir / "maildirsize", b"10485760S\n4000 6\n")
    put(maildir / "extmail-curcache.db", b"\0\x06\x15\x61" * 64)
    put(maildir / "extmail-curcnt", b"4000 5 1")
    folder(maildir, f".{ARCHIVE}")
    put(maildir / f".{ARCHIVE}" / "cur" / "1200000900.V0801I9.old:2,S", mail(9))
    put(maildir / f".{ARCHIVE}" / "courierimapuiddb", b"1 1199999998 8\n7 1200000900.V0801I9.old\n")
    return {f"UID{i + 1}" for i in range(6)}
