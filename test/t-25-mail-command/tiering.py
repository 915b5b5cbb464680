# test/t-25-mail-command/tiering.py -- posthouse mail tier: to a second disk and back, read by stock Dovecot.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import time

from stage import check, equal, step

from common import CAROL, letter
from mail_command import fill, kill_again_and_again, message_files, rests, same, seen_by_imap, stock

NOW = ("--older-than", "0ms", "--larger-than", "10k")


def links(stage):
    """The links among the files."""
    return [x for x in message_files(CAROL, stage) if os.path.islink(x)]


def away(stage, store, before, root):
    """The disk is not there: told, nothing removed, all else is read."""
    os.rename(root, f"{root}.away")
    done = stage.posthouse("mail", "tier", CAROL, *NOW, ok=None)
    check(done.returncode == 75 and "is not there" in done.stderr, "a tier that is away is told, with exit code 75")
    done = stage.posthouse("mail", "tier", CAROL, "--back", ok=None)
    check(done.returncode == 1 and "nothing was changed" in done.stderr, "and nothing comes back")
    row = stage.posthouse("mail", "stat", CAROL, "--json")[0]
    equal((row["missing"], row["tiered_mails"]), (60, 60), "stat counts what is missing")
    equal(len(links(stage)), 60, "every link is still there")
    client = store.imap(CAROL)
    client.select("INBOX")
    equal(len(client.search(None, "ALL")[1][0].split()), len(before), "Dovecot still knows all mail")
    client.logout()
    os.rename(f"{root}.away", root)
    same(before, seen_by_imap(store, CAROL), "with the disk back all is as it was")


def copies(stage, store, root):
    """COPY makes one more link: the file goes only when no link leads to it, twice, 36 hours apart."""
    client = store.imap(CAROL)
    client.select("INBOX")
    client.create("Kept")
    equal(client.copy("5", "Kept")[0], "OK", "COPY of a tiered mail")
    client.store("5:6", "+FLAGS", r"(\Deleted)")
    client.expunge()
    client.select("Kept")
    check(b"mail-2" in client.fetch("1", "(BODY.PEEK[])")[1][0][1], "the copy is read")
    client.logout()
    files = [os.path.join(f, x) for f, _, names in os.walk(root) for x in names if ",S=" in x]
    unused = next(os.path.join(f, "unused") for f, _, _ in os.walk(root) if f.endswith("/carol"))
    equal(stage.posthouse("mail", "tier", CAROL, *NOW, "--json")[0]["removed"], 0, "an unused file stays at first")
    with open(unused, encoding="utf-8") as lines:
        noted = lines.read().split()
    equal(len(noted), 2, "it is written down")
    with open(unused, "w", encoding="utf-8") as lines:
        lines.write(f"{int(time.time()) - 40 * 3600} {noted[1]}\n")
    equal(stage.posthouse("mail", "tier", CAROL, *NOW, "--json")[0]["removed"], 0, "its own age counts as well")
    step(f"of {len(files)} files none was removed")


def run(stage):
    """The whole of it."""
    root = stage.folder("cold", "vmail", mode=0o700)
    with stock(stage) as store:
        stage.posthouse("mail", "tier", CAROL, ok=(1, 75))
        stage.configure("mail", {"tier_roots": root})
        fill(store, 60, CAROL, 30_000)
        before = seen_by_imap(store, CAROL)
        done = stage.posthouse("mail", "tier", CAROL, *NOW, ok=None)
        check(done.returncode == 75 and "posthouse-tier" in done.stderr, "a folder without its mark is no tier")
        stage.write(f"{root}/posthouse-tier", "")
        equal(stage.posthouse("mail", "tier", CAROL, "--json")[0]["mails"], 0, "mail of this year stays at home")
        kills = kill_again_and_again(stage, ["mail", "tier", CAROL, *NOW], 2)
        step(f"a run that was killed {kills} times came through")
        equal(len(links(stage)), 60, "all but the mail that others share is on the tier")
        same(before, seen_by_imap(store, CAROL), "stock Dovecot reads it there")
        equal(rests(CAROL, stage), [], "nothing is left in tmp/")
        away(stage, store, before, root)
        copies(stage, store, root)
        before = seen_by_imap(store, CAROL)
        row = stage.posthouse("mail", "tier", CAROL, "--back", "--json")[0]
        equal(row["mails"], 59, "--back brings all of it home")
        equal(links(stage), [], "no link is left")
        same(before, seen_by_imap(store, CAROL), "and all is as it was")
        check(store.deliver(CAROL, letter("more")) == 250, "mail comes in")
        equal(store.log(r"(Error|Panic|Fatal): (?!.*Symlink destination doesn't exist)"), None, "Dovecot's log has no other error")
