# test/t-13-storage/large.py -- Delivery into a large folder does not read its uidlist, and stays right beside others.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import random
import re
import signal
import threading
import time

from stage import Failed, check, equal, step

from common import ALICE, BOB, CAROL, Lmtp, Store, files, letter, maildir, newest, wipe

LARGEST_LOG = 128 << 10  # of dovecot-plugin/index_log.cc
MANY = 30_000


def fill(stage, count, user=ALICE):
    """A folder of that many mails, all one file."""
    wipe(stage, user)
    folder = maildir(stage, user)
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700)  # as Dovecot makes them: it links no mail from one to others
    mail = letter("old", 1000).replace(b"\r\n", b"\n")
    first = None
    for i in range(count):
        path = folder / "cur" / f"{1_600_000_000 + i}.M{i}P7.old,S={len(mail)},W={len(mail) + mail.count(10)}:2,S"
        if i % 30_000 == 0:  # a file system allows so many names of a file
            path.write_bytes(mail)
            first = path
        else:
            os.link(first, path)
    stage.run("chown", "-R", "vmail:", f"{stage.mail_root}")


def bytes_read(name):
    """Octets that processes of that name have read so far."""
    total = 0
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().strip() == name:
                total += int(re.search(r"rchar: (\d+)", (comm.parent / "io").read_text()).group(1))
        except OSError:
            continue
    return total


def subjects_of(answer):
    """UID and subject field of a FETCH's answer."""
    return {int(re.search(rb"UID (\d+)", x[0]).group(1)): x[1].strip().decode() for x in answer if isinstance(x, tuple)}


def uids(store, user=ALICE):
    """UID and subject of every mail in the INBOX, as IMAP has them."""
    client = store.imap(user)
    client.select("INBOX", readonly=True)
    found = client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    client.logout()
    return subjects_of(found)


def cheap(stage, kind):
    """What a delivery reads of a large folder."""
    with Store(stage, kind) as store:
        equal(int(re.search(r"messages=(\d+)", store.doveadm("mailbox status", "messages", "INBOX")).group(1)), MANY,
              f"{kind}: a folder of {MANY:,}")
        log = maildir(stage) / "dovecot.index.log"
        long = log.stat().st_size
        session = Lmtp(stage)
        session.send(ALICE, letter("first", 1000))
        if kind != "maildir":
            check(log.stat().st_size < LARGEST_LOG < long, f"the index log is begun anew after {long} octets")
        before = bytes_read("lmtp")
        for i in range(5):
            equal(session.send(ALICE, letter(f"more{i}", 1000))[0][0], 250, f"delivery {i + 1}")
        taken = (bytes_read("lmtp") - before) / 5
        session.close()
        size = (maildir(stage) / "dovecot-uidlist").stat().st_size
        found = uids(store)
        equal(sorted(found)[-6:], list(range(MANY + 1, MANY + 7)), "the mails have the next UIDs")
        equal(store.log(r"Error|Warning|Panic|Fatal"), None, "nothing in the log")
    return taken, size


def cheap_for_several(stage, kind):
    """What a delivery to three reads when two of them have large folders; the three are names of one file."""
    with Store(stage, kind, "zstd" if kind == "posthouse" else "none") as store:
        for user in (ALICE, BOB):
            store.doveadm("mailbox status", "messages", "INBOX", user=user)
        session = Lmtp(stage)
        taken = {}
        for users in ((ALICE, BOB, CAROL), (CAROL, BOB, ALICE), (BOB, ALICE)):
            session.send(users, letter("warm", 1000))
            before = bytes_read("lmtp")
            for i in range(3):
                replies = session.send(users, letter(f"several{len(users)}{i}", 1000))
                equal([x[0] for x in replies], [250] * len(users), f"delivery {i + 1} to {len(users)}")
            taken[users] = (bytes_read("lmtp") - before) / 3
            last = [newest(maildir(stage, x)) for x in users]
            equal([(os.stat(x).st_ino, x.stat().st_nlink) for x in last], [(os.stat(last[0]).st_ino, len(users))] * len(users),
                  f"{len(users)} names of one file")
        session.close()
        if kind == "posthouse":
            for user in (ALICE, BOB):
                found = uids(store, user)
                equal(sorted(found)[-12:], list(range(MANY + 1, MANY + 13)), "the mails have the next UIDs")
                equal(len(found), len(files(maildir(stage, user))), "and all are there")
        equal(store.log(r"Error|Warning|Panic|Fatal"), None, "nothing in the log")
    return max(taken.values())


