# test/stage/postfix.py -- A private Postfix of one stage: main.cf and master.cf in /etc/postfix of the stage.
# SPDX-License-Identifier: GPL-3.0-or-later


from .clients import smtp_send, tcp_ready
from .process import Log, children, wait_gone
from .report import Failed, wait_for

MASTER = """\
postlog unix-dgram n - n - 1 postlogd
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd -o syslog_name=postfix/submission {submission_options}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""
SUBMISSION = ("-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject "
              "-o smtpd_recipient_restrictions= -o smtpd_end_of_data_restrictions=")


class Postfix:
    """Started by Stage.start_postfix.

    main overrides main.cf settings; a value of None leaves a setting out. master is added to master.cf.
    submission: options of the submission service. port is SMTP, submission_port the other.
    The client 127.0.0.1 is nobody special (mynetworks is empty) but may use XCLIENT.
    """

    def __init__(self, stage, main, master="", submission=SUBMISSION, config="/etc/postfix"):
        self.stage = stage
        self.config = config
        self.port = stage.port("smtp")
        self.submission_port = stage.port("submission")
        self.main = {**self.defaults(), **main}
        self.master = MASTER.format(smtp=self.port, submission=self.submission_port,
                                    submission_options=submission) + master
        self.log = Log(stage.log_folder / "mail.log")
        self.master_pid = None

    def defaults(self):
        """The settings every private Postfix starts from."""
        return {
            "compatibility_level": "3.6", "myhostname": "mx1.posthouse.test", "mydomain": "posthouse.test",
            "mydestination": "", "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4", "mynetworks": "",
            "smtpd_authorized_xclient_hosts": "127.0.0.0/8", "queue_directory": self.stage.queue,
            "data_directory": self.stage.folder("postfix-data", "postfix", mode=0o700),
            "maillog_file": self.stage.log_folder / "mail.log", "maillog_file_prefixes": self.stage.log_folder,
            "alias_maps": "", "alias_database": "", "fast_flush_domains": "", "biff": "no",
            "smtp_host_lookup": "native", "smtp_dns_support_level": "disabled",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
            "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": "private/auth",
            "milter_default_action": "tempfail", "smtpd_peername_lookup": "no",
            "virtual_transport": "lmtp:unix:private/dovecot-lmtp",
        }

    def write_config(self):
        """main.cf and master.cf as they stand now."""
        text = "".join(f"{k} = {v}\n" for k, v in self.main.items() if v is not None)
        self.stage.write_for_postfix(f"{self.config}/main.cf", text)
        self.stage.write_for_postfix(f"{self.config}/master.cf", self.master)

    def start(self):
        """Start and wait for the SMTP port; returns itself."""
        self.stage.need("postfix")
        self.write_config()
        open(self.log.path, "ab").close()
        self.stage.run("postfix", "-c", self.config, "start")
        wait_for(lambda: tcp_ready(self.port), 15, "Postfix to answer")
        with open(self.stage.queue / "pid/master.pid", encoding="ascii") as file:
            self.master_pid = int(file.read())
        return self

    def set(self, **main):
        """Change main.cf settings and reload; an idle smtpd would serve one more client with the old ones."""
        self.main.update(main)
        self.write_config()
        old = children(self.master_pid, "smtpd")
        self.stage.run("postfix", "-c", self.config, "reload")
        for pid in old:
            wait_gone(pid)

    def stop(self):
        """Stop and wait until the master has gone."""
        if self.master_pid is None:
            return
        self.stage.run("postfix", "-c", self.config, "stop", ok=None)
        wait_gone(self.master_pid)
        self.master_pid = None

    def send(self, sender, recipients, message, **options):
        """One connection, one mail to the SMTP port; returns the reply that ended it."""
        return smtp_send(self.port, sender, recipients, message, **options)

    def complaint(self):
        """The first warning or worse in the log, or None; not what `postfix start` says of files of the host
        that belong to nobody in a user namespace."""
        found = self.log.find(r"^(?!.*postfix-script).*(warning|fatal|error|panic): .*")
        return found and found.group(0)

    def queued(self):
        """How many mails are in the queue."""
        lines = self.stage.run("postqueue", "-c", self.config, "-j").stdout.splitlines()
        return len([x for x in lines if x.strip()])

    def flush(self):
        """Try all queued mail again now."""
        self.stage.run("postqueue", "-c", self.config, "-f")

    def wait_empty(self, timeout=20.0):
        """Wait until all mail has left the queue."""
        try:
            wait_for(lambda: self.queued() == 0, timeout, "the Postfix queue to be empty", every=0.2)
        except Failed as failed:
            listing = self.stage.run("postqueue", "-c", self.config, "-p").stdout
            raise Failed(f"{failed}\n{listing}") from None

    def clear_queue(self):
        """Delete all queued mail."""
        self.stage.run("postsuper", "-c", self.config, "-d", "ALL")


