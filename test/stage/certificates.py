# test/stage/certificates.py -- An authority of the test's own, and what it signs.
# SPDX-License-Identifier: GPL-3.0-or-later
DAYS = "2"


class Authority:
    """ca = Authority(stage, "ca"); ca.file is its certificate, ca.sign("server", "IP:127.0.0.1") makes a pair."""

    def __init__(self, stage, name):
        self.stage = stage
        self.name = name
        self.folder = stage.folder(f"certificates-{name}")
        self.file = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        stage.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", DAYS, "-subj", f"/CN={name}",
                  "-out", self.file, "-keyout", self.key)

    def sign(self, name, alternative, owner="root"):
        """(certificate, key) for such names as IP:127.0.0.1 or DNS:localhost; the key is the owner's."""
        request, pem, key = (self.folder / f"{name}.{x}" for x in ("csr", "pem", "key"))
        extensions = self.stage.write(self.folder / f"{name}.cnf", f"subjectAltName = {alternative}\n")
        common = alternative.partition(":")[2]
        self.stage.run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={common}", "-out", request,
                       "-keyout", key)
        self.stage.run("openssl", "x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key,
                       "-CAcreateserial", "-days", DAYS, "-extfile", extensions, "-out", pem)
        self.stage.run("chown", owner, key)
        return pem, key
