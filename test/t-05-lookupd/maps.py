# test/t-05-lookupd/maps.py -- Postfix uses the maps for routes, senders and extensions, on live mail.
# SPDX-License-Identifier: GPL-3.0-or-later
from stage import HOST, Smtp, check, equal, step, wait_for
from stage.store import Store

DOMAIN = "posthouse.test"
ALICE, BOB, FAR = f"alice@{DOMAIN}", f"bob@{DOMAIN}", f"far@{DOMAIN}"
MAIL = "From: a@example.org\r\nSubject: {}\r\n\r\nHello.\r\n"


def postmap(stage, name, key):
    """What Postfix's own tool finds in a map; "" for nothing."""
    done = stage.run("postmap", "-q", key, f"socketmap:unix:{stage.socket('lookupd')}:{name}", ok=(0, 1))
    return done.stdout.strip()


def accounts(stage):
    """A user whose mailbox is on another host, one whose mail host is this host, and a second name of the domain."""
    stage.posthouse("user", "add", FAR, "--mail-host", f"lmtp:inet:{HOST}:{stage.port('store2')}", stdin="pw-of-far\n")
    stage.posthouse("user", "add", f"near@{DOMAIN}", "--mail-host", "store1", stdin="pw-of-near\n")
    stage.posthouse("alias", "add", f"sales@{DOMAIN}", ALICE)
    stage.posthouse("alias", "add", f"field@{DOMAIN}", FAR, ALICE)
    stage.posthouse("domain", "add", "twin.test")
    stage.posthouse("alias", "add", "@twin.test", f"@{DOMAIN}")


def answers(stage):
    """postmap -q on every map."""
    route = f"lmtp:inet:{HOST}:{stage.port('store2')}"
    for name, key, wanted in (
            ("domains", DOMAIN, DOMAIN), ("domains", "elsewhere.test", ""),
            ("mailboxes", BOB, "bob/Maildir/"), ("mailboxes", f"info@{DOMAIN}", ""),
            ("aliases", f"info@{DOMAIN}", f"{ALICE}, {BOB}"), ("aliases", f"info+x@{DOMAIN}", f"alice+x@{DOMAIN}, bob+x@{DOMAIN}"),
            ("aliases", "alice+x@twin.test", f"alice+x@{DOMAIN}"), ("aliases", "@catch.test", ""),
            ("transport", FAR, route), ("transport", f"Far+x@{DOMAIN}", route), ("transport", ALICE, ""),
            ("transport", f"near@{DOMAIN}", ""), ("transport", DOMAIN, ""), ("transport", "*", ""),
            ("senderlogins", f"info@{DOMAIN}", f"{ALICE}, {BOB}"), ("senderlogins", "who@catch.test", BOB),
            ("senderlogins", "a@example.org", ""), ("canonical", f"sales+x@{DOMAIN}", f"alice+x@{DOMAIN}"),
            ("canonical", f"sales@{DOMAIN}", ""), ("canonical", f"info+x@{DOMAIN}", "")):
        found = postmap(stage, name, key)
        check(found == wanted or (wanted == "bob/Maildir/" and found.endswith(wanted)), f"postmap -q {key} {name}: {found!r}")


def delivered(postfix, recipient):
    """The log line of a mail's delivery to that final address."""
    return wait_for(lambda: postfix.log.find(rf"to=<{recipient}>.* status=sent.*"), 20, f"the mail to {recipient}").group(0)


def routes(stage, postfix):
    """Mail for a mailbox elsewhere leaves by LMTP to that host; the rest stays."""
    store = Store(stage.port("store2"))
    equal(postfix.send("a@example.org", f"far+x@{DOMAIN}", MAIL.format("route")).code, 250, "a mail for another host is taken")
    wait_for(lambda: len(store.mails) == 1, 20, "the mail at the other host")
    equal(store.mails[0][0], [f"far+x@{DOMAIN}"], "and goes to that host, extension and all")
    equal(postfix.send("a@example.org", f"field@{DOMAIN}", MAIL.format("both")).code, 250, "a mail to an alias of both is taken")
    wait_for(lambda: len(store.mails) == 2, 20, "the mail at the other host")
    equal(store.mails[1][0], [FAR], "one copy goes there")
    postfix.wait_empty()


