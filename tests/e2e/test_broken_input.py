"""Sources that lie or are damaged, and destinations that cannot take it: one clear line, the documented exit code,
and the destination as it was."""

import json
import os
import shutil

from support import environment, layouts, process, servers, stored
from support.case import Case, main, tree

environment.need("skopeo", "docker-registry")
environment.need_plugins("oci", "dir", "docker")


class BrokenSource(Case):
    """Each test damages a good layout; then every destination must refuse it and stay as it was."""

    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.image = stored.in_oci(self.layout.folder, "1")
        self.source = "oci:%s:1" % self.layout.folder
        old = layouts.index_image(self.path("old"), tag="1", seed=10)
        process.check("skopeo", "copy", "-q", "--all", "oci:%s:1" % old.folder, "oci:%s:1" % self.path("to-oci"))
        process.check("skopeo", "copy", "-q", "--all", "oci:%s:1" % old.folder, "dir:" + self.path("to-dir"))

    def layer(self, number=1):
        return self.layout.blob_path(self.image.manifest["layers"][number]["digest"])

    def replace_manifest(self, change):
        """change(manifest) edits it, or returns other bytes; the layout then names what came of it."""
        manifest = json.loads(self.image.manifest_bytes)
        data = change(manifest)
        if data is None:
            data = json.dumps(manifest).encode()
        self.layout.tag("1", self.layout.add_blob(data, layouts.MANIFEST))

    def assert_refused_everywhere(self, *words, code=process.CORRUPT):
        for name, target in (("to-oci", "oci:%s:1"), ("to-dir", "dir:%s")):
            with self.subTest(destination=name):
                before = tree(self.path(name))
                result = self.sealos("push", "-q", "--digestfile", self.path("digest"), self.source, target % self.path(name))
                self.assert_refused(result, code, *words)
                self.assertEqual(tree(self.path(name)), before)
                self.assertFalse(os.path.exists(self.path("digest")))
        with self.subTest(destination="new folder"):
            result = self.sealos("push", "-q", self.source, "dir:" + self.path("new"))
            self.assert_refused(result, code, *words)
            self.assertFalse(os.path.exists(self.path("new")) and os.listdir(self.path("new")))

    def test_a_blob_with_other_bytes(self):
        with open(self.layer(), "r+b") as file:
            file.seek(100)
            file.write(b"changed")
        self.assert_refused_everywhere(self.image.manifest["layers"][1]["digest"][:19])

    def test_a_truncated_blob(self):
        os.truncate(self.layer(), os.path.getsize(self.layer()) - 1)
        self.assert_refused_everywhere(self.image.manifest["layers"][1]["digest"][:19])

    def test_a_blob_with_bytes_after_its_end(self):
        with open(self.layer(), "ab") as file:
            file.write(b"more")
        self.assert_refused_everywhere(self.image.manifest["layers"][1]["digest"][:19])

    def test_a_blob_that_is_not_there(self):
        os.unlink(self.layer())
        result = self.sealos("push", "-q", self.source, "dir:" + self.path("new"))
        self.assertIn(result.code, (process.CORRUPT, process.NOT_FOUND), result)
        self.assertEqual(len(result.lines), 1, result)

    def test_a_blob_that_is_a_folder(self):
        path = self.layer()
        os.unlink(path)
        os.mkdir(path)
        result = self.sealos("push", "-q", self.source, "dir:" + self.path("new"))
        self.assertIn(result.code, (process.CORRUPT, process.LOCAL_IO), result)
        self.assertEqual(len(result.lines), 1, result)

    def test_a_size_that_is_wrong(self):
        self.replace_manifest(lambda m: m["layers"][0].update(size=m["layers"][0]["size"] + 1))
        self.assert_refused_everywhere(self.image.manifest["layers"][0]["digest"][:19])

    def test_sizes_that_are_nonsense(self):
        for size in (-1, 1 << 62, 1e300, "12", None, 1.5):
            self.replace_manifest(lambda m, size=size: m["layers"][0].update(size=size))
            self.assert_refused_everywhere()

    def test_digests_that_are_nonsense(self):
        for digest in ("sha256:../../../../etc/passwd", "sha256:" + "g" * 64, "sha256:" + "a" * 63, "sha256", "", 12, None,
                       "md5:d41d8cd98f00b204e9800998ecf8427e", "SHA256:" + "a" * 64, "sha256:" + "A" * 64, "../" + "a" * 64):
            self.replace_manifest(lambda m, digest=digest: m["layers"][0].update(digest=digest))
            self.assert_refused_everywhere()
            self.replace_manifest(lambda m, digest=digest: m["config"].update(digest=digest))
            self.assert_refused_everywhere()

    def test_a_manifest_that_is_no_json(self):
        for data in (b"", b"{", b"[]", b"null", b"\0" * 100, b"<html></html>", b"\xff\xfe{}", b'{"schemaVersion": 2} x',
                     b"[" * 100_000, b'{"a":' * 100_000):
            self.replace_manifest(lambda m, data=data: data)
            self.assert_refused_everywhere()

    def test_a_manifest_of_100_mb_is_not_even_read(self):
        self.replace_manifest(lambda m: b" " * 100_000_000)
        result, peak_kib = self.sealos_measured("push", "-q", self.source, "dir:" + self.path("new"))
        self.assert_refused(result, process.CORRUPT)
        if not environment.SANITIZED:
            self.assertLess(peak_kib, 64 << 10)

    def test_fields_that_are_missing_or_of_another_type(self):
        def without(name):
            return lambda m: m.pop(name) and None
        for change in (without("layers"), without("config"), lambda m: m.update(layers={}),
                       lambda m: m.update(layers=[None]), lambda m: m.update(config=[]),
                       lambda m: m.update(layers=[{}]), lambda m: m.update(schemaVersion=1),
                       lambda m: m.update(mediaType=7), lambda m: m["layers"][0].update(mediaType=[])):
            self.replace_manifest(change)
            self.assert_refused_everywhere()

    def test_fields_that_stand_twice(self):
        text = self.image.manifest_bytes.decode()
        twice = text.replace('"layers":', '"layers": [], "layers":', 1).encode()
        self.replace_manifest(lambda m: twice)
        self.assert_refused_everywhere("layers")

    def test_the_manifest_has_other_bytes_than_its_digest_says(self):
        with open(self.layout.blob_path(self.image.manifest_digest), "ab") as file:
            file.write(b"\n")
        self.assert_refused_everywhere()

    def test_an_instance_of_an_index_is_missing_or_changed(self):
        layout = layouts.index_image(self.path("multi"))
        self.source = "oci:%s:multi" % layout.folder
        instance = layout.blob_path(stored.in_oci(layout.folder, "multi").manifest["manifests"][1]["digest"])
        with open(instance, "ab") as file:
            file.write(b" ")
        result = self.sealos("push", "-q", "--all", self.source, "dir:" + self.path("new"))
        self.assert_refused(result, process.CORRUPT)

    def test_a_source_that_is_not_there(self):
        for source in ("oci:%s:1" % self.path("nothing"), "oci:%s:other-tag" % self.layout.folder,
                       "dir:" + self.path("nothing")):
            self.source = source
            self.assert_refused_everywhere(code=process.NOT_FOUND)

    def test_a_source_that_may_not_be_read(self):
        os.chmod(self.layer(), 0)
        weaker = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        result = process.run(*weaker, environment.SEALOS, "push", "-q", self.source, "dir:" + self.path("new"),
                             env=self.environment())
        self.assert_refused(result, process.LOCAL_IO, "denied")
        self.assertFalse(os.path.exists(self.path("new")) and os.listdir(self.path("new")))

    def test_a_registry_keeps_no_tag_of_a_broken_image(self):
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        with open(self.layer(), "r+b") as file:
            file.write(b"changed")
        result = self.sealos("push", "-q", "--tls-verify=false", self.source, registry.reference("app:1"))
        self.assert_refused(result, process.CORRUPT, self.image.manifest["layers"][1]["digest"][:19])
        self.assertEqual(registry.tags("app"), [])


