# test/stage/quota.py -- Dovecot's quota-status on a stage, as policyd asks it, for Dovecot 2.3 and 2.4.
# SPDX-License-Identifier: GPL-3.0-or-later
QUOTA_STATUS = "/run/dovecot/quota-status"
STATUS = """\
service quota-status {
  executable = quota-status -p postfix
  client_limit = 1
  unix_listener quota-status {
    mode = 0600
    user = phpolicy
  }
}
"""
QUOTA_2_3 = """\
mail_plugins = quota
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_status_success = DUNNO
  quota_status_nouser = DUNNO
  quota_status_overquota = "552 5.2.2 Mailbox is full"
}
""" + STATUS
QUOTA_2_4 = """\
mail_plugins {
  quota = yes
}
quota "User quota" {
  driver = count
}
# 2.4 lets 10 MB more in by default, 2.3 a tenth.
quota_storage_grace = 0
quota_status_success = DUNNO
quota_status_nouser = DUNNO
quota_status_overquota = 552 5.2.2 Mailbox is full
quota_status_toolarge = 552 5.2.3 Message is too large
""" + STATUS


def quota_status(stage):
    """Lines of dovecot.conf: quotas that count, and a socket that tells policyd of full mailboxes."""
    return QUOTA_2_3 if stage.run("dovecot", "--version").stdout.startswith("2.3") else QUOTA_2_4
