# test/stage/after_login.py -- The service of Dovecot's that writes down what logins leave.
# SPDX-License-Identifier: GPL-3.0-or-later

SERVICE = """\
service posthouse-after-login {{
  executable = script {tree}/usr/libexec/posthouse/posthouse-after-login --config-dir {folder}
  user = root
  process_limit = 4
  unix_listener posthouse-after-login {{
    mode = 0600
    user = {worker}
  }}
}}
"""


def service(stage, worker="root", folder="/etc/posthouse"):
    """Lines of dovecot.conf: worker = the user of auth workers, folder = settings that may write the directory."""
    return SERVICE.format(tree=stage.tree, worker=worker, folder=folder)
