#!/usr/bin/env python3
# test/t-07-web/run.py -- The webmail behind real nginx and real Dovecot: logins, JMAP, CSRF, hostile FastCGI, restart.
# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import json
import pathlib
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stage import Stage, check, equal, step, wait_for
from stage.house import DOVECOT
from stage.nginx import from_example

USERS = {"alice@posthouse.test": "secret-a", "bob@posthouse.test": "secret-b", "carol@posthouse.test": "secret-c"}
IDLE = 2000
CORE, MAIL = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"
SETTINGS = {"user_failures": 3, "net_failures": 1000, "max_request": "64k", "receive_timeout": "3s"}

# Dovecot answers slower and slower after failures; the test makes many.
NO_PENALTY = "auth_failure_delay = 0\nservice anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n"


class Web:
    """A browser's view: one cookie, our page's headers unless told otherwise."""

    def __init__(self, nginx, origin):
        self.nginx = nginx
        self.origin = origin
        self.cookie = None

    def ask(self, path, data=None, kind="application/json", **changed):
        headers = {"X-Requested-With": "test"}
        if self.cookie:
            headers["Cookie"] = "__Host-sid=" + self.cookie
        if data is not None:
            headers |= {"Content-Type": kind, "Origin": self.origin}
        for name, value in changed.items():
            headers[name.replace("_", "-")] = value
        headers = {k: v for k, v in headers.items() if v is not None}
        body = data if data is None or isinstance(data, (str, bytes)) else json.dumps(data)
        status, answered, raw = self.nginx.request(path, method="GET" if data is None else "POST", body=body,
                                                   headers=headers)
        return status, answered, raw

    def login(self, user, password, **changed):
        status, headers, raw = self.ask("/api/login", {"username": user, "password": password}, **changed)
        if status == 200:
            self.cookie = headers["Set-Cookie"].split(";")[0].removeprefix("__Host-sid=")
        return status, headers, json.loads(raw)

    def jmap(self, *calls, **changed):
        status, _, raw = self.ask("/jmap/api", {"using": [CORE, MAIL], "methodCalls": calls}, **changed)
        return status, json.loads(raw)


def record(kind, content=b"", number=1, length=None):
    padding = -len(content) % 8
    return (struct.pack(">BBHHBB", 1, kind, number, len(content) if length is None else length, padding, 0)
            + content + bytes(padding))


def pair(name, value):
    return struct.pack(">II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


BEGIN = record(1, b"\0\1\1\0\0\0\0\0")
SESSION_PARAMS = pair(b"REQUEST_METHOD", b"GET") + pair(b"REQUEST_URI", b"/api/session")
SESSION_REQUEST = BEGIN + record(4, SESSION_PARAMS) + record(4) + record(5)


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(path))  # before the timeout: it waits for room in the backlog
    client.settimeout(10)
    return client


def read_until(client, wanted):
    """What comes until `wanted` is in it or the end."""
    seen = b""
    while wanted not in seen:
        more = client.recv(65536)
        if not more:
            break
        seen += more
    return seen


def logins(web):
    status, headers, raw = web.ask("/api/session")
    equal(status, 401, "nobody is logged in at first")
    equal((headers["X-Content-Type-Options"], headers["Cache-Control"], headers["Content-Type"]),
          ("nosniff", "no-store", "application/problem+json"), "the answer carries the security headers")
    right = ("alice@posthouse.test", USERS["alice@posthouse.test"])
    equal(web.login(*right, X_Requested_With=None)[0], 403, "a login without X-Requested-With is refused")
    equal(web.login(*right, Origin="https://evil.example.org")[0], 403, "a login from another origin is refused")
    equal(web.login(*right, Origin=None)[0], 403, "a login without an origin is refused")
    equal(web.login(*right, kind="text/plain")[0], 415, "a login that a plain form could send is refused")
    equal(web.ask("/api/login")[0], 405, "a login is no GET")
    equal(web.ask("/api/login", "{")[0], 400, "a login that is no JSON is refused")
    status, _, body = web.login(right[0], "wrong")
    equal((status, body["detail"]), (401, "User name or password is wrong."), "a wrong password is told plainly")
    equal(web.login("nobody@posthouse.test", "x")[2]["detail"], body["detail"], "an unknown user is told the same")
    status, headers, body = web.login(*right)
    equal((status, body["username"]), (200, right[0]), "the right password logs in")
    equal(headers["Set-Cookie"].split("; ", 1)[1], "Path=/; Secure; HttpOnly; SameSite=Strict",
          "the cookie cannot be read by scripts or sent from elsewhere")
    equal(len(web.cookie), 43, "the token has 256 bits")
    equal(web.ask("/api/session")[0], 200, "the session is known")
    return body["accountId"]


