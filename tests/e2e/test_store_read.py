"""Images that buildah and podman made in their local store are pushed elsewhere, and the others read the result."""

import json
import os

from support import environment, process, servers, stored, stores
from support.case import Case, main

environment.need("skopeo", "docker-registry", "podman", "buildah", "busybox", root=True)
environment.need_plugins("oci", "dir", "docker", "containers-storage")

LOOSE = "--tls-verify=false"


class StoreRead(Case):
    def setUp(self):
        super().setUp()
        self.store = self.new_store("store", "vfs")

    def new_store(self, name, driver):
        store = stores.Store(self.path(name), driver)
        self.addCleanup(store.close)
        return store

    def registry(self):
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        return registry

    def diff_ids(self, store, name):
        return json.loads(process.check("skopeo", "inspect", "--config", store.reference(name)))["rootfs"]["diff_ids"]

    def test_every_layer_arrives_with_its_diff_id(self):
        for driver in ("vfs", "overlay"):
            with self.subTest(driver=driver):
                store = self.new_store("store-" + driver, driver)
                try:
                    name = stores.make_image(store)
                except AssertionError:
                    if driver == "vfs":
                        raise
                    self.skipTest("no overlay on this file system")
                wanted = self.diff_ids(store, name)
                registry = servers.Registry(self.path("registry-" + driver))
                self.addCleanup(registry.stop)
                for target, read in (
                        ("oci:%s:1" % self.path("oci-" + driver), lambda: stored.in_oci(self.path("oci-" + driver), "1")),
                        ("dir:" + self.path("dir-" + driver), lambda: stored.in_dir(self.path("dir-" + driver))),
                        (registry.reference("app:1"), lambda: stored.in_registry(registry, "app:1"))):
                    self.copy(store.reference(name), target)
                    promised, found = read().diff_ids()
                    self.assertEqual((promised, found), (wanted, wanted))

    def test_podman_pulls_and_runs_what_was_pushed(self):
        registry = self.registry()
        stores.make_image(self.store)
        self.push(LOOSE, self.store.reference("localhost/app:3"), registry.reference("app:3"))
        other = self.new_store("other", "vfs")
        name = registry.address + "/app:3"
        other.podman("pull", "-q", LOOSE, name)
        self.assertEqual(other.run_in(name, "/bin/sh", "-c", "cat /etc/old/new; ls /etc/old; cat /file7"), "new\nnew\n7")

    def test_a_bare_name_is_one_of_the_local_store_and_one_argument_is_both(self):
        registry = self.registry()
        stores.make_image(self.store, name=registry.address + "/team/app:3")
        env = self.environment(CONTAINERS_STORAGE_CONF=self.store.configuration())
        self.push(LOOSE, registry.address + "/team/app:3", env=env)
        self.assertEqual(registry.tags("team/app"), ["3"])
        self.push(LOOSE, "app:2", registry.address + "/other:2", env=env)
        self.assertEqual(registry.tags("other"), ["2"])
        image_id = self.store.podman("images", "-q", "localhost/app:1")
        self.push(image_id, "dir:" + self.path("by-id"), env=env)
        self.assertEqual(stored.in_dir(self.path("by-id")).diff_ids()[0], self.diff_ids(self.store, "localhost/app:1"))

    def test_a_local_manifest_list_is_pushed_whole_with_all(self):
        registry = self.registry()
        stores.make_image(self.store)
        self.store.commit("localhost/arm:1", lambda root: os.mkdir(os.path.join(root, "arm")), architecture="arm64")
        self.store.buildah("manifest", "create", "localhost/list:1")
        for name in ("localhost/app:3", "localhost/arm:1"):
            self.store.buildah("manifest", "add", "localhost/list:1", "containers-storage:" + name)
        self.push(LOOSE, "--all", self.store.reference("localhost/list:1"), registry.reference("list:1"))
        pushed = stored.in_registry(registry, "list:1")
        self.assertEqual(sorted(m["platform"]["architecture"] for m in pushed.manifest["manifests"]), ["amd64", "arm64"])
        pushed.blob_digests()
        self.push(LOOSE, self.store.reference("localhost/list:1"), registry.reference("one:1"))
        self.assertIn("layers", stored.in_registry(registry, "one:1").manifest)

    def test_an_image_that_is_not_there(self):
        stores.make_image(self.store)
        result = self.sealos("push", "-q", self.store.reference("localhost/none:1"), "dir:" + self.path("copy"))
        self.assert_refused(result, process.NOT_FOUND, "localhost/none:1")

    def test_the_store_is_not_changed_by_reading(self):
        stores.make_image(self.store)
        before = self.store.podman("images", "--no-trunc", "--format", "{{.ID}} {{.Names}}")
        self.push(self.store.reference("localhost/app:3"), "dir:" + self.path("copy"))
        self.assertEqual(self.store.podman("images", "--no-trunc", "--format", "{{.ID}} {{.Names}}"), before)
        self.store.podman("image", "rm", "localhost/app:3")


if __name__ == "__main__":
    main()
