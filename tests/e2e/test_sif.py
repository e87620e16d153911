"""SIFs that sealos writes, in the hands of siftool, skopeo, unsquashfs and a shell; and SIFs of the real tools, good
and hostile, that sealos reads."""

import json
import os
import shutil
import signal
import struct
import subprocess
import time

from support import environment, layouts, process, sifs, stored
from support.case import Case, main

environment.need("siftool", "mksquashfs", "unsquashfs", "skopeo", "fakeroot", "busybox", "zstd", root=True)
environment.need_plugins("sif", "oci", "dir")

CONFIG = {"Env": ["PATH=/bin", "GREETING=it's \"good\" $HOME `id`", "LATE=image"],
          "Entrypoint": ["/bin/busybox", "printf", "%s|"], "Cmd": ["one two", "$HOME"],
          "Labels": {"maker": "test"}, "User": "1000", "WorkingDir": "/tmp"}


class Sif(Case):
    def image(self, name="image", **more):
        layout = layouts.small_image(self.path(name), **more)
        return layout, "oci:%s:1" % layout.folder

    def write(self, source, name="new.sif", *options, env=None):
        flags = [part for option in options for part in ("-o", option)]
        self.push("-q", *flags, source, "sif:" + self.path(name), env=env)
        return self.path(name)

    def read(self, sif, *options):
        """The image of a SIF as it arrives in an OCI layout: (stored.Image, config)."""
        target = self.path("from-" + os.path.basename(sif) + "-" + str(len(os.listdir(self.folder))))
        flags = [part for option in options for part in ("-o", option)]
        self.push("-q", "-o", "oci.accept-uncompressed=true", *flags, "sif:" + sif, "oci:%s:1" % target)
        image = stored.in_oci(target, "1")
        return image, json.loads(image.blob(image.manifest["config"]))

    def tars(self, image):
        """The layers of a stored.Image, uncompressed, as files."""
        paths = []
        for i, layer in enumerate(image.manifest["layers"]):
            paths.append(self.path("layer-%d-%d.tar" % (i, len(os.listdir(self.folder)))))
            with open(paths[-1], "wb") as file:
                file.write(image.blob(layer))
        return paths

    def assert_same_files(self, folder, other, besides=()):
        files, links = sifs.describe(folder)
        wanted, wanted_links = sifs.describe(other)
        for name in list(files):
            if name.startswith(besides):
                del files[name]
        self.assertEqual(sorted(files), sorted(name for name in wanted if not name.startswith(besides)))
        for name, what in files.items():
            self.assertEqual(what, wanted[name], name)
        self.assertEqual(links, wanted_links)


# What a run time needs in every image, and every build adds.
ADDED = tuple(".singularity.d .run .exec .test .shell singularity environment dev proc root var/tmp sys home "
              "etc/hosts etc/resolv.conf".split())