def jmap(web, account):
    status, _, raw = web.ask("/jmap/session")
    session = json.loads(raw)
    equal((status, session["apiUrl"]), (200, web.origin + "/jmap/api"), "the Session object has absolute addresses")
    equal(session["primaryAccounts"][MAIL], account, "it names the account")
    status, body = web.jmap(["Core/echo", {"list": [{"id": "x"}, {"id": "y"}]}, "0"],
                            ["Core/echo", {"#ids": {"resultOf": "0", "name": "Core/echo", "path": "/list/*/id"}}, "1"],
                            ["No/such", {}, "2"])
    equal(body["methodResponses"][1:], [["Core/echo", {"ids": ["x", "y"]}, "1"],
                                        ["error", {"type": "unknownMethod"}, "2"]],
          "calls run in order, with back references")
    equal(body["sessionState"], session["state"], "the response names the session's state")
    equal(web.jmap(Origin="https://evil.example.org")[0], 403, "a call from another origin is refused")
    equal(web.jmap(X_Requested_With=None)[0], 403, "a call without X-Requested-With is refused")
    equal(json.loads(web.ask("/jmap/api", "nonsense")[2])["type"], "urn:ietf:params:jmap:error:notJSON",
          "what is no JSON is told by its JMAP type")
    status, _, raw = web.ask("/jmap/api", "[" + " " * 70000 + "]")
    equal((status, json.loads(raw)["limit"]), (413, "maxSizeRequest"), "a body over the limit is refused")
    equal(web.ask("/view/none")[0], 404, "an unknown blob has no view")
    equal(web.ask("/jmap/download/other/none/x")[0], 403, "another account's blobs are refused")


def basic(web):
    bare = Web(web.nginx, web.origin)
    status, headers, _ = bare.ask("/.well-known/jmap", X_Requested_With=None)
    equal((status, headers["WWW-Authenticate"].split()[0]), (401, "Basic"), "a JMAP client is asked for a password")
    equal(bare.ask("/.well-known/jmap")[1]["WWW-Authenticate"], None, "the page never opens the browser's box")
    given = "Basic " + base64.b64encode(b"bob@posthouse.test:secret-b").decode()
    status, _, raw = bare.ask("/jmap/session", Authorization=given)
    equal((status, json.loads(raw)["username"]), (200, "bob@posthouse.test"), "HTTP Basic works for JMAP clients")
    equal(bare.jmap(["Core/echo", {}, "0"], Authorization=given, X_Requested_With=None, Origin=None)[0], 200,
          "they need no header of our page")
    equal(bare.ask("/api/session", Authorization=given)[0], 401, "and do not log in to the page")


