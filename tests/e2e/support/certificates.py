"""A private certificate authority, made with openssl."""

import os

from .process import check


class Authority:
    def __init__(self, folder, name="Test CA"):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.key, self.certificate = self._file("ca.key"), self._file("ca.crt")
        check("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
              "-days", "2", "-subj", "/CN=" + name, "-keyout", self.key, "-out", self.certificate)

    def _file(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, alternative_names="IP:127.0.0.1,DNS:localhost", algorithm="ec"):
        """(certificate, key), for a server or a client."""
        key, request, certificate = (self._file(name + end) for end in (".key", ".csr", ".crt"))
        kind = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] if algorithm == "ec" else ["rsa:2048"]
        check("openssl", "req", "-newkey", *kind, "-nodes", "-subj", "/CN=" + name, "-keyout", key, "-out", request)
        extensions = self._file(name + ".ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write("subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n" % alternative_names)
        check("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
              "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate)
        return certificate, key

    def cert_dir(self, folder, client=None):
        """A folder as --cert-dir takes it, with ca.crt and, for a client, its certificate and key."""
        os.makedirs(folder)
        pairs = [(self.certificate, "ca.crt")]
        if client:
            pairs += [(client[0], "client.cert"), (client[1], "client.key")]
        for path, name in pairs:
            os.symlink(path, os.path.join(folder, name))
        return folder
