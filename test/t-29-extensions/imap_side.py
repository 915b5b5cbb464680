# test/t-29-extensions/imap_side.py -- What IMAP and POP3 offer: each part is a list of lines, the same on every kind of mail.
# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import poplib
import re
import time

from common import ALICE, CAROL, USERS
from servers import MAILS, plain, said

READING = (
    'SELECT "INBOX"',
    "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE)",
    "FETCH 1:* (PREVIEW)", "FETCH 1:* (PREVIEW (LAZY))", "FETCH 1:* (SNIPPET)",
    "FETCH 1 (BINARY.SIZE[2] BINARY.PEEK[2])", "FETCH 1 (BINARY.PEEK[2]<100.200>)", "FETCH 1 (BINARY.PEEK[3.1])",
    "FETCH 6 (BINARY.PEEK[1])", "FETCH 4 (BINARY.PEEK[])",
    "FETCH 1 (BODY.PEEK[1.MIME] BODY.PEEK[2] BODY.PEEK[3.HEADER] BODY.PEEK[3.TEXT])",
    "FETCH 2 (BODY.PEEK[]<100000.1000>)", "FETCH 2 (BODY.PEEK[TEXT]<149000.5000>)", "FETCH 2 (BODY.PEEK[TEXT]<0.10>)",
    "FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT REFERENCES)])", "FETCH 1:* (BODY.PEEK[HEADER.FIELDS.NOT (FROM TO)])",
    "FETCH 1:* (RFC822.HEADER)", "FETCH 1:* (BODY.PEEK[TEXT])", "FETCH 1:* (BODY.PEEK[])", "FETCH 6:1 (RFC822.SIZE)",
    "SEARCH BODY word7", "SEARCH TEXT frontier", "SEARCH SUBJECT parts", "SEARCH HEADER References mail0", "SEARCH LARGER 5000",
    "SEARCH SMALLER 400", "SEARCH SINCE 3-Feb-2015", "SEARCH SENTBEFORE 4-Feb-2015", "SEARCH CHARSET UTF-8 BODY {7+}\r\nZürich",
    "SEARCH OR SEEN SUBJECT large", "UID SEARCH RETURN (MIN MAX COUNT ALL) BODY word", "SEARCH RETURN (SAVE) SUBJECT parts",
    "FETCH $ (UID)", "SEARCH RETURN (PARTIAL 1:2) ALL", "SORT (REVERSE SIZE) UTF-8 ALL", "SORT (SUBJECT DATE) UTF-8 ALL",
    "SORT (ARRIVAL) UTF-8 BODY word", "THREAD REFERENCES UTF-8 ALL", "THREAD REFS UTF-8 ALL", "THREAD ORDEREDSUBJECT UTF-8 ALL",
    'STATUS "Folder" (MESSAGES UIDNEXT UNSEEN RECENT HIGHESTMODSEQ SIZE)',
    'LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN) SPECIAL-USE)', "GETQUOTAROOT INBOX", "FETCH 3 (BODY[])", "FETCH 1:* (FLAGS)",
)


def reading(world):
    """Every way to ask for what is there."""
    client = world.imap()
    lines = [f"{x}: {said(client, x)}" for x in READING]
    client.close()
    return lines


def modseq(lines):
    """HIGHESTMODSEQ of a SELECT."""
    return int(re.search(r"HIGHESTMODSEQ (\d+)", " ".join(lines)).group(1))


