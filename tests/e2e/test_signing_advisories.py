"""What has been published about signatures and policies of similar tools (docs/signing.md) does not work here."""

import base64
import json
import os
import shutil

from support import environment, layouts, process, servers, signing, stored
from support.case import Case, main

environment.need("docker-registry", "gpg", "openssl")
environment.need_plugins("oci", "dir", "docker")

NAME = "registry.example.com/team/app:1"
SIMPLE, SIGSTORE = "atomic container signature", "cosign container image signature"
SIGSTORE_PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"


class Advisories(Case):
    @classmethod
    def setUpClass(cls):
        signing.use_ring(cls)
        cls.ec, cls.ec_public = os.path.join(cls.shared, "ec"), os.path.join(cls.shared, "ec.pub")
        process.check("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", cls.ec)
        process.check("openssl", "pkey", "-in", cls.ec, "-pubout", "-out", cls.ec_public)

    def setUp(self):
        super().setUp()
        self.image = self.path("image")
        layouts.small_image(self.path("layout"))
        self.push("-q", "oci:%s:1" % self.path("layout"), "dir:" + self.image)
        self.signature = os.path.join(self.image, "signature-1")

    def payload(self, kind=SIMPLE):
        return json.dumps({"critical": {"identity": {"docker-reference": NAME}, "image": {
            "docker-manifest-digest": stored.in_dir(self.image).manifest_digest}, "type": kind}, "optional": {}})

    def gpg_sign(self, payload, *more, key=None, output=None):
        text = signing.write(self.path("payload"), payload)
        self.ring.gpg("--yes", "--output", output or self.signature, "--local-user", key or self.key, *more, "--sign", text)

    def sigstore_sign(self, payload, media_type=SIGSTORE_PAYLOAD):
        text = signing.write(self.path("payload"), payload)
        process.check("openssl", "dgst", "-sha256", "-sign", self.ec, "-out", self.path("s"), text)
        with open(self.path("s"), "rb") as file:
            signature = base64.b64encode(file.read()).decode()
        with open(self.signature, "wb") as file:
            file.write(b"\0sigstore-json\n" + json.dumps({
                "mimeType": media_type, "payload": base64.b64encode(payload.encode()).decode(),
                "annotations": {"dev.cosignproject.cosign/signature": signature}}).encode())

    def push_under(self, requirement):
        policy = signing.policy(self.path("policy.json"), requirement, "dir")
        shutil.rmtree(self.path("out"), ignore_errors=True)
        return self.sealos("push", "-q", "--remove-signatures", "--signature-policy", policy, "dir:" + self.image,
                           "dir:" + self.path("out"))

    def simple(self):
        return self.push_under(signing.signed_by(self.public, **signing.exact(NAME)))

    def sigstore(self):
        return self.push_under(signing.sigstore_signed(self.ec_public, **signing.exact(NAME)))

    def assert_rejected(self, result, *words):
        self.assert_refused(result, process.POLICY, *words)
        self.assertFalse(os.path.exists(self.path("out", "manifest.json")))

    def change_manifest(self, change):
        path = os.path.join(self.image, "manifest.json")
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
        change(manifest)
        signing.write(path, json.dumps(manifest))

    def test_a_good_signature_of_each_kind_is_taken(self):
        """Otherwise all below would pass for nothing."""
        self.gpg_sign(self.payload())
        self.assertEqual(self.simple().code, process.OK)
        self.sigstore_sign(self.payload(SIGSTORE))
        self.assertEqual(self.sigstore().code, process.OK)

    def test_a_digest_that_is_none(self):
        """CVE-2024-3727."""
        for digest in ("sha256:../../../../etc/passwd", "sha256:", "md5:0123", "../secret", "sha256:" + "A" * 64, "sha256:" + "a" * 63):
            for place in ("layer", "config"):
                with self.subTest(digest=digest, place=place):
                    def change(manifest):
                        (manifest["config"] if place == "config" else manifest["layers"][0])["digest"] = digest
                    self.change_manifest(change)
                    result = self.sealos("push", "-q", "dir:" + self.image, "dir:" + self.path("out"))
                    self.assert_refused(result, process.CORRUPT)
                    self.assertFalse(os.path.exists(self.path("out", "manifest.json")))
        signing.write(os.path.join(self.image, "manifest.json"), json.dumps({
            "schemaVersion": 2, "mediaType": layouts.INDEX, "manifests": [
                {"mediaType": layouts.MANIFEST, "digest": "sha256:../../x", "size": 2,
                 "platform": {"os": "linux", "architecture": "amd64"}}]}))
        result = self.sealos("push", "-q", "--all", "dir:" + self.image, "dir:" + self.path("out"))
        self.assert_refused(result, process.CORRUPT)

    def test_a_document_that_is_two(self):
        """CVE-2021-41190."""
        self.change_manifest(lambda manifest: manifest.update(manifests=[]))
        self.gpg_sign(self.payload())
        result = self.simple()
        self.assert_refused(result, process.CORRUPT)
        self.assertFalse(os.path.exists(self.path("out", "manifest.json")))

    def test_a_signed_statement_of_another_type(self):
        """CVE-2022-35929."""
        self.gpg_sign(self.payload(SIGSTORE))
        self.assert_rejected(self.simple(), "its type")
        self.sigstore_sign(self.payload())
        self.assert_rejected(self.sigstore(), "its type")
        self.sigstore_sign(self.payload(SIGSTORE), "application/vnd.dsse.envelope.v1+json")
        self.assert_rejected(self.sigstore(), "dsse")
        self.sigstore_sign(self.payload(SIGSTORE))
        self.assert_rejected(self.simple(), "no such signature")

    def test_what_was_checked_is_what_is_copied(self):
        """CVE-2023-33959, CVE-2022-47633: the tag is asked for once."""
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        name = registry.address + "/app:1"
        env = self.environment(GNUPGHOME=self.ring.folder)
        self.copy("dir:" + self.image, "docker://" + name, "-q", "--sign-by", self.key, env=env)
        before = len(registry.requests())
        policy = signing.policy(self.path("policy.json"), signing.signed_by(self.public))
        self.push("-q", "--tls-verify=false", "--signature-policy", policy, "docker://" + name, "dir:" + self.path("out"))
        asked = [request for request in registry.requests()[before:] if "/manifests/" in request]
        self.assertEqual(asked, ["GET /v2/app/manifests/1"])

    def test_a_file_name_that_looks_like_a_verdict(self):
        """CVE-2018-12020, CVE-2022-34903."""
        verdict = "x\n[GNUPG:] GOODSIG %s tester\n[GNUPG:] VALIDSIG %s 2026-01-01 1767225600 0 4 0 22 8 00 %s\n" % (
            self.key[-16:], self.key, self.key)
        self.gpg_sign(self.payload(), "--set-filename", verdict, key=self.stranger)
        self.assert_rejected(self.simple(), "signedBy")
        self.ring.gpg("--yes", "--output", self.signature, "--set-filename", verdict, "--store", self.path("payload"))
        self.assertNotEqual(self.simple().code, process.OK)
        self.assertFalse(os.path.exists(self.path("out", "manifest.json")))

    def test_two_messages_behind_one_another(self):
        """The first counts, with its own signature, and what follows it does not."""
        self.gpg_sign(self.payload(), output=self.path("good"))
        self.gpg_sign(self.payload(), key=self.stranger, output=self.path("stranger"))
        other = self.payload().replace(stored.in_dir(self.image).manifest_digest, "sha256:" + "0" * 64)
        self.gpg_sign(other, output=self.path("other"))
        for first in ("stranger", "other"):
            with open(self.signature, "wb") as file:
                for name in (first, "good"):
                    with open(self.path(name), "rb") as part:
                        file.write(part.read())
            self.assert_rejected(self.simple(), "signedBy")

    def test_the_same_member_twice(self):
        text = self.payload()
        other = json.dumps(json.loads(text)["critical"]).replace(stored.in_dir(self.image).manifest_digest, "sha256:" + "0" * 64)
        for twice in (text[:-1] + ', "critical": %s}' % other, '{"critical": %s, ' % other + text[1:]):
            self.gpg_sign(twice)
            self.assert_rejected(self.simple(), "signedBy")
            self.sigstore_sign(twice.replace(SIMPLE, SIGSTORE))
            self.assert_rejected(self.sigstore(), "sigstoreSigned")

    def test_a_policy_that_asks_for_a_log_is_not_met_without_one(self):
        """CVE-2022-23649, CVE-2026-22703."""
        self.sigstore_sign(self.payload(SIGSTORE))
        rule = dict(signing.sigstore_signed(self.ec_public, **signing.exact(NAME)), rekorPublicKeyPath=self.ec_public)
        self.assert_rejected(self.push_under(rule), "rekorPublicKeyPath is not supported")


if __name__ == "__main__":
    main()
