# test/t-10-directory-mysql/tls.py -- A server on TCP with certificates: checked unless the settings say otherwise.
# SPDX-License-Identifier: GPL-3.0-or-later
from stage import HOST, check, equal, step
from stage.backends import Mysql
from stage.certificates import Authority
from stage.directory_steps import refused
from stage.mariadb import USER, Mariadb


def start(stage, name, pair):
    """A server with this certificate, on a port of its own."""
    options = ["--skip-networking=0", f"--bind-address={HOST}", f"--port={stage.port(name)}"]
    if pair:
        options += [f"--ssl-cert={pair[0]}", f"--ssl-key={pair[1]}"]
    server = Mariadb(stage.scratch / name, stage.log_folder / f"{name}.log", options=options)
    stage.servers.append(server)
    return server.start()


class Encrypted(Mysql):
    """Asked by TCP, as a server elsewhere is."""

    def __init__(self, stage, server, name):
        super().__init__(stage, server, "posthouse")
        secret = open("/etc/posthouse/mysql.password", encoding="utf-8").read().strip().replace("'", "''")
        server.sql(f"CREATE OR REPLACE USER posthouse@'{HOST}' IDENTIFIED BY '{secret}' REQUIRE SSL;"
                   f"GRANT ALL ON posthouse.* TO posthouse@'{HOST}'")
        self.settings = {**self.settings, "mysql_host": HOST, "mysql_port": stage.port(name)}


def servers(stage):
    """Certificates that fit and that do not."""
    known, other = Authority(stage, "known"), Authority(stage, "other")
    server = start(stage, "mariadb-tls", known.sign("server", f"IP:{HOST}", USER))
    backend = Encrypted(stage, server, "mariadb-tls")
    backend.configure(mysql_tls="yes", mysql_tls_ca=known.file)
    stage.posthouse("domain", "add", "tls.example")
    equal(len(stage.posthouse("domain", "list", "--json")), 1, "TLS: a server whose certificate is known and fits is asked")
    backend.configure(mysql_tls="no")
    refused(stage, 1, "Access denied", "domain", "list")
    step("TLS: the server takes nobody without it, so it was TLS")
    backend.configure(mysql_tls="yes", mysql_tls_ca=other.file)
    told = refused(stage, 75, "", "domain", "list").stderr
    check("certificate" in told.lower(), f"TLS: one that somebody else has signed is not: {told.splitlines()[0]}")
    backend.configure(mysql_tls="yes")
    refused(stage, 75, "", "domain", "list")
    step("TLS: nor by the authorities of the system")
    backend.configure(mysql_tls="unchecked")
    equal(len(stage.posthouse("domain", "list", "--json")), 1, "TLS: mysql_tls = unchecked takes any")
    backend.configure(mysql_tls="yes", mysql_tls_ca="/nonexistent.pem")
    refused(stage, 75, "mysql_tls_ca", "domain", "list")
    step("TLS: a missing file of authorities is named")
    server.stop()
    server = start(stage, "mariadb-name", known.sign("elsewhere", "DNS:db.elsewhere.example", USER))
    Encrypted(stage, server, "mariadb-name").configure(mysql_tls="yes", mysql_tls_ca=known.file)
    told = refused(stage, 75, "", "domain", "list").stderr
    step(f"TLS: a known certificate for another name is refused: {told.splitlines()[0]}")
    server.stop()