class Written(Sif):
    def test_the_others_read_it(self):
        _, source = self.image(config=CONFIG)
        sif = self.write(source)
        header = process.check("siftool", "header", sif)
        self.assertIn("#!/usr/bin/env run-singularity", header)
        self.assertIn("amd64", header)
        listed = process.check("siftool", "list", sif)
        for word in ("Def.FILE", "FS (Squashfs/*System/amd64)", "JSON.Generic"):
            self.assertIn(word, listed)
        self.assertEqual([(kind, name) for kind, _, _, _, name in sifs.objects(sif)],
                         [(0x4001, ""), (0x4006, "inspect-metadata.json"), (0x4006, "oci-config.json"), (0x4004, ""),
                          (0x4006, "sealos.manifest.json"), (0x4006, "sealos.config.json")])
        self.assertEqual(json.loads(process.check("siftool", "dump", "3", sif)), CONFIG)
        labels = json.loads(process.check("siftool", "dump", "2", sif))["data"]["attributes"]["labels"]
        self.assertEqual(labels["maker"], "test")
        offset, size = sifs.root_partition(sif)
        self.assertEqual((offset % 4096, size % 4096, os.stat(sif).st_mode & 0o777), (0, 0, 0o755))
        # skopeo unpacks it, and takes environment and command from the definition.
        process.check("skopeo", "copy", "-q", "sif:" + sif, "oci:%s:1" % self.path("by-skopeo"))
        image = stored.in_oci(self.path("by-skopeo"), "1")
        config = json.loads(image.blob(image.manifest["config"]))
        self.assertEqual(config["config"]["Cmd"], ["/podman/runscript"])
        self.assertEqual(config["architecture"], "amd64")

    def test_its_files_are_those_of_the_layers(self):
        for compression in ("gzip", "zstd", ""):
            with self.subTest(layers=compression or "uncompressed"):
                name = "image-" + compression
                layout, source = self.image(name, compression=compression)
                plain = self.path(name + "-plain")
                process.check("skopeo", "copy", "-q", source, "dir:" + plain, "--dest-decompress")
                with open(os.path.join(plain, "manifest.json")) as file:
                    manifest = json.load(file)
                tars = [os.path.join(plain, layer["digest"].split(":")[1]) for layer in manifest["layers"]]
                wanted = sifs.flatten(tars, self.path(name + "-wanted"))
                for options in (["sif.compression=gzip"], ["sif.compression=zstd", "sif.level=1"]):
                    sif = self.write(source, "new.sif", *options)
                    files = sifs.unsquash(sif, self.path("files"))
                    for added in ("etc/hosts", "etc/resolv.conf", ".singularity.d/env/99-base.sh", "dev", "proc"):
                        self.assertTrue(os.path.lexists(os.path.join(files, added)), added)
                    self.assert_same_files(files, wanted, besides=ADDED)
                    shutil.rmtree(files)

    def test_the_layers_come_back_if_they_are_kept(self):
        for kind in ("gzip", "zstd"):
            for options in (["sif.keep-layers=true"], ["sif.format=oci"]):
                with self.subTest(layers=kind, options=options):
                    layout, source = self.image(kind + options[0][:8], compression=kind)
                    sif = self.write(source, "kept.sif", *options)
                    process.check("siftool", "list", sif)
                    image, _ = self.read(sif)
                    self.assert_same_image(stored.in_oci(layout.folder, "1"), image)

    def test_an_index_fits_into_an_oci_sif_whole(self):
        layout = layouts.index_image(self.path("multi"))
        source = "oci:%s:multi" % layout.folder
        self.push("-q", "--all", "-o", "sif.format=oci", source, "sif:" + self.path("multi.sif"))
        self.push("-q", "--all", "sif:" + self.path("multi.sif"), "oci:%s:1" % self.path("back"))
        self.assert_same_image(stored.in_oci(layout.folder, "multi"), stored.in_oci(self.path("back"), "1"))
        result = self.sealos("push", "-q", "--all", source, "sif:" + self.path("native.sif"))
        self.assert_refused(result, process.USAGE, "index")
        self.assertFalse(os.path.exists(self.path("native.sif")))

    def test_the_configuration_comes_back_and_files_go_round(self):
        _, source = self.image(config=CONFIG)
        sif = self.write(source)
        image, config = self.read(sif)
        self.assertEqual(config["config"], CONFIG)
        self.assertEqual(config["created"], "2024-01-01T00:00:00Z")
        self.assertEqual(*image.diff_ids())
        files = sifs.unsquash(sif, self.path("files"))
        self.assert_same_files(sifs.flatten(self.tars(image), self.path("flat")), files)

    def test_the_same_image_gives_the_same_bytes(self):
        _, source = self.image()
        one = self.write(source, "one.sif", "sif.keep-layers=true")
        two = self.write(source, "two.sif", "sif.keep-layers=true")
        self.assertEqual(stored.file_digest(one), stored.file_digest(two))
        dated = self.write(source, "dated.sif", env=self.environment(SOURCE_DATE_EPOCH="86400"))
        self.assertIn("1970-01-02", process.check("siftool", "header", dated))

    def test_its_scripts_run_the_image(self):
        layout = layouts.Layout(self.path("image"))
        with open(environment.find("busybox"), "rb") as file:
            busybox = file.read()

        def fill(tar):
            tar.folder("bin")
            tar.file("bin/busybox", busybox, mode=0o755)
            for name in ("sh", "env"):
                tar.symlink("bin/" + name, "busybox")

        layout.tag("1", layout.add_image([layout.add_layer(fill)], config=CONFIG))
        files = sifs.unsquash(self.write("oci:%s:1" % layout.folder), self.path("files"))

        def run(*arguments):
            return subprocess.run([environment.find("chroot"), files, *arguments], check=True, stdout=subprocess.PIPE,
                                  env={"LATE": "mine"}).stdout.decode()

        self.assertEqual(run("/.singularity.d/actions/run"), "one two|$HOME|")
        self.assertEqual(run("/.singularity.d/actions/run", "-c", "x"), "-c|x|")
        variables = dict(line.split("=", 1) for line in
                         run("/.singularity.d/actions/exec", "/bin/env").splitlines())
        self.assertEqual(variables["GREETING"], "it's \"good\" $HOME `id`")
        self.assertEqual((variables["PATH"], variables["LATE"]), ("/bin", "mine"))
        self.assertEqual(variables["LD_LIBRARY_PATH"], "/.singularity.d/libs")

    def test_a_killed_copy_leaves_the_former_file_and_nothing_else(self):
        _, source = self.image()
        sif = self.write(source, "new.sif")
        before = stored.file_digest(sif)
        large = layouts.large_image(self.path("large"), 60, layers=2)
        for seconds in (0.2, 0.6, 1.2):
            running = self.start_sealos("push", "-q", "oci:%s:1" % large.folder, "sif:" + sif)
            time.sleep(seconds)
            running.signal(signal.SIGKILL)
            if running.wait().code == -signal.SIGKILL:
                self.assertEqual(stored.file_digest(sif), before)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".sealos")], [])

    def test_memory_does_not_grow_with_the_image(self):
        peaks = []
        for megabytes in (5, 20) if environment.SANITIZED else (30, 240):
            large = layouts.large_image(self.path("large%d" % megabytes), megabytes, layers=2)
            result, peak = self.sealos_measured("push", "-q", "-o", "sif.level=1", "oci:%s:1" % large.folder,
                                                "sif:" + self.path("large.sif"))
            self.assertEqual(result.code, process.OK, result)
            peaks.append(peak)
            shutil.rmtree(large.folder)
        if not environment.SANITIZED:  # they need memory of their own
            self.assertLess(peaks[1], peaks[0] + 40 * 1024)


