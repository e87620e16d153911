"""Signatures that sealos makes are taken by skopeo and podman under a policy that demands them, and theirs by sealos;
those that are no good are taken by nobody."""

import base64
import glob
import hashlib
import json
import os
import shutil
import tempfile

from support import environment, layouts, process, servers, signing, stored, stores
from support.case import Case, main, tree

environment.need("docker-registry", "skopeo", "podman", "gpg", "openssl", root=True)
environment.need_plugins("oci", "dir", "docker")

NAME = "registry.example.com/team/app:1"
NEWEST = "/srv/newest"  # where there is one, a file system with a skopeo of today; Debian 12's knows no sigstore


class Signing(Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.mkdtemp(prefix="sealos-keys-")
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.ring = signing.KeyRing(os.path.join(cls.shared, "g"))
        cls.addClassCleanup(cls.ring.close)
        cls.key = cls.ring.make("tester", subkey=True)
        cls.stranger = cls.ring.make("stranger")
        cls.locked = cls.ring.make("locked", "open sesame")
        cls.keys = {name: cls.ring.export(fingerprint, os.path.join(cls.shared, name + ".gpg")) for name, fingerprint in (
            ("tester", cls.key), ("stranger", cls.stranger), ("locked", cls.locked))}
        cls.sigstore_key = signing.write(os.path.join(cls.shared, "cosign.key"), signing.SIGSTORE_KEY)
        cls.sigstore_public = signing.write(os.path.join(cls.shared, "cosign.pub"), signing.SIGSTORE_PUBLIC_KEY)
        cls.passphrase = signing.write(os.path.join(cls.shared, "passphrase"), signing.SIGSTORE_PASSPHRASE + "\n")
        cls.registry = servers.Registry(os.path.join(cls.shared, "registry"))
        cls.addClassCleanup(cls.registry.stop)

    def setUp(self):
        super().setUp()
        # What the agent of one test has been told, another does not know.
        self.layout = layouts.index_image(self.path("image"))
        self.source = "oci:%s:multi" % self.path("image")
        self.lookaside = self.path("lookaside")
        self.registries_d(lookaside="file://" + self.lookaside)
        self.repository = self.id().split(".")[-1][:60].strip("_")
        self.name = "%s/%s:1" % (self.registry.address, self.repository)
        self.out = 0

    def environment(self, **more):
        return super().environment(GNUPGHOME=self.ring.folder, **more)

    def registries_d(self, **settings):
        self.registries_folder = self.path("home/.config/containers/registries.d")
        signing.write(os.path.join(self.registries_folder, "default.yaml"), json.dumps({"default-docker": settings}))

    def policy(self, requirement, transport="docker"):
        return signing.policy(self.path("policy.json"), requirement, transport)

    def skopeo(self, policy, *arguments, program=("skopeo",)):
        return process.run(*program, "--policy", policy, "--registries.d", self.registries_folder, *arguments,
                           env=dict(self.ring.environment, PATH=environment.PATH))

    def new_skopeo(self, policy, *arguments):
        """Sees files below /tmp/share alone."""
        return self.skopeo(policy, *arguments, program=("chroot", NEWEST, "skopeo"))

    def fresh(self):
        self.out += 1
        return "dir:" + self.path("out%d" % self.out)

    def sign(self, destination, *flags, source=None):
        return self.copy(source or self.source, destination, "-q", "--sign-by", self.key, *flags)

    def read(self, policy, source, *flags):
        loose = ["--tls-verify=false"] if source.startswith("docker:") else []
        return self.sealos("push", "-q", *loose, "--signature-policy", policy, *flags, source, self.fresh())

    def assert_all_take(self, policy, source, all_images=False):
        """sealos and skopeo let it pass."""
        result = self.read(policy, source, *(["--all"] if all_images else []))
        self.assertEqual(result.code, process.OK, result)
        flags = ["--src-tls-verify=false"] if source.startswith("docker:") else []
        flags += ["--multi-arch", "all"] if all_images else []
        result = self.skopeo(policy, "copy", "-q", *flags, source, self.fresh())
        self.assertEqual(result.code, 0, result)

    def assert_none_takes(self, policy, source, *words):
        result = self.read(policy, source)
        self.assert_refused(result, process.POLICY, *words)
        self.assertFalse(os.path.exists(self.path("out%d" % self.out, "manifest.json")))
        flags = ["--src-tls-verify=false"] if source.startswith("docker:") else []
        result = self.skopeo(policy, "copy", "-q", *flags, source, self.fresh())
        self.assertNotEqual(result.code, 0, result)

    def files(self):
        return sorted(os.path.relpath(path, self.lookaside) for path in glob.glob(self.lookaside + "/**/signature-*",
                                                                                  recursive=True))

    # What sealos signs

    def test_a_folder_that_is_signed_is_taken_by_all_and_by_none_once_it_changed(self):
        place = "dir:" + self.path("signed")
        self.sign(place, "--sign-identity", NAME)
        good = self.policy(signing.signed_by(self.keys["tester"], **signing.exact(NAME)), "dir")
        self.assert_all_take(good, place)
        self.assert_none_takes(self.policy(signing.signed_by(self.keys["stranger"], **signing.exact(NAME)), "dir"), place)
        other = signing.exact(NAME.replace(":1", ":2"))
        self.assert_none_takes(self.policy(signing.signed_by(self.keys["tester"], **other), "dir"), place, NAME)
        with open(self.path("signed", "manifest.json"), "ab") as file:
            file.write(b"\n")
        good = self.policy(signing.signed_by(self.keys["tester"], **signing.exact(NAME)), "dir")
        self.assert_none_takes(good, place, "a signature of sha256:")

    def test_an_image_in_a_registry_that_is_signed_is_taken_by_all(self):
        self.sign("docker://" + self.name)
        self.assertEqual(len(self.files()), 1)
        policy = self.policy(signing.signed_by(self.keys["tester"]))
        self.assert_all_take(policy, "docker://" + self.name)
        self.assert_none_takes(self.policy(signing.signed_by(self.keys["stranger"])), "docker://" + self.name)
        policy = self.policy(signing.signed_by(self.keys["tester"]))
        store = stores.Store(self.path("store"))
        self.addCleanup(store.close)
        env = dict(store.environment, HOME=self.home)
        flags = ["--root", store.root, "--runroot", store.run_root, "--storage-driver", "vfs", "pull", "-q",
                 "--tls-verify=false", "--signature-policy"]
        result = process.run("podman", *flags, policy, self.name, env=env)
        self.assertEqual(result.code, 0, result)
        self.copy(self.source, "docker://%s" % self.name.replace(":1", ":unsigned"), "-q", "--platform", "linux/arm64")
        result = process.run("podman", *flags, policy, self.name.replace(":1", ":unsigned"), env=env)
        self.assertNotEqual(result.code, 0, result)

    def test_every_image_of_an_index_is_signed_and_the_index(self):
        self.sign("docker://" + self.name, "--all")
        index = stored.in_oci(self.path("image"), "multi")
        signed = {file.split("sha256=")[1].split("/")[0] for file in self.files()}
        digests = {entry["digest"].split(":")[1] for entry in index.manifest["manifests"]}
        self.assertEqual(signed, digests | {index.manifest_digest.split(":")[1]})
        self.assert_all_take(self.policy(signing.signed_by(self.keys["tester"])), "docker://" + self.name, all_images=True)
        self.sign("dir:" + self.path("all"), "--all", "--sign-identity", NAME)
        good = self.policy(signing.signed_by(self.keys["tester"], **signing.exact(NAME)), "dir")
        self.assert_all_take(good, "dir:" + self.path("all"), all_images=True)

    def test_a_second_tag_of_the_same_image_keeps_the_signature_of_the_first(self):
        second = self.name.replace(":1", ":2")
        self.sign("docker://" + self.name)
        self.sign("docker://" + second)
        self.assertEqual(len(self.files()), 2)
        policy = self.policy(signing.signed_by(self.keys["tester"], type="matchExact"))
        self.assert_all_take(policy, "docker://" + self.name)
        self.assert_all_take(policy, "docker://" + second)

    def test_a_store_keeps_signatures_as_skopeo_does(self):
        environment.need_plugins("containers-storage")
        store = stores.Store(self.path("store"))
        self.addCleanup(store.close)
        self.sign(store.reference("registry.example.com/team/app:1"))
        files = glob.glob(os.path.join(store.root, "vfs-images", "*", "signature*"))
        self.assertEqual(len(files), 2)
        for file in files:
            self.assertIn(NAME, self.ring.gpg("--decrypt", file))
        # The layers are in another form there than was signed, so that a copy cannot keep the signatures: neither tool does.
        result = process.run("skopeo", "copy", "-q", store.reference(NAME), "dir:" + self.path("theirs"))
        self.assertIn("signatures", result.err, result)
        refused = self.sealos("push", "-q", store.reference(NAME), "dir:" + self.path("ours"))
        self.assert_refused(refused, process.USAGE, "signatures")
        self.push("-q", store.reference(NAME), "dir:" + self.path("ours"), "--remove-signatures")
        self.assertEqual(glob.glob(self.path("ours", "signature-*")), [])

    def test_a_passphrase_comes_from_a_file_and_a_wrong_one_is_refused_first(self):
        wrong = signing.write(self.path("wrong"), "shut sesame\n")
        process.run("gpgconf", "--homedir", self.ring.folder, "--kill", "all")
        refused = self.sealos("push", "-q", "--sign-by", self.locked, "--sign-passphrase-file", wrong, "--sign-identity", NAME,
                              self.source, "dir:" + self.path("no"))
        self.assert_refused(refused, process.DENIED, self.locked)
        refused = self.sealos("push", "-q", "--sign-by", self.locked, "--sign-identity", NAME, self.source,
                              "dir:" + self.path("no"))
        self.assertNotEqual(refused.code, process.OK, refused)
        self.assertIn("--sign-passphrase-file", refused.err)
        self.assertFalse(os.path.exists(self.path("no")))
        right = signing.write(self.path("right"), "open sesame\nsecond line\n")
        self.push("-q", "--sign-by", self.locked, "--sign-passphrase-file", right, "--sign-identity", NAME, self.source,
                  "dir:" + self.path("yes"))
        good = self.policy(signing.signed_by(self.keys["locked"], **signing.exact(NAME)), "dir")
        self.assert_all_take(good, "dir:" + self.path("yes"))

    def test_what_cannot_be_signed_is_refused_before_the_first_byte(self):
        http = self.path("http")
        for flags, destination, code, words in (
                (["--sign-by", "0" * 40], "dir:", process.USAGE, ["0" * 40]),
                (["--sign-by", "example.com"], "dir:", process.USAGE, ["example.com"]),
                (["--sign-by", self.key], "dir:", process.USAGE, ["--sign-identity"]),
                (["--sign-by", self.key, "--sign-identity", "app:1"], "dir:", process.USAGE, ["docker.io/library/app:1"]),
                (["--sign-by", self.key, "--sign-identity", "example.com/app"], "dir:", process.USAGE, ["neither tag"]),
                (["--sign-by", self.key], "oci:", process.USAGE, ["oci", "signatures"]),
                (["--sign-by", self.key], "oci-archive:", process.USAGE, ["oci-archive", "signatures"]),
                (["--sign-identity", NAME], "dir:", process.USAGE, ["--sign-by"]),
                (["--sign-passphrase-file", self.passphrase], "dir:", process.USAGE, ["--sign-by"]),
                (["--sign-by", self.key, "--sign-by", self.stranger, "--sign-passphrase-file", self.passphrase], "dir:",
                 process.USAGE, ["one key"]),
                (["--sign-by-sigstore-private-key", self.path("none")], "dir:", process.USAGE, ["none"]),
                (["--sign-by-sigstore-private-key", self.sigstore_public], "dir:", process.USAGE, ["PUBLIC KEY"])):
            with self.subTest(flags=flags, destination=destination):
                refused = self.sealos("push", "-q", *flags, self.source, destination + http)
                self.assert_refused(refused, code, *words)
                self.assertFalse(os.path.exists(http))

    def test_a_place_that_takes_no_signatures_is_refused_before_the_first_byte(self):
        signing.write(self.path("file"), "no folder")
        for settings, flags, words in (
                ({"lookaside": "https://example.com/s"}, ["--sign-by", self.key], ["lookaside-staging"]),
                ({"lookaside": "file://%s/s" % self.path("file")}, ["--sign-by", self.key], [self.path("file")]),
                ({}, ["--sign-by-sigstore-private-key", self.sigstore_key, "--sign-passphrase-file", self.passphrase],
                 ["use-sigstore-attachments"])):
            with self.subTest(settings=settings):
                self.registries_d(**settings)
                before = len(self.registry.requests())
                refused = self.sealos("push", "-q", "--tls-verify=false", *flags, self.source, "docker://" + self.name)
                self.assertNotEqual(refused.code, process.OK, refused)
                for word in words:
                    self.assertIn(word, refused.err)
                self.assertEqual([r for r in self.registry.requests()[before:] if not r.startswith("GET /v2/ ")
                                  and r != "GET /v2/"], [])

    def test_where_nothing_is_configured_the_place_is_named(self):
        self.registries_d()
        default = "/var/lib/containers/sigstore"
        self.addCleanup(shutil.rmtree, "%s/%s" % (default, self.repository), ignore_errors=True)
        for path in glob.glob("%s/%s@*" % (default, self.repository)):
            shutil.rmtree(path)
        result = self.sign("docker://" + self.name)
        self.assertIn(default, result.err)
        for path in glob.glob("%s/%s@*" % (default, self.repository)):
            shutil.rmtree(path)

    # What becomes of signatures that are there

    def test_signatures_stay_where_the_manifest_does_and_are_refused_where_it_would_change(self):
        self.sign("docker://" + self.name)
        second = "docker://%s/copies/%s:1" % (self.registry.address, self.repository)
        self.copy("docker://" + self.name, second, "-q")
        self.assertEqual(len(self.files()), 2)
        policy = self.policy(signing.signed_by(self.keys["tester"], type="exactReference", dockerReference=self.name))
        self.assert_all_take(policy, second)
        before = tree(self.lookaside)
        for flags, destination, words in ((["--format", "v2s2"], second, ["signatures", "--remove-signatures"]),
                                          (["--compression-format", "zstd"], second, ["signatures", "--remove-signatures"]),
                                          ([], "oci:" + self.path("layout"), ["oci", "--remove-signatures"])):
            with self.subTest(flags=flags, destination=destination):
                refused = self.sealos("push", "-q", "--tls-verify=false", *flags, "docker://" + self.name, destination)
                self.assert_refused(refused, process.USAGE, *words)
                self.copy("docker://" + self.name, destination, "-q", "--remove-signatures", *flags)
        self.assertEqual(tree(self.lookaside), before)

    def test_signatures_that_nobody_wants_are_not_even_read(self):
        self.sign("dir:" + self.path("signed"), "--sign-identity", NAME)
        with open(self.path("signed", "signature-1"), "w", encoding="ascii") as file:
            file.write("no signature at all")
        self.assertNotEqual(self.sealos("push", "-q", "dir:" + self.path("signed"), self.fresh()).code, process.OK)
        self.push("-q", "--remove-signatures", "dir:" + self.path("signed"), self.fresh())
        policy = self.policy(signing.signed_by(self.keys["tester"], **signing.exact(NAME)), "dir")
        refused = self.read(policy, "dir:" + self.path("signed"), "--remove-signatures")
        self.assertNotEqual(refused.code, process.OK, refused)

    # What skopeo signs

    def test_what_skopeo_signed_is_taken_and_what_is_no_good_is_not(self):
        place = "docker://" + self.name
        result = self.skopeo("/etc/containers/policy.json", "copy", "-q", "--dest-tls-verify=false", "--sign-by", self.key,
                             self.source, place)
        self.assertEqual(result.code, 0, result)
        good = self.policy(signing.signed_by(self.keys["tester"]))
        self.assertEqual(self.read(good, place).code, process.OK)
        [file] = self.files()
        path = os.path.join(self.lookaside, file)
        with open(path, "rb") as opened:
            data = opened.read()
        for place_in_file in (len(data) // 3, len(data) // 2, len(data) - 20):
            with open(path, "wb") as opened:
                opened.write(data[:place_in_file] + bytes([data[place_in_file] ^ 1]) + data[place_in_file + 1:])
            self.assert_refused(self.read(good, place), process.POLICY, "signedBy")
        with open(path, "wb") as opened:
            opened.write(data)
        self.assertEqual(self.read(good, place).code, process.OK)
        os.remove(path)
        self.assert_refused(self.read(good, place), process.POLICY, "no such signature")

    def test_an_expired_signature_and_a_signature_by_an_expired_key_are_taken_by_nobody(self):
        folder = self.path("signed")
        self.copy(self.source, "dir:" + folder, "-q")
        payload = {"critical": {"identity": {"docker-reference": NAME}, "image": {
            "docker-manifest-digest": stored.in_dir(folder).manifest_digest}, "type": "atomic container signature"},
            "optional": {}}
        signing.write(self.path("payload"), json.dumps(payload))
        past = ["--faked-system-time", "20200101T000000"]
        old = self.ring.make("old", "", "seconds=86400", False, *past)
        for name, fingerprint, more in (("old", old, past), ("tester", self.key, ["--default-sig-expire", "seconds=1"])):
            with self.subTest(key=name):
                if name == "tester":
                    more = ["--ignore-time-conflict", "--faked-system-time", "20200101T000000"] + more
                self.ring.gpg("--yes", *more, "--output", os.path.join(folder, "signature-1"), "--local-user", fingerprint,
                              "--sign", self.path("payload"))
                key = self.ring.export(fingerprint, self.path(name + ".gpg"))
                self.assert_none_takes(self.policy(signing.signed_by(key, **signing.exact(NAME)), "dir"), "dir:" + folder)

    def test_two_signers_of_one_message_are_taken_by_nobody(self):
        folder = self.path("signed")
        self.sign("dir:" + folder, "--sign-identity", NAME)
        payload = self.ring.gpg("--decrypt", os.path.join(folder, "signature-1"))
        signing.write(self.path("payload"), payload)
        self.ring.gpg("--yes", "--output", os.path.join(folder, "signature-1"), "--local-user", self.key,
                      "--local-user", self.stranger, "--sign", self.path("payload"))
        policy = self.policy(signing.signed_by(self.keys["tester"], **signing.exact(NAME)), "dir")
        self.assert_none_takes(policy, "dir:" + folder, "signers")

    # Sigstore

    def attach(self, *flags):
        self.registries_d(**{"use-sigstore-attachments": True, "lookaside": "file://" + self.lookaside})
        return self.copy(self.source, "docker://" + self.name, "-q", "--sign-by-sigstore-private-key", self.sigstore_key,
                         "--sign-passphrase-file", self.passphrase, *flags)

    def attached(self):
        """The manifest of the signatures, and the one that they are of."""
        manifest = self.registry.get("/v2/%s/manifests/1" % self.repository)
        tag = "sha256-%s.sig" % hashlib.sha256(manifest).hexdigest()
        return json.loads(self.registry.get("/v2/%s/manifests/%s" % (self.repository, tag))), manifest

    def test_a_sigstore_signature_is_attached_as_cosign_does_it(self):
        self.attach()
        manifest, signed = self.attached()
        [layer] = manifest["layers"]
        self.assertEqual(layer["mediaType"], "application/vnd.dev.cosign.simplesigning.v1+json")
        payload = self.registry.get("/v2/%s/blobs/%s" % (self.repository, layer["digest"]))
        critical = json.loads(payload)["critical"]
        self.assertEqual(critical["type"], "cosign container image signature")
        self.assertEqual(critical["identity"]["docker-reference"], self.name)
        self.assertEqual(critical["image"]["docker-manifest-digest"], "sha256:" + hashlib.sha256(signed).hexdigest())
        for name, data in (("payload", payload),
                           ("signature", base64.b64decode(layer["annotations"]["dev.cosignproject.cosign/signature"]))):
            with open(self.path(name), "wb") as file:
                file.write(data)
        process.check("openssl", "dgst", "-sha256", "-verify", self.sigstore_public, "-signature", self.path("signature"),
                      self.path("payload"))
        config = json.loads(self.registry.get("/v2/%s/blobs/%s" % (self.repository, manifest["config"]["digest"])))
        self.assertEqual(config["rootfs"]["diff_ids"], [layer["digest"]])
        good = self.policy(signing.sigstore_signed(self.sigstore_public))
        self.assertEqual(self.read(good, "docker://" + self.name).code, process.OK)
        process.check("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path("other"))
        process.check("openssl", "pkey", "-in", self.path("other"), "-pubout", "-out", self.path("other.pub"))
        bad = self.policy(signing.sigstore_signed(self.path("other.pub")))
        self.assert_refused(self.read(bad, "docker://" + self.name), process.POLICY, "sigstoreSigned", "no trusted key")
        self.registries_d(lookaside="file://" + self.lookaside)
        good = self.policy(signing.sigstore_signed(self.sigstore_public))
        self.assert_refused(self.read(good, "docker://" + self.name), process.POLICY, "no such signature")

    def test_a_signature_as_cosign_makes_it_needs_a_rule_without_a_tag(self):
        folder = self.path("signed")
        self.copy(self.source, "dir:" + folder, "-q")
        payload = json.dumps({"critical": {"identity": {"docker-reference": NAME.rsplit(":", 1)[0]}, "image": {
            "docker-manifest-digest": stored.in_dir(folder).manifest_digest}, "type": "cosign container image signature"},
            "optional": None})
        process.check("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path("key"))
        process.check("openssl", "pkey", "-in", self.path("key"), "-pubout", "-out", self.path("key.pub"))
        signing.write(self.path("payload"), payload)
        process.check("openssl", "dgst", "-sha256", "-sign", self.path("key"), "-out", self.path("s"), self.path("payload"))
        with open(self.path("s"), "rb") as file:
            signature = base64.b64encode(file.read()).decode()
        with open(os.path.join(folder, "signature-1"), "wb") as file:
            file.write(b"\0sigstore-json\n" + json.dumps({
                "mimeType": "application/vnd.dev.cosign.simplesigning.v1+json",
                "payload": base64.b64encode(payload.encode()).decode(),
                "annotations": {"dev.cosignproject.cosign/signature": signature}}).encode())
        repository = {"type": "exactRepository", "dockerRepository": NAME.rsplit(":", 1)[0]}
        good = self.policy(signing.sigstore_signed(self.path("key.pub"), **repository), "dir")
        self.assertEqual(self.read(good, "dir:" + folder).code, process.OK)
        strict = self.policy(signing.sigstore_signed(self.path("key.pub"), **signing.exact(NAME)), "dir")
        self.assert_refused(self.read(strict, "dir:" + folder), process.POLICY, "sigstoreSigned")

    def test_skopeo_of_today_takes_our_sigstore_signatures_and_we_take_its(self):
        if not os.path.isdir(NEWEST):
            return  # not required: the form is checked above
        self.attach()
        shared = "/tmp/share/e2e-signing-%d" % os.getpid()
        self.addCleanup(shutil.rmtree, shared, ignore_errors=True)
        shutil.copytree(self.registries_folder, shared + "/d")
        for file in (self.sigstore_key, self.sigstore_public, self.passphrase):
            shutil.copy(file, shared)
        policy = signing.policy(shared + "/policy.json", signing.sigstore_signed(shared + "/cosign.pub"))
        base = ["chroot", NEWEST, "skopeo", "--policy", policy, "--registries.d", shared + "/d"]
        result = process.run(*base, "copy", "-q", "--src-tls-verify=false", "docker://" + self.name, "dir:%s/out" % shared)
        self.assertEqual(result.code, 0, result)
        theirs = self.name.replace(":1", ":theirs")
        process.check(*base, "--insecure-policy", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false",
                      "--remove-signatures", "--sign-by-sigstore-private-key", shared + "/cosign.key",
                      "--sign-passphrase-file", shared + "/passphrase", "docker://" + self.name, "docker://" + theirs)
        good = self.policy(signing.sigstore_signed(self.sigstore_public, type="matchExact"))
        self.assertEqual(self.read(good, "docker://" + theirs).code, process.OK)
        self.assertEqual(self.read(good, "docker://" + self.name).code, process.OK)

    # No policy

    def test_without_a_policy_nothing_is_read_but_what_is_in_the_store(self):
        os.remove(self.path("home/.config/containers/policy.json"))
        hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /etc/containers && exec "$@"', "sh"]
        run = lambda *more: process.run(*hidden, environment.SEALOS, "push", "-q", *more, env=self.environment())
        if not os.path.isdir("/etc/containers"):
            hidden = []
        self.assert_refused(run(self.source, "dir:" + self.path("no")), process.POLICY, self.home, "--insecure-policy")
        self.assertFalse(os.path.exists(self.path("no", "manifest.json")))
        result = run("--insecure-policy", self.source, "dir:" + self.path("yes"))
        self.assertEqual(result.code, process.OK, result)
        environment.need_plugins("containers-storage")
        store = stores.Store(self.path("store"))
        self.addCleanup(store.close)
        self.push("-q", "--insecure-policy", self.source, store.reference("localhost/app:1"))
        result = run(store.reference("localhost/app:1"), "dir:" + self.path("stored"))
        self.assertEqual(result.code, process.OK, result)
        refused = run("--insecure-policy", "--signature-policy", "x", self.source, "dir:" + self.path("no"))
        self.assert_refused(refused, process.USAGE, "--insecure-policy")


if __name__ == "__main__":
    main()
