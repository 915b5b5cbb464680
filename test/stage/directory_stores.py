# test/stage/directory_stores.py -- Stores, placing and moving users, aliases that lead nowhere: the same on every backend.
# SPDX-License-Identifier: GPL-3.0-or-later
import re

from .directory_steps import refused
from .report import check, equal, step

WEBMAN = """\
# sys_isp_mode, yes|no
SYS_ISP_MODE = yes
SYS_USER_HASHDIR_DEPTH = 2x2
SYS_MAILDIR_BASE = /home/domains
SYS_USER_ROUTING_LIST = smtp:[192.0.2.130],lmtp:mx2.example.org
SYS_DOMAIN_ROUTING_LIST = lmtp:mx2.example.org,smtp:[192.0.2.131]
"""
ON_DISK = re.compile(r"disk2/[0-9A-F]{2}/placed\.example/[0-9A-F]{2}/[0-9A-F]{2}/")


def users_of(stage, store):
    """How many users a store has."""
    return stage.posthouse("store", "show", store, "--json")["users"]


def placing(stage):
    """By weight and room, by name, by the domain's host."""
    equal(stage.posthouse("store", "list", "--json"), [], "there are no stores at first")
    stage.posthouse("domain", "add", "placed.example")
    before = stage.posthouse("user", "add", "before@placed.example", "--quota", "10M", "--no-password", "--json")
    stage.posthouse("store", "add", "here", "--weight", "3")
    disk = stage.posthouse("store", "add", "Disk2", "--folder", "disk2", "--room", "100M", "--json")
    equal((disk["name"], disk["folder"], disk["weight"], disk["room"], disk["state"]),
          ("disk2", "disk2", 1, 100 << 20, "open"), "store add --json answers what was stored")
    stage.posthouse("store", "add", "far", "--mail-host", "store3", "--state", "closed")
    others = len(stage.posthouse("user", "list", "--json"))
    equal(users_of(stage, "here"), others, "who was there before belongs to the store of the mail root")
    lines = "address,quota\n" + "".join(f"p{n}@placed.example,1M\n" for n in range(100))
    stage.posthouse("user", "add", "--csv", "-", stdin=lines)
    held = {x["name"]: x["users"] for x in stage.posthouse("store", "list", "--json")}
    held["here"] -= others
    check(held["here"] + held["disk2"] == 100 and held["far"] == 0 and held["here"] > held["disk2"] > 3,
          f"100 new users are placed by weight and room, none on a closed store: {held}")
    homes = [x["home"] for x in stage.posthouse("user", "list", "placed.example", "--json")]
    equal(len([x for x in homes if ON_DISK.match(x)]), held["disk2"], "with the store's folder before their hash folders")
    refused(stage, 1, "may sum to", "user", "add", "big@placed.example", "--quota", "1G", "--store", "disk2", "--no-password")
    refused(stage, 1, "store far is closed", "user", "add", "big@placed.example", "--store", "far", "--no-password")
    refused(stage, 1, "no store nowhere", "user", "add", "big@placed.example", "--store", "nowhere", "--no-password")
    refused(stage, 1, "says both", "user", "add", "big@placed.example", "--store", "here", "--mail-host", "x", "--no-password")
    big = stage.posthouse("user", "add", "big@placed.example", "--quota", "1G", "--no-password", "--json")
    check(not big["home"].startswith("disk2/"), "a large user goes where there is room")
    stage.posthouse("store", "set", "far", "--state", "open", "--weight", "0")
    far = stage.posthouse("user", "add", "far@placed.example", "--store", "far", "--no-password", "--json")
    equal(far["mail_host"], "store3", "a store of weight 0 takes who is put there by name")
    return before


def moving(stage, before):
    """user move."""
    name = "before@placed.example"
    refused(stage, 1, "no store nowhere", "user", "move", name, "--to", "nowhere")
    refused(stage, 1, "no user", "user", "move", "nobody@placed.example", "--to", "far")
    refused(stage, 1, "on store here already", "user", "move", name, "--to", "here")
    refused(stage, 1, "--to is missing", "user", "move", name)
    told = stage.posthouse("user", "move", name, "--to", "far", "--dry-run").stdout
    check(told.startswith("would have moved user before@placed.example from here to far"), told.strip())
    equal(stage.posthouse("user", "show", name, "--json")["mail_host"], "", "--dry-run moves nobody")
    told = stage.posthouse("user", "move", name, "--to", "far").stdout
    check(f"its mail has yet to be moved: {stage.mail_root}/{before['maildir']} to store3:{stage.mail_root}/" in told,
          f"the command says which mail has to be moved: {told.strip()}")
    moved = stage.posthouse("user", "move", name, "--to", "disk2", "--json")
    equal((moved["from"], moved["to"], moved["from_host"], moved["to_maildir"]),
          ("far", "disk2", "store3", "disk2/" + before["maildir"]), "and tells programs, path and host")
    user = stage.posthouse("user", "show", name, "--json")
    equal((user["home"], user["mail_host"], user["quota"]), ("disk2/" + before["home"], "", 10 << 20),
          "the path keeps the hash that was drawn once")
    trail = stage.posthouse("directory", "audit", "--object", name, "--json")[0]
    check((trail["verb"], trail["outcome"]) == ("user move", "done") and
          trail["detail"].startswith("from far to disk2: home "), f"the audit trail has it: {trail['detail']}")
    refused(stage, 1, "users are on store disk2", "store", "set", "disk2", "--folder", "disk3")
    stage.posthouse("user", "move", "--csv", "-", "--to", "disk2", stdin=f"address,to\n{name},here\nfar@placed.example,\n")
    equal((stage.posthouse("user", "show", name, "--json")["home"], users_of(stage, "far")), (before["home"], 0),
          "many are moved by CSV")
    stage.posthouse("store", "del", "far")
    stage.posthouse("store", "set", "disk2", "--room", "1M")
    found = stage.run("posthouse", "directory", "check", "--no-disk", "--json", ok=(1,)).stdout
    check("and it has room for 1048576" in found, "directory check tells of a store that is too full")


