"""Keys that sign, policies that demand signatures, and places for them."""

import json
import os
import shutil
import tempfile

from .process import check, run

# Made by skopeo 1.22 generate-sigstore-key; the passphrase is "secret". For tests alone.
SIGSTORE_KEY = """\
-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiJMMTRrUlZaTzk1SUhFeTlEWGlPSXNQbXV3L01WdWhY
Z25jRzlxT1ZUOFY0PSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJ4eFY2NFFlRkNDdGRJRWY3RkpVU0hxZ1dENVRjMzExMiJ9LCJj
aXBoZXJ0ZXh0IjoiU240Mm1aOTY1NU42OE9FMFFHb0RJeVBZcVE1NnRid0piclF6
Y3hIajcvcnY2M2ZCQ3VTaWorTmI0MGVEZ3NSVU5uZDFmdkgvSHBnYUd5RlJ6NlEw
aDMzMzNpNklJWkJwMjVwMFo1czVqditPcVdVb0daTVYwQzRQVmxiRFFvc1c5UmFt
MUw2b3VUZ3VneUplazhuWHY2UnE4K1lLdmJRcVVQRUFaTCtpN2dvQTljZFZFa0dl
TzY3YkhDemcwVW5NSnNxOW52dGNtanZCeUE9PSJ9
-----END ENCRYPTED COSIGN PRIVATE KEY-----
"""
SIGSTORE_PUBLIC_KEY = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEy9iRo1LnZ23X3zrSKuE21EWJZDAx
BRWQoLIJ29ECmd3z11B2T47NsVzsqfMSRoTOcVFhp+GzpC/WZBJvg5xqIA==
-----END PUBLIC KEY-----
"""
SIGSTORE_PASSPHRASE = "secret"


class KeyRing:
    """A home folder of GnuPG. Its agent ends with close()."""

    def __init__(self, folder):
        os.makedirs(folder, mode=0o700)
        with open(os.path.join(folder, "gpg-agent.conf"), "w", encoding="ascii") as file:
            file.write("s2k-count 65536\n")  # else it measures the machine first
        self.folder = folder
        self.environment = dict(os.environ, GNUPGHOME=folder)

    def gpg(self, *arguments):
        return check("gpg", "--batch", "--homedir", self.folder, *arguments)

    def make(self, name, passphrase="", expires="never", subkey=False, *more):
        """The fingerprint of a new key that signs; with a newer subkey that does so, too."""
        options = ["--pinentry-mode", "loopback", "--passphrase", passphrase, *more]
        self.gpg(*options, "--quick-gen-key", "%s <%s@example.com>" % (name, name), "ed25519", "cert,sign", expires)
        listing = self.gpg("--with-colons", "--list-keys", name + "@example.com")
        fingerprint = [line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr")][0]
        if subkey:
            self.gpg(*options, "--quick-add-key", fingerprint, "ed25519", "sign", "never")
        return fingerprint

    def export(self, fingerprint, path):
        self.gpg("--yes", "--output", path, "--export", fingerprint)
        return path

    def close(self):
        run("gpgconf", "--homedir", self.folder, "--kill", "all")


def use_ring(case):
    """For setUpClass of a case: its folder `shared`, and `ring` with the keys `key` and `stranger`, until it ends."""
    case.shared = tempfile.mkdtemp(prefix="sealos-keys-")
    case.addClassCleanup(shutil.rmtree, case.shared, ignore_errors=True)
    case.ring = KeyRing(os.path.join(case.shared, "g"))
    case.addClassCleanup(case.ring.close)
    case.key, case.stranger = case.ring.make("tester"), case.ring.make("stranger")
    case.public = case.ring.export(case.key, os.path.join(case.shared, "tester.gpg"))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def signed_by(key, **identity):
    """The requirement of a signature by an OpenPGP key; identity: type and members of its rule."""
    rule = {"type": "signedBy", "keyType": "GPGKeys", "keyPath": key}
    return dict(rule, signedIdentity=identity) if identity else rule


def sigstore_signed(key, **identity):
    rule = {"type": "sigstoreSigned", "keyPath": key}
    return dict(rule, signedIdentity=identity) if identity else rule


def policy(path, requirement, transport="docker"):
    """A policy.json: images of that transport need this, and others may not be read at all."""
    return write(path, json.dumps({"default": [{"type": "reject"}], "transports": {transport: {"": [requirement]}}}))


def exact(name):
    return {"type": "exactReference", "dockerReference": name}
