"""sealos verify: an image is read in full, and all that is wrong with it is told."""

import glob
import json
import os
import shutil

from support import environment, hostile, keys, layouts, process, servers, signing, stored, stores
from support.case import Case, main

environment.need("skopeo", "docker-registry", "openssl")
environment.need_plugins("oci", "oci-archive", "dir", "docker", "docker-archive")

CONTENT, POLICY, UNREAD = 10, 11, 12


class Verifying(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")

    def verify(self, *arguments, code=process.OK):
        result = self.sealos("verify", "--json", "-q", *arguments)
        self.assertEqual(result.code, code, result)
        report = json.loads(result.out)
        self.assertEqual(report["right"], code == process.OK)
        return report

    def problems(self, *arguments, code=CONTENT):
        return sorted("%s %s" % (p["kind"], p["what"]) for p in self.verify(*arguments, code=code)["problems"])


class Verify(Verifying):
    def test_every_place_of_a_right_image(self):
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        for place in (self.source, "dir:" + self.path("dir"), "oci-archive:%s:1" % self.path("o.tar"),
                      "docker-archive:%s:r/a:1" % self.path("d.tar"), registry.reference("app:1")):
            with self.subTest(place=place):
                if place != self.source:
                    self.copy(self.source, place)
                report = self.verify(*(["--tls-verify=false"] if place.startswith("docker:") else []), place)
                self.assertEqual((report["manifests"], report["blobs"]), (1, 4))
                self.assertGreater(report["bytes"], 1_000_000)

    def test_everything_wrong_is_told_and_not_the_first_alone(self):
        layers = [layer["digest"] for layer in self.image.manifest["layers"]]
        with open(self.layout.blob_path(layers[0]), "r+b") as file:
            file.seek(100)
            file.write(b"other bytes")
        os.truncate(self.layout.blob_path(layers[1]), 10)
        os.unlink(self.layout.blob_path(layers[2]))
        self.assertEqual(self.problems(self.source), sorted("content layer " + digest for digest in layers))
        text = self.sealos("verify", "-q", self.source)
        self.assertEqual(text.code, CONTENT, text)
        self.assertEqual(len(text.out.splitlines()), 4, text)
        self.assertTrue(text.out.endswith(": wrong\n"), text)

    def test_a_layer_that_the_config_knows_as_another(self):
        manifest = json.loads(self.image.manifest_bytes)
        config = json.loads(self.image.blob(manifest["config"]))
        config["rootfs"]["diff_ids"].reverse()
        manifest["config"] = self.layout.add_blob(json.dumps(config).encode(), manifest["config"]["mediaType"])
        self.layout.tag("1", self.layout.add_blob(json.dumps(manifest).encode(), layouts.MANIFEST))
        wrong = self.verify(self.source, code=CONTENT)["problems"]
        self.assertEqual([p["what"] for p in wrong], ["layer " + manifest["layers"][i]["digest"] for i in (0, 2)])
        self.assertIn("without compression it has digest", wrong[0]["why"])
        config["rootfs"]["diff_ids"].pop()
        manifest["config"] = self.layout.add_blob(json.dumps(config).encode(), manifest["config"]["mediaType"])
        self.layout.tag("1", self.layout.add_blob(json.dumps(manifest).encode(), layouts.MANIFEST))
        self.assertIn("it knows 2 layers, the manifest 3", self.verify(self.source, code=CONTENT)["problems"][0]["why"])

    def test_an_index_with_all_its_images_or_one(self):
        layout = layouts.index_image(self.path("multi"))
        name = "oci:%s:multi" % layout.folder
        index = stored.in_oci(layout.folder, "multi").manifest
        self.assertEqual(self.verify("--all", name)["manifests"], 3)
        self.assertEqual(self.verify("--platform", "linux/arm64", name)["manifests"], 2)
        arm = [m for m in index["manifests"] if m["platform"]["architecture"] == "arm64"][0]
        with open(layout.blob_path(arm["digest"]), "ab") as file:
            file.write(b" ")
        self.verify("--platform", "linux/amd64", name)
        self.assertEqual(self.problems("--all", name), ["content manifest " + arm["digest"]])

    def test_encrypted_layers_with_a_key_and_without(self):
        ours = keys.Keys(self.path("keys"))
        key, other = ours.ec(), ours.ec("other")
        secret = "oci:%s:1" % self.path("secret")
        self.push("--encryption-key", "jwe:%s.pub" % key, self.source, secret)
        self.assertEqual(self.verify(secret)["notLookedInto"], 3)
        self.assertEqual(self.verify("--decryption-key", key, secret)["notLookedInto"], 0)
        self.assertEqual(len(self.problems("--decryption-key", other, secret, code=UNREAD)), 3)

    def test_the_policy_is_asked_for_every_image(self):
        policy = self.path("policy.json")
        with open(policy, "w", encoding="utf-8") as file:
            json.dump({"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyData": "AAAA"}]}, file)
        self.assertEqual(self.problems("--signature-policy", policy, self.source, code=POLICY),
                         ["policy signatures of " + self.image.manifest_digest])
        with open(policy, "w", encoding="utf-8") as file:
            json.dump({"default": [{"type": "reject"}]}, file)
        result = self.sealos("verify", "--signature-policy", policy, self.source)
        self.assert_refused(result, POLICY, "policy")

    def test_what_cannot_be_read_is_not_called_wrong(self):
        def busy(request, method, path):
            return "/blobs/" in path and path.endswith(self.image.manifest["layers"][0]["digest"]) and request.fail(503, "UNAVAILABLE")
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        self.copy(self.source, registry.reference("app:1"))
        server = hostile.HostileRegistry(self.relay(registry, busy))
        self.addCleanup(server.stop)
        self.assertEqual(self.problems("--tls-verify=false", "--retry", "0", "docker://%s/app:1" % server.address, code=UNREAD),
                         ["unread layer " + self.image.manifest["layers"][0]["digest"]])

    def relay(self, registry, fails):
        """A registry that answers as the other one does, where `fails` does not."""
        import urllib.error
        import urllib.request

        def answer(request, method, path):
            if fails(request, method, path):
                return True
            address = registry.reference("").replace("docker://", "http://").rstrip("/")
            asked = urllib.request.Request(address + path, method=method, headers={"Accept": "*/*, " + servers.MANIFEST_TYPES})
            try:
                with urllib.request.urlopen(asked) as response:
                    headers = {k.replace("-", "_"): v for k, v in response.headers.items()
                               if k.lower() in ("content-type", "docker-content-digest")}
                    request.reply(response.status, response.read(), **headers)
            except urllib.error.HTTPError as error:
                request.reply(error.code, error.read())
            return True
        return answer

    def test_what_refers_to_the_image_is_read_if_that_is_wanted(self):
        subject = {"mediaType": layouts.MANIFEST, "digest": self.image.manifest_digest, "size": len(self.image.manifest_bytes)}
        extra = self.layout.add_layer(lambda tar: tar.file("bill", b"{}"))
        about = self.layout.add_image([extra], subject=subject)
        self.layout.tag("about", about)
        self.assertEqual(self.verify("--referrers", self.source)["manifests"], 2)
        with open(self.layout.blob_path(extra[0]["digest"]), "ab") as file:
            file.write(b"x")
        self.verify(self.source)
        self.assertEqual(self.problems("--referrers", self.source), ["content blob " + extra[0]["digest"]])
        shutil.copytree(self.layout.folder, self.path("copy"))
        self.copy(self.source, "dir:" + self.path("dir"))
        self.assert_refused(self.sealos("verify", "--referrers", "dir:" + self.path("dir")), process.USAGE, "--referrers")

    def test_what_is_not_there_or_no_image(self):
        self.assert_refused(self.sealos("verify", "oci:" + self.path("none")), process.NOT_FOUND, "none")
        os.mkdir(self.path("odd"))
        with open(self.path("odd", "manifest.json"), "w", encoding="utf-8") as file:
            file.write("{}")
        self.assertEqual(self.sealos("verify", "dir:" + self.path("odd")).code, CONTENT)
        self.assert_refused(self.sealos("verify", "-o", "dir.compress=true", self.source), process.USAGE, "dir.compress")


