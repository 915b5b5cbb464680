#!/usr/bin/env python3
# demo/demo.py -- Runs the whole house on this machine's loopback, sends it real mail, and can check every step.
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Called by ./dev demo. Everything lives in a scratch folder and private namespaces (test/stage/), only the
# network is the machine's own, so that its browser and mail programs reach the ports.
import argparse
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "test"))
from stage import House, Stage, StageError, step  # noqa: E402
from stage.quota import QUOTA_STATUS  # noqa: E402

from checks import Checks  # noqa: E402
from letters import DNSBL, TRAP, ZONE, Letters  # noqa: E402

USERS = {"alice": ("Alice", "horse-and-rider"), "bob": ("Bob", "oats-and-hay"), "li": ("Li", "tea-at-the-gate")}
PORTS = ("web", "smtp", "submission", "imap", "pop3")
GREYLIST_DELAY = 2
# Every check of policyd is on.
POLICY = {
    "greylist_delay": f"{GREYLIST_DELAY}s",
    "sender_login": "yes",
    "sender_login_strangers": "users",
    "rate_user_recipients": "200/1h, 1000/1d",
    "rate_client_messages": "500/1h",
    "quota_status": f"unix:{QUOTA_STATUS}",
    "trap_addresses": TRAP,
    "spf_header": "yes",
    "dnsbl_zones": DNSBL,
    "user_lists": "yes",
    "list_directory": "yes",
    "list_directory_interval": "1s",
    "greylist_user_switch": "yes",
    # What is changed while the demo runs shows at once.
    "directory_cache_time": "1s",
}


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--check", action="store_true", help="verify each step, then end")
    parser.add_argument("--ports", metavar="FILE", help="write address, users, passwords and ports to FILE")
    parser.add_argument("--port", metavar="NAME=NUMBER", action="append", default=[],
                        help="a fixed port for one of: " + ", ".join(PORTS))
    parser.add_argument("--directory", choices=House.DIRECTORIES, default="sqlite",
                        help="where accounts are kept: " + ", ".join(House.DIRECTORIES))
    parser.add_argument("--mail", choices=House.MAIL, default="maildir",
                        help="how mail is stored: " + ", ".join(House.MAIL))
    given = parser.parse_args()
    fixed = {}
    for each in given.port:
        name, _, number = each.partition("=")
        if name not in PORTS or not number.isdigit() or not 0 < int(number) < 65536:
            parser.error(f"--port {each}: write NAME=NUMBER, NAME one of {', '.join(PORTS)}")
        fixed[name] = int(number)
    if given.ports:
        given.ports = os.path.abspath(given.ports)
        if not os.access(os.path.dirname(given.ports), os.W_OK):
            parser.error(f"--ports {given.ports}: cannot write there")
    return given, fixed


def values(house):
    """What a visitor needs to know, in order."""
    stage = house.stage
    known = {"url": f"http://mail.posthouse.localhost:{stage.port('web')}/"}
    for number, local in enumerate(house.users, 1):
        known[f"user{number}"] = house.address(local)
        known[f"password{number}"] = house.password(local)
    known.update({f"{name}_port": stage.port(name) for name in PORTS})
    known["logs"] = stage.log_folder
    return known


def write_ports(path, known):
    """name=value lines, complete or not there at all."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.writelines(f"{k}={v}\n" for k, v in known.items())
    os.replace(path + ".new", path)


def print_welcome(house):
    """Where to go now."""
    stage = house.stage
    print(f"\n  web page     http://mail.posthouse.localhost:{stage.port('web')}/")
    for local in house.users:
        print(f"  user         {house.address(local):24} password  {house.password(local)}")
    print(f"  SMTP         127.0.0.1:{stage.port('smtp')}   (mail from outside; greylisted for {GREYLIST_DELAY} s)")
    print(f"  submission   127.0.0.1:{stage.port('submission')}   (PLAIN login, no TLS)")
    print(f"  IMAP, POP3   127.0.0.1:{stage.port('imap')}, 127.0.0.1:{stage.port('pop3')}   (no TLS)")
    print(f"  logs         {stage.log_folder}\n", flush=True)


def main():
    """The demo."""
    given, fixed = arguments()
    print("posthouse demo: a house of its own, nothing of this machine's mail is touched", flush=True)
    with Stage(private_network=False) as stage:
        for name in PORTS:
            stage.port(name, fixed.get(name))
        house = House(stage, USERS, zone=ZONE, settings={"policyd": POLICY}, directory=given.directory,
                      mail=given.mail)
        house.start()
        stage.posthouse("alias", "add", TRAP, house.address("alice"))  # Postfix must know it to ask about it
        step(f"up: lookupd, policyd, milter, webmail, Dovecot, Postfix, nginx; accounts in {given.directory}")
        letters = Letters(house, HERE / "mail", GREYLIST_DELAY)
        letters.deliver()
        if given.mail == "packed":
            step(f"posthouse mail pack: {house.pack()} mails are in packs")
        if given.ports:
            write_ports(given.ports, values(house))
        print_welcome(house)
        if given.check:
            Checks(house, letters).run()
            print("all steps are as they should be", flush=True)
            return
        print("Ctrl-C ends it and leaves nothing behind.", flush=True)
        while True:
            time.sleep(1)
            for process in stage.processes:
                if not process.running():
                    raise StageError(f"{process.name} has ended")


if __name__ == "__main__":
    main()
