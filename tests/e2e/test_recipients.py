"""sealos recipients: who can read an encrypted image changes, and its layers do not."""

import json
import os

from support import environment, keys, layouts, process, servers, stored
from support.case import Case, main

environment.need("skopeo", "docker-registry", "openssl", "gpg")
environment.need_plugins("oci", "oci-archive", "dir", "docker")


class Recipients(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.keys = keys.Keys(self.path("keys"))
        self.rsa, self.ec = self.keys.rsa(), self.keys.ec()

    def jwe(self, key):
        return "jwe:" + key + ".pub"

    def encrypted(self, target, *recipients, source=None, flags=()):
        wanted = [flag for one in recipients for flag in ("--encryption-key", one)]
        self.copy(source or "oci:%s:1" % self.layout.folder, target, *wanted, *flags)

    def recipients(self, action, image, *arguments):
        loose = ["--tls-verify=false"] if image.startswith("docker:") else []
        return self.sealos("recipients", action, *loose, image, *arguments)

    def change(self, action, image, *arguments):
        result = self.recipients(action, image, "-q", *arguments)
        self.assertEqual(result.code, process.OK, result)
        return result.out.strip()

    def listed(self, image):
        result = self.recipients("list", image, "--json")
        self.assertEqual(result.code, process.OK, result)
        layers = [layer["recipients"] for layer in json.loads(result.out)["layers"]]
        self.assertTrue(layers)
        for layer in layers:
            self.assertEqual(layer, layers[0])
        return ["%s:%d" % (one["scheme"], one["number"]) for one in layers[0]]

    def can_read(self, image, *private):
        target = "dir:" + self.path("read")
        flags = [flag for key in private for flag in ("--decryption-key", key)]
        loose = ["--tls-verify=false"] if image.startswith("docker:") else []
        result = self.sealos("push", "-q", *loose, *flags, image, target)
        self.assertIn(result.code, (process.OK, process.DENIED), result)
        return result.code == process.OK

    def test_wherever_an_encrypted_image_can_be(self):
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        for image in ("oci:%s:1" % self.path("oci"), "dir:" + self.path("dir"), "oci-archive:%s:1" % self.path("a.tar"),
                      registry.reference("secret:1")):
            with self.subTest(image=image):
                self.encrypted(image, self.jwe(self.rsa))
                before = self.layers_of(image, registry)
                self.assertFalse(self.can_read(image, self.ec))
                requests = len(registry.requests())
                self.change("add", image, "--encryption-key", self.jwe(self.ec), "--decryption-key", self.rsa)
                sent = [r for r in registry.requests()[requests:] if r.split()[0] in ("POST", "PATCH") or "/blobs/" in r and r.split()[0] == "PUT"]
                self.assertEqual(sent, [])
                self.assertEqual(self.listed(image), ["jwe:1", "jwe:2"])
                self.assertTrue(self.can_read(image, self.ec) and self.can_read(image, self.rsa))
                self.change("remove", image, "jwe:1")
                self.assertEqual(self.listed(image), ["jwe:1"])
                self.assertTrue(self.can_read(image, self.ec))
                self.assertFalse(self.can_read(image, self.rsa))
                self.assertEqual(self.layers_of(image, registry), before)

    def layers_of(self, image, registry):
        target = self.path("look")
        self.copy(image, "dir:" + target)
        return [layer["digest"] for layer in stored.in_dir(target).manifest["layers"]]

    def test_skopeo_reads_what_was_changed_and_we_change_what_it_encrypted(self):
        certificate = self.keys.certificate("holder")
        image = self.path("skopeos")
        process.check("skopeo", "copy", "-q", "--encryption-key", self.jwe(self.rsa), "--encryption-key", self.jwe(self.ec),
                      "oci:%s:1" % self.layout.folder, "oci:%s:1" % image)
        self.change("add", "oci:%s:1" % image, "--encryption-key", "pkcs7:" + certificate, "--decryption-key", self.ec)
        self.change("remove", "oci:%s:1" % image, "jwe:1")
        self.assertEqual(self.listed("oci:%s:1" % image), ["jwe:1", "pkcs7:1"])
        for number, private in enumerate(([self.ec], [self.keys.path("holder"), certificate])):
            flags = [flag for key in private for flag in ("--decryption-key", key)]
            process.check("skopeo", "copy", "-q", *flags, "oci:%s:1" % image, "oci:%s:1" % self.path("read%d" % number))
            ids = stored.in_oci(self.path("read%d" % number), "1").diff_ids()
            self.assertEqual(*ids)
        self.assertNotEqual(process.run("skopeo", "copy", "-q", "--decryption-key", self.rsa, "oci:%s:1" % image,
                                        "oci:%s:1" % self.path("no")).code, 0)
        self.change("remove", "oci:%s:1" % image, "pkcs7:" + certificate)
        self.assertEqual(self.listed("oci:%s:1" % image), ["jwe:1"])

    def test_openpgp_keys_by_their_id(self):
        ring = self.path("g")
        os.mkdir(ring, 0o700)
        env = self.environment(GNUPGHOME=ring)
        self.addCleanup(process.run, "gpgconf", "--homedir", ring, "--kill", "all")
        process.check("gpg", "--homedir", ring, "--batch", "--passphrase", "", "--quick-gen-key", "Tester <t@example.com>", "rsa2048",
                      "encr,sign", "1d")
        image = "oci:%s:1" % self.path("secret")
        self.encrypted(image, self.jwe(self.ec))
        result = self.sealos("recipients", "add", "-q", image, "--encryption-key", "pgp:t@example.com", "--decryption-key", self.ec, env=env)
        self.assertEqual(result.code, process.OK, result)
        self.assertEqual(self.listed(image), ["jwe:1", "pgp:1"])
        process.check("gpg", "--homedir", ring, "--batch", "--output", self.keys.path("secret.gpg"), "--export-secret-keys")
        process.check("skopeo", "copy", "-q", "--decryption-key", self.keys.path("secret.gpg"), image, "oci:%s:1" % self.path("read"))
        self.assertEqual(*stored.in_oci(self.path("read"), "1").diff_ids())
        key = json.loads(self.recipients("list", image, "--json").out)["layers"][0]["recipients"][1]["label"]
        self.change("remove", image, "pgp:" + key)
        self.assertEqual(self.listed(image), ["jwe:1"])

    def test_an_index_with_all_its_images(self):
        layout = layouts.index_image(self.path("multi"))
        image = "oci:%s:1" % self.path("secret")
        self.encrypted(image, self.jwe(self.rsa), source="oci:%s:multi" % layout.folder, flags=["--all"])
        self.change("add", image, "--encryption-key", self.jwe(self.ec), "--decryption-key", self.rsa)
        index = stored.in_oci(self.path("secret"), "1")
        self.assertEqual(len(index.manifest["manifests"]), 2)
        for platform in ("linux/amd64", "linux/arm64"):
            self.push("-q", "--platform", platform, "--decryption-key", self.ec, image, "dir:" + self.path("plain"))

    def test_a_dry_run_changes_nothing(self):
        image = "oci:%s:1" % self.path("secret")
        self.encrypted(image, self.jwe(self.rsa))
        before = stored.in_oci(self.path("secret"), "1").manifest_digest
        result = self.recipients("add", image, "--dry-run", "--encryption-key", self.jwe(self.ec), "--decryption-key", self.rsa)
        self.assertEqual(result.code, process.OK, result)
        self.assertIn("has other recipients", result.out)
        self.assertEqual(stored.in_oci(self.path("secret"), "1").manifest_digest, before)

    def test_what_cannot_be_changed_is_refused_and_stays(self):
        secret, plain = "oci:%s:1" % self.path("secret"), "oci:%s:1" % self.layout.folder
        self.encrypted(secret, self.jwe(self.rsa))
        before = stored.in_oci(self.path("secret"), "1").manifest_digest
        add = ["--encryption-key", self.jwe(self.ec), "--decryption-key"]
        for action, image, arguments, code, words in (
                ("remove", secret, ["jwe:1"], process.USAGE, "last recipient"),
                ("remove", secret, ["jwe:2"], process.USAGE, "no recipient of it is jwe:2"),
                ("remove", secret, ["jwe:x"], process.USAGE, "names no recipient"),
                ("remove", plain, ["jwe:1"], process.USAGE, "none of its layers is encrypted"),
                ("add", plain, [*add, self.rsa], process.USAGE, "none of its layers is encrypted"),
                ("add", secret, [*add, self.ec], process.DENIED, "none of the keys opens"),
                ("add", secret, ["--encryption-key", self.jwe(self.ec)], process.USAGE, "--decryption-key"),
                ("list", "oci:%s:1" % self.path("none"), [], process.NOT_FOUND, "none")):
            with self.subTest(action=action, arguments=arguments):
                result = self.recipients(action, image, *arguments)
                self.assertEqual(result.code, code, result)
                self.assertIn(words, result.err)
        self.assertEqual(stored.in_oci(self.path("secret"), "1").manifest_digest, before)
        self.assertEqual(self.recipients("list", plain).out, "")


if __name__ == "__main__":
    main()