class Signed(Verifying):
    """Places that keep signatures, and others that have an image run, under policies for them."""

    NAME = "registry.example.com/team/app:1"

    @classmethod
    def setUpClass(cls):
        signing.use_ring(cls)
        cls.strange = cls.ring.export(cls.stranger, os.path.join(cls.shared, "stranger.gpg"))

    def sign(self, source, destination, *flags):
        return self.push("-q", "--sign-by", self.key, "--sign-identity", self.NAME, *flags, source, destination,
                         env=self.environment(GNUPGHOME=self.ring.folder))

    def policy(self, transport, scope, key=None):
        """Images in that scope need a signature, others are not read."""
        requirement = signing.signed_by(key, **signing.exact(self.NAME)) if key else {"type": "insecureAcceptAnything"}
        return signing.write(self.path("policy.json"), json.dumps(
            {"default": [{"type": "reject"}], "transports": {transport: {scope: [requirement]}}}))

    def assert_signature_counts(self, transport, scope, place):
        self.assertEqual(self.verify("--signature-policy", self.policy(transport, scope, self.public), place)["signatures"], 1)
        for key in (self.strange, None):
            policy = self.policy(transport, scope if key else scope + "other", key)
            result = self.sealos("verify", "--signature-policy", policy, place)
            self.assertEqual(result.code, POLICY, result)

    def test_a_store(self):
        environment.need("podman", "buildah", root=True)
        environment.need_plugins("containers-storage")
        store = stores.Store(self.path("store"), "overlay")
        self.addCleanup(store.close)
        place = store.reference(self.NAME)
        self.sign(self.source, place)
        for scope in ("", "[overlay@%s]" % store.root, "[overlay@%s]%s" % (store.root, self.NAME), "[%s]" % store.root):
            with self.subTest(scope=scope):
                self.assertEqual(self.verify("--signature-policy", self.policy("containers-storage", scope, self.public), place)["signatures"], 1)
        self.assert_signature_counts("containers-storage", "[overlay@%s]%s" % (store.root, self.NAME), place)
        theirs = store.reference("localhost/theirs:1")
        policy = signing.write(self.path("any.json"), '{"default": [{"type": "insecureAcceptAnything"}]}')
        process.check("skopeo", "--policy", policy, "copy", "-q", "--sign-by", self.key, self.source, theirs,
                      env=dict(os.environ, GNUPGHOME=self.ring.folder))
        requirement = signing.signed_by(self.public, **signing.exact("localhost/theirs:1"))
        self.assertEqual(self.verify("--signature-policy", signing.policy(self.path("p"), requirement, "containers-storage"),
                                     theirs)["signatures"], 1)
        file = glob.glob(os.path.join(store.root, "overlay", "*", "diff", "usr", "random"))[0]
        with open(file, "r+b") as damaged:
            damaged.write(b"damaged")
        self.assertEqual([problem.split()[:2] for problem in self.problems(place)], [["content", "layer"]])

    def test_what_is_pushed_from_a_store_is_signed_on_the_way(self):
        environment.need("podman", "buildah", root=True)
        environment.need_plugins("containers-storage")
        store = stores.Store(self.path("store"), "overlay")
        self.addCleanup(store.close)
        store.commit("localhost/app:1", stores.first_layer)
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        self.sign(store.reference("localhost/app:1"), registry.reference("app:1"), "--tls-verify=false")
        for transport, place, flags in (("docker", registry.reference("app:1"), ("--tls-verify=false",)),
                                        ("dir", "dir:" + self.path("dir"), ())):
            if transport == "dir":
                self.sign(store.reference("localhost/app:1"), place)
            with self.subTest(place=place):
                policy = signing.policy(self.path("p"), signing.signed_by(self.public, **signing.exact(self.NAME)), transport)
                self.assertEqual(self.verify("--signature-policy", policy, *flags, place)["signatures"], 1)
        policy = signing.policy(self.path("p"), signing.signed_by(self.public, **signing.exact(self.NAME)), "dir")
        process.check("skopeo", "--policy", policy, "copy", "-q", "dir:" + self.path("dir"), "dir:" + self.path("back"))

    def test_ostree(self):
        environment.need("ostree")
        environment.need_plugins("ostree")
        repository = self.path("repo")
        process.check("ostree", "--repo=" + repository, "init", "--mode=archive")
        for layers in ("split", "raw"):
            with self.subTest(layers=layers):
                place = "ostree:team/%s:1@%s" % (layers, repository)
                self.sign(self.source, place, "-o", "ostree.layers=" + layers)
                self.assert_signature_counts("ostree", "%s:team/%s:1" % (repository, layers), place)
                self.assertEqual(self.verify("--signature-policy", self.policy("ostree", repository + ":team"), place)["blobs"], 4)
        large = max(glob.glob(os.path.join(repository, "objects", "*", "*.filez")), key=os.path.getsize)
        with open(large, "r+b") as damaged:
            damaged.seek(os.path.getsize(large) // 2)
            damaged.write(b"damaged")
        found = [self.sealos("verify", "-q", "ostree:team/%s:1@%s" % (layers, repository)).code for layers in ("split", "raw")]
        self.assertIn(CONTENT, found)

    def test_sif(self):
        environment.need_plugins("sif")
        for form in ("oci", "native"):
            with self.subTest(form=form):
                file = self.path(form + ".sif")
                self.push("-q", "-o", "sif.format=" + form, self.source, "sif:" + file)
                self.verify("sif:" + file)
                self.verify("--signature-policy", self.policy("sif", file), "sif:" + file)
                wanted = self.policy("sif", file, self.public)
                self.assertEqual(self.verify("--signature-policy", wanted, "sif:" + file, code=POLICY)["problems"][0]["kind"], "policy")
        with open(self.path("oci.sif"), "r+b") as damaged:
            damaged.seek(os.path.getsize(self.path("oci.sif")) // 2)
            damaged.write(b"damaged")
        self.assertEqual([problem.split()[:2] for problem in self.problems("sif:" + self.path("oci.sif"))], [["content", "layer"]])

    def test_docker_daemon(self):
        environment.need("dockerd", root=True)
        environment.need_plugins("docker-daemon")
        daemon = servers.Dockerd(self.path("daemon"))
        self.addCleanup(daemon.stop)
        place, there = "docker-daemon:localhost/app:1", ("--daemon-host", daemon.host)
        self.push("-q", *there, self.source, place)
        self.verify(*there, place)
        self.verify(*there, "--signature-policy", self.policy("docker-daemon", "localhost/app:1"), place)
        wanted = self.policy("docker-daemon", "localhost/app:1", self.public)
        self.verify(*there, "--signature-policy", wanted, place, code=POLICY)
        self.assert_refused(self.sealos("verify", *there, "docker-daemon:none:1"), process.NOT_FOUND, "none:1")
        self.assert_refused(self.sealos("verify", *there, self.source), process.USAGE, "docker-daemon.host")


if __name__ == "__main__":
    main()
