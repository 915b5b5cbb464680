#!/usr/bin/env python3
# test/nfs/squash.py -- posthouse mail on NFS that takes root for nobody: the mail user does it.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: squash.py FOLDER     (any user may write there)
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, namespace  # noqa: E402

MAIL = "Subject: x\n\n" + "the same words again and again\n" * 500
NAME = f"1600000000.M1P1.test,S={len(MAIL)},W={len(MAIL) + MAIL.count(chr(10))}:2,S"
MAKE = 'umask 077; mkdir -p "$0/Maildir/cur" "$0/Maildir/new" "$0/Maildir/tmp"; cat > "$0/Maildir/cur/$1"'
AGES = ("--older-than", "0s", "--larger-than", "1B")


def main():
    with Stage() as stage:
        namespace.bind(sys.argv[1], str(stage.mail_root))
        stage.configure("directory", {"mail_root": stage.mail_root, "domain_hash": "none", "user_hash": "none"})
        stage.configure("mail", {"pack_least": "1B"})
        stage.posthouse("domain", "add", "posthouse.test")
        stage.posthouse("user", "add", "alice@posthouse.test", "--no-password")
        home = stage.mail_root / "posthouse.test/alice"
        stage.run("sh", "-c", MAKE, home, NAME, user="vmail", stdin=MAIL)
        for verb in ("stat", "compress"):
            done = stage.posthouse("mail", verb, "--all", ok=None)
            check(done.returncode != 0 and "root_squash" in done.stdout + done.stderr,
                  f"root is told why {verb} cannot be done: {(done.stdout + done.stderr).strip()[-200:]}")
        for verb in ("compress", "pack", "unpack"):
            ages = () if verb == "unpack" else AGES
            done = stage.run("posthouse", "mail", verb, "--all", *ages, user="vmail")
            check(done.returncode == 0, f"the mail user can: {verb}")
        mbox = stage.folder("out", "vmail") / "alice.mbox"
        stage.run("posthouse", "mail", "export", "alice@posthouse.test", "--mbox", mbox, user="vmail")
        text = mbox.read_text(encoding="ascii")
        check(MAIL.partition("\n\n")[2] in text, "the mail is whole")


main()
