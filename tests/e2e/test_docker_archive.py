"""docker-archive: judged by dockerd, podman and skopeo; pipes, several images, adding and replacing, and broken ones."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from support import archives, environment, layouts, process, servers, stored, stores
from support.case import Case, main, tree

environment.need("dockerd", "docker", "skopeo", "podman", "docker-registry", "zstd", root=True)
environment.need_plugins("oci", "docker", "docker-archive")

PLAIN = ("-o", "docker-archive.format=plain")
ADD = ("-o", "docker-archive.existing=add")
REPLACE = ("-o", "docker-archive.existing=replace")


class Archives(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")
        self.diff_ids = self.image.diff_ids()[0]

    def archive(self, name="a.tar"):
        return "docker-archive:" + self.path(name)

    def write(self, *flags, name="a.tar", tag="app:1", source=None):
        self.push("-q", *flags, source or self.source, self.archive(name) + (":" + tag if tag else ""))

    def read_back(self, name="a.tar", which="", tag="back", flags=()):
        self.push("-q", *flags, self.archive(name) + which, "oci:%s:%s" % (self.path("back"), tag))
        return stored.in_oci(self.path("back"), tag)

    def pipe(self, *arguments, input=None):
        return subprocess.run([environment.SEALOS, "push", "-q", *arguments], input=input, capture_output=True,
                              env=self.environment(), check=False)


class WithDocker(Archives):
    dockerd = None  # one for all, as it takes its time to start

    def setUp(self):
        super().setUp()
        if WithDocker.dockerd is None:
            data = tempfile.mkdtemp(prefix="sealos-e2e-")
            unittest.addModuleCleanup(shutil.rmtree, data, ignore_errors=True)
            WithDocker.dockerd = servers.Dockerd(data)
            unittest.addModuleCleanup(WithDocker.dockerd.stop)
        self.dockerd.forget_all()

    def load(self, name="a.tar"):
        return self.dockerd.docker("load", "--quiet", "--input", self.path(name))

    def docker_save(self, name, *images):
        self.dockerd.docker("save", "--output", self.path(name), *images)


class RoundTrips(WithDocker):
    def test_docker_loads_what_is_written_and_what_docker_saves_is_read(self):
        for flags in ((), PLAIN):
            with self.subTest(flags=flags):
                self.dockerd.forget_all()
                self.write(*flags, *REPLACE)
                self.assertIn("app:1", self.load())
                self.assertEqual(self.dockerd.layers("app:1"), self.diff_ids)
                self.docker_save("saved.tar", "app:1")
                back = self.read_back("saved.tar")
                self.assertEqual(back.diff_ids(), (self.diff_ids, self.diff_ids))
                self.assertEqual(back.manifest["config"]["digest"], self.dockerd.inspect("app:1")["Id"])

    def test_images_that_share_layers_are_links_in_what_docker_saves(self):
        other = layouts.Layout(self.path("other"))
        layers = layouts.small_layers(other)
        other.tag("1", other.add_image([*layers, other.add_layer(lambda tar: tar.file("more", b"more\n"))]))
        self.write()
        self.write(*ADD, tag="other:1", source="oci:%s:1" % other.folder)
        self.load()
        self.docker_save("both.tar", "app:1", "other:1")
        with tarfile.open(self.path("both.tar")) as tar:
            self.assertTrue(any(member.issym() for member in tar))
        for which, layout in ((":app:1", self.layout), (":other:1", other), (":docker.io/library/other:1", other)):
            expected = stored.in_oci(layout.folder, "1").diff_ids()[0]
            self.assertEqual(self.read_back("both.tar", which).diff_ids()[1], expected)
        result = self.sealos("push", "-q", self.archive("both.tar"), "oci:" + self.path("back"))
        self.assert_refused(result, process.CORRUPT, "app:1", "other:1")

    def test_podman_loads_and_saves(self):
        store = stores.Store(self.path("store"))
        self.addCleanup(store.close)
        for tag, flags in (("localhost/hybrid:1", ()), ("localhost/plain:1", PLAIN)):
            self.write(*flags, *REPLACE, tag=tag)
            store.podman("load", "-q", "-i", self.path("a.tar"))
            layers = store.podman("image", "inspect", "--format", "{{.RootFS.Layers}}", tag)
            self.assertEqual(layers, "[%s]" % " ".join(self.diff_ids))
        store.podman("save", "-q", "-o", self.path("saved.tar"), "localhost/plain:1")
        self.assertEqual(self.read_back("saved.tar", ":localhost/plain:1").diff_ids()[1], self.diff_ids)

    def test_skopeo_reads_and_writes(self):
        for flags in ((), PLAIN):
            self.write(*flags, *REPLACE)
            process.check("skopeo", "copy", "-q", self.archive() + ":app:1", "oci:%s:x" % self.path("skopeo"))
            self.assertEqual(stored.in_oci(self.path("skopeo"), "x").diff_ids()[0], self.diff_ids)
        process.check("skopeo", "copy", "-q", self.source, self.archive("skopeo.tar") + ":app:1")
        self.assertEqual(self.read_back("skopeo.tar").diff_ids(), (self.diff_ids, self.diff_ids))
        made_up = process.check("skopeo", "inspect", "--raw", self.archive("skopeo.tar"))
        digest = self.push("-q", self.archive("skopeo.tar"), "docker-archive:%s:x:1" % self.path("same.tar")).out.strip()
        self.assertTrue(digest == stored.digest_of(made_up.encode()) or digest in archives.text(self.path("same.tar"), "index.json")["manifests"][0]["digest"])

    def test_the_digest_survives_in_a_hybrid(self):
        self.write()
        self.assert_same_image(self.image, self.read_back())
        process.check("skopeo", "copy", "-q", "oci-archive:%s:1" % self.path("a.tar"), "oci:%s:x" % self.path("skopeo"))
        self.assert_same_image(self.image, stored.in_oci(self.path("skopeo"), "x"))

    def test_zstd_layers_for_old_engines(self):
        zstd = layouts.small_image(self.path("zstd"), compression="zstd")
        source = "oci:%s:1" % zstd.folder
        result = self.push("-q", source, self.archive("kept.tar") + ":app:1")
        self.assertIn("zstd", result.err)
        self.assert_same_image(stored.in_oci(zstd.folder, "1"), self.read_back("kept.tar"))
        for flags in (("-o", "docker-archive.decompress=true"), ("--compression-format", "gzip"), PLAIN):
            with self.subTest(flags=flags):
                self.dockerd.forget_all()
                self.write(*flags, *REPLACE, source=source)
                self.load()
                self.assertEqual(self.dockerd.layers("app:1"), self.diff_ids)


class Pipes(WithDocker):
    def test_docker_save_into_a_registry(self):
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        self.write()
        self.load()
        save = subprocess.Popen(["docker", "--host", self.dockerd.host, "save", "app:1"], stdout=subprocess.PIPE)
        push = subprocess.run([environment.SEALOS, "push", "-q", "--tls-verify=false", "docker-archive:-", registry.reference("app:1")],
                              stdin=save.stdout, capture_output=True, env=self.environment(), check=False)
        save.stdout.close()
        self.assertEqual((save.wait(), push.returncode), (0, 0), push.stderr)
        self.assertEqual(stored.in_registry(registry, "app:1").diff_ids()[1], self.diff_ids)

    def test_into_docker_load(self):
        for flags in ((), PLAIN):
            with self.subTest(flags=flags):
                self.dockerd.forget_all()
                written = self.pipe(*flags, self.source, "docker-archive:-:app:1")
                self.assertEqual(written.returncode, 0, written.stderr)
                self.write(*flags, *REPLACE)
                with open(self.path("a.tar"), "rb") as file:
                    self.assertEqual(file.read(), written.stdout)
                subprocess.run(["docker", "--host", self.dockerd.host, "load", "-q"], input=written.stdout, check=True, stdout=subprocess.DEVNULL)
                self.assertEqual(self.dockerd.layers("app:1"), self.diff_ids)

    def test_a_copy_that_fails_gives_docker_nothing_to_load(self):
        layer = self.layout.blob_path(self.image.manifest["layers"][2]["digest"])
        os.truncate(layer, os.path.getsize(layer) - 1)
        written = self.pipe(self.source, "docker-archive:-:app:1")
        self.assertEqual(written.returncode, process.CORRUPT)
        load = subprocess.run(["docker", "--host", self.dockerd.host, "load", "-q"], input=written.stdout, capture_output=True, check=False)
        self.assertNotEqual(load.returncode, 0)
        self.assertFalse(self.dockerd.has("app:1"))


class SeveralImages(WithDocker):
    def test_several_tags(self):
        self.write("-o", "docker-archive.tags=app:2,localhost/other")
        self.load()
        for tag in ("app:1", "app:2", "localhost/other:latest"):
            self.assertEqual(self.dockerd.layers(tag), self.diff_ids)
            self.assert_same_image(self.image, self.read_back(which=":" + tag))
        self.assertEqual(archives.text(self.path("a.tar"), "manifest.json")[0]["RepoTags"],
                         ["docker.io/library/app:1", "docker.io/library/app:2", "localhost/other:latest"])

    def test_several_platforms(self):
        index = layouts.index_image(self.path("index"))
        original = stored.in_oci(index.folder, "multi")
        self.write("--all", source="oci:%s:multi" % index.folder)
        self.load()
        self.assertEqual(self.dockerd.inspect("app:1")["Architecture"], "amd64")
        self.assert_same_image(original, self.read_back(flags=["--all"]))
        arm = self.read_back(flags=["--platform", "linux/arm64"])
        self.assertEqual(arm.manifest_digest, original.manifest["manifests"][1]["digest"])
        result = self.sealos("push", "-q", *PLAIN, "--all", "oci:%s:multi" % index.folder, self.archive("no.tar"))
        self.assert_refused(result, process.USAGE, "--all")
        self.assertFalse(os.path.exists(self.path("no.tar")))

    def test_images_are_added_to_what_docker_saved(self):
        self.write()
        self.load()
        self.docker_save("a.tar", "app:1")
        other = layouts.small_image(self.path("other"), seed=5)
        self.write(*ADD, tag="other:1", source="oci:%s:1" % other.folder)
        self.dockerd.forget_all()
        self.load()
        self.assertEqual(self.dockerd.layers("app:1"), self.diff_ids)
        self.assertEqual(self.dockerd.layers("other:1"), stored.in_oci(other.folder, "1").diff_ids()[0])
        self.assert_same_image(stored.in_oci(other.folder, "1"), self.read_back(which=":other:1"))

    def test_a_name_moves_to_the_new_image(self):
        other = layouts.small_image(self.path("other"), seed=5)
        self.write()
        self.write(*ADD, source="oci:%s:1" % other.folder)
        items = archives.text(self.path("a.tar"), "manifest.json")
        self.assertEqual(len(items), 1)
        self.assert_same_image(stored.in_oci(other.folder, "1"), self.read_back())

    def test_positions(self):
        self.write()
        self.write(*ADD, tag="", source="oci:%s:1" % layouts.small_image(self.path("other"), seed=5).folder)
        self.assert_same_image(self.image, self.read_back(which=":@0"))
        self.assert_same_image(stored.in_oci(self.path("other"), "1"), self.read_back(which=":@1"))
        self.assert_refused(self.sealos("push", "-q", self.archive() + ":@2", "oci:" + self.path("x")), process.NOT_FOUND, "@2")


class NewerDocker(Archives):
    """Archives as Docker 25 and newer write them, made here, as Debian has an older one."""

    def test_the_containerd_store_keeps_digest_and_compression(self):
        digest = archives.containerd_save(self.path("a.tar"), self.layout, "1", ["app:1", "app:2"])
        for which in ("", ":app:1", ":app:2", ":@0"):
            back = self.read_back(which=which)
            self.assertEqual(back.manifest_digest, digest)
        self.assert_same_image(self.image, back)

    def test_an_index_of_which_the_daemon_has_only_some(self):
        index = layouts.index_image(self.path("index"))
        original = stored.in_oci(index.folder, "multi")
        archives.containerd_save(self.path("a.tar"), index, "multi", ["app:1"], missing=["arm64"])
        one = self.read_back(flags=["--platform", "linux/amd64"])
        self.assertEqual(one.manifest_digest, original.manifest["manifests"][0]["digest"])
        result = self.sealos("push", "-q", "--all", self.archive(), "oci:" + self.path("no"))
        self.assert_refused(result, process.NOT_FOUND, original.manifest["manifests"][1]["digest"][:19])

    def test_zstd_layers(self):
        zstd = layouts.small_image(self.path("zstd"), compression="zstd")
        archives.containerd_save(self.path("a.tar"), zstd, "1", ["app:1"])
        self.assert_same_image(stored.in_oci(zstd.folder, "1"), self.read_back())

    def test_the_classic_store(self):
        plain = layouts.small_image(self.path("plain"), compression="")
        digest = archives.graph_save(self.path("a.tar"), plain, "1", ["app:1"])
        self.push("-q", self.archive(), "-o", "oci.accept-uncompressed=true", "oci:%s:1" % self.path("back"))
        self.assertEqual(stored.in_oci(self.path("back"), "1").manifest_digest, digest)

    def test_two_images_under_one_name_are_refused(self):
        archives.containerd_save(self.path("good.tar"), self.layout, "1", ["app:1"])
        other = layouts.small_image(self.path("other"), seed=5)
        archives.containerd_save(self.path("other.tar"), other, "1", ["app:1"])
        both = dict(archives.members(self.path("good.tar")))
        both.update({k: v for k, v in archives.members(self.path("other.tar")) if k != "manifest.json"})
        archives.from_members(self.path("a.tar"), both.items())
        result = self.sealos("push", "-q", self.archive(), "oci:" + self.path("back"))
        self.assert_refused(result, process.CORRUPT, "different images", "docker-archive.prefer")
        for prefer, image in (("docker", self.image), ("oci", stored.in_oci(other.folder, "1"))):
            back = self.read_back(flags=["-o", "docker-archive.prefer=" + prefer], which=":app:1")
            self.assertEqual(back.diff_ids()[0], image.diff_ids()[0])


class Writing(Archives):
    def test_two_runs_give_the_same_bytes_and_the_time_that_is_asked_for(self):
        for flags in ((), PLAIN):
            with self.subTest(flags=flags):
                self.write(*flags, *REPLACE, name="a.tar")
                self.write(*flags, *REPLACE, name="b.tar")
                self.assertEqual(stored.file_digest(self.path("a.tar")), stored.file_digest(self.path("b.tar")))
                self.push("-q", *flags, *REPLACE, self.source, self.archive("c.tar"), env=self.environment(SOURCE_DATE_EPOCH="1700000000"))
                for name, time in (("a.tar", 0), ("c.tar", 1700000000)):
                    with tarfile.open(self.path(name)) as tar:
                        self.assertEqual({(m.mtime, m.mode, m.uid, m.gid) for m in tar}, {(time, 0o444, 0, 0)})

    def test_an_existing_file_is_not_touched_unasked(self):
        self.write()
        before = tree(self.folder)
        result = self.sealos("push", "-q", self.source, self.archive() + ":other:1")
        self.assert_refused(result, process.DESTINATION, "existing=add", "existing=replace")
        result = self.sealos("push", "-q", self.source, self.archive("image"))
        self.assert_refused(result, process.DESTINATION, "is a folder")
        self.assertEqual(tree(self.folder), before)

    def test_the_old_file_stays_until_the_new_one_is_whole(self):
        self.write()
        layer = self.layout.blob_path(self.image.manifest["layers"][2]["digest"])
        with open(layer, "r+b") as file:
            file.seek(1000)
            file.write(b"changed")
        before = tree(self.folder)
        for flags in (REPLACE, (*REPLACE, *PLAIN), ADD):
            with self.subTest(flags=flags):
                result = self.sealos("push", "-q", *flags, self.source, self.archive() + ":other:1")
                if flags != ADD:  # where the good layer is there, it is used
                    self.assert_refused(result, process.CORRUPT, self.image.manifest["layers"][2]["digest"][:19])
                    self.assertEqual(tree(self.folder), before)

    def test_a_full_disk_is_one_error(self):
        self.assert_refused(self.sealos("push", "-q", self.source, "docker-archive:/dev/full"), process.LOCAL_IO, "/dev/full")

    def test_no_temporary_file_and_little_memory(self):
        large = layouts.large_image(self.path("large"), 20 if environment.SANITIZED else 100, layers=2, compression="gzip")
        for name, flags in (("hybrid.tar", ()), ("plain.tar", PLAIN)):
            env = self.environment(TMPDIR="/proc/sealos-has-no-such-folder")
            self.push("-q", *flags, "oci:%s:1" % large.folder, self.archive(name) + ":app:1", env=env)
            self.push("-q", self.archive(name), "oci:%s:1" % self.path("back"), env=env)
            result, peak_kib = self.sealos_measured("push", "-q", *flags, *REPLACE, "oci:%s:1" % large.folder, self.archive(name) + ":app:1")
            if not environment.SANITIZED:
                self.assertLess(peak_kib, 64 << 10, result)


class SeveralLayers(WithDocker):
    """Layers of the plain form are written beside each other, at the size that their last bytes say."""

    def several(self, *damaged):
        """An image with layers of every kind; damaged: packed layers that follow."""
        layout = layouts.Layout(self.path("several"))
        layers = [*layouts.small_layers(layout), *layouts.small_layers(layout, "zstd", seed=3),
                  *layouts.small_layers(layout, "", seed=5), self.two_members(layout), *layouts.small_layers(layout, seed=7)]
        layout.tag("1", layout.add_image(layers))
        for packed, diff_id in damaged:
            layers.insert(2, (layout.add_blob(packed, layouts.LAYER + "+gzip"), diff_id))
        if damaged:
            layout.tag("damaged", layout.add_image(layers))
        return "oci:%s:" % layout.folder, [diff_id for _, diff_id in layers]

    @staticmethod
    def two_members(layout):
        """A layer whose last four bytes say less than there is, and still a likely size."""
        plain, diff_id = layout.add_layer(lambda tar: tar.big_file("members", 9, 900_000, random_share=0.1), "")
        with open(layout.blob_path(plain["digest"]), "rb") as file:
            data = file.read()
        packed = gzip.compress(data[:200_000], mtime=0) + gzip.compress(data[200_000:], mtime=0)
        assert len(packed) < len(data) - 200_000
        return layout.add_blob(packed, layouts.LAYER + "+gzip"), diff_id

    def test_the_same_bytes_as_one_by_one(self):
        source, diff_ids = self.several()
        for flags in (PLAIN, (), ("-o", "docker-archive.decompress=true")):
            with self.subTest(flags=flags):
                piped = self.pipe(*flags, source + "1", "docker-archive:-:app:1")
                self.assertEqual(piped.returncode, 0, piped)
                for _ in range(3):
                    self.write(*flags, *REPLACE, source=source + "1")
                    with open(self.path("a.tar"), "rb") as file:
                        self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(piped.stdout).digest())
        self.write(*PLAIN, *REPLACE, source=source + "1")
        self.load()
        self.assertEqual(self.dockerd.layers("app:1"), diff_ids)
        process.check("skopeo", "copy", "-q", self.archive() + ":app:1", "oci:%s:x" % self.path("skopeo"))
        self.assertEqual(stored.in_oci(self.path("skopeo"), "x").diff_ids()[0], diff_ids)

    def test_a_layer_that_is_not_right_leaves_the_old_file(self):
        plain = b"x" * 600_000
        whole = gzip.compress(plain, mtime=0)
        diff_id = "sha256:" + hashlib.sha256(plain).hexdigest()
        self.write(*PLAIN)
        with open(self.path("a.tar"), "rb") as file:
            before = file.read()
        for packed, diff in ((whole[:300], diff_id), (whole, "sha256:" + 64 * "0"), (whole[:-4] + b"\xff\xff\x0f\0", diff_id)):
            source, _ = self.several((packed, diff))
            result = self.sealos("push", "-q", *PLAIN, *REPLACE, source + "damaged", self.archive() + ":app:1")
            self.assert_refused(result, process.CORRUPT, "sha256:" + hashlib.sha256(packed).hexdigest()[:12])
            with open(self.path("a.tar"), "rb") as file:
                self.assertEqual(file.read(), before)
            self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".")], [])
            shutil.rmtree(self.path("several"))


class Broken(Archives):
    def assert_broken(self, code, *words):
        result = self.sealos("push", "-q", self.archive("b.tar"), "oci:%s:1" % self.path("back"))
        self.assert_refused(result, code, *words)
        self.assertFalse(os.path.exists(self.path("back", "index.json")), result)

    def test_truncated_at_any_place(self):
        for flags in ((), PLAIN):
            self.write(*flags, *REPLACE)
            with open(self.path("a.tar"), "rb") as file:
                whole = file.read()
            for length in (100, 512, 5000, len(whole) // 2, len(whole) - 1600):
                with self.subTest(flags=flags, length=length):
                    with open(self.path("b.tar"), "wb") as file:
                        file.write(whole[:length])
                    self.assert_broken(process.CORRUPT, "b.tar")

    def test_a_changed_layer(self):
        for flags in ((), PLAIN):
            self.write(*flags, *REPLACE)
            entries = archives.members(self.path("a.tar"))
            name, data = entries[0]
            entries[0] = name, data[:1000] + b"changed" + data[1007:]
            archives.from_members(self.path("b.tar"), entries)
            self.assert_broken(process.CORRUPT, "sha256:")

    def test_names_that_occur_twice(self):
        self.write()
        entries = archives.members(self.path("a.tar"))
        for name, data in entries:
            with self.subTest(name=name):
                archives.from_members(self.path("b.tar"), entries + [(name, data)])
                self.assert_broken(process.CORRUPT, "more than one")

    def test_links_in_a_circle_and_out_of_the_archive(self):
        config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": self.diff_ids[:1]}})
        for target in ("layer", "other", "../layer", "../../etc/passwd", "/etc/passwd"):
            with self.subTest(target=target):
                with archives.Writer(self.path("b.tar")) as archive:
                    archive.file("config", config.encode())
                    archive.link("layer", target)
                    archive.link("other", "layer")
                    archive.json("manifest.json", [{"Config": "config", "RepoTags": ["app:1"], "Layers": ["layer"]}])
                self.assert_broken(process.CORRUPT, "layer")

    def test_members_that_lead_out_of_the_archive_are_only_names(self):
        self.write()
        archives.from_members(self.path("b.tar"), archives.members(self.path("a.tar")) + [("../../evil", b"evil"), ("/evil", b"evil")])
        self.assert_same_image(self.image, self.read_back("b.tar"))
        self.assertFalse(os.path.exists("/evil"))

    def test_what_docker_wrote_before_1_10(self):
        with archives.Writer(self.path("b.tar")) as archive:
            archive.json("repositories", {"app": {"1": "0" * 64}})
            archive.file("0" * 64 + "/layer.tar", b"")
        self.assert_broken(process.CORRUPT, "1.10")


if __name__ == "__main__":
    main()
