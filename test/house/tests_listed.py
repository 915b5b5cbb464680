#!/usr/bin/env python3
# test/house/tests_listed.py -- no test is forgotten: unit tests in meson, fuzz targets with a corpus.
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pathlib
import re

from house import ROOT, files, finish, read

findings = []
checked = 0
for name in files("_test.cc"):
    checked += 1
    # A room's meson.build may list files of its subfolders.
    folder = pathlib.PurePosixPath(name).parent
    listed = False
    while str(folder) != ".":
        build = folder / "meson.build"
        if (ROOT / build).exists() and str(pathlib.PurePosixPath(name).relative_to(folder)) in read(str(build)):
            listed = True
        folder = folder.parent
    if not listed:
        findings.append(f"{name}: no meson.build lists it")

targets = set(re.findall(r"^\s*'([a-z0-9_]+)':", read("test/fuzz/meson.build"), re.M))
for name in files(".cc"):
    if match := re.fullmatch(r"test/fuzz/fuzz_(\w+)\.cc", name):
        checked += 1
        target = match.group(1)
        if target not in targets:
            findings.append(f"{name}: test/fuzz/meson.build does not list it")
        if not any((ROOT / "test/fuzz/corpus" / target).glob("*")):
            findings.append(f"{name}: test/fuzz/corpus/{target} is empty")
for name in files("run.py"):
    if re.fullmatch(r"test/t-\d\d-[a-z0-9-]+/run\.py", name):
        checked += 1
        if not os.access(ROOT / name, os.X_OK):
            findings.append(f"{name}: not executable")
finish(findings, checked)
