"""Keys and certificates as files, made by openssl and gpg."""

import os

from . import process


class Keys:
    """All in one folder; `path` gives the name of a file in it."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def rsa(self, name="rsa"):
        process.check("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path(name))
        process.check("openssl", "pkey", "-in", self.path(name), "-pubout", "-out", self.path(name + ".pub"))
        return self.path(name)

    def ec(self, name="ec", curve="P-256"):
        process.check("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve, "-out", self.path(name))
        process.check("openssl", "pkey", "-in", self.path(name), "-pubout", "-out", self.path(name + ".pub"))
        return self.path(name)

    def certificate(self, name="rsa"):
        self.rsa(name)
        process.check("openssl", "req", "-x509", "-new", "-key", self.path(name), "-subj", "/CN=" + name, "-days", "2",
                      "-out", self.path(name + ".crt"))
        return self.path(name + ".crt")
