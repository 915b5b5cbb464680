# test/t-25-mail-command/checking.py -- posthouse mail fsck: lost packs, lost names, rests of killed runs.
# SPDX-License-Identifier: GPL-3.0-or-later
import os

from stage import check, equal

from common import BOB, Store, maildir
from mail_command import message_files, same, seen_by_imap


def findings(stage, *options):
    """What is found in Bob's mail."""
    return stage.posthouse("mail", "fsck", BOB, "--json", *options, ok=(0, 1))


def run(stage):
    """The whole of it."""
    with Store(stage, "posthouse") as store:
        stage.posthouse("mail", "pack", BOB, "--older-than", "0ms")
        before = seen_by_imap(store, BOB)
    done = stage.posthouse("mail", "fsck", "--all", "--read", ok=None)
    check(done.returncode == 0 and "everything fits" in done.stdout, "fsck finds nothing in whole accounts")
    packs = maildir(stage, BOB) / "packs"
    used = {os.readlink(x).split("#")[0][5:] for x in message_files(BOB, stage) if os.path.islink(x)}
    equal(len(used), 1, "all of it is in one pack")
    name = f"{used.pop()}.pack"
    os.rename(packs / name, packs / "away")
    made = [x for x in findings(stage, "--repair") if x["finding"] == "dangling" and x["repaired"]]
    check(made, f"a pack is lost: {len(made)} of its mails are found in older packs")
    stage.posthouse("mail", "fsck", BOB, "--repair", ok=None)
    for other in [x for x in os.listdir(packs) if x.endswith(".pack")]:
        os.unlink(packs / other)
    os.rename(packs / "away", packs / name)
    equal(stage.posthouse("mail", "fsck", BOB, "--repair", ok=None).returncode, 0, "it is back, and the older ones are lost: all is repaired")
    os.rename(packs / name, packs / "away")
    (packs / "0123456789abcdef.tmp").write_text("half")
    done = stage.posthouse("mail", "fsck", BOB, "--repair", ok=None)
    check(done.returncode == 1 and "dangling" in done.stdout and "hint" in done.stderr, "a missing pack is told, with exit code 1")
    check(not (packs / "0123456789abcdef.tmp").exists(), "a pack that was never finished is removed")
    os.rename(packs / "away", packs / name)
    equal(stage.posthouse("mail", "fsck", BOB, ok=None).returncode, 0, "with the pack back everything fits: no link was touched")
    lost = [x for x in message_files(BOB, stage) if os.path.islink(x)][:5]
    names = [os.path.basename(x).split(":2,")[0] for x in lost]
    for path in lost:
        os.unlink(path)
    made = [x for x in findings(stage, "--restore") if x["finding"] == "lost" and x["repaired"]]
    check(set(names) <= {os.path.basename(x["path"]).split(":2,")[0] for x in made}, "--restore makes lost names again from packs")
    with Store(stage, "posthouse") as store:
        after = seen_by_imap(store, BOB)
        bodies = [x[3] for x in after.values()]
        check(all(x[3] in bodies for x in before.values()), f"all {len(before)} mails are read, and {len(after) - len(before)} that were deleted are back")
        same({k: v for k, v in after.items() if k in before},
             {k: v for k, v in before.items() if k in after}, "those that were not lost are as they were")
