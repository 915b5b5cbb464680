#!/usr/bin/env python3
# test/t-16-index/run.py -- E-mail ids over whatever Dovecot does to a Maildir, and over a lost or killed index.
# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import json
import os
import pathlib
import random
import re
import shutil
import smtplib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, step, wait_for
from stage.house import DOVECOT
from stage.nginx import from_example
from stage.storage import pack, store

USER, PASSWORD = "alice@posthouse.test", "secret-a"
CORE, MAIL = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"
FLAGS = {"\\Seen": "$seen", "\\Flagged": "$flagged", "\\Answered": "$answered", "\\Draft": "$draft"}
SEED = int(os.environ.get("POSTHOUSE_SEED", random.SystemRandom().randrange(1 << 30)))
ROUNDS = int(os.environ.get("POSTHOUSE_ROUNDS", 60))


class Jmap:
    """A JMAP client that logs in with each request, so that a killed server costs it nothing."""

    def __init__(self, nginx):
        self.nginx = nginx
        self.headers = {"Content-Type": "application/json",
                        "Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
        status, _, raw = nginx.request("/jmap/session", headers=self.headers)
        equal(status, 200, "a JMAP client logs in")
        self.account = json.loads(raw)["primaryAccounts"][MAIL]

    def call(self, *calls):
        """The answers' arguments."""
        body = {"using": [CORE, MAIL],
                "methodCalls": [[name, {"accountId": self.account, **args}, str(i)]
                                for i, (name, args) in enumerate(calls)]}
        status, _, raw = self.nginx.request("/jmap/api", method="POST", body=json.dumps(body), headers=self.headers)
        if status != 200:
            raise OSError(f"{status}: {raw[:200]}")
        return [x[1] if x[0] != "error" else {"error": x[1]["type"]} for x in json.loads(raw)["methodResponses"]]

    def view(self):
        """{subject: (id, {mailbox: ...}, keywords)} of everything, {mailbox name: id}, the Email state."""
        boxes, _, got = self.call(
            ("Mailbox/get", {"ids": None}), ("Email/query", {"limit": 1000}),
            ("Email/get", {"#ids": {"resultOf": "1", "name": "Email/query", "path": "/ids"},
                           "properties": ["subject", "mailboxIds", "keywords", "threadId", "preview"]}))
        by_id = {x["id"]: x for x in boxes["list"]}

        def path(box):
            upper = by_id.get(box["parentId"])
            return f"{path(upper)}.{box['name']}" if upper else box["name"].replace("Inbox", "INBOX")

        names = {x: path(box) for x, box in by_id.items()}
        emails = {x["subject"]: (x["id"], {names[b] for b in x["mailboxIds"]}, set(x["keywords"]))
                  for x in got["list"]}
        if len(emails) != len(got["list"]):
            raise OSError("two Emails of one subject")
        for box in boxes["list"]:
            inside = sum(names[box["id"]] in folders for _, folders, _ in emails.values())
            if box["totalEmails"] != inside:
                raise OSError(f"{names[box['id']]} counts {box['totalEmails']} of {inside}")
        return emails, {name: x for x, name in names.items()}, got["state"]


class World:
    """The account, seen by IMAP (the truth) and by JMAP, and what ids have been so far."""

    def __init__(self, stage, dovecot, webmail, jmap):
        self.stage, self.dovecot, self.webmail, self.jmap = stage, dovecot, webmail, jmap
        self.home = stage.mail_root / "posthouse.test" / "alice"
        self.ids = {}
        self.random = random.Random(SEED)
        self.count = 0
        self.state = None
        self.known = set()

    def imap(self):
        return self.dovecot.imap(USER, PASSWORD)

    def doveadm(self, *argv):
        return self.stage.run("doveadm", *argv)

    def deliver(self, parent=None):
        """By LMTP, as Postfix does it; a reply to `parent`."""
        self.count += 1
        reference = f"References: <{parent}@test>\r\n" if parent else ""
        text = (f"From: Bob <bob@posthouse.test>\r\nTo: {USER}\r\nSubject: mail {self.count}\r\n"
                f"Message-ID: <{self.count}@test>\r\n{reference}\r\nText {self.count}.\r\n")
        with smtplib.LMTP(str(self.stage.queue / "private/dovecot-lmtp")) as lmtp:
            lmtp.sendmail("bob@posthouse.test", [USER], text)
        return f"mail {self.count}"

    def truth(self):
        """{subject: (folders, keywords)} by IMAP, \\Deleted left out."""
        found = {}
        client = self.imap()
        folders = [re.search(rb'"?([^" ]+)"?$', x).group(1).decode() for x in client.list()[1]]
        for folder in folders:
            if client.select(f'"{folder}"', readonly=True)[1] == [b"0"]:
                continue
            for part in client.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
                if isinstance(part, tuple):
                    subject = re.search(rb"Subject: (.*?)\r\n", part[1]).group(1).decode()
                    flags = set(re.search(rb"FLAGS \((.*?)\)", part[0]).group(1).decode().split())
                    if "\\Deleted" not in flags:
                        found.setdefault(subject, []).append((folder, flags - {"\\Recent"}))
        client.logout()
        return {subject: ({f for f, _ in copies},
                          {FLAGS.get(x, x.lower()) for _, flags in copies for x in flags if x != "\\Seen"}
                          | ({"$seen"} if all("\\Seen" in flags for _, flags in copies) else set()))
                for subject, copies in found.items()}

    def agree(self, text=None):
        """IMAP and JMAP show the same, and no mail has another id than ever before."""
        def compare():
            wanted = self.truth()
            emails, _, state = self.jmap.view()
            found = {subject: (folders, keywords) for subject, (_, folders, keywords) in emails.items()}
            if found != wanted:
                differing = [x for x in wanted.keys() | found.keys() if wanted.get(x) != found.get(x)][:3]
                raise OSError(f"seed {SEED}: " + "; ".join(f"{x}: IMAP {wanted.get(x)}, JMAP {found.get(x)}"
                                                           for x in differing))
            return emails, state
        emails, state = wait_for(compare, 6, "IMAP and JMAP to agree", every=0.2)
        for subject, (email, _, _) in emails.items():
            if self.ids.setdefault(subject, email) != email:
                equal(email, self.ids[subject], f"seed {SEED}: the id of {subject}")
        if len(set(self.ids.values())) != len(self.ids):
            equal(len(set(self.ids.values())), len(self.ids), "no id is given twice")
        self.follow(emails, state)
        if text:
            step(text)
        return emails

    def follow(self, emails, state):
        """A client that keeps up by Email/changes alone knows the same ids."""
        now = {email for email, _, _ in emails.values()}
        if self.state is not None:
            changes = self.jmap.call(("Email/changes", {"sinceState": self.state}))[0]
            if "error" not in changes:
                self.known = (self.known | set(changes["created"])) - set(changes["destroyed"])
                if self.known != now:
                    equal(self.known, now, f"seed {SEED}: Email/changes lead to what is there")
        self.state, self.known = state, now

    # -- what users and administrators do

    def folders(self):
        client = self.imap()
        names = [re.search(rb'"?([^" ]+)"?$', x).group(1).decode() for x in client.list()[1]]
        client.logout()
        return names

    def with_messages(self, act):
        """act(client, uid, folder) on a message of some folder that has any."""
        client = self.imap()
        names = self.folders()
        self.random.shuffle(names)
        for folder in names:
            client.select(f'"{folder}"')
            uids = client.uid("search", None, "ALL")[1][0].split()
            if uids:
                act(client, self.random.choice(uids).decode(), folder)
                break
        client.logout()

    def store(self):
        sign = self.random.choice("+-")
        flag = self.random.choice(["\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "$Label1", "urgent"])
        self.with_messages(lambda client, uid, _: client.uid("store", uid, sign + "FLAGS", f"({flag})"))

    def move(self):
        to = self.random.choice(self.folders())
        verb = self.random.choice(["MOVE", "MOVE", "COPY"])
        self.with_messages(lambda client, uid, _: client.uid(verb, uid, f'"{to}"'))

    def expunge(self):
        def act(client, uid, _):
            client.uid("store", uid, "+FLAGS", "(\\Deleted)")
            client.expunge()
        if self.random.random() < 0.4:
            self.with_messages(act)

    def rename(self):
        names = [x for x in self.folders() if x != "INBOX"]
        if names:
            client = self.imap()
            client.rename(f'"{self.random.choice(names)}"', f'"box{self.random.randrange(10000)}"')
            client.logout()

    def administer(self):
        names = self.folders()
        what = self.random.randrange(4)
        if what == 0:
            self.doveadm("force-resync", "-u", USER, "*")
        elif what == 1:
            self.doveadm("flags", "add", "-u", USER, "\\Flagged", "mailbox", self.random.choice(names), "1:2")
        elif what == 2:
            self.doveadm("move", "-u", USER, self.random.choice(names), "mailbox", self.random.choice(names), "1")
        else:
            self.doveadm("purge", "-u", USER)

    def random_step(self):
        self.random.choice([self.deliver, self.deliver, self.store, self.store, self.move, self.move, self.move,
                            self.expunge, self.rename, self.administer])()

    def index_files(self):
        return list(pathlib.Path("/var/lib/posthouse/webmail/index").rglob("*.index"))


def by_hand(world):
    for _ in range(4):
        world.deliver()
    client = world.imap()
    for name in ("Work", "Sent"):
        client.create(name)
        client.subscribe(name)
    emails = world.agree("four deliveries have ids")
    check(all(re.fullmatch(r"E[1-9a-v][0-9a-v]*", x) for x, _, _ in emails.values()), "made of E and a counter")
    client.select("INBOX")
    client.uid("store", "1", "+FLAGS", "(\\Seen \\Flagged urgent)")
    world.agree("flags and keywords change no id")
    client.uid("MOVE", "1", "Work")
    world.agree("MOVE to another folder changes no id")
    client.select("Work")
    client.uid("MOVE", "1", "INBOX")
    world.agree("nor MOVE back, for which Dovecot makes a new name")
    client.select("INBOX")
    client.uid("COPY", "2", "Work")
    emails = world.agree("a COPY is the same Email")
    equal(emails["mail 2"][1], {"INBOX", "Work"}, "in two mailboxes")
    boxes = world.jmap.view()[1]
    client.rename("Work", "Play")
    client.logout()
    after = world.jmap.view()[1]
    equal(after["Play"], boxes["Work"], "a renamed folder keeps its Mailbox id")
    world.agree("and its mail their ids")
    world.doveadm("move", "-u", USER, "Sent", "mailbox", "Play", "all")
    world.doveadm("force-resync", "-u", USER, "*")
    world.agree("doveadm move and force-resync change no id")
    reply = world.deliver(parent=3)
    threads = {x["subject"]: x["threadId"] for x in world.jmap.call(
        ("Email/query", {}), ("Email/get", {"#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"},
                                            "properties": ["subject", "threadId"]}))[1]["list"]}
    check(threads[reply] != threads["mail 3"], "another subject is another thread")


def lost(world):
    for path in world.index_files():
        path.unlink()
    world.agree("the index removed under a running server: the same ids")
    state = world.state
    world.webmail.stop()
    for path in world.index_files():
        path.write_bytes(b"damage" * 1000)
    world.webmail.start()
    world.agree("a damaged index is made anew, with the same ids")
    check(world.webmail.log.find("webmail.index.rebuilt"), "and the log tells")
    equal(world.jmap.call(("Email/changes", {"sinceState": state}))[0]["error"], "cannotCalculateChanges",
          "what changed since an index that is no more cannot be told")
    world.webmail.stop()
    shutil.rmtree("/var/lib/posthouse/webmail/index")
    for path in world.home.rglob("dovecot*"):
        if path.name != "dovecot-keywords":
            path.unlink()
    world.doveadm("force-resync", "-u", USER, "*")
    world.webmail.start()
    world.agree("index and all of Dovecot's files lost: the same ids")


def restored(world):
    """A copy of the home, the same home later, and the copy again in its place."""
    world.agree()
    before = set(world.truth())
    world.stage.run("cp", "-a", world.home, f"{world.home}.copy")
    late = [world.deliver(), world.deliver()]
    world.agree()
    given = {world.ids.pop(x) for x in late}
    world.stage.run("mv", world.home, f"{world.home}.old")
    world.stage.run("mv", f"{world.home}.copy", world.home)
    emails = world.agree("a home put back from a copy: the same ids")
    equal(set(emails), before, "of what was in it")
    fresh = world.deliver()
    check(world.agree()[fresh][0] not in given, "a number that was given out since is not given again")
    world.webmail.stop()
    shutil.rmtree("/var/lib/posthouse/webmail/index")
    world.webmail.start()
    world.agree("also without the index")
    world.stage.run("rm", "-rf", f"{world.home}.old")


def tiered(world):
    """The files of mails on another disk, links in their places: the same view and text; a link elsewhere is no mail."""
    subject = world.deliver()
    world.agree()
    file = next(x for part in ("new", "cur") for x in (world.home / "Maildir" / part).iterdir()
                if x.is_file() and not x.is_symlink() and f"Subject: {subject}\n".encode() in x.read_bytes().replace(b"\r", b""))
    seconds, owner = file.stat().st_mtime, file.stat().st_uid
    place = world.stage.folder("tier/posthouse.test/alice/INBOX", "vmail") / file.name.split(":")[0]
    shutil.copy2(file, place)
    outside = world.stage.scratch / "outside"
    outside.write_bytes(file.read_bytes().replace(b"Subject: ", b"Subject: not "))
    for target in (place, outside):
        os.chown(target, owner, owner)
        link = world.home / "Maildir/tmp/link"
        link.symlink_to(target)
        os.lchown(link, owner, owner)
        os.utime(link, (seconds, seconds), follow_symlinks=False)
        os.rename(link, file if target == place else file.with_name("1." + file.name))
        if target == place:
            world.agree("a mail on another disk: the same view, the same id")
    time.sleep(3)  # what is younger is looked at again
    emails = world.jmap.view()[0]
    check(subject in emails and f"not {subject}" not in emails, "what a link to any other place leads to is not shown")
    file.with_name("1." + file.name).unlink()


def packed(world):
    """Every mail in a pack: the page shows the same, also when it reads all of it anew."""
    world.agree()

    def texts():
        return {x["subject"]: x["bodyValues"]["1"]["value"] for x in world.jmap.call(
            ("Email/query", {}), ("Email/get", {"#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"},
                                                "properties": ["subject", "bodyValues"], "fetchTextBodyValues": True}))[1]["list"]}

    before, state = texts(), world.state
    count = pack(world.stage, world.home / "Maildir")[0]
    equal(len([x for x in (world.home / "Maildir").rglob("*,S=*") if x.is_symlink()]), count, f"{count} files are packed")
    world.agree("the same view, the same ids")
    equal(world.jmap.call(("Email/changes", {"sinceState": state}))[0]["updated"], [], "for clients nothing has changed")
    equal(texts(), before, "the same texts")
    world.webmail.stop()
    shutil.rmtree("/var/lib/posthouse/webmail/index")
    world.webmail.start()
    world.agree("an index made from packed mail: the same ids")
    equal(texts(), before, "and the same texts")
    for _ in range(20):
        world.random_step()
    world.agree("20 random changes to packed mail: the same view, the same ids")


def at_random(world):
    step(f"seed {SEED}")
    for number in range(ROUNDS):
        world.random_step()
        if number % 3 == 0:
            world.agree()
    world.agree(f"{ROUNDS} random changes by IMAP, LMTP and doveadm: the same view, the same ids")


def killed(world):
    """kill -9 of the webmail while it takes over changes and is asked for lists."""
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                world.jmap.view()
            except OSError:
                time.sleep(0.02)  # it is dead, or a move is under way

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for number in range(12):
            for _ in range(world.random.randrange(1, 4)):
                world.random_step()
            time.sleep(world.random.random() * 0.1)
            world.webmail.kill()
            if number % 4 == 1:
                for path in world.index_files():
                    path.unlink()
            world.webmail.start()
    finally:
        stop.set()
        asking.join()
    world.agree("kill -9 twelve times in the middle of updates: the same ids")


def main():
    with Stage() as stage:
        is_2_3 = stage.run("dovecot", "--version").stdout.startswith("2.3")
        dovecot = stage.start_dovecot(DOVECOT + store("hook", is_2_3), users={USER: PASSWORD})
        webmail = stage.start_webmail({"public_origin": f"http://mail.posthouse.localhost:{stage.port('web')}",
                                       "mail_root": stage.mail_root, "basic_lifetime": "1h",
                                       "tier_roots": stage.folder("tier", "vmail")})
        page = stage.folder("page")
        stage.write("page/index.html", "<!doctype html><title>page</title>")
        server, http = from_example(stage, page)
        world = World(stage, dovecot, webmail, None)
        world.imap().logout()  # Dovecot makes the Maildir
        world.deliver()
        world.jmap = Jmap(stage.start_nginx(server, http=http))
        world.agree("JMAP shows what IMAP shows")
        by_hand(world)
        lost(world)
        restored(world)
        at_random(world)
        killed(world)
        lost(world)
        packed(world)
        tiered(world)
        equal(webmail.log.held(), [], "no callback held the loop")
        equal(webmail.stop(), 0, "it ends cleanly")


main()
