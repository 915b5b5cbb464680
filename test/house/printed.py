#!/usr/bin/env python3
# test/house/printed.py -- what programs print of themselves equals what is committed; --write refreshes it.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# conf-examples/NAME.conf from --settings=conf, the settings of docs/man from --settings=man, and
# docs/events.md and docs/metrics.md from --events and --metrics. Needs a build: POSTHOUSE_BUILD or build/.
import os
import pathlib
import subprocess
import sys

from house import ROOT, finish

BUILD = pathlib.Path(os.environ.get("POSTHOUSE_BUILD", ROOT / "build"))
DAEMONS = {"policyd": "posthouse-policyd", "lookupd": "posthouse-lookupd", "milter": "posthouse-milter",
           "webmail": "posthouse-webmail"}
# The command knows the settings of the directory, which no daemon owns.
PROGRAMS = {**DAEMONS, "directory": "posthouse", "mail": "posthouse mail", "dovecot-plugin": "posthouse-after-login"}
ROOM = {"webmail": "webmail-cgi", "directory": "cli", "mail": "cli"}
SECTION = {"directory": 1, "mail": 1}
BEGIN, END = '.\\" settings begin\n', '.\\" settings end\n'


def output(name, option):
    program, *verb = PROGRAMS[name].split()
    program = BUILD / ROOM.get(name, name) / program
    return subprocess.run([program, *verb, option], check=True, capture_output=True, text=True).stdout


def conf(name):
    program = PROGRAMS[name]
    head = (f"# /etc/posthouse/{name}.conf -- settings of {program}; see {program.replace(' ', '-')}({SECTION.get(name, 8)}).\n"
            f"# Each setting stands with its default. `{program} --check` explains mistakes.\n\n")
    return head + output(name, "--settings=conf")


def man(name, page):
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return before + BEGIN + output(name, "--settings=man") + END + after


def table(title, intro, option):
    text = f"# {title}\n\n{intro}\n"
    for name, program in DAEMONS.items():
        text += f"\n## {program}\n\n" + output(name, option)
    return text


def wanted():
    for name, program in PROGRAMS.items():
        yield ROOT / f"conf-examples/{name}.conf", conf(name)
        page = ROOT / f"docs/man/{program.replace(' ', '-')}.{SECTION.get(name, 8)}"
        if not page.exists() or BEGIN not in page.read_text(encoding="utf-8"):
            yield page, None
        else:
            yield page, man(name, page.read_text(encoding="utf-8"))
    yield ROOT / "docs/events.md", table(
        "Events", "One line of the log is one event. The line is an interface: names and fields stay.", "--events")
    yield ROOT / "docs/metrics.md", table(
        "Metrics", "OpenMetrics text on the control socket of every daemon (verb `metrics`).", "--metrics")


findings = []
checked = 0
for path, text in wanted():
    checked += 1
    shown = path.relative_to(ROOT)
    if text is None:
        findings.append(f"{shown}: missing, or without its settings section")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        if "--write" in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {shown}")
        else:
            findings.append(f"{shown}: not what the program prints (test/house/printed.py --write)")
finish(findings, checked)
