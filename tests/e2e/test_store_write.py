"""Images written into stores of podman: podman and buildah use them as their own, at every moment."""

import json
import os
import random
import signal
import tarfile
import threading
import time

from support import environment, layouts, process, servers, stored, stores
from support.case import Case, main

environment.need("skopeo", "docker-registry", "podman", "buildah", "busybox", root=True)
environment.need_plugins("oci", "dir", "docker", "containers-storage")
environment.need_capability("containers-storage", "write")

LOOSE = "--tls-verify=false"
KILLS = int(os.environ.get("SEALOS_E2E_KILLS", "20"))


class StoreWrite(Case):
    def new_store(self, name, driver="vfs"):
        store = stores.Store(self.path(name), driver)
        self.addCleanup(store.close)
        return store

    def oci_image(self):
        """An image of buildah's with all that layers may have, as an OCI layout; and its diffIDs."""
        store = self.new_store("origin")
        stores.make_image(store)
        process.check("skopeo", "copy", "-q", store.reference("localhost/app:3"), "oci:%s:3" % self.path("image"))
        return "oci:%s:3" % self.path("image"), stored.in_oci(self.path("image"), "3").diff_ids()[0]

    def records(self, store, kind):
        """A store in which nothing was ever kept need not have the file."""
        path = os.path.join(store.root, "%s-%s" % (store.driver, kind), kind + ".json")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return json.load(file) or []

    def assert_clean(self, store):
        """No layer that is marked incomplete, and none that no image needs."""
        layers, images = self.records(store, "layers"), self.records(store, "images")
        self.assertFalse([layer["id"] for layer in layers if (layer.get("flags") or {}).get("incomplete")])
        parents = {layer["id"]: layer.get("parent") for layer in layers}
        needed = set()
        for image in images:
            for top in [image["layer"], *image.get("mapped-layers", [])]:
                while top and top not in needed:
                    needed.add(top)
                    top = parents[top]
        self.assertEqual(set(parents), needed)

    def assert_good(self, store, name, diff_ids):
        self.assertIn(name, store.podman("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines())
        inspected = json.loads(store.podman("image", "inspect", name))[0]
        self.assertEqual(inspected["RootFS"]["Layers"], diff_ids)
        self.assertEqual(store.run_in(name, "/bin/sh", "-c", "cat /etc/old/new; cat /file7; ls /etc/old | wc -l"), "new\n7\n1")
        back = self.path("back-" + store.driver)
        process.check("skopeo", "copy", "-q", store.reference(name), "oci:%s:1" % back)
        self.assertEqual(stored.in_oci(back, "1").diff_ids(), (diff_ids, diff_ids))
        self.assert_clean(store)

    def test_podman_and_buildah_use_what_was_written(self):
        image, diff_ids = self.oci_image()
        for driver in ("vfs", "overlay"):
            with self.subTest(driver=driver):
                store = self.new_store("new-" + driver, driver)
                self.push(image, store.reference("localhost/copy:3"))
                self.assert_good(store, "localhost/copy:3", diff_ids)
                store.podman("save", "-q", "-o", self.path("saved.tar"), "localhost/copy:3")
                with tarfile.open(self.path("saved.tar")) as saved:
                    self.assertIn("manifest.json", saved.getnames())
                os.unlink(self.path("saved.tar"))
                store.podman("image", "rm", "localhost/copy:3")
                self.assertEqual(store.podman("images", "-q"), "")
                self.assert_clean(store)

    def test_files_are_as_they_were(self):
        image, _ = self.oci_image()
        store = self.new_store("new")
        self.push(image, store.reference("localhost/copy:3"))
        container = store.buildah("from", "localhost/copy:3")
        root = store.buildah("mount", container)
        self.assertFalse(os.path.exists(os.path.join(root, "etc/one")))
        self.assertTrue(os.path.samefile(os.path.join(root, "bin/sh"), os.path.join(root, "bin/busybox")))
        self.assertEqual(os.readlink(os.path.join(root, "bin/ls")), "busybox")
        self.assertEqual(os.stat(os.path.join(root, "null")).st_rdev, os.makedev(1, 3))
        self.assertEqual(os.stat(os.path.join(root, "sparse")).st_size, 5_000_003)
        self.assertIn("ä \n漢", os.listdir(os.path.join(root, "etc")))

    def test_a_name_moves_from_the_older_image(self):
        image, diff_ids = self.oci_image()
        store = self.new_store("new")
        other = layouts.small_image(self.path("other"))
        self.push("oci:%s:1" % other.folder, store.reference("localhost/copy:3"))
        self.push(image, store.reference("localhost/copy:3"))
        self.assert_good(store, "localhost/copy:3", diff_ids)
        self.assertEqual(len(store.podman("images", "-aq").splitlines()), 2)

    def test_writers_of_both_kinds_at_once_lose_nothing(self):
        image, diff_ids = self.oci_image()
        store = self.new_store("new")
        ours = [process.Running([environment.SEALOS, "push", "-q", image, store.reference("localhost/ours:%d" % i)],
                                env=self.environment()) for i in range(5)]
        theirs = [threading.Thread(target=process.check, args=(
            "skopeo", "copy", "-q", image, store.reference("localhost/theirs:%d" % i))) for i in range(5)]
        for thread in theirs:
            thread.start()
        for running in ours:
            result = running.wait()
            self.assertEqual(result.code, process.OK, result)
        for thread in theirs:
            thread.join()
        names = store.podman("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()
        self.assertEqual(sorted(names), sorted("localhost/%s:%d" % (who, i) for who in ("ours", "theirs") for i in range(5)))
        self.assert_good(store, "localhost/ours:0", diff_ids)

    def test_kills_at_any_instant_leave_a_good_store(self):
        image, diff_ids = self.oci_image()
        store = self.new_store("new", "overlay")
        whole = process.run(environment.SEALOS, "push", "-q", image, self.new_store("timed", "overlay").reference("localhost/copy:3"),
                            env=self.environment())
        self.assertEqual(whole.code, process.OK, whole)
        chance = random.Random(7)
        for i in range(KILLS):
            running = process.Running([environment.SEALOS, "push", "-q", image, store.reference("localhost/copy:3")],
                                      env=self.environment())
            time.sleep(chance.random() * whole.seconds)
            running.signal(signal.SIGKILL)
            running.wait()
            if i % 5 == 0:
                store.podman("images")
            store_has_it = store.try_podman("image", "exists", "localhost/copy:3").code == 0
            if store_has_it:
                store.podman("image", "rm", "localhost/copy:3")
        self.push(image, store.reference("localhost/copy:3"))
        self.assert_good(store, "localhost/copy:3", diff_ids)

    def test_a_registry_fills_a_store(self):
        image, diff_ids = self.oci_image()
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        process.check("skopeo", "copy", "-q", "--dest-tls-verify=false", image, registry.reference("app:3"))
        store = self.new_store("new", "overlay")
        self.push(LOOSE, registry.reference("app:3"), store.reference("localhost/copy:3"))
        self.assert_good(store, "localhost/copy:3", diff_ids)

    def test_a_broken_image_leaves_nothing_in_the_store(self):
        layout = layouts.small_image(self.path("broken"))
        store = self.new_store("new")
        store.podman("images")
        layer = stored.in_oci(layout.folder, "1").manifest["layers"][2]["digest"]
        os.truncate(layout.blob_path(layer), 1000)
        result = self.sealos("push", "-q", "oci:%s:1" % layout.folder, store.reference("localhost/copy:1"))
        self.assert_refused(result, process.CORRUPT, layer[:19])
        self.assertEqual(store.podman("images", "-aq"), "")
        self.assert_clean(store)


if __name__ == "__main__":
    main()
