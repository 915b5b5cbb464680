#!/usr/bin/env python3
# test/t-08-install-tree/run.py -- What `meson install` lays down is what a package needs, and all of it works.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# files.txt lists the paths; --write refreshes it. A name of the page that carries a hash is shown as HASH, and
# the folder of the machine's architecture as TRIPLET.
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from stage import Stage, check, equal, step  # noqa: E402
from stage.tree import installed_tree  # noqa: E402

LIST = HERE / "files.txt"
DAEMONS = ("policyd", "lookupd", "milter", "webmail")


def shown(path):
    """A path as files.txt has it."""
    path = re.sub(r"/assets/([A-Za-z0-9_]+)-[A-Za-z0-9_-]{8}\.", r"/assets/\1-HASH.", path)
    return re.sub(r"/lib/[a-z0-9_]+-linux-gnu/", "/lib/TRIPLET/", path)


def found(tree):
    """All files of the tree, with their mode when it is not 0644."""
    for folder, _, names in os.walk(tree):
        for name in names:
            path = pathlib.Path(folder) / name
            mode = path.lstat().st_mode & 0o7777
            yield shown("/" + str(path.relative_to(tree))) + ("" if mode == 0o644 else f" {mode:04o}")


if "--write" in sys.argv:
    LIST.write_text("".join(sorted(x + "\n" for x in set(found(installed_tree())))), encoding="utf-8")
    sys.exit(0)

with Stage() as stage:
    wanted = set(LIST.read_text(encoding="utf-8").splitlines())
    there = set(found(stage.tree))
    for line in sorted(wanted - there):
        print(f"  missing: {line}")
    for line in sorted(there - wanted):
        print(f"  not in files.txt: {line}")
    check(wanted == there, f"the tree has the {len(wanted)} files of files.txt")

    for program in ("posthouse", *(f"posthouse-{x}" for x in DAEMONS)):
        answer = stage.run(program, "--version").stdout
        check(re.search(r"\d+\.\d+", answer), f"{program} --version: {answer.strip()}")

    examples = pathlib.Path(f"{stage.tree}/usr/share/doc/posthouse/examples")
    for name in DAEMONS:
        example = examples / f"{name}.conf"
        stage.run(f"posthouse-{name}", "--config", example, "--check")
        step(f"posthouse-{name} takes its example {example.name}")
        bad = stage.write(f"{name}-bad.conf", example.read_text(encoding="utf-8") + "no_such_setting = 1\n")
        done = stage.run(f"posthouse-{name}", "--config", bad, "--check", ok=(1,))
        equal("no_such_setting" in done.stdout + done.stderr, True, f"posthouse-{name} --check names a mistake")

    for page in sorted(pathlib.Path(f"{stage.tree}/usr/share/man").rglob("*.[18]")):
        stage.run("mandoc", page)
    step("every manual page can be shown")