def extensions(stage, postfix, dovecot):
    """An extension survives alias and canonical."""
    equal(postfix.send("a@example.org", f"info+news@{DOMAIN}", MAIL.format("extension by alias")).code, 250, "info+news@ is taken")
    for name in ("alice", "bob"):
        line = delivered(postfix, rf"{name}\+news@{DOMAIN}")
        check(f"orig_to=<info+news@{DOMAIN}>" in line, f"and {name}'s copy is for {name}+news")
    equal(postfix.send("a@example.org", f"sales+list@{DOMAIN}", MAIL.format("by canonical")).code, 250, "sales+list@ is taken")
    delivered(postfix, rf"alice\+list@{DOMAIN}")
    step("and goes to alice+list")
    # Without the aliases' own care: only the canonical map is asked.
    maps = f"socketmap:unix:{stage.socket('lookupd')}"
    postfix.set(virtual_alias_maps="", recipient_canonical_maps=f"{maps}:canonical",
                recipient_canonical_classes="envelope_recipient")
    equal(postfix.send("a@example.org", f"sales+only@{DOMAIN}", MAIL.format("canonical alone")).code, 250,
          "with recipient_canonical_maps alone sales+only@ is taken")
    delivered(postfix, rf"alice\+only@{DOMAIN}")
    equal(postfix.send("a@example.org", f"sales@{DOMAIN}", MAIL.format("no alias")).code, 550,
          "and sales@, which only an alias map knows, is not")
    postfix.set(virtual_alias_maps=f"{maps}:aliases")
    equal(postfix.send("a@example.org", f"sales+both@{DOMAIN}", MAIL.format("both maps")).code, 250, "both maps agree")
    delivered(postfix, rf"alice\+both@{DOMAIN}")
    postfix.wait_empty()
    mails = [x for x in dovecot.messages(ALICE, "pw") if x["Subject"] in ("extension by alias", "by canonical", "canonical alone", "both maps")]
    equal(len(mails), 4, "alice has one of each")


def senders(stage, postfix):
    """reject_sender_login_mismatch with the senderlogins map."""
    maps = f"socketmap:unix:{stage.socket('lookupd')}"
    postfix.set(smtpd_sender_login_maps=f"{maps}:senderlogins", smtpd_sender_restrictions="reject_sender_login_mismatch",
                smtpd_sasl_auth_enable="yes")
    with Smtp(postfix.submission_port, user=BOB, password="pw") as client:
        for sender, code, text in (
                (BOB, 250, "a login sends as itself"), (BOB.upper(), 250, "in capitals too"),
                (f"bob+x@{DOMAIN}", 250, "with an extension too"), (f"info@{DOMAIN}", 250, "as an alias that leads to it"),
                (f"all@{DOMAIN}", 250, "over two aliases"), ("bob@twin.test", 250, "in the domain's other name"),
                ("anybody@catch.test", 250, "as what its catch-all takes"), ("", 250, "as nobody"),
                (ALICE, 553, "not as somebody else"), (f"sales@{DOMAIN}", 553, "not as another's alias"),
                (f"nobody@{DOMAIN}", 553, "not as what nobody has"), ("a@example.org", 553, "not as what is not ours")):
            reply = client.rcpt(sender, ALICE)
            equal(reply.code, code, f"{text}: {reply.text[:70]}")
    with Smtp(postfix.port) as client:
        equal(client.rcpt(ALICE, BOB).code, 553, "who has not logged in does not send as us")
        equal(client.rcpt("a@example.org", BOB).code, 250, "but as anybody else")
    stage.configure("lookupd", {**stage.lookupd_settings, "catch_all_senders": "no"})
    stage.lookupd.reload()
    wait_for(lambda: postmap(stage, "senderlogins", "who@catch.test") == "", 10, "the new setting")
    step("catch_all_senders = no takes what the catch-all takes away")
    postfix.set(smtpd_sender_restrictions="", smtpd_sender_login_maps="", smtpd_sasl_auth_enable="no")


def broken(stage, postfix):
    """Mail hosts and aliases that cannot be used: mail waits, and the log says why."""
    chain = [f"c{i}@{DOMAIN}" for i in range(20)]
    for here, there in zip(chain, [ALICE, *chain]):
        stage.posthouse("alias", "add", here, there)
    reply = postfix.send("a@example.org", chain[-1], MAIL.format("too deep"))
    equal(reply.code, 451, f"an alias of 20 aliases makes mail wait: {reply.text[:60]}")
    stage.log("lookupd").wait(r"lookupd\.answer\.refused.*exceed a chain of 16")
    step("and lookupd's log tells why")