def mail(dovecot, web, account):
    """A real mail, from Dovecot's hands to the safe view."""
    box = dovecot.imap("alice@posthouse.test", "secret-a")
    message = (b"From: Bob <bob@posthouse.test>\r\nTo: alice@posthouse.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
               b"Date: Sun, 22 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@posthouse.test>\r\nMIME-Version: 1.0\r\n"
               b"Content-Type: text/html; charset=utf-8\r\n\r\n"
               b"<p onclick='x()'>Hello <script>alert(1)</script><b>there</b></p>\r\n")
    equal(box.append("INBOX", None, None, message)[0], "OK", "Dovecot stores a mail")
    box.logout()
    _, body = web.jmap(
        ["Mailbox/get", {"accountId": account}, "m"],
        ["Email/query", {"accountId": account, "sort": [{"property": "receivedAt", "isAscending": False}]}, "q"],
        ["Email/get", {"accountId": account, "properties": ["id", "blobId", "subject", "from", "preview"],
                       "#ids": {"resultOf": "q", "name": "Email/query", "path": "/ids"}}, "g"])
    boxes, query, got = (x[1] for x in body["methodResponses"])
    check(any(x["role"] == "inbox" and x["totalEmails"] == 1 for x in boxes["list"]), "Mailbox/get counts it")
    equal([x["subject"] for x in got["list"]], ["Grüße"], "Email/query and Email/get find it")
    equal(len(query["ids"]), 1, "it has one id")
    blob = got["list"][0]["blobId"]
    status, headers, raw = web.ask(f"/jmap/download/{account}/{blob}/a%20mail.eml?type=message/rfc822")
    equal((status, raw.replace(b"\r\n", b"\n")), (200, message.replace(b"\r\n", b"\n")), "the download is the mail")
    equal((headers["Content-Type"], headers["Content-Disposition"].split(";")[0]), ("message/rfc822", "attachment"),
          "as a file of the type asked for")
    status, headers, raw = web.ask(f"/view/{blob}")
    check(status == 200 and b"there" in raw and b"script" not in raw and b"onclick" not in raw,
          "the view shows its text and no script")
    equal(headers["Content-Security-Policy"],
          "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
          "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox", "under its own policy")
    equal(headers["X-Frame-Options"], "SAMEORIGIN", "and in a frame of our page only")


def hostile(stage, daemon, web):
    path = stage.socket("webmail")
    with connect(path) as client:
        client.sendall(BEGIN + record(4, SESSION_PARAMS, length=len(SESSION_PARAMS) + 37) + record(4) + record(5) * 8)
        equal(read_until(client, b"nothing"), b"", "a record that lies about its length closes its connection")
    with connect(path) as client:
        client.sendall(BEGIN + record(4, pair(b"N", b"v" * 8000)) * 9)
        check(b"431" in read_until(client, b"\r\n\r\n"), "parameters without an end are refused")
    with connect(path) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
        equal(read_until(client, b"nothing"), b"", "what is no FastCGI is closed")
    with connect(path) as client:
        client.sendall(SESSION_REQUEST[:40])
        began = time.monotonic()
        equal(read_until(client, b"nothing"), b"", "a request that never ends is closed")
        check(2 < time.monotonic() - began < 8, "at its deadline")
    check(daemon.log.find("webmail.fastcgi.closed"), "the log says why")
    equal(web.ask("/api/session")[0], 200, "others are served as before")


def idle(stage, daemon, web):
    path = stage.socket("webmail")
    before = daemon.memory_kb()
    clients = [connect(path) for _ in range(IDLE)]
    for client in clients[::20]:  # some have asked once and are kept, some have begun
        client.sendall(SESSION_REQUEST)
        check_quietly(b"401" in read_until(client, b"\r\n\r\n"))
    times = []
    for _ in range(50):
        began = time.monotonic()
        check_quietly(web.ask("/api/session")[0] == 200)
        times.append(time.monotonic() - began)
    grown = daemon.memory_kb() - before
    step(f"{IDLE} idle connections: {grown / IDLE:.1f} kB each, a request through nginx {sorted(times)[25] * 1000:.1f} ms")
    check(grown < 4 * IDLE, "an idle connection costs less than 4 kB")
    for client in clients:
        client.close()


def check_quietly(condition):
    if not condition:
        check(condition, "the answer is as expected")


def limits(web):
    other = Web(web.nginx, web.origin)
    for _ in range(3):
        equal(other.login("carol@posthouse.test", "guess")[0], 401, "a guess is refused")
    status, headers, _ = other.login("carol@posthouse.test", USERS["carol@posthouse.test"])
    equal(status, 429, "after three, even the right password has to wait")
    check(int(headers["Retry-After"]) > 60, "for a time that is told")


