# test/t-25-mail-command/transfer.py -- posthouse mail export and import: mbox and eml, byte for byte.
# SPDX-License-Identifier: GPL-3.0-or-later
import mailbox
import os

from stage import check, equal

from common import ALICE, BOB, CAROL, Store, maildir
from mail_command import kill_again_and_again, message_files, seen_by_imap

FOREIGN = b"""From someone@example.org Sat Jan  3 01:05:34 2026
Subject: one
Status: RO
X-Status: A
Content-Length: 7

>From the start
>>From below

From a@example.org Sun Jan  4 01:05:34 2026
Subject: two

two
"""


def by_folder(mails, folder):
    """[(flags, date, body)] of one folder, in the order of its UIDs."""
    return [(x[0], x[1], x[3]) for key, x in sorted(mails.items()) if key[0] == folder]


def ended_and_begun_again(stage, store):
    """An import that is killed, and one of a file that has grown: each mail is there once."""
    count = 3000
    text = "".join(f"From a@example.org Sat Jan  3 01:05:34 2026\nSubject: n{i // 2}\n\nbody {i // 2}\n\n" for i in range(count))
    file = stage.write("many.mbox", text)
    argv = ["mail", "import", CAROL, "--mbox", str(file), "--folder", "Many"]
    kills = kill_again_and_again(stage, argv)

    def subjects(folder):
        return sorted(x[2].split(b"\r\n")[0] for x in by_folder(seen_by_imap(store, CAROL), folder))

    wanted = sorted(f"Subject: n{i // 2}".encode() for i in range(count))
    equal(subjects("Many") == wanted, True, f"killed {kills} times, an import stores each of {count} mails once, alike ones twice")
    client = store.imap(CAROL)
    client.select("Many")
    client.store("1:50", "+FLAGS", r"(\Flagged)")
    client.uid("MOVE", "60:70", "Foreign")
    client.store("71:80", "+FLAGS", r"(\Deleted)")
    client.expunge()
    client.logout()
    left = subjects("Many")
    row = stage.posthouse(*argv, "--json")[0]
    equal((row["mails"], row["before"], subjects("Many") == left), (0, count, True), "what was moved, flagged or deleted since is known")
    stage.write("many.mbox", text + "From a@example.org Sat Jan  3 01:05:34 2026\nSubject: new\n\nbody\n")
    equal(stage.posthouse(*argv, "--dry-run", "--json")[0]["mails"], 1, "a rehearsal tells what is new in a file that has grown")
    equal(stage.posthouse(*argv, "--json")[0]["mails"], 1, "which is then stored")
    equal(stage.posthouse(*argv, "--again", "--json")[0]["mails"], 21, "--again stores what is no longer there")


def run(stage):
    """The whole of it."""
    with Store(stage, "posthouse", compression="zstd") as store:
        client = store.imap(BOB)
        client.select("INBOX")
        client.store("1:5", "+FLAGS", r"(\Answered \Flagged)")
        client.append("INBOX", r"(\Seen)", '"03-Mar-2020 10:00:00 +0000"', b"Subject: x\r\n\r\nFrom a\r\n>From b\r\n\r\n\r\nFrom c\r\n\r\n")
        client.logout()
        stage.posthouse("mail", "pack", BOB, "--older-than", "0ms", "--flag", "answered")
        wanted = by_folder(seen_by_imap(store, BOB), "INBOX")
        file = stage.scratch / "bob.mbox"
        row = stage.posthouse("mail", "export", BOB, "--mbox", file, "--json")[0]
        equal((row["mails"], row["problems"]), (len(wanted), 0), "export writes every mail: plain, compressed, packed")
        equal(len(mailbox.mbox(file)), len(wanted), "another reader of mbox finds as many")
        equal(os.stat(file).st_mode & 0o777, 0o600, "nobody else reads the file")
        equal(stage.posthouse("mail", "export", BOB, "--mbox", file, ok=None).returncode, 1, "a file that is there is not replaced")
        row = stage.posthouse("mail", "import", CAROL, "--mbox", file, "--folder", "Back/同", "--json")[0]
        equal((row["mails"], row["folder"]), (len(wanted), "Back/同"), "import stores every mail")
        name = next(x for x in os.listdir(maildir(stage, CAROL)) if x.startswith(".Back."))
        found = by_folder(seen_by_imap(store, CAROL), name[1:])
        equal(sorted(found, key=str) == sorted(wanted, key=str), True, "byte for byte, with flags and dates")
        owner = os.stat(stage.mail_root).st_uid
        equal({os.stat(x).st_uid for x in message_files(CAROL, stage)}, {owner}, "it belongs to the mail user")
        file = stage.write("foreign.mbox", FOREIGN)
        stage.posthouse("mail", "import", CAROL, "--mbox", file, "--folder", "Foreign", "--quoting", "mboxo")
        found = by_folder(seen_by_imap(store, CAROL), "Foreign")
        equal([x[2] for x in found], [b"Subject: one\r\nContent-Length: 7\r\n\r\nFrom the start\r\n>>From below\r\n",
                                      b"Subject: two\r\n\r\ntwo\r\n"], "an mbox of another program")
        equal([x[0] for x in found], [["\\Answered", "\\Seen"], []], "its Status became flags")
        ended_and_begun_again(stage, store)
        done = stage.posthouse("mail", "import", CAROL, "--mbox", "/etc/passwd", ok=None)
        check(done.returncode == 1 and "no mbox" in done.stderr, "another file is refused")
        folder = stage.scratch / "eml"
        row = stage.posthouse("mail", "export", ALICE, "--eml", folder, "--folder", "Archive/*", "--json")[0]
        files = sorted((folder / "Archive.2020").iterdir())
        bodies = [x[2].replace(b"\r\n", b"\n") for x in by_folder(seen_by_imap(store, ALICE), "Archive.2020")]
        equal((row["mails"], sorted(x.read_bytes() for x in files)), (20, sorted(bodies)), "eml files, byte for byte")
        equal(store.log(r"(Error|Panic|Fatal): "), None, "Dovecot's log has no error")
