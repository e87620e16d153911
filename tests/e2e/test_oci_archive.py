"""oci-archive: against skopeo and podman; pipes, archives that others packed, adding and replacing, and broken ones."""

import os
import shutil
import subprocess
import tarfile

from support import archives, environment, layouts, process, servers, stored, stores
from support.case import Case, main, tree

environment.need("skopeo", "docker-registry", "podman", "zstd", "xz", "tar", root=True)
environment.need_plugins("oci", "oci-archive", "docker", "docker-archive")


class Archives(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")

    def archive(self, name="a.tar"):
        return "oci-archive:" + self.path(name)

    def unpacked(self, name, tag):
        """What others see in an archive: unpacked by tar, read by skopeo as a layout, and as an archive."""
        folder = self.path("unpacked-" + name)
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        process.check("tar", "-xf", self.path(name), "-C", folder)
        image = stored.in_oci(folder, tag)
        raw = process.check("skopeo", "inspect", "--raw", "oci-archive:%s:%s" % (self.path(name), tag))
        self.assertEqual(stored.digest_of(raw.encode()), image.manifest_digest)
        return image

    def write(self, name="a.tar", tag="1", *flags, source=None):
        self.push("-q", *flags, source or self.source, self.archive(name) + ":" + tag)


class RoundTrips(Archives):
    def test_what_is_written_others_read_and_what_they_write_is_read(self):
        self.write()
        self.assert_same_image(self.image, self.unpacked("a.tar", "1"))
        process.check("skopeo", "copy", "-q", self.archive() + ":1", self.archive("skopeo.tar") + ":x")
        for name, tag in (("a.tar", "1"), ("skopeo.tar", "x")):
            self.push("-q", self.archive(name), "oci:%s:%s" % (self.path("back"), tag))
            self.assert_same_image(self.image, stored.in_oci(self.path("back"), tag))

    def test_podman_loads_and_saves(self):
        store = stores.Store(self.path("store"))
        self.addCleanup(store.close)
        self.write(tag="localhost/app:1")
        store.podman("load", "-q", "-i", self.path("a.tar"))
        layers = store.podman("image", "inspect", "--format", "{{.RootFS.Layers}}", "localhost/app:1")
        self.assertEqual(layers, "[%s]" % " ".join(self.image.diff_ids()[0]))
        store.podman("save", "-q", "--format", "oci-archive", "-o", self.path("saved.tar"), "localhost/app:1")
        self.push("-q", self.archive("saved.tar"), "oci:%s:1" % self.path("back"))
        self.assertEqual(stored.in_oci(self.path("back"), "1").diff_ids(), self.image.diff_ids())

    def test_to_a_registry_and_from_it(self):
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        self.write()
        self.copy(self.archive(), registry.reference("app:1"), "-q")
        self.assert_same_image(self.image, stored.in_registry(registry, "app:1"))
        self.copy(registry.reference("app:1"), self.archive("b.tar") + ":1", "-q")
        self.assert_same_image(self.image, self.unpacked("b.tar", "1"))

    def test_an_index_keeps_its_images(self):
        index = layouts.index_image(self.path("index"))
        original = stored.in_oci(index.folder, "multi")
        self.push("-q", "--all", "oci:%s:multi" % index.folder, self.archive() + ":multi")
        self.assert_same_image(original, self.unpacked("a.tar", "multi"))
        self.push("-q", "--all", self.archive(), "oci:%s:multi" % self.path("back"))
        self.assert_same_image(original, stored.in_oci(self.path("back"), "multi"))
        self.push("-q", "--platform", "linux/arm64", self.archive(), "oci:%s:arm" % self.path("back"))
        self.assertEqual(stored.in_oci(self.path("back"), "arm").manifest_digest, original.manifest["manifests"][1]["digest"])

    def test_two_runs_give_the_same_bytes_and_the_time_that_is_asked_for(self):
        self.write("a.tar")
        self.write("b.tar")
        self.assertEqual(stored.file_digest(self.path("a.tar")), stored.file_digest(self.path("b.tar")))
        self.push("-q", self.source, self.archive("c.tar"), env=self.environment(SOURCE_DATE_EPOCH="1700000000"))
        for name, time in (("a.tar", 0), ("c.tar", 1700000000)):
            with tarfile.open(self.path(name)) as tar:
                for member in tar:
                    self.assertEqual((member.mtime, member.mode, member.uid, member.gid, member.uname, member.gname),
                                     (time, 0o644, 0, 0, "", ""), member.name)
        result = self.sealos("push", "-q", self.source, self.archive("d.tar"), env=self.environment(SOURCE_DATE_EPOCH="now"))
        self.assert_refused(result, process.DESTINATION, "SOURCE_DATE_EPOCH")

    def test_archives_that_others_packed(self):
        self.write()
        os.mkdir(self.path("l"))
        process.check("tar", "-xf", self.path("a.tar"), "-C", self.path("l"))
        pack = ["tar", "-C", self.path("l")]
        for name, command in (("dot.tar", pack + ["-cf", "{}", "."]), ("order.tar", pack + ["-cf", "{}", "index.json", "oci-layout", "blobs"]),
                              ("gz.tar", pack + ["-czf", "{}", "."]), ("zstd.tar", pack + ["--zstd", "-cf", "{}", "."]),
                              ("xz.tar", pack + ["-cJf", "{}", "."]), ("pax.tar", pack + ["--format=pax", "-cf", "{}", "."])):
            with self.subTest(archive=name):
                process.check(*[a.format(self.path(name)) for a in command])
                self.push("-q", self.archive(name) + ":1", "oci:%s:%s" % (self.path("back"), name))
                self.assert_same_image(self.image, stored.in_oci(self.path("back"), name))

    def test_what_docker_25_saves_is_an_archive_too(self):
        digest = archives.containerd_save(self.path("docker.tar"), self.layout, "1", ["app:1", "other:1"])
        for name in ("app:1", "docker.io/library/other:1"):
            self.push("-q", self.archive("docker.tar") + ":" + name, "oci:%s:1" % self.path("back"))
            self.assertEqual(stored.in_oci(self.path("back"), "1").manifest_digest, digest)
        result = self.sealos("push", "-q", "-o", "oci-archive.existing=add", self.source, self.archive("docker.tar") + ":2")
        self.assert_refused(result, process.DESTINATION, "docker-archive:")

    def test_a_large_image_needs_little_memory(self):
        large = layouts.large_image(self.path("large"), 20 if environment.SANITIZED else 100, layers=2, compression="gzip")
        for source, target in (("oci:%s:1" % large.folder, self.archive()), (self.archive(), "oci:%s:1" % self.path("back"))):
            result, peak_kib = self.sealos_measured("push", "-q", source, target)
            self.assertEqual(result.code, process.OK, result)
            if not environment.SANITIZED:
                self.assertLess(peak_kib, 64 << 10, result)
        self.assert_same_image(stored.in_oci(large.folder, "1"), stored.in_oci(self.path("back"), "1"))


class Pipes(Archives):
    def sealos_piped(self, *arguments, stdin=None, stdout=subprocess.PIPE):
        return subprocess.run([environment.SEALOS, "push", "-q", *arguments], stdin=stdin, stdout=stdout,
                              stderr=subprocess.PIPE, env=self.environment(), check=False)

    def test_into_a_pipe_and_out_of_it(self):
        self.write()
        written = self.sealos_piped(self.source, "oci-archive:-:1")
        self.assertEqual(written.returncode, 0, written.stderr)
        with open(self.path("a.tar"), "rb") as file:
            self.assertEqual(written.stdout, file.read())
        packed = subprocess.run(["zstd", "-cq"], input=written.stdout, stdout=subprocess.PIPE, check=True).stdout
        for data in (written.stdout, packed):
            read = subprocess.run([environment.SEALOS, "push", "-q", "oci-archive:-", "oci:%s:1" % self.path("back")],
                                  input=data, capture_output=True, env=self.environment(), check=False)
            self.assertEqual(read.returncode, 0, read.stderr)
            self.assert_same_image(self.image, stored.in_oci(self.path("back"), "1"))

    def test_plain_layers_are_compressed_on_their_way_into_a_pipe(self):
        plain = layouts.small_image(self.path("plain"), compression="")
        written = self.sealos_piped("oci:%s:1" % plain.folder, "oci-archive:-:1")
        self.assertEqual(written.returncode, 0, written.stderr)
        with open(self.path("p.tar"), "wb") as file:
            file.write(written.stdout)
        image = self.unpacked("p.tar", "1")
        self.assertEqual(image.diff_ids()[1], stored.in_oci(plain.folder, "1").diff_ids()[0])
        self.assertTrue(all(layer["mediaType"].endswith("+gzip") for layer in image.manifest["layers"]))

    def test_what_ends_early_is_no_archive(self):
        layer = self.layout.blob_path(self.image.manifest["layers"][2]["digest"])
        os.truncate(layer, os.path.getsize(layer) - 1)
        written = self.sealos_piped(self.source, "oci-archive:-:1")
        self.assertEqual(written.returncode, process.CORRUPT)
        self.assertEqual(len(written.stderr.splitlines()), 1)
        read = subprocess.run(["skopeo", "inspect", "oci-archive:/dev/stdin"], input=written.stdout, capture_output=True, check=False)
        self.assertNotEqual(read.returncode, 0)

    def test_a_full_disk_is_one_error(self):
        self.assert_refused(self.sealos("push", "-q", self.source, "oci-archive:/dev/full:1"), process.LOCAL_IO, "/dev/full")


class Existing(Archives):
    def refused(self, code, *words, target="a.tar:2", flags=(), source=None):
        before = tree(self.folder)
        self.assert_refused(self.sealos("push", "-q", *flags, source or self.source, self.archive(target)), code, *words)
        self.assertEqual(tree(self.folder), before)

    def test_images_of_other_names_are_not_lost(self):
        self.write()
        self.refused(process.DESTINATION, "oci-archive.existing=add", "oci-archive.existing=replace")
        self.write()  # the same name is replaced
        self.write("a.tar", "2", "-o", "oci-archive.existing=replace")
        self.refused(process.NOT_FOUND, target="new.tar", source=self.archive() + ":1")
        self.assert_same_image(self.image, self.unpacked("a.tar", "2"))

    def test_images_are_added(self):
        other = layouts.index_image(self.path("other"), tag="1", seed=7)
        self.write()
        self.push("-q", "--all", "-o", "oci-archive.existing=add", "oci:%s:1" % other.folder, self.archive() + ":2")
        self.assert_same_image(self.image, self.unpacked("a.tar", "1"))
        self.assert_same_image(stored.in_oci(other.folder, "1"), self.unpacked("a.tar", "2"))
        third = layouts.small_image(self.path("third"), seed=9)
        self.write("a.tar", "2", "-o", "oci-archive.existing=add", source="oci:%s:1" % third.folder)
        self.assert_same_image(stored.in_oci(third.folder, "1"), self.unpacked("a.tar", "2"))
        blobs = [n for n in archives.names(self.path("a.tar")) if n.startswith("blobs/sha256/")]
        self.assertEqual(len(blobs), 10)  # two images of three layers, a config and a manifest

    def test_a_file_of_something_else_is_not_touched(self):
        with open(self.path("thesis"), "w", encoding="ascii") as file:
            file.write("dear reader")
        self.refused(process.DESTINATION, "existing=replace", target="thesis:1")
        self.refused(process.DESTINATION, "is a folder", target="image:1")
        self.refused(process.USAGE, "no folder", target="no/where.tar:1")

    def test_the_old_file_stays_until_the_new_one_is_whole(self):
        self.write()
        layer = self.layout.blob_path(self.image.manifest["layers"][2]["digest"])
        with open(layer, "r+b") as file:
            file.seek(1000)
            file.write(b"changed")
        self.refused(process.CORRUPT, self.image.manifest["layers"][2]["digest"][:19], target="a.tar:1")

    def test_a_killed_copy_leaves_the_old_file_alone(self):
        self.write()
        before = stored.file_digest(self.path("a.tar"))
        os.mkfifo(self.path("fifo"))  # a source that never ends
        running = self.start_sealos("push", "-q", "-o", "oci-archive.existing=replace", "oci-archive:" + self.path("fifo"), self.archive() + ":1")
        running.kill()
        running.wait()
        self.assertEqual(stored.file_digest(self.path("a.tar")), before)


class Broken(Archives):
    def assert_broken(self, name, code, *words):
        result = self.sealos("push", "-q", self.archive(name), "oci:%s:1" % self.path("back"))
        self.assert_refused(result, code, *words)
        self.assertFalse(os.path.exists(self.path("back", "index.json")), result)

    def variant(self, name, change):
        """The archive with its members changed: change(list of (name, data))."""
        self.write()
        entries = archives.members(self.path("a.tar"))
        changed = change(entries)
        archives.from_members(self.path(name), entries if changed is None else changed)

    def test_truncated_at_any_place(self):
        self.write()
        with open(self.path("a.tar"), "rb") as file:
            whole = file.read()
        for length in (0, 100, 512, 5000, len(whole) // 2, len(whole) - 1600):
            with self.subTest(length=length):
                with open(self.path("cut.tar"), "wb") as file:
                    file.write(whole[:length])
                self.assert_broken("cut.tar", process.CORRUPT, "cut.tar")

    def test_a_changed_layer(self):
        def change(entries):
            name, data = entries[0]
            entries[0] = name, data[:1000] + b"changed" + data[1007:]
        self.variant("b.tar", change)
        self.assert_broken("b.tar", process.CORRUPT, "sha256:")

    def test_names_that_occur_twice(self):
        self.variant("b.tar", lambda entries: entries + [e for e in entries if e[0] == "index.json"])
        self.assert_broken("b.tar", process.CORRUPT, "index.json")
        self.variant("b.tar", lambda entries: entries + [entries[0]])
        self.assert_broken("b.tar", process.CORRUPT, self.image.manifest["layers"][0]["digest"][7:])

    def test_links_in_a_circle_and_out_of_the_archive(self):
        for target in ("index.json", "other.json", "../../etc/passwd", "/etc/passwd"):
            with self.subTest(target=target):
                with archives.Writer(self.path("b.tar")) as archive:
                    archive.file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
                    archive.link("index.json", target)
                    archive.link("other.json", "index.json")
                self.assert_broken("b.tar", process.CORRUPT, "index.json")

    def test_members_that_lead_out_of_the_archive_are_only_names(self):
        self.variant("b.tar", lambda entries: entries + [("../../evil", b"evil"), ("/evil", b"evil")])
        self.push("-q", self.archive("b.tar"), "oci:%s:1" % self.path("back"))
        self.assertFalse(os.path.exists("/evil"))
        self.assertFalse(os.path.exists(self.path("../../evil")))


if __name__ == "__main__":
    main()