class Read(Sif):
    def tree(self):
        """A folder with all kinds of files."""
        tree = self.path("tree")
        os.makedirs(os.path.join(tree, "folder/deep"))
        for name, size in (("folder/big", 700_000), ("folder/small", 10), ("empty", 0), ("folder/deep/odd", 131_073)):
            with open(os.path.join(tree, name), "wb") as file:
                file.write(b"".join(layouts.content(name, size)))
        os.truncate(os.path.join(tree, "folder/small"), 2_000_000)  # ends with a hole
        os.link(os.path.join(tree, "folder/big"), os.path.join(tree, "other-name"))
        os.symlink("folder/big", os.path.join(tree, "link"))
        os.symlink("x" * 150, os.path.join(tree, "long-link"))
        os.mkfifo(os.path.join(tree, "pipe"))
        os.mknod(os.path.join(tree, "device"), 0o020600, os.makedev(10, 229))
        os.setxattr(os.path.join(tree, "empty"), "user.note", b"kept")
        os.chown(os.path.join(tree, "folder/small"), 3_000_000, 12)
        os.chmod(os.path.join(tree, "folder"), 0o2750)
        os.chmod(os.path.join(tree, "empty"), 0o4711)
        for parent, _, files in os.walk(tree, topdown=False):
            for name in files + ["."]:
                os.utime(os.path.join(parent, name), (1_600_000_000, 1_600_000_000), follow_symlinks=False)
        return tree

    def test_squashfs_of_every_compressor(self):
        tree = self.tree()
        for flags in (["-comp", "gzip"], ["-comp", "xz", "-b", "1M"], ["-comp", "zstd", "-no-fragments"],
                      ["-comp", "lz4", "-b", "4K"], ["-noI", "-noD", "-noF", "-noX"], ["-comp", "lzma"]):
            with self.subTest(flags=flags):
                name = self.path("real.sif")
                if os.path.exists(name):
                    os.unlink(name)
                image, config = self.read(sifs.make(name, tree, *flags))
                self.assertEqual(config["config"]["Cmd"], ["bash"])
                self.assertEqual(*image.diff_ids())
                flat = self.path("flat")
                self.assert_same_files(sifs.flatten(self.tars(image), flat), tree)
                shutil.rmtree(flat)

    def test_lzo_is_refused_by_name(self):
        sif = sifs.make(self.path("lzo.sif"), self.tree(), "-comp", "lzo")
        self.assert_refused(self.sealos("push", "-q", "sif:" + sif, "dir:" + self.path("to")), process.CORRUPT, "lzo")

    def test_a_definition_is_read_as_the_peer_reads_it(self):
        sif = sifs.make(self.path("def.sif"), self.tree())
        with open(self.path("def"), "w") as file:
            file.write("bootstrap: docker\nfrom: x\n%environment\n  # note\n  export A=1\n%runscript\n  echo $A\n%post\n rm\n")
        sifs.add(sif, self.path("def"), 1)
        process.check("skopeo", "copy", "-q", "sif:" + sif, "oci:%s:1" % self.path("peer"))
        peer = stored.in_oci(self.path("peer"), "1")
        wanted = json.loads(peer.blob(peer.manifest["config"]))
        for options in ([], ["sif.read=skopeo"]):
            _, config = self.read(sif, *options)
            self.assertEqual(config["config"], wanted["config"])
            self.assertEqual((config["architecture"], config["os"]), ("amd64", "linux"))
        self.assertEqual([h.get("comment") for h in config["history"]], [h.get("comment") for h in wanted["history"]])
        image, _ = self.read(sif)
        flat = sifs.flatten(self.tars(image), self.path("flat"))
        with open(os.path.join(flat, "podman/runscript")) as file:
            self.assertEqual(file.read(), "#!/bin/bash\nexport A=1\necho $A\n")

    def test_what_cannot_be_read_is_refused_clearly(self):
        with open(self.path("file"), "wb") as file:
            file.write(b"x" * 5000)
        squashfs = sifs.mksquashfs(self.tree(), self.path("squashfs"))

        def ext3(sif):
            sifs.partition(sif, self.path("file"), sifs.EXT3)

        def encrypted(sif):
            sifs.partition(sif, squashfs)
            slot = 4096 + 201
            sifs.patch(sif, slot, struct.pack("<i", sifs.ENCRYPTED))

        def data_alone(sif):
            sifs.partition(sif, squashfs, kind=3)

        def two_roots(sif):
            sifs.partition(sif, squashfs, kind=1)
            sifs.partition(sif, squashfs)
            sifs.patch(sif, 4096 + 205, struct.pack("<i", 2))

        def no_squashfs(sif):
            sifs.partition(sif, self.path("file"))

        for make, word in ((ext3, "ext3"), (encrypted, "encrypted"), (data_alone, "no root file system"),
                           (two_roots, "more than one root"), (no_squashfs, "squashfs")):
            with self.subTest(make.__name__):
                sif = self.path(make.__name__)
                process.check("siftool", "new", sif)
                make(sif)
                result = self.sealos("push", "-q", "sif:" + sif, "dir:" + self.path("to"))
                self.assert_refused(result, process.CORRUPT, word)
                self.assertFalse(os.path.exists(self.path("to", "manifest.json")))
        for path in (self.path("file"), self.path("missing"), self.folder):
            result = self.sealos("push", "-q", "sif:" + path, "dir:" + self.path("to"))
            self.assertNotEqual(result.code, process.OK)
            self.assertEqual(len(result.lines), 1, result)

    def test_an_overlay_is_left_out_with_a_warning(self):
        sif = sifs.make(self.path("a.sif"), self.tree())
        with open(self.path("overlay"), "wb") as file:
            file.write(b"x" * 5000)
        sifs.partition(sif, self.path("overlay"), sifs.EXT3, sifs.OVERLAY)
        result = self.push("-q", "sif:" + sif, "dir:" + self.path("to"))
        self.assertIn("overlay", result.err)