class BrokenDestination(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.large_image(self.path("image"), 24, layers=2, random_share=1)
        self.source = "oci:%s:1" % self.layout.folder

    def small_disk(self, megabytes):
        """A file system that is soon full."""
        environment.need("mount", root=True)
        folder = self.path("disk")
        os.mkdir(folder)
        process.check("mount", "-t", "tmpfs", "-o", "size=%dm" % megabytes, "tmpfs", folder)
        self.addCleanup(process.check, "umount", folder)
        return folder

    def test_a_full_disk_leaves_the_former_image(self):
        disk = self.small_disk(16)
        old = layouts.small_image(self.path("old"))
        for name, target in (("dir", "dir:%s/dir"), ("oci", "oci:%s/oci:1")):
            with self.subTest(destination=name):
                self.push("oci:%s:1" % old.folder, target % disk)
                before = tree(os.path.join(disk, name))
                result = self.sealos("push", "-q", self.source, target % disk)
                self.assertIn(result.code, (process.LOCAL_IO, process.DESTINATION), result)
                self.assertIn("No space left on device", result.err)
                self.assertEqual(len(result.lines), 1, result)
                self.assertEqual(tree(os.path.join(disk, name)), before)

    def test_a_digestfile_that_cannot_be_written_is_an_error_and_said_before_the_copy(self):
        result = self.sealos("push", "-q", "--digestfile", self.path("no/such/folder"), self.source, "dir:" + self.path("new"))
        self.assert_refused(result, process.USAGE, self.path("no/such/folder"))
        self.assertFalse(os.path.exists(self.path("new")))

    def test_a_folder_with_other_files_is_not_overwritten(self):
        os.mkdir(self.path("mine"))
        with open(self.path("mine/important"), "w", encoding="ascii") as file:
            file.write("data")
        for target in ("dir:" + self.path("mine"), "dir:" + self.path("mine/important"), "oci:%s:1" % self.path("mine/important")):
            before = tree(self.path("mine"))
            result = self.sealos("push", "-q", self.source, target)
            self.assertIn(result.code, (process.DESTINATION, process.LOCAL_IO), result)
            self.assertEqual(len(result.lines), 1, result)
            self.assertEqual(tree(self.path("mine")), before)

    def test_an_image_is_not_copied_onto_itself_harmfully(self):
        self.push(self.source, "dir:" + self.path("same"))
        self.sealos("push", "-q", "dir:" + self.path("same"), "dir:" + self.path("same"))
        shutil.rmtree(self.layout.folder)
        stored.in_dir(self.path("same")).blob_digests()


if __name__ == "__main__":
    main()
