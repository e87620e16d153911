"""Every format with every compression to every transport: each combination gives an image that skopeo reads with the
layers that it should have, or is refused by the plan. The result is the table in docs/formats.md; after a change of
behaviour, `test_formats.py --write` writes that file anew."""

import bz2
import concurrent.futures
import itertools
import json
import lzma
import os
import shutil
import sys
import tarfile

from support import environment, layouts, process, servers, sifs, stored, stores
from support.ostree_repositories import Repository
from support.case import Case, main

TRANSPORTS = ("oci", "oci-archive", "dir", "docker", "docker-archive", "docker-daemon", "containers-storage", "ostree", "sif")

environment.need("skopeo", "podman", "docker-registry", "dockerd", "zstd", "ostree", "unsquashfs", root=True)
environment.need_plugins(*TRANSPORTS)

FORMATS = {"as it is": [], "oci": ["-f", "oci"], "v2s2": ["-f", "v2s2"], "v2s1": ["-f", "v2s1"]}
COMPRESSIONS = {"as it is": [], "gzip": ["--compression-format", "gzip"], "zstd": ["--compression-format", "zstd"],
                "zstd:chunked": ["--compression-format", "zstd:chunked"], "none": ["--compression-format", "none"],
                "`-D`": ["-D"]}
PAGE = os.path.join(environment.TREE, "docs/formats.md")

KINDS = {"application/vnd.oci.image.manifest.v1+json": "oci",
         "application/vnd.docker.distribution.manifest.v2+json": "v2s2"}
CHUNKED = "io.github.containers.zstd-chunked.manifest-checksum"


def kind_of(manifest):
    return "v2s1" if manifest["schemaVersion"] == 1 else KINDS[manifest.get("mediaType", layouts.MANIFEST)]


def form_of(layer):
    """What the manifest says of a layer's compression."""
    if CHUNKED in layer.get("annotations", {}):
        return "zstd:chunked"
    ending = layer["mediaType"].rsplit("tar", 1)[1].lstrip("+.")
    return ending or "none"


def manifest_in(archive):
    with tarfile.open(archive) as tar:
        def read(name):
            return json.load(tar.extractfile(name))
        return read("blobs/" + read("index.json")["manifests"][0]["digest"].replace(":", "/"))


def mixed_image(folder):
    """Two layers, the first as gzip, the second plain, with an empty step between them in the history."""
    layout = layouts.Layout(folder)

    def first(tar):
        tar.folder("bin")
        tar.big_file("bin/tool", 1, 100_000)
        tar.symlink("bin/link", "tool")

    def second(tar):
        tar.folder("etc")
        for i in range(20):
            tar.file("etc/f%d" % i, b"%d\n" % i)
        tar.whiteout("bin/link")

    layers = [layout.add_layer(first, "gzip"), layout.add_layer(second, "")]
    history = [{"created": "2024-01-01T00:00:00Z", "created_by": "ADD tool"},
               {"created": "2024-01-01T00:00:00Z", "created_by": "ENV a=b", "empty_layer": True},
               {"created": "2024-01-01T00:00:00Z", "created_by": "COPY etc"}]
    layout.tag("1", layout.add_image(layers, history=history))
    return layout, [diff_id for _, diff_id in layers]


