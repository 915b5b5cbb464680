# test/stage/__init__.py -- Private Postfix, Dovecot, nginx and our daemons for integration tests and the demo.
# SPDX-License-Identifier: GPL-3.0-or-later
#
#   #!/usr/bin/env python3
#   # test/t-NN-name/run.py -- What it shows.
#   # SPDX-License-Identifier: GPL-3.0-or-later
#   import pathlib
#   import sys
#   sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
#   from stage import Stage, check, step
#
#   with Stage() as stage:
#       stage.start_policyd({"greylist_delay": "2s"})
#       postfix = stage.start_postfix({"smtpd_recipient_restrictions": "..."})
#       check(postfix.send("a@example.org", "b@posthouse.test", "Subject: x\r\n\r\nx\r\n").code == 450, "deferred")
from .clients import (HOST, PolicyClient, Reply, Smtp, http_request, imap_login, imap_messages, pop_messages,
                      smtp_send, tcp_ready, unix_ready)
from .house import House
from .process import Log, Process
from .report import Failed, StageError, check, equal, skip, step, wait_for
from .stage import Stage

__all__ = ["HOST", "Failed", "House", "Log", "PolicyClient", "Process", "Reply", "Smtp", "Stage", "StageError", "check",
           "equal", "http_request", "imap_login", "imap_messages", "pop_messages", "skip", "smtp_send", "step",
           "tcp_ready", "unix_ready", "wait_for"]