def several_at_once(stage):
    """Several sessions into one folder, and IMAP looking on: every mail is there once, with one UID for good."""
    fill(stage, 500)
    with Store(stage, "posthouse", "zstd") as store:
        watcher = store.imap()
        watcher.select("INBOX")
        trouble = []

        def work(number):
            session = Lmtp(stage)
            for i in range(60):
                reply = session.send(ALICE, letter(f"many{number}x{i}", 2000, i))[0]
                if reply[0] != 250:
                    trouble.append(reply)
            session.close()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        seen = {}
        while any(x.is_alive() for x in threads):
            watcher.noop()
            found = watcher.uid("FETCH", "501:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
            for uid, subject in subjects_of(found).items():
                if seen.setdefault(uid, subject) != subject:
                    raise Failed(f"UID {uid} was {seen[uid]} and is {subject}")
        watcher.logout()
        equal(trouble, [], "4 sessions at once deliver 240 mails into one folder")
        final = uids(store)
        equal({k: v for k, v in seen.items() if final.get(k) != v}, {}, "no UID changed while IMAP looked on")
        wanted = sorted(f"many{n}x{i}" for n in range(4) for i in range(60))
        found = sorted(x.removeprefix("Subject: ") for x in final.values())
        equal([x for x in found if x.startswith("many")], wanted, "every mail is there once")
        equal(store.log(r"Error|Panic|Fatal|Duplicate|reappeared|Broken"), None, "nothing of it in the log")


def beside_stock(stage):
    """Deliveries by us while stock processes change flags, expunge and look; then every mail is there once."""
    fill(stage, 2000)
    stock = {}
    with Store(stage, "posthouse", "zstd") as store:
        without = (["-o", "mail_location=maildir:~/Maildir", "-o", "mail_plugins="] if store.is_2_3 else
                   ["-o", "mail_driver=maildir", "-o", "mail_plugins="])
        stop, trouble, rounds = threading.Event(), [], [0]

        def meddle():
            choice = random.Random(5)
            while not stop.is_set():
                number = choice.randrange(1, 1900)
                for verb, *rest in (("flags add", r"\Flagged", "mailbox", "INBOX", str(number)),
                                    ("expunge", "mailbox", "INBOX", "uid", str(number)),
                                    ("mailbox status", "messages", "INBOX"),
                                    ("flags add", r"\Seen $Label", "mailbox", "INBOX", "*")):
                    done = stage.run("doveadm", *without, *verb.split(), "-u", ALICE, *rest, ok=None)
                    if done.returncode not in (0, 68) or "Error" in done.stderr or "Warning" in done.stderr:
                        trouble.append(f"{verb}: {done.returncode} {done.stderr}")
                rounds[0] += 1

        other = threading.Thread(target=meddle)
        other.start()
        session = Lmtp(stage)
        try:
            for i in range(300):
                mail = letter(f"beside{i}", 3000, i)
                stock[f"beside{i}"] = mail
                if session.send(ALICE, mail)[0][0] != 250:
                    raise Failed(f"mail {i} was refused")
        finally:
            stop.set()
            other.join()
            session.close()
        equal(trouble, [], f"{rounds[0]} rounds of stock doveadm beside 300 deliveries, without an error")
        found = uids(store)
        subjects = [x.removeprefix("Subject: ") for x in found.values()]
        equal(sorted(x for x in subjects if x.startswith("beside")), sorted(stock), "every delivered mail is there once")
        names = [x.name for x in files(maildir(stage))]
        equal(len(names), len(found), "and IMAP shows as many mails as there are files")
        equal(store.log(r"Error|Panic|Fatal|Duplicate|reappeared|Broken"), None, "nothing of it in the log")


def waiting_changes(stage):
    """What sessions have asked for and not done yet is done by the next delivery."""
    fill(stage, 500)
    with Store(stage, "posthouse") as store:
        folder = maildir(stage)
        session = Lmtp(stage)
        clients = [store.imap(), store.imap()]
        clients[0].select("INBOX")
        clients[1].select("INBOX")
        clients[1].uid("STORE", "7", "+FLAGS.SILENT", r"(\Deleted)")
        session.send(ALICE, letter("known", 1000))  # from here on the index knows the list
        lock = stage.write(folder / "dovecot-uidlist.lock", f"{os.getpid()}:{os.uname().nodename}", user="vmail")
        clients[0].send(b"a1 UID STORE 5 +FLAGS.SILENT (\\Flagged)\r\n")
        clients[1].send(b"a1 UID EXPUNGE 7\r\n")
        time.sleep(1)
        check("F" not in flags_on_disk(folder, 5), "a flag and an expunge are asked for, and wait")
        for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
            if comm.read_text().strip() == "imap":
                os.kill(int(comm.parent.name), signal.SIGKILL)
        lock.unlink()
        equal(session.send(ALICE, letter("next", 1000))[0][0], 250, "their sessions end, and a mail is delivered")
        session.close()
        check("F" in flags_on_disk(folder, 5), "which has put the flag into the file's name")
        check(flags_on_disk(folder, 7) is None and 7 not in uids(store), "and done the expunge")


def flags_on_disk(folder, number):
    """The flags in the name of one of the files that fill() made; None when it is not there."""
    names = [x.name for x in files(folder) if f".M{number - 1}P7.old" in x.name]
    return names[0].split(":2,")[1] if names else None


def run(stage):
    """All of it."""
    print("large folders", flush=True)
    fill(stage, MANY)
    taken, size = cheap(stage, "posthouse")
    check(taken < 200_000 < size, f"a delivery reads {taken:,.0f} octets; the uidlist has {size:,}")
    fill(stage, MANY)
    taken, _ = cheap(stage, "maildir")
    step(f"(stock Dovecot reads {taken:,.0f})")
    for kind in ("posthouse", "maildir"):
        wipe(stage, CAROL)
        for user in (ALICE, BOB):
            fill(stage, MANY, user)
        taken = cheap_for_several(stage, kind)
        if kind == "posthouse":
            check(taken < 400_000, f"a delivery to three reads {taken:,.0f} octets at most; two of them have such folders")
        else:
            step(f"(stock Dovecot reads {taken:,.0f})")
    wipe(stage, BOB)
    waiting_changes(stage)
    several_at_once(stage)
    beside_stock(stage)
