# test/stage/originals.py -- Where ExtMan's own files are, when a copy lies beside the source tree.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# They are not part of this repository: they belong to others. Tests that use them go without where they are not.
import os
import pathlib

from .tree import ROOT


def homes():
    """The folders that the test data may lie beside: the tree's, and that of the tree it is a worktree of."""
    yield ROOT.parent
    pointer = ROOT / ".git"
    if pointer.is_file():
        where = pointer.read_text(encoding="utf-8").partition("gitdir:")[2].strip()
        for parent in pathlib.Path(where).parents:
            if parent.name == ".git":
                yield parent.parent.parent


def extman():
    """The folder with extmail.sql, init.sql, extmail.schema and init.ldif, or None."""
    said = os.environ.get("POSTHOUSE_EXTMAN")
    for folder in [pathlib.Path(said)] if said else [x / "shared/data/extman" for x in homes()]:
        if (folder / "extmail.sql").exists():
            return folder
    return None