def routes(stage):
    """ExtMan's webman.cf."""
    path = stage.write("webman.cf", WEBMAN)
    told = stage.posthouse("store", "import", path, "--dry-run").stdout
    check(told.startswith("would have added 3 stores") and len(stage.posthouse("store", "list", "--json")) == 2,
          "store import --dry-run adds nothing")
    told = stage.posthouse("store", "import", path).stdout
    check("user_hash = 2x2" in told and "mail_root = /home/domains" in told, "it says what belongs into directory.conf")
    hosts = {x["name"]: x["mail_host"] for x in stage.posthouse("store", "list", "--json")}
    equal({x: y for x, y in hosts.items() if y}, {"192.0.2.130": "smtp:[192.0.2.130]", "192.0.2.131": "smtp:[192.0.2.131]",
                                                  "mx2.example.org": "lmtp:mx2.example.org"}, "each route is a store")
    equal(stage.posthouse("store", "import", path, "--json")["held"], 3, "a second time adds none")
    routed = stage.posthouse("domain", "add", "routed.example", "--mail-host", "lmtp:mx2.example.org", "--json")
    user = stage.posthouse("user", "add", "x@routed.example", "--no-password", "--json")
    equal((routed["mail_host"], user["mail_host"]), ("lmtp:mx2.example.org",) * 2, "a domain's route is its users'")
    stage.posthouse("domain", "del", "routed.example", "--recursive")
    for name in ("192.0.2.130", "192.0.2.131", "mx2.example.org"):
        stage.posthouse("store", "del", name)


def rights(stage):
    """A postmaster's users are placed; it does not say where."""
    stage.posthouse("manager", "add", "keeper@else.example", "--domain", "placed.example", "--no-password")
    acting = ("--as", "keeper@else.example")
    refused(stage, 1, "may not see or change stores", "store", "list", *acting)
    refused(stage, 1, "may not choose the store", "user", "add", "k@placed.example", "--store", "here", "--no-password", *acting)
    refused(stage, 1, "may not move a home", "user", "move", "before@placed.example", "--to", "here", *acting)
    stage.posthouse("user", "add", "k@placed.example", "--no-password", *acting)
    step("a postmaster's users are placed, but not by the postmaster")


def loose_ends(stage):
    """Warnings; nothing is refused."""
    stage.posthouse("domain", "add", "loose.example")
    stage.posthouse("domain", "add", "other.example")
    for user in ("ann", "ben"):
        stage.posthouse("user", "add", f"{user}@loose.example", "--no-password")
    done = stage.posthouse("alias", "add", "team@other.example", "ann@loose.example", "nobody@loose.example", "x@far.example")
    equal(done.stderr, "posthouse: warning: alias team@other.example leads to nobody@loose.example, which nobody has\n",
          "a target that nobody has is told when it is written")
    done = stage.posthouse("alias", "set", "team@other.example", "--remove", "nobody@loose.example")
    equal(done.stderr, "", "and not when it is gone")
    done = stage.posthouse("alias", "add", "--csv", "-", stdin="address,targets\nb@other.example,nobody@other.example\n")
    check("line 2: warning: alias b@other.example leads to nobody@other.example" in done.stderr, "by CSV with its line")
    done = stage.posthouse("user", "del", "ann@loose.example")
    equal(done.stderr, "posthouse: warning: alias team@other.example still leads to ann@loose.example\n",
          "a user is removed with a word of the aliases that lead to it")
    equal(stage.posthouse("user", "del", "ben@loose.example").stderr, "", "or without one")
    stage.posthouse("user", "add", "ann@loose.example", "--no-password")
    done = stage.posthouse("domain", "del", "loose.example", "--recursive")
    check("alias team@other.example still leads to ann@loose.example" in done.stderr, "a domain too")
    found = stage.run("posthouse", "directory", "check", "--no-disk", "--json", ok=(1,)).stdout
    check("leads to ann@loose.example, whose domain was removed on 20" in found
          and "leads to nobody@other.example, which nobody has" in found and "x@far.example" not in found,
          "directory check lists both, and no foreign address")
    stage.posthouse("domain", "del", "other.example", "--recursive")


def all_of_them(stage):
    """On a directory that is empty but for other domains."""
    before = placing(stage)
    moving(stage, before)
    routes(stage)
    rights(stage)
    loose_ends(stage)
    stage.posthouse("domain", "del", "placed.example", "--recursive")
    stage.posthouse("manager", "del", "keeper@else.example")
    stage.posthouse("store", "del", "disk2")
    done = stage.posthouse("store", "del", "here")
    check(done.stderr == "" or "users stay where they are" in done.stderr, "a store goes; its users stay where they are")
    equal(stage.posthouse("store", "list", "--json"), [], "and the site is as before the first")
    done = stage.posthouse("directory", "upgrade").stdout
    check("has the form that this program writes" in done, done.strip())
