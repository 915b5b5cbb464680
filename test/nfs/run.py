#!/usr/bin/env python3
# test/nfs/run.py -- Storage on NFS: kernel NFSv4 with two clients in user-mode-linux, by hand.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# usage: run.py [STEP...] [--seconds N] [--mails N] [--disk ext4|tmpfs]
# Needs the package user-mode-linux (packages.txt, [nfs]) and ./dev build. The kernel runs as a process whose
# root is this machine's, read-only; the server's disk and all else it writes is in memory or in a scratch folder.
# Steps: guest.py. It takes some 15 minutes: one processor, ten times as slow as a real one.
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import StageError, skip, step  # noqa: E402
from stage.tree import ROOT, build_folder, installed_tree  # noqa: E402

STEPS = ("versions", "library", "both", "both_stock", "random", "restart", "stale", "squash")
UNIT_BUILD = ROOT / "build-nfs"  # without sanitizers, for which user-mode-linux has too little address space
UNIT_TESTS = "maildir-lib/maildir_test"
MARK = "nfs: "
MEMORY = "2G"
DISK = 1 << 30


def build_unit_tests():
    """maildir-lib's tests; their path."""
    commands = [["ninja", "-C", UNIT_BUILD, UNIT_TESTS]]
    if not (UNIT_BUILD / "build.ninja").exists():
        commands.insert(0, ["meson", "setup", UNIT_BUILD, ROOT, "-Dtests=true"])
    for command in commands:
        done = subprocess.run([str(x) for x in command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StageError(f"{command} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return UNIT_BUILD / UNIT_TESTS


def make_disk(scratch, kind):
    """What the server exports; the kernel's word for it."""
    if kind == "tmpfs":
        return []
    image = scratch / "disk"
    with open(image, "wb") as file:
        file.truncate(DISK)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    return [f"ubda={image}"]


def boot(scratch, disk):
    """Runs it and shows what it says; the exit code."""
    command = ["linux.uml", f"mem={MEMORY}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet",
               f"init={pathlib.Path(__file__).resolve().parent}/guest.py", f"POSTHOUSE_NFS={scratch}/job",
               f"uml_dir={scratch}/uml", "con=null", "con0=null,fd:1", *disk]
    code, rest = 1, []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", start_new_session=True) as kernel:
        try:
            for line in kernel.stdout:
                if not line.startswith(MARK):
                    rest.append(line)
                elif line.startswith(f"{MARK}exit "):
                    code = int(line.split()[-1])
                else:
                    print(line.removeprefix(MARK), end="", flush=True)
        finally:
            if kernel.poll() is None:
                try:
                    kernel.wait(10)
                except subprocess.TimeoutExpired:
                    os.killpg(kernel.pid, signal.SIGKILL)
    if code != 0:
        print("---- the console\n" + "".join(rest[-40:]), end="")
    return code


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("steps", nargs="*", default=STEPS)
    parser.add_argument("--seconds", default="120", help="of each of the random steps")
    parser.add_argument("--mails", default="60", help="that each of four senders sends in the step both")
    parser.add_argument("--disk", choices=("ext4", "tmpfs"), default="ext4")
    args = parser.parse_args()
    if unknown := [x for x in args.steps if x not in STEPS]:
        parser.error(f"no such step: {' '.join(unknown)}")
    if not shutil.which("linux.uml"):
        skip("linux.uml is missing: install the package user-mode-linux")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-nfs-"))
    try:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "POSTHOUSE_BUILD": str(build_folder()),
                       "POSTHOUSE_TREE": str(installed_tree())}
        unit_tests = str(build_unit_tests()) if "library" in args.steps else ""
        job = {"steps": args.steps, "seconds": args.seconds, "mails": args.mails, "disk": args.disk,
               "unit_tests": unit_tests, "environment": environment}
        (scratch / "job").write_text(json.dumps(job), encoding="utf-8")
        (scratch / "uml").mkdir()
        code = boot(scratch, make_disk(scratch, args.disk))
    except (StageError, OSError, subprocess.CalledProcessError) as error:
        print(f"FAILED: {error}")
        code = 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    step(f"{len(args.steps)} steps: {'all held' if code == 0 else 'FAILED'}")
    sys.exit(code)


main()
