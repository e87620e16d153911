"""Manifest lists of the local store, and digests of images that came from a registry and are pushed on."""

import json
import os

from support import environment, layouts, platforms, process, servers, stored, stores
from support.case import Case, main

environment.need("skopeo", "docker-registry", "podman", "buildah", "busybox", root=True)
environment.need_plugins("oci", "dir", "docker", "containers-storage")

LOOSE = "--tls-verify=false"
CHANGED = "the digest is not the source's"


class StoreLists(Case):
    def setUp(self):
        super().setUp()
        self.store = stores.Store(self.path("store"), "vfs")
        self.addCleanup(self.store.close)
        self.one, self.two = self.new_registry("one"), self.new_registry("two")

    def new_registry(self, name):
        registry = servers.Registry(self.path(name))
        self.addCleanup(registry.stop)
        return registry

    def names(self):
        return sorted(self.store.podman("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines())

    def make_list(self, name="localhost/list:1"):
        """Of two images made by buildah, put together by podman."""
        for image, architecture in (("localhost/amd:1", "amd64"), ("localhost/arm:1", "arm64")):
            if image not in self.names():
                self.store.commit(image, lambda root, a=architecture: os.mkdir(os.path.join(root, a)),
                                  architecture=architecture)
        self.store.podman("manifest", "create", name)
        for image in ("localhost/amd:1", "localhost/arm:1"):
            self.store.podman("manifest", "add", name, "containers-storage:" + image)
        return name

    def pushed_from_store(self, *arguments):
        env = self.environment(CONTAINERS_STORAGE_CONF=self.store.configuration())
        return self.push(LOOSE, *arguments, env=env)

    def test_a_list_is_removed_after_it_was_pushed_and_its_images_stay(self):
        self.make_list()
        result = self.pushed_from_store("--all", "--rm", "localhost/list:1", self.one.reference("list:1"))
        self.assertEqual(len(stored.in_registry(self.one, "list:1").manifest["manifests"]), 2)
        self.assertEqual(result.out.strip(), process.check(
            "skopeo", "inspect", LOOSE, "--format", "{{.Digest}}", self.one.reference("list:1")).strip())
        self.assertEqual(self.names(), ["localhost/amd:1", "localhost/arm:1"])
        self.store.podman("image", "rm", "localhost/amd:1", "localhost/arm:1")

    def test_without_all_the_image_of_this_platform_is_pushed_and_that_is_said(self):
        self.make_list(self.one.address + "/list:1")
        result = self.pushed_from_store("--rm", self.one.address + "/list:1")
        self.assertIn("choosing linux/amd64", result.err)
        self.assertIn("layers", stored.in_registry(self.one, "list:1").manifest)
        self.assertEqual(self.names(), ["localhost/amd:1", "localhost/arm:1"])

    def test_what_is_no_list_and_what_was_not_pushed_stays(self):
        self.make_list()
        layout = layouts.small_image(self.path("layout"))
        reference = self.store.reference
        for source in (reference("localhost/amd:1"), reference("localhost/list@" + self.list_digest()),
                       "oci:%s:1" % layout.folder):
            with self.subTest(source=source):
                result = self.sealos("push", "-q", LOOSE, "--rm", source, self.one.reference("image:1"))
                self.assertEqual(result.code, process.USAGE, result)
                self.assertEqual(len(result.lines), 1, result)
        self.assertFalse([line for line in self.one.requests() if "/v2/image/" in line])
        port = servers.free_port()
        result = self.sealos("push", "-q", LOOSE, "--retry", "0", "--rm", reference("localhost/list:1"),
                             "docker://127.0.0.1:%d/list:1" % port)
        self.assertEqual(result.code, process.NETWORK, result)
        self.assertEqual(self.names(), ["localhost/amd:1", "localhost/arm:1", "localhost/list:1"])

    def test_a_list_is_written_with_its_images_and_podman_uses_it(self):
        layout = platforms.six(self.path("six"), compression="")
        source, digest = "oci:%s:1" % layout.folder, stored.in_oci(layout.folder, "1").manifest_digest
        for store in (self.store, stores.Store(self.path("overlay"), "overlay")):
            self.addCleanup(store.close)
            with self.subTest(driver=store.driver):
                target, back = store.reference("localhost/six:1"), self.path("back-" + store.driver)
                for _ in range(2):
                    self.assertEqual(self.push("--all", source, target).out.strip(), digest)
                listed = json.loads(store.podman("manifest", "inspect", "localhost/six:1"))
                self.assertEqual(platforms.names_in(listed), list(platforms.SIX))
                self.assertEqual(len(store.podman("images", "-a", "-q").split()), 7)
                store.podman("manifest", "push", "--all", "localhost/six:1", "dir:" + back)
                self.assertEqual(stored.in_dir(back).manifest_digest, digest)
                self.copy(target, "dir:" + back + "-ours", "--all")
                self.assertEqual(stored.in_dir(back + "-ours").manifest_digest, digest)
                container = store.buildah("from", "localhost/six:1")
                with open(os.path.join(store.buildah("mount", container), "platform"), encoding="ascii") as file:
                    self.assertEqual(file.read(), "linux/amd64")
                store.buildah("umount", container)
                store.buildah("rm", container)
                store.podman("manifest", "rm", "localhost/six:1")
                store.podman("image", "prune", "-f")
                self.assertEqual(store.podman("images", "-a", "-q"), "")

    def list_digest(self):
        with open(os.path.join(self.store.root, "vfs-images/images.json"), encoding="utf-8") as file:
            records = [r for r in json.load(file) if "localhost/list:1" in r.get("names", [])]
        return records[0]["big-data-digests"]["manifest"]

    def test_an_image_of_a_registry_keeps_its_digest_where_its_layers_can_be_had_again(self):
        layout = layouts.small_image(self.path("layout"))
        name = "app:1"
        # As another tool compressed it: the first registry still has the blobs, the second cannot get them.
        self.copy("oci:%s:1" % layout.folder, self.one.reference(name))
        original = stored.in_registry(self.one, name)
        self.store.podman("pull", "-q", LOOSE, self.one.address + "/" + name)
        image = self.store.reference(self.one.address + "/" + name)
        again = self.push(LOOSE, image, self.one.reference("again:1"))
        self.assertEqual(again.out, self.push(LOOSE, image, self.one.reference(name)).out)
        self.assertNotIn(CHANGED, again.err)
        self.assertEqual(stored.in_registry(self.one, "again:1").manifest, original.manifest)
        changed = self.push(LOOSE, image, self.two.reference(name))
        self.assertIn(CHANGED, changed.err)
        self.assertIn("3 of 3 layers", changed.err)
        # As sealos compressed it: the same bytes come out again.
        ours = self.push(LOOSE, image, self.two.reference("ours:1"))
        self.store.podman("pull", "-q", LOOSE, self.two.address + "/ours:1")
        third = self.new_registry("third")
        result = self.push(LOOSE, self.store.reference(self.two.address + "/ours:1"), third.reference("ours:1"))
        self.assertEqual(result.out, ours.out)
        self.assertNotIn(CHANGED, result.err)


if __name__ == "__main__":
    main()
