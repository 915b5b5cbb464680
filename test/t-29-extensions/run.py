#!/usr/bin/env python3
# test/t-29-extensions/run.py -- Everything Dovecot offers, on plain, compressed and packed mail, as stock Dovecot does it.
# SPDX-License-Identifier: GPL-3.0-or-later
# time limit: 600 s
#
# usage: run.py [--all] [-v] [PART...]
# Each part is played on stock Dovecot with plain mail first: what it says there is what it must say on each store of ours.
import difflib
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
for folder in ("t-13-storage", "t-26-random", "t-29-extensions"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))
from stage import Failed, Stage, equal, step  # noqa: E402

from imap_side import full, keywords, notify, pieces, pop3, reading, resync  # noqa: E402
from servers import World  # noqa: E402
from tools_side import doveadm, filtered, lazy, shared, synced, virtual  # noqa: E402

PARTS = (reading, resync, keywords, notify, pieces, full, pop3, doveadm, synced, shared, filtered, virtual, lazy)
# A change of flags that changes no letter of the name (the 27th keyword of a folder, altmove) is the index's alone. Dovecot looks
# whether the file is there, does not look at the link itself, and complains of packed mail. It is done all the same.
HARMLESS = r"Symlink destination doesn't exist for UID=\d+: "
# A spare login process that was being started when the server ended: no word about mail.
ENDED = r"-login: (?:Error|Fatal): "
KINDS = [("posthouse", "packed"), ("hook", "zstd")]
OTHERS = [("posthouse", "plain"), ("posthouse", "zstd"), ("hook", "plain"), ("hook", "packed")]  # with --all


def play(stage, kind, form, part):
    """What is said in one part."""
    world = World(stage, kind, form)
    begin = stage.log("dovecot").mark()
    world.fill()
    try:
        lines = part(world)
        log = world.store.dovecot.log.text()[begin:]
        passed_by = f"{ENDED}|{HARMLESS}" if form == "packed" else ENDED
        errors = [x for x in re.findall(r"[^\n]*(?:Error|Panic|Fatal):[^\n]*", log) if not re.search(passed_by, x)]
        return [x for x in lines if form != "packed" or not re.search(HARMLESS, x)], errors
    finally:
        world.stop()


def main():
    names = [x for x in sys.argv[1:] if not x.startswith("-")]
    wanted = [x for x in PARTS if not names or x.__name__ in names]
    kinds = KINDS + (OTHERS if "--all" in sys.argv else [])
    with Stage() as stage:
        for part in wanted:
            stock, logged = play(stage, "maildir", "plain", part)
            if "-v" in sys.argv:
                print("\n".join(stock))
            step(f"{part.__name__}: stock Dovecot says {len(stock)} lines{''.join(f'; logs {x}' for x in logged)}")
            for kind, form in kinds:
                ours, ours_logged = play(stage, kind, form, part)
                if ours != stock:
                    print("\n".join(x[:400] for x in difflib.unified_diff(stock, ours, "stock", "ours", "", "", 0)))
                    raise Failed(f"{part.__name__}: {kind}, {form} says otherwise")
                if not logged:
                    equal(ours_logged, [], f"{part.__name__}: {kind}, {form} says the same, and logs no error")
                else:
                    step(f"{part.__name__}: {kind}, {form} says the same")


main()
