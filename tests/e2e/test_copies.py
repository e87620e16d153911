"""Copies among oci, dir and docker in all nine directions, read back by skopeo and by hashing every blob."""

import os

from support import environment, layouts, process, servers, stored
from support.case import Case, main

environment.need("skopeo", "docker-registry")
environment.need_plugins("oci", "dir", "docker")

LARGE_MB = int(os.environ.get("SEALOS_E2E_LARGE_MB", "20" if environment.SANITIZED else "200"))
LOOSE = "--tls-verify=false"  # the registry on loopback speaks plain HTTP


class Copies(Case):
    def setUp(self):
        super().setUp()
        self.registry = servers.Registry(self.path("registry"))
        self.addCleanup(self.registry.stop)

    def place(self, transport, name):
        """(reference for sealos, how to read it back)"""
        if transport == "oci":
            return "oci:%s:1" % self.path(name), lambda: stored.in_oci(self.path(name), "1")
        if transport == "dir":
            return "dir:" + self.path(name), lambda: stored.in_dir(self.path(name))
        return self.registry.reference(name + ":1"), lambda: stored.in_registry(self.registry, name + ":1")

    def nine_directions(self, layout, *flags):
        original = stored.in_oci(layout.folder, "1")
        sources = {"oci": "oci:%s:1" % layout.folder}
        for transport in ("dir", "docker"):
            sources[transport], read_back = self.place(transport, "source-" + transport)
            process.check("skopeo", "copy", "-q", *flags, "--dest-tls-verify=false", sources["oci"], sources[transport])
            self.assert_same_image(original, read_back())
        for source in sources:
            for destination in sources:
                with self.subTest(source=source, destination=destination):
                    reference, read_back = self.place(destination, "%s-to-%s" % (source, destination))
                    self.copy(sources[source], reference, *flags)
                    self.assert_same_image(original, read_back())

    def test_a_small_image_in_all_nine_directions(self):
        self.nine_directions(layouts.small_image(self.path("image")))

    def test_an_index_in_all_nine_directions(self):
        self.nine_directions(layouts.index_image(self.path("image"), tag="1"), "--all")

    def test_a_docker_manifest_stays_one(self):
        layout = layouts.small_image(self.path("image"))
        source, read_source = self.place("dir", "source")
        process.check("skopeo", "copy", "-q", "--format", "v2s2", "oci:%s:1" % layout.folder, source)
        for destination in ("dir", "docker"):
            reference, read_back = self.place(destination, "copy-" + destination)
            self.copy(source, reference)
            self.assert_same_image(read_source(), read_back())

    def test_zstd_layers_pass_unchanged(self):
        layout = layouts.small_image(self.path("image"), compression="zstd")
        for destination in ("oci", "dir", "docker"):
            reference, read_back = self.place(destination, "copy-" + destination)
            self.copy("oci:%s:1" % layout.folder, reference)
            self.assert_same_image(stored.in_oci(layout.folder, "1"), read_back())

    def test_one_platform_of_an_index_is_taken_without_all(self):
        layout = layouts.index_image(self.path("image"))
        self.push("oci:%s:multi" % layout.folder, "dir:" + self.path("copy"))
        copy = stored.in_dir(self.path("copy"))
        self.assertIn("layers", copy.manifest)
        self.assertIn(copy.manifest_digest, [i["digest"] for i in stored.in_oci(layout.folder, "multi").manifest["manifests"]])
        copy.blob_digests()

    def test_plain_layers_arrive_at_the_registry_as_gzip(self):
        layout = layouts.small_image(self.path("image"), compression="")
        original = stored.in_oci(layout.folder, "1")
        for source in ("oci", "dir"):
            with self.subTest(source=source):
                reference, name = "oci:%s:1" % layout.folder, "from-" + source
                if source == "dir":
                    reference = "dir:" + self.path("plain")
                    self.push("oci:%s:1" % layout.folder, reference)
                target, read_back = self.place("docker", name)
                self.push(LOOSE, reference, target)
                pushed = read_back()
                for layer in pushed.manifest["layers"]:
                    self.assertEqual(layer["mediaType"], layouts.LAYER + "+gzip")
                    self.assertEqual(pushed.blob(layer)[:2], b"\x1f\x8b")
                promised, found = pushed.diff_ids()
                self.assertEqual(found, original.diff_ids()[0])
                self.assertEqual(promised, found)
                self.assertEqual(pushed.manifest["config"]["digest"], original.manifest["config"]["digest"])

    def test_what_is_pushed_again_is_not_uploaded_again(self):
        layout = layouts.small_image(self.path("image"))
        target = self.registry.reference("app:1")
        self.push(LOOSE, "oci:%s:1" % layout.folder, target)
        before = len(self.registry.requests())
        self.push(LOOSE, "oci:%s:1" % layout.folder, self.registry.reference("app:2"))
        again = self.registry.requests()[before:]
        self.assertFalse([r for r in again if r.startswith(("POST", "PATCH"))], again)
        self.assertEqual(sorted(self.registry.tags("app")), ["1", "2"])

    def test_two_tags_live_in_one_layout(self):
        layout = layouts.small_image(self.path("image"))
        other = layouts.index_image(self.path("other"), tag="1")
        self.push("oci:%s:1" % layout.folder, "oci:%s:a" % self.path("both"))
        self.push("--all", "oci:%s:1" % other.folder, "oci:%s:b" % self.path("both"))
        self.assert_same_image(stored.in_oci(layout.folder, "1"), stored.in_oci(self.path("both"), "a"))
        self.assert_same_image(stored.in_oci(other.folder, "1"), stored.in_oci(self.path("both"), "b"))

    def test_the_digestfile_has_the_digest_that_the_registry_has(self):
        layout = layouts.small_image(self.path("image"))
        self.push(LOOSE, "--digestfile", self.path("digest"), "oci:%s:1" % layout.folder, self.registry.reference("app:1"))
        with open(self.path("digest"), encoding="ascii") as file:
            self.assertEqual(file.read(), stored.in_registry(self.registry, "app:1").manifest_digest)

    def test_flags_may_follow_the_arguments_and_docker_is_the_default(self):
        layout = layouts.small_image(self.path("image"))
        result = self.push("oci:%s:1" % layout.folder, self.registry.address + "/app", "--quiet", LOOSE)
        self.assertEqual(result.err, "")
        self.assertEqual(self.registry.tags("app"), ["latest"])

    def test_an_option_that_no_step_would_use_is_refused_before_the_copy(self):
        layout = layouts.small_image(self.path("image"))
        for flags in (["--tls-verify=false"], ["--cert-dir", self.folder], ["--creds", "me:secret"], ["-o", "no.such=1"],
                      ["--all", "--platform", "linux/arm64"], ["-o", "dir.compress=perhaps"]):
            with self.subTest(flags=flags):
                result = self.sealos("push", "-q", *flags, "oci:%s:1" % layout.folder, "dir:" + self.path("copy"))
                self.assertIn(result.code, (process.USAGE, process.DESTINATION), result)
                self.assertEqual(len(result.lines), 1, result)
                self.assertFalse(os.path.exists(self.path("copy")), flags)

    def test_a_large_image_needs_little_memory(self):
        layout = layouts.large_image(self.path("image"), LARGE_MB)
        original = stored.in_oci(layout.folder, "1")
        for destination in ("oci", "dir", "docker"):
            with self.subTest(destination=destination):
                reference, read_back = self.place(destination, "large-" + destination)
                loose = [LOOSE] if destination == "docker" else []
                result, peak_kib = self.sealos_measured("push", *loose, "oci:%s:1" % layout.folder, reference)
                self.assertEqual(result.code, process.OK, result)
                if not environment.SANITIZED:
                    self.assertLess(peak_kib, 64 << 10, result)
                copy = read_back()
                if destination == "dir":
                    self.assert_same_image(original, copy)
                else:  # the layers were plain
                    self.assertEqual(copy.diff_ids()[1], original.diff_ids()[0])


if __name__ == "__main__":
    main()
