# test/t-25-mail-command/packing.py -- posthouse mail pack and unpack beside sessions, with kills, and after us.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import time

from stage import check, equal, step

from common import ALICE, BOB, Store, maildir
from compressing import Traffic
from mail_command import kill_again_and_again, message_files, rests, same, seen_by_imap

NOW = ("--older-than", "0ms")


def packs(user, stage):
    """The finished packs."""
    return [x for x in os.listdir(maildir(stage, user) / "packs") if x.endswith(".pack")]


def links(user, stage):
    """The stubs among the files."""
    return [x for x in message_files(user, stage) if os.path.islink(x)]


def beside_traffic(stage, store):
    """Mail is packed and unpacked while a session changes flags and reads, and mail comes in."""
    before = seen_by_imap(store, flags=False)
    with Traffic(store) as traffic:
        for _ in range(2):
            stage.posthouse("mail", "pack", ALICE, *NOW)
            stage.posthouse("mail", "unpack", ALICE, "--zstd")
        row = stage.posthouse("mail", "pack", ALICE, *NOW, "--json")[0]
    step(f"packed three times beside {traffic.changes} changes of flags and {traffic.delivered} deliveries")
    check(row["packs"] == 1 and row["problems"] == 0, f"{row['mails']} mails, {row['before']} octets, became {row['after']}")
    after = seen_by_imap(store, flags=False)
    same(before, {k: v for k, v in after.items() if k in before}, "UID, INTERNALDATE, size and body are as they were")
    equal(len(after) - len(before), traffic.delivered, "every mail delivered meanwhile is there")
    equal(rests(ALICE, stage), [], "nothing is left in tmp/")
    owner = os.stat(stage.mail_root).st_uid
    equal({os.lstat(x).st_uid for x in links(ALICE, stage)}, {owner}, "links belong to the mail user")


def killed(stage, store):
    """Runs that are killed again and again go on where they were."""
    stage.posthouse("mail", "unpack", BOB)
    before = seen_by_imap(store, BOB)
    kills = kill_again_and_again(stage, ["mail", "pack", BOB, *NOW, "--level", "9"])
    step(f"a packing that was killed {kills} times came through")
    equal(len(links(BOB, stage)), 400, "all is packed but the mail that others share")
    same(before, seen_by_imap(store, BOB), "nothing is lost, doubled or changed")
    names = os.listdir(maildir(stage, BOB) / "packs")
    equal([x for x in names if x.endswith(".tmp")], [], "no pack is left unfinished")
    kills = kill_again_and_again(stage, ["mail", "unpack", BOB], 2)
    step(f"an unpacking that was killed {kills} times came through")
    equal(links(BOB, stage), [], "all is unpacked")
    same(before, seen_by_imap(store, BOB), "nothing is lost, doubled or changed")
    return before


def holes(stage, store):
    """A pack of which little is alive is written anew; the old one goes 36 hours later."""
    stage.posthouse("mail", "pack", BOB, *NOW)
    client = store.imap(BOB)
    client.select("INBOX")
    client.store("1:300", "+FLAGS", r"(\Deleted)")
    client.expunge()
    client.logout()
    before = seen_by_imap(store, BOB)
    row = stage.posthouse("mail", "pack", BOB, *NOW, "--json")[0]
    equal((row["rewritten"], row["packs"]), (1, 1), "a pack full of holes is written anew")
    same(before, seen_by_imap(store, BOB), "nothing else changes")
    stage.posthouse("mail", "pack", BOB, *NOW)
    unused = maildir(stage, BOB) / "packs/unused"
    noted = unused.read_text().split()[1::2]
    check(noted and set(noted) < set(packs(BOB, stage)), f"{len(noted)} packs are known to be unused, and still there")
    unused.write_text("".join(f"{int(time.time()) - 40 * 3600} {x}\n" for x in noted))
    equal(stage.posthouse("mail", "pack", BOB, *NOW, "--json")[0]["removed"], 0, "they stay while they are young")


def run(stage):
    """The whole of it."""
    stage.configure("mail", {"pack_least": "1k"})
    with Store(stage, "posthouse") as store:
        equal(stage.posthouse("mail", "pack", ALICE, "--json")[0]["mails"], 20, "mail of this quarter is left as it is")
        beside_traffic(stage, store)
        row = stage.posthouse("mail", "stat", ALICE, "--json")[0]
        check(row["packed_mails"] > 150 and row["missing"] == 0, f"stat: {row['packed_mails']} mails in {row['pack_files']} packs")
        killed(stage, store)
        holes(stage, store)
        wanted = {x: seen_by_imap(store, x) for x in (ALICE, BOB)}
        stage.posthouse("mail", "compress", "--all", "--dry-run", *NOW)
        equal(stage.posthouse("mail", "unpack", ALICE, BOB, "--json")[0]["problems"], 0, "unpack")
        equal(links(ALICE, stage) + links(BOB, stage), [], "leaves no link")
        equal(store.log(r"(Error|Panic|Fatal): "), None, "Dovecot's log has no error")
    with Store(stage, "maildir") as store:
        for user, mails in wanted.items():
            same(mails, seen_by_imap(store, user), "stock Dovecot without any plugin serves it alone")
