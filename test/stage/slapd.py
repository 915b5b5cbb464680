# test/stage/slapd.py -- A private OpenLDAP server of one stage, with ExtMan's schema, for directory.conf's driver ldap.
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import subprocess

from .clients import HOST, tcp_ready
from .report import StageError
from .tree import ROOT

SCHEMAS = pathlib.Path("/etc/ldap/schema")
EXTMAN = ROOT / "test/data/extman/extman.schema"
# The manager of the tree writes; auth reads passwords too; lookup reads everything else.
CONF = """\
{includes}
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
{head}
database mdb
suffix "{base}"
rootdn "cn=Manager,{base}"
rootpw {manager}
directory {folder}/data
maxsize 2147483648
dbnosync
index objectClass eq
index virtualDomain eq
index mail,mailLocalAddress eq
limits dn.exact="cn=lookup,{base}" size=unlimited
limits dn.exact="cn=auth,{base}" size=unlimited
access to attrs=userPassword,clearPassword
  by dn.exact="cn=auth,{base}" read
  by anonymous auth
  by * none
access to dn.subtree="ou=app-passwords,ou=posthouse,{base}"
  by dn.exact="cn=auth,{base}" read
  by * none
access to *
  by dn.exact="cn=auth,{base}" read
  by dn.exact="cn=lookup,{base}" read
  by anonymous auth
  by * none
"""
READERS = """\
dn: cn={name},{base}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: {name}
userPassword: {password}
"""


class Slapd:
    """Started by Stage.start_slapd.

    base: the suffix. ldif: entries to begin with (text; the suffix's own among them, or nothing at all).
    schema: a file instead of ours. head: further lines before the database. name: of its folder, port and log.
    tls: it listens by ldaps:// too (tls_uri); head names its certificate.
    """

    MANAGER, AUTH, LOOKUP = "pw-of-manager", "pw-of-auth", "pw-of-lookup"

    def __init__(self, stage, base="dc=posthouse,dc=test", ldif="", schema=EXTMAN, head="", name="slapd", tls=False):
        self.stage = stage
        self.base = base
        self.name = name
        self.port = stage.port(name)
        self.uri = f"ldap://{HOST}:{self.port}"
        self.tls_uri = f"ldaps://{HOST}:{stage.port(name + '-tls')}" if tls else ""
        self.process = None
        stage.need("slapd")
        if not SCHEMAS.is_dir():
            raise StageError(f"{SCHEMAS} is missing: install the package slapd")
        self.folder = stage.folder(name, "openldap", mode=0o700)
        stage.folder(f"{name}/data", "openldap", mode=0o700)
        self.schema = stage.write(f"{name}/extman.schema", pathlib.Path(schema).read_bytes(), "openldap")
        includes = [*(SCHEMAS / f"{x}.schema" for x in ("core", "cosine", "nis")), self.schema]
        self.conf = stage.write(f"{name}/slapd.conf", CONF.format(
            includes="\n".join(f"include {x}" for x in includes), folder=self.folder, base=base,
            manager=self.MANAGER, head=head), "openldap", 0o600)
        self.load(ldif)

    def load(self, ldif):
        """Add entries while it is stopped."""
        if ldif:
            path = self.stage.write(f"{self.name}/load.ldif", ldif, "openldap")
            self.stage.run("slapadd", "-q", "-f", self.conf, "-l", path, user="openldap", timeout=300)

    def start(self):
        """Start and wait for the port; returns itself."""
        self.process = self.stage.start(
            self.name, [self.stage.need("slapd"), "-d", "0", "-f", self.conf, "-h", f"{self.uri} {self.tls_uri}"],
            "openldap",
            lambda: tcp_ready(self.port))
        return self

    def stop(self):
        """Stop it."""
        if self.process:
            self.process.stop()

    def add_readers(self):
        """The names cn=auth and cn=lookup, which the access rules know."""
        self.modify("".join(READERS.format(name=name, base=self.base, password=password) + "\n" for name, password in
                            (("auth", self.AUTH), ("lookup", self.LOOKUP))), "-a")

    def modify(self, ldif, *options):
        """ldapmodify as the manager."""
        return self.stage.run("ldapmodify", "-x", "-H", self.uri, "-D", f"cn=Manager,{self.base}", "-w", self.MANAGER,
                              *options, stdin=ldif)

    def search(self, where, *attributes, scope="base"):
        """The entries found below `where`, as lists of (attribute, value); {} of what is not there."""
        done = self.stage.run("ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", self.uri, "-D",
                              f"cn=Manager,{self.base}", "-w", self.MANAGER, "-b", where, "-s", scope,
                              "(objectClass=*)", *attributes, ok=(0, 32))
        return [[tuple(line.split(": ", 1)) for line in entry.splitlines() if ": " in line]
                for entry in done.stdout.split("\n\n") if entry.strip()]

    def settings(self, name="Manager"):
        """For directory.conf: where it is, bound as the manager, auth or lookup."""
        word = {"Manager": self.MANAGER, "auth": self.AUTH, "lookup": self.LOOKUP}[name]
        group = {"Manager": None, "auth": None, "lookup": "posthouse"}[name]
        path = self.stage.write(f"/etc/posthouse/ldap-{name}.password", word + "\n", mode=0o640)
        if group:
            subprocess.run(["chgrp", group, path], check=True)
        return {"driver": "ldap", "ldap_uri": self.uri, "ldap_base": self.base,
                "ldap_bind_dn": f"cn={name},{self.base}", "ldap_password_file": path}