class Formats(Case):
    def setUp(self):
        super().setUp()
        layout, self.diff_ids = mixed_image(self.path("image"))
        self.source = "oci:%s:1" % layout.folder

    def start_servers(self):
        self.registry = servers.Registry(self.path("registry"), schema1=True)
        self.addCleanup(self.registry.stop)
        self.dockerd = servers.Dockerd(self.path("dockerd"))
        self.addCleanup(self.dockerd.stop)
        self.store = stores.Store(self.path("store"))
        self.repository = Repository(self.path("repository"), "archive")

    def place(self, transport, name):
        """(where sealos writes, more flags for that, flags for skopeo to read it)"""
        if transport == "docker":
            return self.registry.reference(name + ":1"), ["--tls-verify=false"], ["--src-tls-verify=false"]
        if transport == "docker-daemon":
            return ("docker-daemon:%s:1" % name, ["-o", "docker-daemon.host=" + self.dockerd.host],
                    ["--src-daemon-host", self.dockerd.host])
        if transport == "containers-storage":
            # In one store, these would all be the same image: they have one config.
            return stores.Store(self.path("store-" + name)).reference("localhost/%s:1" % name), [], []
        if transport == "ostree":
            return self.repository.reference(name + ":1"), [], []
        tag = {"oci": ":1", "oci-archive": ":1", "docker-archive": ":a:1", "dir": "", "sif": ""}[transport]
        return "%s:%s%s" % (transport, self.path(name), tag), [], []

    def read_back(self, reference, flags, name):
        """skopeo takes the layers out of their compression."""
        folder = self.path("back-" + name)
        process.check("skopeo", "copy", "-q", *flags, "--dest-decompress", reference, "dir:" + folder)
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        shutil.rmtree(folder)
        if manifest["schemaVersion"] == 1:
            steps = zip(reversed(manifest["fsLayers"]), reversed(manifest["history"]))
            return [layer["blobSum"] for layer, step in steps
                    if not json.loads(step["v1Compatibility"]).get("throwaway")]
        return [layer["digest"] for layer in manifest["layers"]]

    def in_ostree(self, name):
        """What the repository has of the image; sealos puts the tars of its layers together again."""
        _, manifest, config = self.repository.image(name + ":1")
        self.assertEqual(config["rootfs"]["diff_ids"], self.diff_ids)
        self.push("-q", self.repository.reference(name + ":1"), "dir:" + self.path("back-" + name))
        self.assertEqual(stored.in_dir(self.path("back-" + name)).diff_ids(), (self.diff_ids, self.diff_ids))
        return kind_of(manifest) + ", files"

    def in_sif(self, name):
        """The one file system of a SIF, which has no layers any more."""
        folder = sifs.unsquash(self.path(name), self.path("files-" + name))
        self.assertEqual(sorted(os.listdir(os.path.join(folder, "bin"))), ["tool"])
        self.assertEqual(os.path.getsize(os.path.join(folder, "bin/tool")), 100_000)
        self.assertLessEqual({"f%d" % i for i in range(20)}, set(os.listdir(os.path.join(folder, "etc"))))
        return "one file system"

    def one(self, transport, form, compression):
        """A cell of the table."""
        name = "%s-%s-%s" % (transport, form.replace(" ", ""), compression.strip("`").replace(":", "").replace(" ", "").lower())
        reference, flags, reading = self.place(transport, name)
        result = self.sealos("push", "-q", *flags, *FORMATS[form], *COMPRESSIONS[compression], self.source, reference)
        if result.code != process.OK:
            self.assert_refused(result, process.USAGE)
            if transport not in ("docker", "docker-daemon", "containers-storage", "ostree"):
                self.assertFalse(os.path.exists(self.path(name)), result)
            return "refused: " + result.lines[0].removeprefix("sealos: ")
        if transport in ("ostree", "sif"):
            return self.in_ostree(name) if transport == "ostree" else self.in_sif(name)
        self.assertEqual(self.read_back(reference, reading, name), self.diff_ids, result)
        if transport == "docker-daemon":
            return "loaded"
        if transport == "docker-archive":  # skopeo makes up a manifest; the real one is in the archive's OCI part
            raw = manifest_in(self.path(name))
        else:
            raw = json.loads(process.check("skopeo", "inspect", "--raw", *[f.replace("--src-", "--") for f in reading],
                                           reference))
        if transport == "containers-storage" and kind_of(raw) != "v2s1":
            return kind_of(raw) + ", unpacked"
        if kind_of(raw) == "v2s1":
            return "v2s1"
        forms = [form_of(layer) for layer in raw["layers"]]
        return "%s, %s" % (kind_of(raw), forms[0] if len(set(forms)) == 1 else " and ".join(forms))

    def cells(self):
        self.start_servers()
        combinations = list(itertools.product(TRANSPORTS, FORMATS, COMPRESSIONS))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            # One writer at a time for what cannot have two.
            found = list(pool.map(lambda c: self.one(*c), combinations))
        return dict(zip(combinations, found))

    def test_the_table_in_the_documents_is_what_happens(self):
        page = page_of(self.cells())
        if "--write" in WRITE:
            with open(PAGE, "w", encoding="utf-8") as file:
                file.write(page)
        with open(PAGE, encoding="utf-8") as file:
            self.assertEqual(file.read(), page)

    def test_podman_pulls_what_was_written(self):
        self.start_servers()
        for transport, compression in itertools.product(("oci", "dir", "docker", "oci-archive"),
                                                        ("gzip", "zstd", "zstd:chunked", "none")):
            with self.subTest(transport=transport, compression=compression):
                name = "pull-%s-%s" % (transport, compression.replace(":", ""))
                reference, flags, _ = self.place(transport, name)
                self.push(*flags, *COMPRESSIONS[compression], self.source, reference)
                loose = ["--tls-verify=false"] if transport == "docker" else []
                image = self.store.podman("pull", "-q", *loose, reference).splitlines()[-1]
                layers = self.store.podman("image", "inspect", "--format", "{{json .RootFS.Layers}}", image)
                self.assertEqual(json.loads(layers), self.diff_ids)


    def test_schema_1_of_others_is_read_and_goes_everywhere(self):
        old = self.path("old")
        process.check("skopeo", "copy", "-q", "--format", "v2s1", "--dest-compress", self.source, "dir:" + old)
        for place in ("dir:" + self.path("new"), "oci:%s:1" % self.path("new-oci")):
            with self.subTest(place=place):
                flags = ["-f", "v2s2"] if place.startswith("dir:") else []
                self.push(*flags, "dir:" + old, place)
                image = stored.in_dir(self.path("new")) if flags else stored.in_oci(self.path("new-oci"), "1")
                self.assertEqual(image.diff_ids(), (self.diff_ids, self.diff_ids))
                config = json.loads(image.blob(image.manifest["config"]))
                self.assertEqual([bool(step.get("empty_layer")) for step in config["history"]], [False, True, False])
        self.push("dir:" + old, "dir:" + self.path("same"))
        with open(os.path.join(old, "manifest.json"), "rb") as one, open(self.path("same/manifest.json"), "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_a_signature_that_does_not_fit_is_refused(self):
        process.check("skopeo", "copy", "-q", "--format", "v2s1", "--dest-compress", self.source, "dir:" + self.path("old"))
        path = self.path("old/manifest.json")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace('"architecture": "amd64"', '"architecture": "arm64"', 1).replace(
                '"architecture":"amd64"', '"architecture":"arm64"', 1))
        result = self.sealos("push", "-q", "dir:" + self.path("old"), "oci:" + self.path("new"))
        self.assert_refused(result, process.CORRUPT, "signature is wrong")

    def test_an_index_gets_zstd_beside_gzip_and_podman_pulls_it(self):
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        layout = layouts.index_image(self.path("index"), tag="1")
        self.push("--tls-verify=false", "--all", "--add-compression", "zstd", "oci:%s:1" % layout.folder,
                  registry.reference("multi:1"))
        index = stored.in_registry(registry, "multi:1")
        self.assertEqual([e.get("annotations") for e in index.manifest["manifests"]],
                         [None, None] + 2 * [{"io.github.containers.compression.zstd": "true"}])
        index.blob_digests()
        images = [json.loads(index.blob(entry)) for entry in index.manifest["manifests"]]
        self.assertEqual([{form_of(layer) for layer in image["layers"]} for image in images],
                         [{"gzip"}, {"gzip"}, {"zstd"}, {"zstd"}])
        self.assertEqual([i["config"] for i in images[:2]], [i["config"] for i in images[2:]])
        store = stores.Store(self.path("store"))
        store.podman("pull", "-q", "--tls-verify=false", registry.reference("multi:1"))

    def test_levels_count_and_are_the_true_ones(self):
        sizes = []
        for form, level in (("gzip", 1), ("gzip", 9), ("zstd", 1), ("zstd", 22)):
            folder = self.path("%s-%d" % (form, level))
            self.push("--compression-format", form, "--compression-level", str(level),
                      "dir:" + self.plain(), "oci:%s:1" % folder)
            sizes.append(sum(layer["size"] for layer in stored.in_oci(folder, "1").manifest["layers"]))
            self.assertEqual(stored.in_oci(folder, "1").diff_ids()[1], self.diff_ids)
        self.assertGreater(sizes[0], sizes[1])
        self.assertGreater(sizes[2], sizes[3])
        for flags in (["--compression-level", "10"], ["--compression-format", "zstd", "--compression-level", "0"]):
            result = self.sealos("push", "-q", *flags, "dir:" + self.plain(), "oci:" + self.path("none"))
            self.assert_refused(result, process.USAGE, "levels")
            self.assertFalse(os.path.exists(self.path("none")))

    def test_the_result_is_the_same_on_any_number_of_processors(self):
        layout = layouts.large_image(self.path("large"), 24, layers=2)
        for form in ("gzip", "zstd", "zstd:chunked"):
            digests = set()
            for number, prefix in enumerate(([], ["taskset", "-c", str(min(os.sched_getaffinity(0)))])):
                to = self.path("%s-%d" % (form.replace(":", ""), number))
                process.check(*prefix, environment.SEALOS, "push", "-q", "--compression-format", form,
                              "oci:%s:1" % layout.folder, "oci:%s:1" % to, env=self.environment())
                digests.add(stored.in_oci(to, "1").manifest_digest)
            self.assertEqual(len(digests), 1, form)

    def plain(self):
        """The image with plain layers."""
        if not os.path.exists(self.path("plain")):
            self.push("--compression-format", "none", self.source, "dir:" + self.path("plain"))
        return self.path("plain")

    def test_layers_in_xz_and_bzip2_are_read(self):
        for form in ("xz", "bzip2"):
            layout = layouts.Layout(self.path(form))
            with open(self.path("tar"), "wb") as file:
                tar = layouts.Tar(file)
                tar.big_file("data", 3, 200_000)
                tar.close()
            diff_id = stored.file_digest(self.path("tar"))
            with open(self.path("tar"), "rb") as file:
                packed = {"xz": lzma, "bzip2": bz2}[form].compress(file.read())
            # Docker calls every layer gzip, whatever it is; so do we once, and once not.
            for label in ("gzip", form):
                with self.subTest(form=form, label=label):
                    layer = layout.add_blob(packed, layouts.LAYER + "+" + label)
                    layout.tag(label, layout.add_image([(layer, diff_id)]))
                    self.push("--compression-format", "zstd", "oci:%s:%s" % (layout.folder, label),
                              "oci:%s:%s" % (self.path("out"), form + label))
                    copy = stored.in_oci(self.path("out"), form + label)
                    self.assertEqual(copy.diff_ids(), ([diff_id], [diff_id]))
                    self.assertEqual(form_of(copy.manifest["layers"][0]), "zstd")