def control(stage, **request):
    with connect("/run/posthouse/webmail/control") as client:
        client.sendall(json.dumps(request).encode() + b"\n")
        lines = read_until(client, b'"ok":true').decode().splitlines()
        return [json.loads(x) for x in lines if x]


def endings(stage, daemon, web):
    rows = control(stage, verb="session_list", user="alice@posthouse.test")
    equal(rows[0]["row"]["client"], "127.0.0.1", "the control socket lists sessions")
    state = pathlib.Path("/var/lib/posthouse/webmail/sessions")
    daemon.restart()
    equal(web.ask("/api/session")[0], 200, "a session survives a clean restart")
    check(not state.exists(), "its file is gone at once")
    stage.configure("webmail", stage_settings(stage) | {"public_origin": "http://mail.example.org"})
    mark = daemon.log.mark()
    daemon.reload()
    daemon.log.wait("daemon.reload.failed", since=mark)
    equal(web.jmap(["Core/echo", {}, "0"])[0], 200, "wrong settings leave the old ones in force")
    stage.configure("webmail", stage_settings(stage))
    equal(daemon.stop(), 0, "SIGTERM ends it")
    text = state.read_text(encoding="ascii")
    check(web.cookie not in text and state.stat().st_mode & 0o777 == 0o600, "kept sessions hold no token")
    daemon.start()
    daemon.kill()
    daemon.start()
    equal(web.ask("/api/session")[0], 401, "after a crash one logs in again")
    equal(web.login("alice@posthouse.test", "secret-a")[0], 200, "and can")
    control(stage, verb="session_end", user="alice@posthouse.test")
    equal(web.ask("/api/session")[0], 401, "an administrator ends sessions")
    web.login("alice@posthouse.test", "secret-a")
    cookie = web.cookie
    status, headers, _ = web.ask("/api/logout", {})
    check(status == 204 and "Max-Age=0" in headers["Set-Cookie"], "logout takes the cookie away")
    web.cookie = cookie
    equal(web.ask("/api/session")[0], 401, "and ends the session")


def auth_down(stage, dovecot, web):
    dovecot.stop()
    wait_for(lambda: web.login("bob@posthouse.test", "secret-b")[0] == 503, 15, "a 503", every=1.5)
    step("without Dovecot a login is told to come later")
    equal(web.ask("/api/session")[0], 200, "sessions go on")
    dovecot.start()
    wait_for(lambda: Web(web.nginx, web.origin).login("bob@posthouse.test", "secret-b")[0] == 200, 10, "a login")
    step("logins work again when it is back")


def stage_settings(stage):
    return {"public_origin": f"http://mail.posthouse.localhost:{stage.port('web')}", "mail_root": stage.mail_root,
            "log_to": "stderr", **SETTINGS}


def main():
    with Stage() as stage:
        dovecot = stage.start_dovecot(DOVECOT + NO_PENALTY, users=USERS)
        daemon = stage.start_webmail(stage_settings(stage))
        page = stage.folder("page")
        stage.write("page/index.html", "<!doctype html><title>page</title>")
        server, http = from_example(stage, page)
        nginx = stage.start_nginx(server, http=http)
        web = Web(nginx, stage_settings(stage)["public_origin"])
        status, headers, _ = web.ask("/")
        check(status == 200 and "script-src 'self'" in headers["Content-Security-Policy"], "nginx serves the page")
        account = logins(web)
        jmap(web, account)
        basic(web)
        mail(dovecot, web, account)
        hostile(stage, daemon, web)
        idle(stage, daemon, web)
        limits(web)
        auth_down(stage, dovecot, web)
        endings(stage, daemon, web)
        equal(daemon.log.held(), [], "no callback held the loop")
        equal(daemon.stop(), 0, "it ends cleanly")


main()
