"""policy.json that demands signatures: those that skopeo made are checked before anything else is read."""

import json
import os
import shutil

from support import environment, layouts, process
from support.case import Case, main

environment.need("skopeo", "gpg")
environment.need_plugins("oci", "dir")

NAME = "registry.example.com/team/app:1"


class Policy(Case):
    def setUp(self):
        super().setUp()
        self.ring = self.path("g")
        os.mkdir(self.ring, 0o700)
        os.environ["GNUPGHOME"] = self.ring
        self.addCleanup(os.environ.pop, "GNUPGHOME")
        self.addCleanup(process.run, "gpgconf", "--homedir", self.ring, "--kill", "all")
        self.key, self.fingerprint = self.make_key("Tester")
        image = layouts.small_image(self.path("image"))
        process.check("skopeo", "copy", "-q", "oci:%s:1" % image.folder, "dir:" + self.path("signed"))
        self.sign(self.path("signed"), self.fingerprint)

    def make_key(self, name):
        """(file with the public key, fingerprint)"""
        process.check("gpg", "--batch", "--passphrase", "", "--quick-gen-key", name + " <%s@example.com>" % name, "rsa2048",
                      "sign", "1d")
        listing = process.check("gpg", "--batch", "--with-colons", "--list-keys", name + "@example.com")
        fingerprint = [line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr")][0]
        process.check("gpg", "--batch", "--output", self.path(name + ".gpg"), "--export", fingerprint)
        return self.path(name + ".gpg"), fingerprint

    def sign(self, folder, fingerprint, name=NAME):
        process.check("skopeo", "standalone-sign", os.path.join(folder, "manifest.json"), name, fingerprint,
                      "--output", os.path.join(folder, "signature-1"))

    def policy(self, key, name=NAME, **identity):
        """A file that demands a signature of that name by that key."""
        rule = {"type": "signedBy", "keyType": "GPGKeys", "keyPath": key,
                "signedIdentity": identity or {"type": "exactReference", "dockerReference": name}}
        path = self.path("policy.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"default": [{"type": "reject"}], "transports": {"dir": {"": [rule]}}}, file)
        return path

    def try_push(self, policy, *flags, source="signed"):
        shutil.rmtree(self.path("out"), ignore_errors=True)
        return self.sealos("push", "-q", "--signature-policy", policy, *flags, "dir:" + self.path(source),
                           "dir:" + self.path("out"))

    def assert_rejected(self, result, *words):
        self.assert_refused(result, process.POLICY, *words)
        self.assertFalse(os.path.exists(self.path("out", "manifest.json")))

    def test_a_good_signature_lets_an_image_pass_and_goes_with_it(self):
        result = self.try_push(self.policy(self.key))
        self.assertEqual(result.code, process.OK, result)
        with open(self.path("signed", "signature-1"), "rb") as one, open(self.path("out", "signature-1"), "rb") as other:
            self.assertEqual(one.read(), other.read())
        result = self.try_push(self.policy(self.key), "--remove-signatures")
        self.assertEqual(result.code, process.OK, result)
        self.assertFalse(os.path.exists(self.path("out", "signature-1")))

    def test_without_a_signature_nothing_is_read(self):
        os.remove(self.path("signed", "signature-1"))
        self.assert_rejected(self.try_push(self.policy(self.key)), "signedBy", "no such signature")
        self.assert_rejected(self.try_push(self.policy(self.key), "--remove-signatures"), "no such signature")

    def test_a_signature_by_another_key_is_rejected(self):
        stranger, fingerprint = self.make_key("Stranger")
        self.sign(self.path("signed"), fingerprint)
        self.assert_rejected(self.try_push(self.policy(self.key)), "signedBy")
        self.assertEqual(self.try_push(self.policy(stranger)).code, process.OK)

    def test_a_signature_for_another_name_is_rejected(self):
        self.assert_rejected(self.try_push(self.policy(self.key, name="registry.example.com/team/other:1")), NAME)

    def test_a_signature_of_another_manifest_is_rejected(self):
        with open(self.path("signed", "manifest.json"), "ab") as file:
            file.write(b"\n")
        self.assert_rejected(self.try_push(self.policy(self.key)), "a signature of sha256:")

    def test_an_altered_signature_is_rejected(self):
        path = self.path("signed", "signature-1")
        with open(path, "rb") as file:
            data = bytearray(file.read())
        data[len(data) // 2] ^= 1
        with open(path, "wb") as file:
            file.write(data)
        self.assert_rejected(self.try_push(self.policy(self.key)), "signedBy")

    def test_an_unreadable_key_is_an_error(self):
        self.assert_rejected(self.try_push(self.policy(self.path("nowhere.gpg"))), "nowhere.gpg")


if __name__ == "__main__":
    main()