def page_of(cells):
    lines = [
        "# Formats and compressions",
        "",
        "What becomes of an OCI image with a gzip layer and a plain one, by `-f` (rows) and `--compression-format` or `-D`",
        "(columns). Every image in these tables has been read back by skopeo, with equal diffIDs, from `ostree` by ostree and",
        "sealos, and the files of a SIF by unsquashfs; the rest is refused before the first byte. The tables are written and",
        "checked by `tests/e2e/test_formats.py`. Options of `ostree` and `sif` keep layers: then more can be chosen.",
        "",
        "Layers are recoded only where they are not in the wanted form already; without a wish, plain layers are compressed for",
        "registries and OCI layouts, and all others stay as they are. zstd:chunked serves as zstd, but not the other way round.",
        "Docker's formats have no zstd: without `-f` the manifest then becomes one of OCI. `v2s1` says nothing of compression.",
        "What a layer is decide its first bytes, which are seen when it is copied: one whose media type is wrong is recoded where",
        "that is needed, gets the right type where it changes, and is left alone where nothing was asked for.",
        "A level (`--compression-level`) counts for what is compressed in the copy; layers that the destination has are used",
        "whatever their level. Levels of zstd above 19 use a window of 8 MiB, which every reader has. Up to level 5 of zstd a",
        "copy on two processors stays below 64 MiB of memory; the higher levels take more, for larger windows: 72 MiB at level 6,",
        "112 MiB at 9, 190 MiB at 12, 256 MiB and more at 19.",
        "",
        "The same layer and level give the same bytes on any number of processors, and zstd and the gzip levels 4, 5 and 7 to 9 on",
        "any kind of processor too. The gzip levels 1 to 3 and 6, the default, use ISA-L, which does not find the same matches on",
        "every kind. Where digests must agree between unlike machines, choose one of the others. (Level 6 without ISA-L, at the",
        "same size, was measured to take a fifth more processor time.) A layer with more than 1.5 million entries, or more than",
        "150 MiB of tables, becomes zstd without the tables of zstd:chunked: no reader takes larger ones.",
    ]
    reasons = []
    for transport in TRANSPORTS:
        lines += ["", "## `%s`" % transport, "", "| `-f` | " + " | ".join(COMPRESSIONS) + " |", "|---" * (1 + len(COMPRESSIONS)) + "|"]
        for form in FORMATS:
            row = []
            for compression in COMPRESSIONS:
                cell = cells[transport, form, compression]
                if cell.startswith("refused: "):
                    reason = cell.removeprefix("refused: ")
                    if reason not in reasons:
                        reasons.append(reason)
                    cell = "refused (%d)" % (reasons.index(reason) + 1)
                row.append(cell)
            lines.append("| %s | %s |" % (form, " | ".join(row)))
    lines += ["", "## Reasons", ""]
    lines += ["%d. %s" % (i + 1, reason) for i, reason in enumerate(reasons)]
    return "\n".join(lines) + "\n"


WRITE = [a for a in sys.argv if a == "--write"]
sys.argv = [a for a in sys.argv if a != "--write"]

if __name__ == "__main__":
    main()