def resync(world):
    """CONDSTORE, QRESYNC, UNCHANGEDSINCE, MOVE, UIDPLUS: what another session has done since."""
    lines = []
    one, two = world.imap(), world.imap()
    said(one, "ENABLE QRESYNC")
    selected = one.ask('SELECT "INBOX"')
    text = [x.text for x in selected[0]] + [selected[1]]
    validity = re.search(r"UIDVALIDITY (\d+)", " ".join(text)).group(1)
    then = modseq(text)
    said(two, 'SELECT "INBOX"')
    lines += said(two, r"UID STORE 1 +FLAGS (\Flagged new)")
    lines += said(two, "UID MOVE 2 Folder")
    lines += said(two, r"UID STORE 5 +FLAGS.SILENT (\Deleted)") + said(two, "UID EXPUNGE 5")
    lines += said(two, 'UID COPY 4 "Folder"') + said(two, "UID COPY 3:4 INBOX")
    lines += said(one, "NOOP")
    one.close()
    one = world.imap()
    said(one, "ENABLE QRESYNC")
    lines += said(one, f'SELECT "INBOX" (QRESYNC ({validity} {then} 1:6))')
    lines += [re.sub(r"MODSEQ \(\d+\)", "MODSEQ", x) for x in said(one, f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {then} VANISHED)")]
    lines += [re.sub(r"\(MODSEQ \d+\)|\d+$", "MODSEQ", x) for x in said(one, f"SEARCH MODSEQ {then + 1}")]
    lines += [re.sub(r"MODSEQ \(\d+\)", "MODSEQ", x) for x in said(one, rf"UID STORE 1,3 (UNCHANGEDSINCE {then}) +FLAGS (\Answered)")]
    lines += said(one, "UID FETCH 1:* (BODY.PEEK[])")
    lines += said(two, "NOOP") + said(two, "FETCH 1:* (UID FLAGS RFC822.SIZE)")
    for client in (one, two):
        client.close()
    return [re.sub(r"HIGHESTMODSEQ \d+|MODSEQ \(\d+\)", "MODSEQ", x) for x in lines]


def notified(client, wanted, patience=10):
    """Lines that come by themselves, until all wanted words were in them."""
    lines, left = [], set(wanted)
    client.connection.socket.settimeout(patience)
    while left:
        line = client.line()
        lines.append(plain(line.text + "".join(f" <{len(x)}>" for x in line.literals)))
        left -= {x for x in left if x in lines[-1]}
    client.connection.socket.settimeout(25)
    time.sleep(1.1)  # stock Dovecot too passes over what comes right behind another change
    return sorted(lines)


def notify(world):
    """NOTIFY and IDLE tell of what others do."""
    lines = []
    watcher, other = world.imap(), world.imap()
    said(watcher, 'SELECT "INBOX"')
    lines += said(watcher, "NOTIFY SET STATUS (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange)) "
                  "(personal (MessageNew MessageExpunge FlagChange MailboxName))")
    other.ask('APPEND "Folder" () "11-Feb-2015 10:20:30 +0000"', MAILS[0])
    lines += notified(watcher, ["STATUS Folder"])
    other.ask('APPEND "INBOX" () "12-Feb-2015 10:20:30 +0000"', MAILS[4])
    lines += notified(watcher, ["HEADER.FIELDS"])
    said(other, 'SELECT "INBOX"')
    said(other, r"UID STORE 2 +FLAGS (\Deleted)")
    lines += notified(watcher, [r"\Deleted"])
    said(other, "UID EXPUNGE 2")
    lines += notified(watcher, ["EXPUNGE"])
    said(other, 'CREATE "New"')
    lines += notified(watcher, ["LIST"])
    lines += said(watcher, "NOTIFY NONE") + said(watcher, "FETCH 1:* (UID FLAGS RFC822.SIZE)")
    watcher.close()
    watcher = world.imap()
    said(watcher, 'SELECT "INBOX"')
    watcher.connection.write(b"i IDLE\r\n")
    lines.append(watcher.line().text)
    time.sleep(1.1)
    said(other, r"UID STORE 3 +FLAGS (\Flagged)")
    lines += notified(watcher, [r"\Flagged"])
    other.ask('APPEND "INBOX" () "13-Feb-2015 10:20:30 +0000"', MAILS[5])
    lines += notified(watcher, ["EXISTS"])
    watcher.connection.write(b"DONE\r\n")
    notified(watcher, ["i OK"])
    for client in (watcher, other):
        client.close()
    return [x for x in lines if "RECENT" not in x]


def keywords(world):
    """More keywords in a folder than letters for file names."""
    lines = []
    client = world.imap()
    said(client, 'SELECT "INBOX"')
    for i in range(30):
        lines += said(client, f"STORE {1 + i % 6} +FLAGS (word{i})")[-1:]
    lines += said(client, "FETCH 1:* (FLAGS)")
    client.close()
    world.stop()
    world.start()
    client = world.imap()
    said(client, 'SELECT "INBOX"')
    lines += said(client, "FETCH 1:* (FLAGS)") + said(client, r"STORE 1:* +FLAGS (\Answered)") + said(client, r"STORE 1:* -FLAGS (word29)")
    lines += said(client, "COPY 1:* Folder") + said(client, "FETCH 1:* (FLAGS BODY.PEEK[TEXT])")
    said(client, 'SELECT "Folder"')
    lines += said(client, "FETCH 1:* (FLAGS)")
    client.close()
    return lines


def pieces(world):
    """CATENATE and URLAUTH: mails made of parts of others, and their parts for whoever has the address."""
    client = world.imap()
    lines = said(client, "CAPABILITY")
    said(client, 'SELECT "INBOX"')
    validity = re.search(r"UIDVALIDITY (\d+)", " ".join(x.text for x in client.ask('SELECT "INBOX"')[0])).group(1)
    text = "Subject: pieces\r\n\r\n"
    lines += said(client, rf'APPEND "Folder" (\Seen) "10-Feb-2015 10:20:30 +0000" CATENATE (TEXT {{{len(text)}+}}' + f"\r\n{text} "
                  'URL "/INBOX/;UID=1/;SECTION=2" URL "/INBOX/;UID=2/;SECTION=TEXT" URL "/INBOX/;UID=6")')
    said(client, 'SELECT "Folder"')
    lines += said(client, "FETCH * (RFC822.SIZE BODY.PEEK[])")
    name, domain = ALICE.split("@")
    url = f"imap://{name}%40{domain}@localhost/INBOX;UIDVALIDITY={validity}/;UID=1/;SECTION=2;URLAUTH=user+{name}%40{domain}"
    made = said(client, f'GENURLAUTH "{url}" INTERNAL')
    lines.append(re.sub(r"(?i)internal:[0-9a-f]+", "internal:..", " ".join(made)))
    found = re.search(r'"(imap:[^"]+)"', client.ask(f'GENURLAUTH "{url}" INTERNAL')[0][0].text)
    if found:
        lines += [re.sub(r"(?i)internal:[0-9a-f]+", "internal:..", x) for x in said(client, f'URLFETCH "{found.group(1)}"')]
    lines += said(client, f'RESETKEY "INBOX"')[-1:]
    lines += said(client, 'SETMETADATA "INBOX" (/private/comment "mine")') + said(client, 'GETMETADATA "INBOX" (/private/comment)')
    client.close()
    return lines


def full(world):
    """What goes over the quota is refused, and nothing of it is left."""
    client = world.imap(CAROL)
    lines = said(client, "GETQUOTA \"User quota\"")
    big = MAILS[1] * 5
    for _ in range(3):
        try:
            client.ask('APPEND INBOX () "12-Feb-2015 10:20:30 +0000"', big)
            lines.append("taken")
        except Exception as no:  # noqa: BLE001 -- of several kinds
            lines.append(plain(str(no)).split(": ", 1)[1].split(" ", 1)[1])
    lines += said(client, 'SELECT "INBOX"') + said(client, "UID COPY 1:* INBOX") + said(client, "GETQUOTAROOT INBOX")
    lines += said(client, r"STORE 1:* +FLAGS (\Deleted)") + said(client, "EXPUNGE") + said(client, "GETQUOTAROOT INBOX")
    client.close()
    return lines


def pop3(world):
    """POP3: sizes, ids that stay, heads, whole mails, and mail that goes."""
    def session():
        client = poplib.POP3("127.0.0.1", world.store.dovecot.pop3_port, timeout=30)
        client.user(ALICE)
        client.pass_(USERS[ALICE])
        return client
    client = session()
    lines = [f"{client.stat()}", f"{client.list()}", f"{[x.split()[0] for x in client.uidl()[1]]}"]
    ids = client.uidl()[1]
    count = client.stat()[0]
    for i in range(1, count + 1):
        whole = client.retr(i)
        lines.append(f"{whole[0]} {whole[2]} {hashlib.sha256(b'/'.join(whole[1])).hexdigest()[:8]}")
        lines.append(f"{client.top(i, 3)}")
    lines.append(str(client.dele(2)))
    client.rset()
    lines.append(str(client.stat()))
    client.dele(1)
    client.quit()
    client = session()
    lines += [f"{client.stat()}", f"ids stay: {[x.split()[1] for x in client.uidl()[1]] == [x.split()[1] for x in ids[1:]]}"]
    client.quit()
    time.sleep(0.1)
    return lines
