# test/stage/backends.py -- MySQL and LDAP as the directory of a stage: servers' rights, settings, what they hold.
# SPDX-License-Identifier: GPL-3.0-or-later
import base64
import subprocess

from .directory_steps import Backend

SECRET = "db-'secret"
# What lookups read, and nothing else: no password, no manager.
LOOKUP_GRANTS = """\
GRANT SELECT ON {0}.domain TO phlookup@localhost;
GRANT SELECT ON {0}.alias TO phlookup@localhost;
GRANT SELECT (username, name, mailhost, maildir, homedir, quota, domain, createdate, expiredate, active,
  disablepwdchange, disablesmtpd, disablesmtp, disablewebmail, disablenetdisk, disableimap, disablepop3)
  ON {0}.mailbox TO phlookup@localhost;
GRANT SELECT ON {0}.posthouse_version TO phlookup@localhost;
GRANT SELECT ON {0}.posthouse_domain TO phlookup@localhost;
GRANT SELECT ON {0}.posthouse_user TO phlookup@localhost;
GRANT SELECT ON {0}.posthouse_alias TO phlookup@localhost;
GRANT SELECT ON {0}.posthouse_list TO phlookup@localhost;
"""


class Mysql(Backend):
    """A database of that name, made when it is missing, and the user posthouse."""

    empty = "has no tables yet"

    def __init__(self, stage, server, database, charset="utf8mb4"):
        super().__init__(stage)
        self.server = server
        self.database = database
        server.sql(f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET {charset};"
                   f"CREATE OR REPLACE USER posthouse@localhost IDENTIFIED BY '{SECRET.replace(chr(39), chr(39) * 2)}';"
                   f"GRANT ALL ON {database}.* TO posthouse@localhost;")
        stage.write("/etc/posthouse/mysql.password", SECRET + "\n", mode=0o600)
        self.settings = {"driver": "mysql", "mysql_database": database, "busy_timeout": "2s", "mysql_timeout": "3s",
                         "mysql_password_file": "/etc/posthouse/mysql.password"}

    def configure_lookups(self):
        """Another directory.conf for lookupd, whose database user reads no password."""
        self.server.sql(f"CREATE OR REPLACE USER phlookup@localhost IDENTIFIED BY 'lookups';"
                        + LOOKUP_GRANTS.format(self.database))
        path = self.stage.write("/etc/posthouse/mysql-lookup.password", "lookups", mode=0o640)
        subprocess.run(["chgrp", "posthouse", path], check=True)
        return self.configure("/etc/posthouse/directory-lookup.conf", mysql_user="phlookup",
                              mysql_password_file="/etc/posthouse/mysql-lookup.password")

    def query(self, text):
        """Rows of this database."""
        return self.server.sql(text, self.database)

    def stored(self, address):
        return self.query(f"SELECT password FROM mailbox WHERE username = '{address}'")[0][0]

    def secrets(self):
        return [self.query(f"SELECT * FROM {table}") for table in ("posthouse_app_password", "posthouse_audit")]

    def snapshot(self):
        return [self.query(f"SELECT * FROM {table} ORDER BY 1, 2")
                for table in ("domain", "mailbox", "alias", "manager", "domain_manager", "posthouse_user")]


class Ldap(Backend):
    """The tree of a private slapd; the command binds as its manager."""

    empty = "no entry o=extmailAccount"

    def __init__(self, stage, slapd):
        super().__init__(stage)
        self.slapd = slapd
        self.has_readers = False
        self.common = {"group": "posthouse", "busy_timeout": "2s", "ldap_timeout": "2s", "ldap_connect_timeout": "500ms"}
        self.settings = {**slapd.settings("Manager"), **self.common}

    def configure_lookups(self):
        """Another directory.conf for lookupd and policyd, whose name reads no password; once the tree is there."""
        if not self.has_readers:
            self.slapd.add_readers()
            self.has_readers = True
        return self.configure("/etc/posthouse/directory-lookup.conf", **self.slapd.settings("lookup"))

    def stored(self, address):
        name = f"mail={address},virtualDomain={address.split('@')[1]},o=extmailAccount,{self.slapd.base}"
        value = dict(self.slapd.search(name, "userPassword")[0])["userPassword:"]
        return base64.b64decode(value).decode()

    def snapshot(self):
        return self.slapd.search(self.slapd.base, scope="sub")

    def secrets(self):
        held = self.slapd.search(f"ou=app-passwords,ou=posthouse,{self.slapd.base}", scope="sub")
        with open("/var/lib/posthouse/directory/passwords.db", "rb") as trail:
            return [held, trail.read()]
