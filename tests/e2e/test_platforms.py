"""Indexes: whole, some platforms of them, sparse, one inside another; through all transports that hold one, read by
skopeo and podman."""

import json
import os
import tarfile

from support import daemon, environment, layouts, platforms, process, servers, stored, stores
from support.case import Case, main

environment.need("skopeo", "docker-registry", "podman", root=True)
environment.need_plugins("oci", "dir", "docker", "oci-archive", "docker-archive", "docker-daemon", "containers-storage")


def index_in_docker_archive(path):
    """(digest of the index in a hybrid archive, names of its blobs)"""
    with tarfile.open(path) as archive:
        entry = json.load(archive.extractfile("index.json"))["manifests"][0]
        names = {member.name for member in archive}
        data = archive.extractfile("blobs/" + entry["digest"].replace(":", "/")).read()
    assert stored.digest_of(data) == entry["digest"]
    return entry["digest"], names


class Platforms(Case):
    def setUp(self):
        super().setUp()
        self.registry = servers.Registry(self.path("registry"))
        self.addCleanup(self.registry.stop)
        self.layout = platforms.six(self.path("six"))
        self.source = "oci:%s:1" % self.layout.folder
        self.original = stored.in_oci(self.layout.folder, "1")

    def digest_of(self, place):
        """By skopeo, or of a docker-archive by its index.json."""
        if place.startswith("docker-archive:"):
            return index_in_docker_archive(place.split(":")[1])[0]
        flags = ["--tls-verify=false"] if place.startswith("docker:") else []
        return stored.digest_of(process.check("skopeo", "inspect", "--raw", *flags, place).encode())

    def podman_inspect(self, name):
        configuration = self.path("registries.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write('[[registry]]\nlocation = "%s"\ninsecure = true\n' % self.registry.address)
        return process.check("podman", "manifest", "inspect", name.replace("docker://", ""),
                             env=dict(os.environ, PATH=environment.PATH, CONTAINERS_REGISTRIES_CONF=configuration))

    def test_six_platforms_go_through_all_transports_that_hold_an_index(self):
        places = [self.source, "dir:" + self.path("dir"), self.registry.reference("six:1"),
                  "oci-archive:" + self.path("oci.tar") + ":1", "docker-archive:" + self.path("docker.tar") + ":six:1",
                  self.registry.reference("again:1"), "oci:" + self.path("oci") + ":1"]
        for source, destination in zip(places, places[1:]):
            with self.subTest(source=source, destination=destination):
                result = self.copy(source, destination, "--all")
                self.assertEqual(result.out.strip(), self.original.manifest_digest)
                self.assertEqual(self.digest_of(destination), self.original.manifest_digest)
        for copy in (stored.in_dir(self.path("dir")), stored.in_registry(self.registry, "six:1"),
                     stored.in_oci(self.path("oci"), "1")):
            self.assert_same_image(self.original, copy)

    def test_skopeo_and_podman_read_what_was_written(self):
        name = self.registry.reference("six:1")
        self.copy(self.source, name, "--all")
        process.check("skopeo", "copy", "-q", "--all", "--src-tls-verify=false", name, "dir:" + self.path("by-skopeo"))
        self.assert_same_image(self.original, stored.in_dir(self.path("by-skopeo")))
        seen = json.loads(self.podman_inspect(name))
        self.assertEqual(platforms.names_in(seen), list(platforms.SIX))
        for other in ("dir:" + self.path("dir"), "oci-archive:" + self.path("six.tar")):
            self.copy(name, other, "--all")
            process.check("skopeo", "copy", "-q", "--all", other, "dir:" + self.path("again"))
            self.assert_same_image(self.original, stored.in_dir(self.path("again")))

    def test_some_platforms_without_the_others(self):
        wanted = ("linux/arm64,linux/arm/v7", "linux/s390x")
        for destination in ("dir:" + self.path("dir"), self.registry.reference("some:1"),
                            "oci:" + self.path("oci") + ":1"):
            with self.subTest(destination=destination):
                result = self.copy(self.source, destination, "--platform", wanted[0], "--platform", wanted[1])
                self.assertEqual(self.digest_of(destination), result.out.strip())
                flags = ["--src-tls-verify=false"] if destination.startswith("docker:") else []
                process.check("skopeo", "copy", "-q", "--all", *flags, destination, "dir:" + self.path("read"))
                index = stored.in_dir(self.path("read"))
                self.assertEqual(platforms.names_in(index.manifest), ["linux/arm/v7", "linux/arm64", "linux/s390x"])
                self.assertEqual(len(set(index.blob_digests())), 3 + 1 + 3 + 3)
        stored_blobs = os.listdir(self.path("oci/blobs/sha256"))
        self.assertEqual(len(stored_blobs), 1 + 3 + 1 + 3 + 3)  # nothing of the others
        seen = json.loads(self.podman_inspect(self.registry.reference("some:1")))
        self.assertEqual(len(seen["manifests"]), 3)

    def test_all_platforms_by_name_keep_the_index_as_it_is(self):
        result = self.copy(self.source, "dir:" + self.path("dir"), "--platform", ",".join(reversed(platforms.SIX)))
        self.assertEqual(result.out.strip(), self.original.manifest_digest)

    def test_a_sparse_copy_keeps_the_index_and_some_images(self):
        for destination in ("dir:" + self.path("dir"), "oci:" + self.path("oci") + ":1",
                            "oci-archive:" + self.path("a.tar") + ":1", "docker-archive:" + self.path("d.tar") + ":a:1"):
            with self.subTest(destination=destination):
                self.copy(self.source, destination, "--sparse", "--platform", "linux/s390x,linux/arm/v6")
                self.assertEqual(self.digest_of(destination), self.original.manifest_digest)
        _, names = index_in_docker_archive(self.path("d.tar"))
        self.assertEqual(len([n for n in names if n.startswith("blobs/sha256/")]), 1 + 2 + 1 + 2 + 2)
        found = os.listdir(self.path("dir"))
        self.assertEqual(sum(name.endswith(".manifest.json") for name in found), 2)
        self.copy("dir:" + self.path("dir"), "dir:" + self.path("one"), "--platform", "linux/s390x")
        self.assertIn("layers", stored.in_dir(self.path("one")).manifest)
        refused = self.sealos("push", "--all", "dir:" + self.path("dir"), "dir:" + self.path("other"))
        self.assert_refused(refused, process.NOT_FOUND)

    def test_a_registry_that_wants_all_images_refuses_a_sparse_index(self):
        refused = self.sealos("push", "--tls-verify=false", "-q", "--sparse", "--platform", "linux/arm64", self.source,
                              self.registry.reference("sparse:1"))
        self.assert_refused(refused, process.DESTINATION, "sparse")
        self.assertEqual(self.registry.tags("sparse"), [])

    def test_the_platform_that_serves_best(self):
        for wanted, chosen in (("linux/arm/v8", "linux/arm/v7"), ("linux/arm", "linux/arm/v7"),
                               ("linux/arm/v6", "linux/arm/v6"), ("arm64", "linux/arm64"),
                               ("linux/aarch64/v8", "linux/arm64"), ("linux/s390x", "linux/s390x")):
            with self.subTest(wanted=wanted):
                self.copy(self.source, "dir:" + self.path("one"), "--platform", wanted)
                expected = self.original.manifest["manifests"][platforms.SIX.index(chosen)]["digest"]
                self.assertEqual(stored.in_dir(self.path("one")).manifest_digest, expected)
        for wanted in ("linux/arm/v5", "linux/mips", "windows/amd64", "linux/arm64,linux/mips"):
            with self.subTest(wanted=wanted):
                refused = self.sealos("push", "--platform", wanted, self.source, "dir:" + self.path("none"))
                self.assert_refused(refused, process.NOT_FOUND, "no image for", "linux/ppc64le")
                self.assertFalse(os.path.exists(self.path("none")))

    def test_one_image_for_another_platform_is_refused(self):
        self.copy(self.source, "dir:" + self.path("one"), "--platform", "linux/s390x")
        refused = self.sealos("push", "--platform", "linux/arm64", "dir:" + self.path("one"), "dir:" + self.path("two"))
        self.assert_refused(refused, process.NOT_FOUND, "linux/s390x")
        self.copy("dir:" + self.path("one"), "dir:" + self.path("two"), "--platform", "linux/s390x")
        for flags in (("--sparse",), ("--platform", "linux/arm64,linux/s390x")):
            refused = self.sealos("push", *flags, "dir:" + self.path("one"), "dir:" + self.path("three"))
            self.assert_refused(refused, process.CORRUPT, "no index")

    def test_indexes_in_indexes(self):
        layout = layouts.Layout(self.path("nested"))
        images = platforms.add_images(layout)
        inner = layout.add_index(images[3:])
        layout.tag("1", layout.add_index(images[:3] + [inner, inner] + images[:1]))
        source = "oci:%s:1" % layout.folder
        digest = stored.in_oci(layout.folder, "1").manifest_digest
        for destination in ("dir:" + self.path("dir"), self.registry.reference("nested:1"),
                            "oci-archive:" + self.path("oci.tar") + ":1", "docker-archive:" + self.path("d.tar") + ":a:1"):
            with self.subTest(destination=destination):
                self.copy(source, destination, "--all")
                self.assertEqual(self.digest_of(destination), digest)
                self.copy(destination, "oci:" + self.path("back") + ":1", "--all")
                self.assertEqual(self.digest_of("oci:" + self.path("back") + ":1"), digest)
        self.copy(source, "dir:" + self.path("one"), "--platform", "linux/ppc64le")
        self.assertEqual(stored.in_dir(self.path("one")).manifest_digest, images[4]["digest"])

    def test_plain_layers_change_every_image_and_the_index(self):
        layout = platforms.six(self.path("plain"), compression="")
        result = self.copy("oci:%s:1" % layout.folder, self.registry.reference("plain:1"), "--all")
        copy = stored.in_registry(self.registry, "plain:1")
        self.assertEqual(copy.manifest_digest, result.out.strip())
        self.assertEqual(platforms.names_in(copy.manifest), list(platforms.SIX))
        self.assertEqual(len(set(copy.blob_digests())), 6 + 1 + 6 + 6)

    def test_a_store_gets_one_image_and_remembers_the_index(self):
        """As it does from skopeo."""
        self.copy(self.source, self.registry.reference("six:1"), "--all")
        name, seen = "%s/six:1" % self.registry.address, []
        for tool in ("sealos", "skopeo"):
            store = stores.Store(self.path(tool))
            self.addCleanup(store.close)
            if tool == "sealos":
                self.copy(self.registry.reference("six:1"), store.reference(name), "--platform", "linux/arm64")
            else:
                process.check("skopeo", "--override-arch", "arm64", "copy", "-q", "--src-tls-verify=false",
                              self.registry.reference("six:1"), store.reference(name))
            image = json.loads(store.podman("image", "inspect", name))[0]
            seen.append({key: image[key] for key in ("Id", "Digest", "RepoTags", "Architecture")}
                        | {"RepoDigests": sorted(image["RepoDigests"])})
        self.assertEqual(seen[0], seen[1])
        self.assertIn(self.original.manifest_digest, " ".join(seen[0]["RepoDigests"]))

    def test_what_holds_no_index_is_refused_before_the_source_is_read(self):
        self.copy(self.source, self.registry.reference("six:1"), "--all")
        fake = daemon.FakeDaemon()
        self.addCleanup(fake.stop)
        before = len(self.registry.requests())
        for destination, flags in (("docker-daemon:six:1", ("-o", "docker-daemon.host=" + fake.host)),
                                   ("docker-archive:" + self.path("plain.tar"), ("-o", "docker-archive.format=plain"))):
            with self.subTest(destination=destination):
                push = ["push", "--tls-verify=false", *flags, self.registry.reference("six:1"), destination]
                refused = self.sealos(*push, "--platform", "linux/amd64,linux/arm64")
                self.assert_refused(refused, process.USAGE, "no index")
                self.assertEqual(self.registry.requests()[before:], [])
        for destination, flags in (("docker-daemon:six:1", ("-o", "docker-daemon.host=" + fake.host)),
                                   ("docker-archive:" + self.path("plain.tar"), ("-o", "docker-archive.format=plain"))):
            with self.subTest(destination=destination, all=True):
                refused = self.sealos("push", "-q", "--tls-verify=false", "--all", *flags,
                                      self.registry.reference("six:1"), destination)
                self.assert_refused(refused, process.USAGE, "no index")
        self.assertFalse([r for r in self.registry.requests()[before:] if "/blobs/" in r and "HEAD" in r])
        self.assertFalse([r for r in fake.requests if r.startswith("POST")])
        self.assertFalse(os.path.exists(self.path("plain.tar")))


if __name__ == "__main__":
    main()
