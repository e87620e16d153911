"""Encrypted layers, both ways with skopeo: what sealos encrypts skopeo decrypts, and the reverse."""

import json
import os
import shutil

from support import environment, keys, layouts, process, servers, stored
from support.case import Case, main, tree

environment.need("skopeo", "docker-registry", "openssl", "gpg")
environment.need_plugins("oci", "dir", "docker")

ENCRYPTED = "+encrypted"


class Encryption(Case):
    def setUp(self):
        super().setUp()
        self.image = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.image.folder
        self.original = stored.in_oci(self.image.folder, "1")
        self.keys = keys.Keys(self.path("keys"))

    def key(self, name):
        return self.keys.path(name)

    def layers(self, image):
        return image.manifest["layers"]

    def diff_ids(self, image):
        return [stored.layer_diff_id(image.blob(layer)) for layer in self.layers(image)]

    def assert_encrypted(self, image, which=None):
        layers = self.layers(image)
        for number, layer in enumerate(layers):
            wanted = which is None or number in which
            self.assertEqual(layer["mediaType"].endswith(ENCRYPTED), wanted, layer)
            self.assertEqual("org.opencontainers.image.enc.pubopts" in layer.get("annotations", {}), wanted, layer)

    def assert_decrypted(self, image):
        self.assertEqual(self.diff_ids(image), self.diff_ids(self.original))
        self.assert_encrypted(image, which=())
        for layer in self.layers(image):
            self.assertFalse([key for key in layer.get("annotations", {}) if ".image.enc." in key], layer)

    def encrypt(self, keys, *flags, name="encrypted"):
        wanted = [flag for key in keys for flag in ("--encryption-key", key)]
        self.push(*wanted, *flags, self.source, "oci:%s:1" % self.path(name))
        return stored.in_oci(self.path(name), "1")

    def both_ways(self, public, private):
        """sealos encrypts and skopeo decrypts; skopeo encrypts and sealos decrypts."""
        decrypting = [flag for key in private for flag in ("--decryption-key", key)]
        self.assert_encrypted(self.encrypt(public))
        process.check("skopeo", "copy", "-q", *decrypting, "oci:%s:1" % self.path("encrypted"),
                      "oci:%s:1" % self.path("by-skopeo"))
        self.assert_decrypted(stored.in_oci(self.path("by-skopeo"), "1"))
        encrypting = [flag for key in public for flag in ("--encryption-key", key)]
        process.check("skopeo", "copy", "-q", *encrypting, self.source, "oci:%s:1" % self.path("skopeos"))
        self.push(*decrypting, "oci:%s:1" % self.path("skopeos"), "oci:%s:1" % self.path("by-sealos"))
        self.assert_decrypted(stored.in_oci(self.path("by-sealos"), "1"))

    def test_keys_of_jwe(self):
        self.keys.rsa()
        self.both_ways(["jwe:" + self.key("rsa.pub")], [self.key("rsa")])

    def test_keys_of_jwe_on_every_curve(self):
        for curve in ("P-256", "P-384", "P-521"):
            with self.subTest(curve=curve):
                self.keys.ec(curve=curve)
                self.both_ways(["jwe:" + self.key("ec.pub")], [self.key("ec")])
                for name in ("encrypted", "by-skopeo", "skopeos", "by-sealos"):
                    shutil.rmtree(self.path(name))

    def test_two_recipients_each_of_whom_can_read(self):
        self.keys.rsa()
        self.keys.ec()
        public = ["jwe:" + self.key("rsa.pub"), "jwe:" + self.key("ec.pub")]
        self.encrypt(public)
        for name in ("rsa", "ec"):
            process.check("skopeo", "copy", "-q", "--decryption-key", self.key(name), "oci:%s:1" % self.path("encrypted"),
                          "oci:%s:1" % self.path("for-" + name))
            self.assert_decrypted(stored.in_oci(self.path("for-" + name), "1"))

    def test_certificates(self):
        self.keys.certificate()
        self.both_ways(["pkcs7:" + self.key("rsa.crt")], [self.key("rsa"), self.key("rsa.crt")])

    def test_openpgp_keys(self):
        ring = self.path("g")
        os.mkdir(ring, 0o700)
        os.environ["GNUPGHOME"] = ring
        self.addCleanup(os.environ.pop, "GNUPGHOME")
        process.check("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "Tester <tester@example.com>", "rsa2048",
                      "encr,sign", "1d")
        process.check("gpg", "--batch", "--output", self.key("secret.gpg"), "--export-secret-keys")
        self.addCleanup(process.run, "gpgconf", "--homedir", ring, "--kill", "all")
        env = self.environment(GNUPGHOME=ring)
        self.push("--encryption-key", "pgp:tester@example.com", self.source, "oci:%s:1" % self.path("encrypted"), env=env)
        self.assert_encrypted(stored.in_oci(self.path("encrypted"), "1"))
        process.check("skopeo", "copy", "-q", "--decryption-key", self.key("secret.gpg"),
                      "oci:%s:1" % self.path("encrypted"), "oci:%s:1" % self.path("by-skopeo"))
        self.assert_decrypted(stored.in_oci(self.path("by-skopeo"), "1"))
        self.push("--decryption-key", self.key("secret.gpg"), "oci:%s:1" % self.path("encrypted"),
                  "oci:%s:1" % self.path("by-sealos"))
        self.assert_decrypted(stored.in_oci(self.path("by-sealos"), "1"))

    def test_a_passphrase_is_asked_for_once_on_the_terminal_or_is_in_a_file(self):
        self.keys.ec()
        process.check("openssl", "pkey", "-in", self.key("ec"), "-aes256", "-passout", "pass:0pen me", "-out", self.key("locked"))
        ring = self.path("g")
        os.mkdir(ring, 0o700)
        self.addCleanup(process.run, "gpgconf", "--homedir", ring, "--kill", "all")
        gpg = ["gpg", "--homedir", ring, "--batch", "--pinentry-mode", "loopback", "--passphrase", "0pen me"]
        process.check(*gpg, "--quick-gen-key", "Tester <tester@example.com>", "rsa2048", "encr,sign", "1d")
        process.check(*gpg, "--output", self.key("locked.gpg"), "--export-secret-keys")
        self.push("--encryption-key", "jwe:" + self.key("ec.pub"), "--encryption-key", "pgp:tester@example.com", self.source,
                  "oci:%s:1" % self.path("secret"), env=self.environment(GNUPGHOME=ring))
        with open(self.key("pass"), "w", encoding="ascii") as file:
            file.write("0pen me\n")
        for name in ("locked", "locked.gpg"):
            with self.subTest(key=name):
                arguments = ["push", "-q", "--decryption-key", self.key(name), "oci:%s:1" % self.path("secret"), "dir:" + self.path("plain")]
                code, shown = self.ask(*arguments, answers=[("Passphrase of", "0pen me")])
                self.assertEqual(code, process.OK, shown)
                self.assertEqual(shown.count("Passphrase of"), 1, shown)
                self.assertNotIn("0pen me", shown)
                code, shown = self.ask(*arguments, answers=[("Passphrase of", "wrong")])
                self.assertEqual(code, process.DENIED, shown)
                arguments[3] += ":file=" + self.key("pass")
                self.assertEqual(self.sealos(*arguments).code, process.OK)

    def test_some_layers(self):
        self.keys.ec()
        count = len(self.layers(self.original))
        for text, which in (("0", {0}), ("-1", {count - 1}), ("0,-1", {0, count - 1}), ("0--1", set(range(count)))):
            with self.subTest(layers=text):
                image = self.encrypt(["jwe:" + self.key("ec.pub")], "--encrypt-layer=" + text, name="some" + text)
                self.assert_encrypted(image, which)
                self.push("--decryption-key", self.key("ec"), "oci:%s:1" % self.path("some" + text),
                          "oci:%s:1" % self.path("plain" + text))
                self.assert_decrypted(stored.in_oci(self.path("plain" + text), "1"))

    def test_all_but_the_layers_of_the_base_image(self):
        self.keys.ec()
        base = layouts.Layout(self.path("base"))
        base.tag("1", base.add_image(layouts.small_layers(base)[:2]))
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        # The base in another compression: what counts is what is in the layers.
        self.copy("oci:%s:1" % base.folder, registry.reference("base:1"), "--compression-format", "zstd")
        public = ["--encryption-key", "jwe:" + self.key("ec.pub")]
        for number, name in enumerate(("oci:%s:1" % base.folder, registry.reference("base:1"))):
            target = "oci:%s:1" % self.path("secret%d" % number)
            loose = ["--tls-verify=false"] if "docker:" in name else []
            self.push(*loose, *public, "--encrypt-layer", "not:" + name, self.source, target)
            self.assert_encrypted(stored.in_oci(self.path("secret%d" % number), "1"), {2})
        other = layouts.small_image(self.path("other"), seed=5)
        for wrong, words in (("oci:%s:1" % other.folder, "no layer of the base"), (self.source, "all layers"),
                             ("oci:%s:none" % base.folder, "none"), ("", "not:IMAGE")):
            result = self.sealos("push", "-q", *public, "--encrypt-layer", "not:" + wrong, self.source, "oci:" + self.path("no"))
            self.assertNotEqual(result.code, process.OK, result)
            self.assertIn(words, result.err)
            self.assertFalse(os.path.exists(self.path("no")))

    def test_an_encrypted_image_goes_to_a_registry_and_on_without_keys(self):
        self.keys.ec()
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        there = registry.reference("secret:1")
        self.push("--tls-verify=false", "--encryption-key", "jwe:" + self.key("ec.pub"), self.source, there)
        self.assert_encrypted(stored.in_registry(registry, "secret:1"))
        self.copy(there, "oci:%s:1" % self.path("as-it-is"))
        self.assert_same_image(stored.in_registry(registry, "secret:1"), stored.in_oci(self.path("as-it-is"), "1"))
        self.copy(there, "oci:%s:1" % self.path("plain"), "--decryption-key", self.key("ec"))
        self.assert_decrypted(stored.in_oci(self.path("plain"), "1"))

    def test_layers_are_compressed_before_they_are_encrypted(self):
        self.keys.ec()
        self.push("--compression-format=zstd", "--force-compression",
                  "--encryption-key", "jwe:" + self.key("ec.pub"), self.source, "oci:%s:1" % self.path("encrypted"))
        image = stored.in_oci(self.path("encrypted"), "1")
        for layer in self.layers(image):
            self.assertTrue(layer["mediaType"].endswith(".tar+zstd+encrypted"), layer)
        self.push("--decryption-key", self.key("ec"), "oci:%s:1" % self.path("encrypted"), "oci:%s:1" % self.path("plain"))
        self.assert_decrypted(stored.in_oci(self.path("plain"), "1"))

    def test_the_wrong_key_opens_nothing(self):
        self.keys.ec()
        self.keys.ec("other")
        self.encrypt(["jwe:" + self.key("ec.pub")])
        result = self.sealos("push", "--decryption-key", self.key("other"), "oci:%s:1" % self.path("encrypted"),
                             "oci:%s:1" % self.path("plain"))
        self.assert_refused(result, process.DENIED, "none of the keys opens")
        self.assertFalse(os.path.exists(self.path("plain", "index.json")))

    def test_altered_ciphertext_and_authentication_codes_are_refused(self):
        self.keys.ec()
        for what in ("ciphertext", "hmac"):
            with self.subTest(what=what):
                self.encrypt(["jwe:" + self.key("ec.pub")], name="altered-" + what)
                self.alter(self.path("altered-" + what), what)
                target = self.path("plain-" + what)
                os.mkdir(target)
                before = tree(target)
                result = self.sealos("push", "-q", "--decryption-key", self.key("ec"), "oci:%s:1" % self.path("altered-" + what),
                                     "oci:%s:1" % target)
                self.assert_refused(result, process.CORRUPT, "layer")
                self.assertFalse([name for name in tree(target) if name.startswith("blobs/sha256/") and name[-1] != "/"],
                                 before)

    def alter(self, folder, what):
        """With digests that fit, as somebody would who can write to the place."""
        image = stored.in_oci(folder, "1")
        layer = image.manifest["layers"][0]
        if what == "ciphertext":
            data = bytearray(image.blob(layer))
            data[len(data) // 2] ^= 1
            layer["digest"] = stored.digest_of(bytes(data))
            self.put(folder, bytes(data))
        else:
            import base64
            options = json.loads(base64.b64decode(layer["annotations"]["org.opencontainers.image.enc.pubopts"]))
            options["hmac"] = base64.b64encode(bytes(32)).decode()
            text = base64.b64encode(json.dumps(options).encode()).decode()
            layer["annotations"]["org.opencontainers.image.enc.pubopts"] = text
        manifest = json.dumps(image.manifest).encode()
        self.put(folder, manifest)
        with open(os.path.join(folder, "index.json"), encoding="utf-8") as file:
            index = json.load(file)
        index["manifests"][0].update(digest=stored.digest_of(manifest), size=len(manifest))
        with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as file:
            json.dump(index, file)

    def put(self, folder, data):
        with open(os.path.join(folder, "blobs/sha256", stored.digest_of(data).split(":")[1]), "wb") as file:
            file.write(data)

    def test_what_cannot_be_encrypted_is_refused_before_anything_is_written(self):
        self.keys.ec()
        public = ["--encryption-key", "jwe:" + self.key("ec.pub")]
        cases = [
            (["--encrypt-layer", "0"], "--encryption-key"),
            ([*public, "--encrypt-layer", "99"], "layer 99"),
            ([*public, "--format", "v2s2"], "encrypted"),
            ([*public, "--decryption-key", self.key("ec")], "--decryption-key"),
            ([*public, "--preserve-digests"], "--preserve-digests"),
            (["--encryption-key", "jwe:" + self.key("ec")], "public key"),
            (["--encryption-key", "rot13:x"], "rot13"),
            (["--encryption-key", "jwe:" + self.path("nowhere")], "nowhere"),
            (["--decryption-key", self.path("nowhere")], "nowhere"),
        ]
        for flags, word in cases:
            with self.subTest(flags=flags):
                result = self.sealos("push", *flags, self.source, "dir:" + self.path("out"))
                self.assertNotEqual(result.code, process.OK, result)
                self.assertEqual(len(result.lines), 1, result)
                self.assertIn(word, result.err)
                self.assertFalse(os.path.exists(self.path("out")))


if __name__ == "__main__":
    main()
