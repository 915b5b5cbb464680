# test/stage/clients.py -- Small clients for what a mail server speaks: SMTP, IMAP, POP3, HTTP, policy.
# SPDX-License-Identifier: GPL-3.0-or-later
import email
import email.policy
import http.client
import imaplib
import poplib
import smtplib
import socket

HOST = "127.0.0.1"


class Reply:
    """One SMTP reply: code, enhanced status and text."""

    def __init__(self, code, text, where):
        self.code = code
        self.text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        self.where = where  # the command it answers: CONNECT, EHLO, MAIL, RCPT, DATA, END

    def __repr__(self):
        return f"{self.where} -> {self.code} {self.text}"

    @property
    def ok(self):
        """Accepted."""
        return 200 <= self.code < 400


class Smtp:
    """An SMTP client that waits for each answer (never pipelines) and keeps the session open."""

    def __init__(self, port, helo="client.example.org", source=None, user=None, password=None, xclient=None,
                 timeout=30):
        self.smtp = smtplib.SMTP(timeout=timeout, source_address=(source, 0) if source else None)
        code, text = self.smtp.connect(HOST, port)
        self.greeting = Reply(code, text, "CONNECT")
        self.helo = helo
        self.smtp.ehlo(helo)
        if xclient:
            self.command("XCLIENT " + " ".join(f"{k}={v}" for k, v in xclient.items()))
            self.smtp.ehlo(helo)
        if user:
            self.smtp.login(user, password, initial_response_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """QUIT, whatever the state."""
        try:
            self.smtp.quit()
        except (smtplib.SMTPException, OSError):
            self.smtp.close()

    def command(self, line):
        """Send one line and return its reply."""
        code, text = self.smtp.docmd(line)
        return Reply(code, text, line.split()[0].upper())

    def rcpt(self, sender, recipient):
        """MAIL and RCPT, then RSET: what would be said to this recipient."""
        reply = self.command(f"MAIL FROM:<{sender}>")
        if reply.ok:
            reply = self.command(f"RCPT TO:<{recipient}>")
        self.command("RSET")
        return reply

    def send(self, sender, recipients, message, mail_options=""):
        """A whole mail; returns the reply that ended it: the first refusal, or the answer to the end of data."""
        if isinstance(recipients, str):
            recipients = [recipients]
        reply = self.command(f"MAIL FROM:<{sender}>{' ' + mail_options if mail_options else ''}")
        for recipient in recipients:
            if reply.ok:
                reply = self.command(f"RCPT TO:<{recipient}>")
        if not reply.ok:
            self.command("RSET")
            return reply
        data = message.as_bytes(policy=email.policy.SMTP) if hasattr(message, "as_bytes") else message
        if isinstance(data, str):
            data = data.encode()
        try:
            return Reply(*self.smtp.data(data), "END")
        except smtplib.SMTPDataError as error:
            return Reply(error.smtp_code, error.smtp_error, "DATA")


def smtp_send(port, sender, recipients, message, **options):
    """One connection, one mail; returns the reply that ended it."""
    with Smtp(port, **options) as client:
        return client.send(sender, recipients, message)


def imap_login(port, user, password):
    """A logged-in imaplib client; raises imaplib.IMAP4.error when refused."""
    client = imaplib.IMAP4(HOST, port, timeout=30)
    client.login(user, password)
    return client


def imap_messages(port, user, password, folder="INBOX"):
    """All messages of a folder as email.message objects, in order."""
    client = imap_login(port, user, password)
    try:
        client.select(f'"{folder}"', readonly=True)
        _, answer = client.fetch("1:*", "(BODY.PEEK[])")
        parts = [x[1] for x in answer if isinstance(x, tuple)]
        return [email.message_from_bytes(x, policy=email.policy.default) for x in parts]
    finally:
        client.logout()


def pop_messages(port, user, password):
    """All messages as email.message objects."""
    client = poplib.POP3(HOST, port, timeout=30)
    try:
        client.user(user)
        client.pass_(password)
        count = client.stat()[0]
        texts = [b"\r\n".join(client.retr(i + 1)[1]) for i in range(count)]
        return [email.message_from_bytes(x, policy=email.policy.default) for x in texts]
    finally:
        client.quit()


def http_request(port, path="/", method="GET", body=None, headers=None, host="mail.posthouse.localhost"):
    """One request to the private web server; returns (status, headers, body)."""
    client = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        client.request(method, path, body, {"Host": f"{host}:{port}", **(headers or {})})
        answer = client.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        client.close()


class PolicyClient:
    """Postfix's policy protocol on a unix or TCP socket, as smtpd(8) speaks it."""

    def __init__(self, where, timeout=30):
        if isinstance(where, int):
            self.socket = socket.create_connection((HOST, where), timeout)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            # With a timeout a full queue of connections would be EAGAIN at once, not a wait.
            self.socket.connect(where)
            self.socket.settimeout(timeout)
        self.buffer = b""

    def close(self):
        """Hang up."""
        self.socket.close()

    def ask(self, **attributes):
        """Send one request and return the action."""
        wanted = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP",
                  "client_address": "192.0.2.1", "client_name": "unknown", "helo_name": "client.example.org",
                  **attributes}
        self.socket.sendall("".join(f"{k}={v}\n" for k, v in wanted.items()).encode() + b"\n")
        return self.read()

    def read(self):
        """The next answer's action; EOFError when the server hung up."""
        while b"\n\n" not in self.buffer:
            piece = self.socket.recv(4096)
            if not piece:
                raise EOFError("the policy server closed the connection")
            self.buffer += piece
        answer, self.buffer = self.buffer.split(b"\n\n", 1)
        return answer.decode().removeprefix("action=")


def unix_ready(path):
    """True when something accepts connections on the unix socket."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(2)
        sock.connect(path)
        return True


def tcp_ready(port):
    """True when something accepts connections on the loopback port."""
    with socket.create_connection((HOST, port), 2):
        return True
