# test/stage/tree.py -- The install tree that stages run from: `meson install` laid out as the packages will be.
# SPDX-License-Identifier: GPL-3.0-or-later
import fcntl
import json
import os
import pathlib
import subprocess

from .report import StageError

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build_folder():
    """The shipping build: $POSTHOUSE_BUILD or build/."""
    return pathlib.Path(os.environ.get("POSTHOUSE_BUILD", ROOT / "build"))


def installed_tree():
    """The path of an up-to-date install tree; $POSTHOUSE_TREE names one that is known to be so."""
    given = os.environ.get("POSTHOUSE_TREE")
    if given:
        return pathlib.Path(given)
    build = build_folder()
    if not (build / "build.ninja").exists():
        raise StageError(f"{build} is not built: run ./dev build")
    with open(build / "meson-info/intro-buildoptions.json", encoding="utf-8") as file:
        prefix = next(x["value"] for x in json.load(file) if x["name"] == "prefix")
    if prefix != "/usr":
        raise StageError(f"{build} is for prefix {prefix}: run meson configure {build} -Dprefix=/usr "
                         "-Dsysconfdir=/etc -Dlocalstatedir=/var")
    tree = build / "tree"
    with open(build / ".tree.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["meson", "install", "-C", build, "--destdir", tree, "--only-changed", "--quiet"],
                              capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StageError(f"meson install failed:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return tree
