# test/t-28-courier/seen.py -- What IMAP and POP3 clients see of an account, whichever server they ask.
# SPDX-License-Identifier: GPL-3.0-or-later
import poplib
import re

from stage import HOST, Failed, step


def names(lines):
    """Folder names of LIST or LSUB, without the prefix that Courier gives them."""
    found = set()
    for line in lines:
        text = line.decode() if line else ""
        match = re.search(r' "?([^"]+?)"?$', text)
        if match and not re.search(r"\\(Noselect|NonExistent)", text, re.I):
            found.add(re.sub(r"^INBOX\.", "", match.group(1)))
    return found


def one_folder(client, name):
    """(UIDVALIDITY, UIDNEXT, {uid: (flags, date, body)}) of a folder."""
    status = client.status(f'"{name}"', "(UIDVALIDITY UIDNEXT)")[1][0].decode()
    numbers = [int(re.search(rf"{key} (\d+)", status).group(1)) for key in ("UIDVALIDITY", "UIDNEXT")]
    done, text = client.select(f'"{name}"', readonly=True)
    if done != "OK":
        raise Failed(f"{name} cannot be opened: {text}")
    mails = {}
    for item in client.fetch("1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")[1] if int(text[0]) else ():
        if isinstance(item, tuple):
            head = item[0].decode()
            flags = set(re.search(r"FLAGS \(([^)]*)\)", head).group(1).split()) - {"\\Recent"}
            date = re.search(r'INTERNALDATE "([^"]+)"', head).group(1)
            mails[int(re.search(r"UID (\d+)", head).group(1))] = (sorted(flags), date, item[1])
    return numbers[0], numbers[1], mails


def by_imap(client, prefix=""):
    """All of an account: its folders as above, and what is subscribed."""
    folders = names(client.list()[1])
    seen = {x: one_folder(client, x if x == "INBOX" else prefix + x) for x in sorted(folders)}
    subscribed = names(client.lsub()[1])
    client.logout()
    return seen, subscribed


def by_pop3(port, user, password):
    """[(number, UIDL)]."""
    client = poplib.POP3(HOST, port, timeout=30)
    client.user(user)
    client.pass_(password)
    lines = [x.decode().split() for x in client.uidl()[1]]
    client.quit()
    return [(int(number), uidl) for number, uidl in lines]


def same(before, after, text, mails=True):
    """Fails with the first difference."""
    for folder in sorted(set(before) | set(after)):
        was, now = before.get(folder), after.get(folder)
        if not was or not now or was[:2] != now[:2]:
            raise Failed(f"{text}: {folder}: was {was and was[:2]}, is {now and now[:2]}")
        for uid in sorted(set(was[2]) | set(now[2])) if mails else ():
            if was[2].get(uid) != now[2].get(uid):
                raise Failed(f"{text}: {folder} {uid}: was {str(was[2].get(uid))[:200]}, is {str(now[2].get(uid))[:200]}")
    step(f"{text}: {len(after)} folders, {sum(len(x[2]) for x in after.values())} mails")
