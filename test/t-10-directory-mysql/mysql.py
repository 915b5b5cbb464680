# test/t-10-directory-mysql/mysql.py -- The backend of these tests: databases, users and settings.
# SPDX-License-Identifier: GPL-3.0-or-later
from stage.directory_steps import Backend

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
        self.stage.write("/etc/posthouse/mysql-lookup.password", "lookups", user="phlookup", mode=0o400)
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
