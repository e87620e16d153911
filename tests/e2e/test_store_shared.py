"""Images are written into local stores; podman, buildah and skopeo judge them, write at the same time, and see killed writers."""

import json
import os
import random
import signal
import tarfile
import threading
import time

from support import environment, layouts, process, stored, stores
from support.case import Case, main

environment.need("skopeo", "podman", "buildah", "busybox", root=True)
environment.need_plugins("oci", "containers-storage")

# More kills find more; the usual number is small, so that the file stays quick.
KILLS = int(os.environ.get("SEALOS_E2E_KILLS", "15"))


def small_layout(folder, number):
    """Two layers; the first one is the same for all numbers."""
    layout = layouts.Layout(folder)
    shared = layout.add_layer(lambda tar: (tar.folder("etc"), tar.big_file("etc/shared", 1, 3 << 20)))
    own = layout.add_layer(lambda tar: (tar.file("own", b"%d" % number), tar.big_file("big", number, 1 << 20),
                                        tar.whiteout("etc/shared")))
    layout.tag("1", layout.add_image([shared, own]))
    return layout


class StoreShared(Case):
    def new_store(self, name, driver="overlay"):
        store = stores.Store(self.path(name), driver)
        self.addCleanup(store.close)
        return store

    def records(self, store, kind):
        path = os.path.join(store.root, "%s-%s" % (store.driver, kind), kind + ".json")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def diff_ids(self, reference):
        return json.loads(process.check("skopeo", "inspect", "--config", reference))["rootfs"]["diff_ids"]

    def assert_consistent(self, store):
        """Every record is whole and has its files; there are no files without a record, and nothing of a writer."""
        layers = self.records(store, "layers")
        self.assertFalse([r["id"] for r in layers if r.get("flags", {}).get("incomplete")])
        ids = {r["id"] for r in layers}
        home = os.path.join(store.root, "overlay" if store.driver == "overlay" else "vfs/dir")
        self.assertEqual({n for n in os.listdir(home) if len(n) == 64}, ids)
        splits_folder = os.path.join(store.root, store.driver + "-layers")
        splits = os.listdir(splits_folder)
        self.assertEqual({n[:64] for n in splits if n.endswith(".tar-split.gz")}, ids)
        if store.driver == "overlay":
            self.assertEqual(len(os.listdir(os.path.join(home, "l"))), len(ids))
        images = os.path.join(store.root, store.driver + "-images")
        self.assertEqual({n for n in os.listdir(images) if len(n) == 64}, {r["id"] for r in self.records(store, "images")})
        for folder in (store.root, home, images, splits_folder):
            self.assertFalse([n for n in os.listdir(folder) if n.startswith((".removed-", ".layers.json.", ".images.json."))])
        staging = os.path.join(store.root, "sealos-staging")
        self.assertFalse(os.path.exists(staging), os.path.exists(staging) and os.listdir(staging))

    def test_the_others_use_what_was_written(self):
        made = self.new_store("made")
        name = stores.make_image(made)
        wanted = self.diff_ids(made.reference(name))
        for driver in ("overlay", "vfs"):
            with self.subTest(driver=driver):
                store = self.new_store("written-" + driver, driver)
                self.push(made.reference(name), store.reference(name))
                self.push(made.reference("localhost/app:2"), store.reference("localhost/app:2"))
                self.assert_consistent(store)
                self.assertEqual(len(self.records(store, "layers")), 3)
                self.assertEqual(store.podman("images", "--no-trunc", "-q", name), made.podman("images", "--no-trunc", "-q", name))
                self.assertEqual(json.loads(store.podman("image", "inspect", name))[0]["RootFS"]["Layers"], wanted)
                store.podman("save", "-q", "--format", "oci-archive", "-o", self.path(driver + ".tar"), name)
                self.assertEqual(self.diff_ids("oci-archive:" + self.path(driver + ".tar")), wanted)
                back = self.path("back-" + driver)
                process.check("skopeo", "copy", "-q", "--dest-decompress", store.reference(name), "dir:" + back)
                for diff_id in wanted:
                    self.assertEqual(stored.file_digest(os.path.join(back, diff_id.split(":")[1])), diff_id)
                look = ("/bin/sh", "-c", "cat /etc/old/new /file7; ls -l /null /bin/ls; ls / /bin /etc /etc/old")
                self.assertEqual(store.run_in(name, *look), made.run_in(name, *look))
                store.podman("image", "rm", name, "localhost/app:2")
                self.assertEqual(self.records(store, "layers"), [])
                store.close()
                self.assert_consistent(store)

    def test_a_second_image_uses_the_layers_of_the_first_and_takes_its_name(self):
        store = self.new_store("store")
        for number in (1, 2):
            layout = small_layout(self.path("layout%d" % number), number)
            self.push("oci:%s:1" % layout.folder, store.reference("localhost/app:1"))
        self.assertEqual(len(self.records(store, "layers")), 3)
        self.assertEqual(sorted(len(r.get("names", [])) for r in self.records(store, "images")), [0, 1])
        container = store.buildah("from", "localhost/app:1")
        root = store.buildah("mount", container)
        with open(os.path.join(root, "own"), "rb") as file:
            self.assertEqual(file.read(), b"2")
        self.assertFalse(os.path.exists(os.path.join(root, "etc/shared")))
        store.buildah("umount", container)
        store.buildah("rm", container)

    def test_writers_of_both_kinds_at_once_lose_nothing(self):
        store = self.new_store("store")
        folders = [small_layout(self.path("layout%d" % i), i).folder for i in range(10)]
        results = []

        def write(number):
            source, target = "oci:%s:1" % folders[number], store.reference("localhost/app:%d" % number)
            if number % 2 == 0:
                results.append(self.sealos("push", "-q", source, target))
            else:
                results.append(process.run("skopeo", "copy", "-q", source, target))

        threads = [threading.Thread(target=write, args=(i,)) for i in range(10)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            store.podman("images", "-q")
        for thread in threads:
            thread.join()
        self.assertEqual([r.code for r in results], [0] * 10, "\n".join(str(r) for r in results if r.code))
        names = sorted(n for r in self.records(store, "images") for n in r["names"])
        self.assertEqual(names, sorted("localhost/app:%d" % i for i in range(10)))
        self.assertEqual(len(self.records(store, "layers")), 11)
        for number in range(10):
            target = self.path("out%d" % number)
            process.check("skopeo", "copy", "-q", store.reference("localhost/app:%d" % number), "dir:" + target)
        self.assert_consistent(store)

    def test_killed_writers_leave_a_store_that_podman_uses_and_a_rerun_completes(self):
        store = self.new_store("store")
        layout = small_layout(self.path("layout"), 1)
        source, target = "oci:%s:1" % layout.folder, store.reference("localhost/app:1")
        other = small_layout(self.path("other"), 2)
        self.push("oci:%s:1" % other.folder, store.reference("localhost/other:1"))
        start = time.monotonic()
        self.push(source, target)
        whole = time.monotonic() - start
        store.podman("image", "rm", "localhost/app:1")
        random.seed(3)
        for _ in range(KILLS):
            running = self.start_sealos("push", "-q", source, target)
            time.sleep(random.uniform(0, whole * 1.1))
            running.signal(signal.SIGKILL)
            running.wait()
            names = store.podman("images", "--format", "{{.Repository}}:{{.Tag}}").split()
            self.assertIn("localhost/other:1", names)
            if "localhost/app:1" in names:
                store.podman("image", "rm", "localhost/app:1")
        self.push(source, target)
        self.assert_consistent(store)
        self.assertEqual(len(self.records(store, "layers")), 3)
        process.check("skopeo", "copy", "-q", target, "dir:" + self.path("out"))

    def test_layers_that_mean_harm_touch_nothing_outside(self):
        outside = self.path("outside")
        os.mkdir(outside)

        def escape(tar):
            tar.folder("inner")
            tar.symlink("out", "/inner")
            tar.file("out/a", b"1")
            tar.symlink("up", "../../../../../../../..")
            tar.file("up" + outside + "/d", b"4")
            tar.file("../../../../../../.." + outside + "/b", b"2")
            tar.file(outside + "/c", b"3")

        store = self.new_store("store")
        layout = layouts.Layout(self.path("escape"))
        layout.tag("1", layout.add_image([layout.add_layer(escape)]))
        self.push("oci:%s:1" % layout.folder, store.reference("localhost/escape:1"))
        self.assertEqual(os.listdir(outside), [])
        process.check("podman", "--root", store.root, "--runroot", store.run_root, "--storage-driver", "overlay", "images")
        for name, fill in (("nowhere", lambda tar: (tar.symlink("out", outside + "/x"), tar.file("out/a", b"1"))),
                           ("link", lambda tar: tar.hard_link("a", "/etc/passwd")),
                           ("below-file", lambda tar: (tar.file("a", b""), tar.file("a/b", b"")))):
            layout = layouts.Layout(self.path(name))
            layout.tag("1", layout.add_image([layout.add_layer(fill)]))
            result = self.sealos("push", "-q", "oci:%s:1" % layout.folder, store.reference("localhost/%s:1" % name))
            self.assertNotEqual(result.code, 0)
            self.assertEqual(len(result.lines), 1, result)
        self.assertEqual(os.listdir(outside), [])
        self.assert_consistent(store)

    def test_layers_that_are_larger_than_they_look_need_no_room_or_are_refused(self):
        store = self.new_store("store")
        def zeros(tar):
            info = tarfile.TarInfo("zeros")
            info.size = 256 << 20
            with open("/dev/zero", "rb") as content:
                tar.add(info, content)

        layout = layouts.Layout(self.path("zeros"))
        layout.tag("1", layout.add_image([layout.add_layer(zeros)]))
        result, peak_kib = self.sealos_measured("push", "-q", "oci:%s:1" % layout.folder, store.reference("localhost/zeros:1"))
        self.assertEqual(result.code, process.OK, result)
        self.assertLess(peak_kib, 64 << 10)
        self.assertLess(int(process.check("du", "-sk", store.root).split()[0]), 16 << 10)

        def huge(tar):
            info = tarfile.TarInfo("huge")
            info.size = 7 << 60
            tar.raw(info.tobuf(tarfile.GNU_FORMAT))

        def huge_hole(tar):
            info = tarfile.TarInfo("hole")
            info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "hole",
                                "GNU.sparse.realsize": str(1 << 62)}
            info.size = 512
            tar.raw(info.tobuf(tarfile.PAX_FORMAT) + b"1\n%d\n0\n".ljust(512, b"\0") % (1 << 62))

        def huge_header(tar):
            info = tarfile.TarInfo("x" * (2 << 20))
            tar.raw(info.tobuf(tarfile.GNU_FORMAT))

        for fill in (huge, huge_hole, huge_header):
            layout = layouts.Layout(self.path(fill.__name__))
            layout.tag("1", layout.add_image([layout.add_layer(fill)]))
            result = self.sealos("push", "-q", "oci:%s:1" % layout.folder, store.reference("localhost/huge:1"))
            self.assertNotEqual(result.code, process.OK, fill.__name__)
            self.assertEqual(len(result.lines), 1, result)
        store.podman("image", "rm", "localhost/zeros:1")
        self.assert_consistent(store)


if __name__ == "__main__":
    main()
