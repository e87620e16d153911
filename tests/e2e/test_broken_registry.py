"""Registries that answer garbage, hang up, send others in a circle, or never end."""

import time

from support import environment, hostile, layouts, process, servers, stored
from support.case import Case, main

environment.need("skopeo")
environment.need_plugins("oci", "dir", "docker")

FAST = ["-q", "--tls-verify=false", "--retry", "1", "--retry-delay", "10ms"]


class Hostile(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")

    def registry(self, answer):
        server = hostile.HostileRegistry(answer)
        self.addCleanup(server.stop)
        return server

    def push_to(self, answer):
        server = self.registry(answer)
        return server, self.sealos("push", *FAST, self.source, "docker://%s/app:1" % server.address, timeout=60)

    def pull_from(self, answer, run=None):
        server = self.registry(answer)
        return server, (run or self.sealos)("push", *FAST, "docker://%s/app:1" % server.address, "dir:" + self.path("copy"),
                                            timeout=60)

    def assert_clear(self, server, result, *codes):
        self.assertIn(result.code, codes, result)
        self.assertEqual(len([line for line in result.lines if "retry" not in line.lower()]), 1, result)
        self.assertIn(server.address, result.err)

    def serve_image(self, change=lambda path, data: data):
        """An answer that serves the image; change(path, data) may return other bytes."""
        def answer(request, method, path):
            if "/manifests/" in path:
                data = change(path, self.image.manifest_bytes)
                return request.reply(200, data, Content_Type=layouts.MANIFEST)
            if "/blobs/sha256:" in path and method == "GET":
                digest = path.rsplit("/", 1)[1]
                with open(self.layout.blob_path(digest), "rb") as file:
                    return request.reply(200, change(path, file.read()))
            return False
        return answer

    def test_garbage_instead_of_http(self):
        def garbage(request, method, path):
            request.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n" * 100)
            request.hang_up()
        self.assert_clear(*self.push_to(garbage), process.NETWORK)
        self.assert_clear(*self.pull_from(garbage), process.NETWORK)

    def test_a_web_page_instead_of_a_registry(self):
        def page(request, method, path):
            if request.command not in ("GET", "HEAD"):
                request.drain()
            request.reply(200, b"<html>Welcome</html>", Content_Type="text/html")
        self.assert_clear(*self.pull_from(page), process.NETWORK, process.CORRUPT)
        self.assert_clear(*self.push_to(page), process.NETWORK, process.DESTINATION)

    def test_headers_without_end(self):
        def endless(request, method, path):
            request.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for i in range(200_000):
                request.wfile.write(b"X-Header-%d: value value value value\r\n" % i)
            request.hang_up()
        self.assert_clear(*self.push_to(endless), process.NETWORK)

    def test_redirects_in_a_circle(self):
        def circle(request, method, path):
            if path == "/v2/":
                return False
            if method not in ("GET", "HEAD"):
                request.drain()
            return request.reply(307, Location=path)
        self.assert_clear(*self.pull_from(circle), process.NETWORK)
        self.assert_clear(*self.push_to(circle), process.NETWORK, process.DESTINATION)

    def test_hanging_up_in_the_middle_of_an_upload(self):
        def hang_up(request, method, path):
            if method not in ("PATCH", "PUT"):
                return False
            request.rfile.read(1000)
            return request.hang_up()
        server, result = self.push_to(hang_up)
        self.assert_clear(server, result, process.NETWORK, process.DESTINATION)
        self.assertFalse([r for r in server.requests if r.startswith("PUT") and "/manifests/" in r])

    def test_an_upload_that_is_refused(self):
        for status, code, expected in ((403, "DENIED", process.DENIED), (401, "UNAUTHORIZED", process.DENIED),
                                       (400, "DIGEST_INVALID", process.DESTINATION),
                                       (413, "SIZE_INVALID", process.DESTINATION)):
            with self.subTest(status=status):
                def refuse(request, method, path):
                    if method in ("GET", "HEAD"):
                        return False
                    request.drain()
                    return request.fail(status, code)
                self.assert_clear(*self.push_to(refuse), expected)

    def test_a_manifest_that_is_refused(self):
        def refuse(request, method, path):
            if method != "PUT" or "/manifests/" not in path:
                return False
            request.drain()
            return request.fail(400, "MANIFEST_BLOB_UNKNOWN")
        self.assert_clear(*self.push_to(refuse), process.DESTINATION)

    def test_an_upload_location_that_is_nonsense(self):
        for location in ("", "http://", "::::", "gopher://127.0.0.1/x"):
            with self.subTest(location=location):
                def misdirect(request, method, path):
                    if method != "POST":
                        return False
                    request.drain()
                    return request.reply(202, Location=location)
                self.assert_clear(*self.push_to(misdirect), process.NETWORK, process.DESTINATION)

    def test_error_bodies_without_end_or_sense(self):
        def verbose(request, method, path):
            if method not in ("GET", "HEAD"):
                request.drain()
            request.reply(400, b'{"errors": [{"code": "X", "message": "' + b"\n\x1b[31mred" * 500_000 + b'"}]}')
        server, result = self.push_to(verbose)
        self.assertGreater(result.code, 0, result)
        self.assertEqual(len(result.lines), 1, result.err[:2000])
        self.assertLess(len(result.err), 4000)
        self.assertNotIn("\x1b", result.err)

    def test_a_manifest_of_another_digest_than_asked_for(self):
        server = self.registry(self.serve_image())
        wrong = "docker://%s/app@sha256:%s" % (server.address, "0" * 64)
        result = self.sealos("push", *FAST, wrong, "dir:" + self.path("copy"))
        self.assert_clear(server, result, process.CORRUPT)

    def test_a_manifest_without_end(self):
        server, (result, peak_kib) = self.pull_from(self.serve_image(
            lambda path, data: b" " * 100_000_000 if "/manifests/" in path else data), run=self.sealos_measured)
        self.assert_clear(server, result, process.CORRUPT)
        if not environment.SANITIZED:
            self.assertLess(peak_kib, 64 << 10)

    def test_blobs_with_other_bytes_too_few_or_too_many(self):
        for name, change in (("other", lambda d: d[:-4] + b"oops"), ("few", lambda d: d[:-1]), ("many", lambda d: d + b"x")):
            with self.subTest(name):
                server, result = self.pull_from(self.serve_image(
                    lambda path, data: change(data) if "/blobs/" in path else data))
                self.assert_clear(server, result, process.CORRUPT, process.NETWORK)

    def test_a_good_image_comes_through_the_same_server(self):
        server, result = self.pull_from(self.serve_image())
        self.assertEqual(result.code, process.OK, result)
        self.assert_same_image(self.image, stored.in_dir(self.path("copy")))

    def test_a_connection_that_is_cut_once_is_tried_again(self):
        cut = []

        def once(request, method, path):
            if "/blobs/sha256:" in path and method == "GET" and not cut:
                cut.append(path)
                return request.hang_up()
            return self.serve_image()(request, method, path)
        server, result = self.pull_from(once)
        self.assertEqual(result.code, process.OK, result)
        self.assertEqual(server.requests.count("GET " + cut[0]), 2)
        self.assert_same_image(self.image, stored.in_dir(self.path("copy")))

    def test_nobody_listens(self):
        target = "docker://127.0.0.1:%d/app:1" % servers.free_port()
        start = time.monotonic()
        result = self.sealos("push", *FAST, self.source, target)
        self.assertEqual(result.code, process.NETWORK, result)
        self.assertIn("refused", result.err)
        self.assertLess(time.monotonic() - start, 20)

    def test_a_name_that_does_not_exist(self):
        result = self.sealos("push", *FAST, self.source, "docker://registry.invalid/app:1")
        self.assertEqual(result.code, process.NETWORK, result)
        self.assertIn("registry.invalid", result.err)

    def test_a_missing_image_is_not_found(self):
        server, result = self.pull_from(lambda request, method, path: False)
        self.assert_clear(server, result, process.NOT_FOUND)


if __name__ == "__main__":
    main()
