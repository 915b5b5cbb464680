# test/stage/report.py -- What a test tells its reader: steps, skips, failures, and waiting for a condition.
# SPDX-License-Identifier: GPL-3.0-or-later
import sys
import time


class StageError(Exception):
    """Something the stage needs is missing or did not come up; the text says what to do."""


class Failed(Exception):
    """A check of the test did not hold."""


def step(text):
    """Print one line for the step that just succeeded."""
    print("  " + text, flush=True)


def check(condition, text):
    """Fail with the text unless the condition holds; print the text as a step when it does."""
    if not condition:
        raise Failed(text)
    step(text)


def equal(found, wanted, text):
    """Like check, and shows both sides when they differ."""
    if found != wanted:
        raise Failed(f"{text}: found {found!r}, wanted {wanted!r}")
    step(text)


def skip(reason):
    """End the test as skipped: only for what truly cannot run on this machine."""
    print("SKIP: " + reason, flush=True)
    sys.exit(77)


def wait_for(condition, timeout=10.0, what="the condition", every=0.02):
    """Call condition() until it returns something true and return that; an OSError counts as not yet."""
    end = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
        except OSError as error:
            last = error
        if time.monotonic() >= end:
            raise Failed(f"waited {timeout:g} s for {what}" + (f" ({last})" if last else ""))
        time.sleep(every)
