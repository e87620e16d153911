"""SIGINT, SIGTERM and SIGKILL in the middle of a copy. The middle is certain: the registry stops in it and waits."""

import os
import signal
import threading

from support import environment, hostile, layouts, process, stored
from support.case import Case, main, tree

environment.need("skopeo")
environment.need_plugins("oci", "dir", "docker", "docker-archive")

LOOSE = ["-q", "--tls-verify=false"]


class Interrupts(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.large_image(self.path("image"), 8, layers=3, compression="gzip")
        self.image = stored.in_oci(self.layout.folder, "1")
        self.stuck, self.go_on = threading.Event(), threading.Event()
        self.addCleanup(self.go_on.set)
        self.server = hostile.HostileRegistry(self.answer)
        self.addCleanup(self.server.stop)
        self.remote = "docker://%s/app:1" % self.server.address

    def answer(self, request, method, path):
        """Serves the image but stops in the middle of its last layer; takes uploads but stops within them."""
        if method == "PATCH" or (method == "PUT" and "/uploads/" in path):
            request.rfile.read(1000)
            self.stuck.set()
            self.go_on.wait(60)
            return request.hang_up()
        if method in ("POST", "PUT"):
            return False
        if "/manifests/" in path:
            return request.reply(200, self.image.manifest_bytes, Content_Type=layouts.MANIFEST)
        if "/blobs/sha256:" not in path or method != "GET":
            return False
        digest = path.rsplit("/", 1)[1]
        with open(self.layout.blob_path(digest), "rb") as file:
            data = file.read()
        if digest != self.image.manifest["layers"][-1]["digest"] or self.go_on.is_set():
            return request.reply(200, data)
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data[:len(data) // 2])
        self.stuck.set()
        self.go_on.wait(60)
        return request.wfile.write(data[len(data) // 2:])

    def interrupted(self, *arguments):
        *arguments, number = arguments
        running = self.start_sealos("push", *LOOSE, *arguments)
        self.assertTrue(self.stuck.wait(60), "the copy did not get that far")
        running.signal(number)
        return running.wait(20)

    def destinations(self):
        """(reference, folder) of two destinations with a former image, and of two new ones."""
        old = layouts.small_image(self.path("old"))
        for name, target in (("dir", "dir:%s"), ("oci", "oci:%s:1")):
            process.check("skopeo", "copy", "-q", "oci:%s:1" % old.folder, target % self.path("old-" + name))
            yield target % self.path("old-" + name), self.path("old-" + name)
            yield target % self.path("new-" + name), self.path("new-" + name)

    def test_sigint_and_sigterm_leave_nothing_behind(self):
        for number, codes in ((signal.SIGINT, (130,)), (signal.SIGTERM, (130, 143))):
            for reference, folder in self.destinations() if number == signal.SIGINT else [("dir:" + self.path("term"), self.path("term"))]:
                with self.subTest(signal=number.name, destination=os.path.basename(folder)):
                    self.stuck.clear()
                    before = tree(folder)
                    result = self.interrupted(self.remote, reference, number)
                    self.assertIn(result.code, codes, result)
                    self.assertLessEqual(len(result.lines), 1, result)
                    self.assertLess(result.seconds, 15)
                    self.assertEqual(tree(folder), before)

    def test_sigint_leaves_the_archive_that_would_be_replaced(self):
        flags = ("-o", "docker-archive.format=plain", "-o", "docker-archive.existing=replace")
        os.mkdir(self.path("archives"))
        archive = "docker-archive:%s:app:1" % self.path("archives/a.tar")
        self.push(*flags, "oci:%s:1" % layouts.small_image(self.path("old")).folder, archive)
        before = tree(self.path("archives"))
        result = self.interrupted(*flags, self.remote, archive, signal.SIGINT)
        self.assertEqual(result.code, process.INTERRUPTED, result)
        self.assertEqual(tree(self.path("archives")), before)

    def test_sigint_while_uploading_puts_no_manifest(self):
        result = self.interrupted("oci:%s:1" % self.layout.folder, self.remote, signal.SIGINT)
        self.assertEqual(result.code, process.INTERRUPTED, result)
        self.assertFalse([r for r in self.server.requests if r.startswith("PUT") and "/manifests/" in r])

    def test_after_sigkill_the_former_image_is_readable_and_a_rerun_completes(self):
        for reference, folder in self.destinations():
            with self.subTest(destination=os.path.basename(folder)):
                self.stuck.clear()
                self.go_on.clear()
                result = self.interrupted(self.remote, reference, signal.SIGKILL)
                self.assertEqual(result.code, -signal.SIGKILL)
                read = (lambda: stored.in_dir(folder)) if reference.startswith("dir:") else (lambda: stored.in_oci(folder, "1"))
                if "old-" in folder:
                    self.assert_same_image(stored.in_oci(self.path("old"), "1"), read())
                self.go_on.set()
                self.push(*LOOSE, self.remote, reference)
                self.assert_same_image(self.image, read())
                leftovers = [n for n in tree(folder) if os.path.basename(n.rstrip("/")).startswith((".new", ".tmp", "tmp"))]
                self.assertEqual(leftovers, [])


if __name__ == "__main__":
    main()
