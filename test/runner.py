#!/usr/bin/env python3
# test/runner.py -- Runs every kind of test, prints a line for each, and ends with `N passed, N failed`.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Called by ./dev test after the builds. Arguments: names; a test runs when its name contains one of them.
# Whole-system tests run several at a time, each in a session of its own with a time limit that a line
# `# time limit: N s` in its run.py may raise. Exit code 77 means skipped, with a line `SKIP: reason`.
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD_TESTS = ROOT / "build-tests"
LOGS = ROOT / "build-tests" / "logs"
TIME_LIMIT = 180
SKIPPED = 77

results = []  # (name, "passed" | "failed" | "skipped", reason)
running = set()
lock = threading.Lock()
stopping = threading.Event()


def record(name, outcome, seconds, reason="", output=""):
    """Remember and print one result, with the output of a failure."""
    with lock:
        results.append((name, outcome, reason))
        mark = {"passed": "ok     ", "failed": "FAILED ", "skipped": "skipped"}[outcome]
        print(f"{mark} {name}  ({seconds:.1f} s)" + (f": {reason}" if reason else ""), flush=True)
        if outcome == "failed" and output:
            print("".join(f"    | {line}\n" for line in output.splitlines()[-120:]), end="", flush=True)


def run_program(name, argv, limit, cwd=ROOT, env=None):
    """Run one test program to its end or limit, and record it."""
    if stopping.is_set():
        return
    log = LOGS / f"{name.replace('/', '-')}.log"
    begin = time.monotonic()
    late = False
    with open(log, "wb") as output:
        child = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                 start_new_session=True, env={**os.environ, **(env or {})})
        with lock:
            running.add(child)
        try:
            code = child.wait(limit)
        except subprocess.TimeoutExpired:
            late = True
            code = end_group(child)
        with lock:
            running.discard(child)
    text = log.read_text(encoding="utf-8", errors="replace")
    seconds = time.monotonic() - begin
    if late:
        record(name, "failed", seconds, f"not done within {limit} s", text)
    elif code == SKIPPED:
        reason = re.search(r"^SKIP: (.*)", text, re.MULTILINE)
        record(name, "skipped", seconds, reason.group(1) if reason else "no reason given")
    elif code == 0:
        record(name, "passed", seconds)
    else:
        said = re.findall(r"^FAILED: (.*)", text, re.MULTILINE)
        record(name, "failed", seconds, f"exit code {code}" + (f": {said[-1]}" if said else ""), text)


def end_group(child):
    """End a test and what it started: politely, then by force."""
    for number, patience in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        try:
            os.killpg(child.pid, number)
            return child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return child.wait()
    return 1


def wanted(name, filters):
    """True when no filter is given or one is contained in the name."""
    return not filters or any(x in name for x in filters)


def run_meson(filters):
    """Unit tests, replay scripts and fuzz corpora, under sanitizers."""
    listed = subprocess.run(["meson", "introspect", "--tests", str(BUILD_TESTS)], check=True,
                            capture_output=True, text=True).stdout
    names = [x["name"] for x in json.loads(listed) if wanted(x["name"], filters)]
    if not names:
        return
    log = BUILD_TESTS / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    argv = ["meson", "test", "-C", BUILD_TESTS, "--no-rebuild", "--quiet", "--num-processes",
            str(os.cpu_count() or 2), *names]
    environment = {**os.environ, "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
                   "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1"}
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, env=environment,
                             start_new_session=True)
    running.add(child)
    child.wait()
    running.discard(child)
    if not log.exists():
        record("meson test", "failed", 0, f"exit code {child.returncode}, no results")
        return
    for line in log.read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        outcome = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}.get(test["result"], "failed")
        output = (test.get("stdout") or "") + (test.get("stderr") or "")
        reason = "" if outcome == "passed" else test["result"].lower()
        record(test["name"].split(" / ")[-1], outcome, test["duration"], reason, output)


def run_house(filters):
    """The house checks: every executable test/house/*.py."""
    for path in sorted((ROOT / "test/house").glob("*.py")):
        name = f"house/{path.stem}"
        if os.access(path, os.X_OK) and wanted(name, filters):
            run_program(name, [path], 120)


def page_tests(filters):
    """The page's own tests, as jobs."""
    folder = ROOT / "webmail-cgi/ui"
    package = folder / "package.json"
    if not package.exists() or not wanted("page", filters):
        return []
    if "test" not in json.loads(package.read_text(encoding="utf-8")).get("scripts", {}):
        record("page", "failed", 0, "package.json has no script named test")
        return []
    return [(300, "page", ["npm", "test", "--silent"], folder)]


def system_tests(filters):
    """The whole-system tests, as jobs."""
    jobs = []
    for path in sorted((ROOT / "test").glob("t-*/run.py")):
        name = path.parent.name
        if wanted(name, filters):
            limit = re.search(r"^# time limit: (\d+) s", path.read_text(encoding="utf-8"), re.MULTILINE)
            jobs.append((int(limit.group(1)) if limit else TIME_LIMIT, name, [sys.executable, path], ROOT))
    return jobs


def run_long(filters):
    """What mostly waits (for servers, clocks, a browser): as many at a time as there are processors, the longest
    first, as far as their time limits tell."""
    jobs = sorted(page_tests(filters) + system_tests(filters), key=lambda x: (-x[0], x[1]))
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        for limit, name, argv, folder in jobs:
            pool.submit(run_program, name, argv, limit, folder)


def interrupted(number, _frame):
    """Ctrl-C or SIGTERM: end what runs, start nothing more."""
    stopping.set()
    for child in list(running):
        try:
            os.killpg(child.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
    print(f"stopped by {signal.Signals(number).name}", flush=True)


def main(filters):
    """Run all, print the summary, return the exit code."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    begin = time.monotonic()
    for kind in (run_meson, run_house, run_long):
        if not stopping.is_set():
            kind(filters)
    print(f"-- {time.monotonic() - begin:.0f} s; logs in {LOGS.relative_to(ROOT)}/")
    for name, outcome, reason in results:
        if outcome != "passed":
            print(f"{outcome}: {name}: {reason}")
    count = {x: sum(1 for r in results if r[1] == x) for x in ("passed", "failed", "skipped")}
    if stopping.is_set():
        count["failed"] += 1
        print("failed: the run was stopped")
    if not results:
        print("failed: no test has such a name")
        count["failed"] += 1
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{count['passed']} passed, {count['failed']} failed{skipped}", flush=True)
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