class Hostile(Sif):
    def setUp(self):
        super().setUp()
        self.tree = self.path("tree")
        os.makedirs(os.path.join(self.tree, "one/two"))
        for i in range(30):
            with open(os.path.join(self.tree, "one/two/file%d" % i), "w") as file:
                file.write("content %d\n" % i * 1000)
        # Tables that are not compressed can be changed in place.
        self.sif = sifs.make(self.path("a.sif"), self.tree, "-noI", "-noD", "-noF", "-no-xattrs")
        self.start, self.size = sifs.root_partition(self.sif)

    def assert_refused_read(self, *words, sif=None):
        target = self.path("target")
        result = self.sealos("push", "-q", "sif:" + (sif or self.sif), "dir:" + target, timeout=60)
        self.assert_refused(result, process.CORRUPT, *words)
        self.assertFalse(os.path.exists(os.path.join(target, "manifest.json")))

    def test_headers_that_lie(self):
        good = self.path("good")
        shutil.copy(self.sif, good)
        for name, change, word in (
                ("2^40 descriptors", lambda: sifs.patch(self.sif, 88, struct.pack("<q", 1 << 40)), "descriptors"),
                ("-1 descriptors", lambda: sifs.patch(self.sif, 88, struct.pack("<q", -1)), "descriptors"),
                ("a table outside", lambda: sifs.patch(self.sif, 96, struct.pack("<q", 1 << 62)), "outside"),
                ("an object of 2^40 bytes", lambda: sifs.patch_slot(self.sif, 0, "size", 1 << 40), "object 1"),
                ("an object of 2^63-1 bytes", lambda: sifs.patch_slot(self.sif, 0, "size", (1 << 63) - 1), "object 1"),
                ("an object before the file", lambda: sifs.patch_slot(self.sif, 0, "offset", -4096), "object 1"),
                ("an object over the table", lambda: sifs.patch_slot(self.sif, 0, "offset", 4096), "overlaps"),
                ("a cut off file", lambda: os.truncate(self.sif, self.start + self.size // 2), "object 1")):
            with self.subTest(name):
                shutil.copy(good, self.sif)
                change()
                self.assert_refused_read(word)

    def test_objects_that_overlap(self):
        sifs.add(self.sif, self.tree + "/one/two/file1", 7)
        sifs.patch_slot(self.sif, 1, "offset", self.start + 100)
        self.assert_refused_read("overlap")

    def replace(self, old, new):
        """Changes a name in the folder table."""
        with open(self.sif, "rb") as file:
            data = file.read()
        at = data.rindex(old)
        sifs.patch(self.sif, at, new)

    def test_names_that_lead_out(self):
        self.replace(b"two", b"../")
        self.assert_refused_read("no name")
        self.replace(b"../", b"..\0")
        self.assert_refused_read("no name")

    def test_a_folder_in_itself(self):
        """The root's only entry leads to the root again."""
        super_block = self.start
        with open(self.sif, "rb") as file:
            file.seek(super_block)
            block = file.read(96)
        root, = struct.unpack_from("<Q", block, 32)
        table, = struct.unpack_from("<Q", block, 72)
        with open(self.sif, "rb") as file:
            file.seek(super_block + table)
            listing = bytearray(file.read(2000))
        # Header of a listing: count, start block, inode number; entry: offset, difference, type, size, name.
        at = listing.index(b"one") - 8
        offset, difference, kind, size = struct.unpack_from("<HhHH", listing, at)
        self.assertEqual(kind, 1)
        sifs.patch(self.sif, super_block + table + at, struct.pack("<H", root & 0xFFFF))
        self.assert_refused_read("more than once")

    def test_a_squashfs_that_is_cut_off(self):
        """The object is as long as it says, the file system is not."""
        for share in (0, 50, 96, 1000, self.size // 2, self.size - 4096):
            with self.subTest(bytes=share):
                with open(self.sif, "rb") as file:
                    file.seek(self.start)
                    data = file.read(share)
                cut = self.path("cut%d" % share)
                with open(self.path("part"), "wb") as file:
                    file.write(data)
                process.check("siftool", "new", cut)
                sifs.partition(cut, self.path("part"))
                self.assert_refused_read("squashfs", sif=cut)

    def test_file_sizes_that_cannot_be(self):
        with open(self.sif, "rb") as file:
            data = file.read()
        size = os.path.getsize(self.tree + "/one/two/file7")
        at = data.rindex(struct.pack("<I", size))
        sifs.patch(self.sif, at, struct.pack("<I", 0xFFFFFFFF))
        self.assert_refused_read("squashfs")

    def test_a_blob_of_an_oci_sif_that_was_changed(self):
        _, source = self.image()
        sif = self.write(source, "oci.sif", "sif.format=oci")
        _, _, start, _, _ = sifs.objects(sif)[0]
        sifs.patch(sif, start + 50, b"changed")
        self.assert_refused_read("digest", sif=sif)

    def test_what_is_no_sif_is_not_replaced(self):
        _, source = self.image()
        with open(self.path("thesis"), "w") as file:
            file.write("dear reader")
        result = self.sealos("push", "-q", source, "sif:" + self.path("thesis"))
        self.assert_refused(result, process.DESTINATION, "sif.existing=replace")
        with open(self.path("thesis")) as file:
            self.assertEqual(file.read(), "dear reader")
        self.push("-q", "-o", "sif.existing=replace", source, "sif:" + self.path("thesis"))


if __name__ == "__main__":
    main()
