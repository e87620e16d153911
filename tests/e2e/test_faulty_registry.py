"""A registry that goes wrong at each point of a copy, and registries with the quirks that some are known for: each copy ends
right, or with the right error, and counts of requests and bytes show that nothing is sent twice without need."""

import hashlib
import os
import re
import threading
import time

from support import environment, hostile, layouts, process, spec_registry, stored
from support.case import Case, main

environment.need_plugins("oci", "docker")

QUICK = ["-q", "--tls-verify=false", "--retry-delay", "1ms"]
PUSH_POINTS = {
    "probe": ("GET", r"/v2/$"), "look": ("HEAD", "/blobs/sha256"), "open": ("POST", "/uploads/"), "body": ("PATCH", "/uploads/"),
    "end": ("PUT", "/uploads/"), "manifest look": ("HEAD", "/manifests/"), "manifest": ("PUT", "/manifests/"),
}
PULL_POINTS = {"probe": ("GET", r"/v2/$"), "manifest": ("GET", "/manifests/"), "blob": ("GET", "/blobs/")}
PAGE = b"<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"


def status(number, **headers):
    """The registry answers before it has read a body."""
    return lambda request: request.fail(number, "TOOMANYREQUESTS" if number == 429 else "UNKNOWN", **headers)


def page(request):
    request.close_connection = True
    return request.reply(502, PAGE, Content_Type="text/html", Connection="close")


def answer_lost(request):
    request.lost = True
    return False


def cut(bytes_before, stall=0):
    def fault(request):
        request.cut, request.stall = bytes_before, stall
        return False
    return fault


FAULTS = {"500": status(500), "502": page, "closed": lambda request: request.hang_up(), "answer lost": answer_lost}
MORE_FAULTS = dict(FAULTS, **{"429": status(429), "503": status(503)})  # for the bodies


class Once:
    """The fault strikes the first request at its point, and each `times`."""

    def __init__(self, point, fault, times=1):
        (self.method, self.path), self.fault, self.left = point, fault, times
        self.lock = threading.Lock()

    def __call__(self, request, method, path):
        with self.lock:
            here = self.left > 0 and method == self.method and re.search(self.path, path)
            self.left -= 1 if here else 0
        return self.fault(request) if here else False


class FaultyRegistry(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.large_image(self.path("image"), 3, layers=2, compression="gzip", random_share=1)
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")
        self.sizes = {d: os.path.getsize(self.layout.blob_path(d)) for d in self.image.blob_digests()}
        self.bytes, self.servers, self.full = sum(self.sizes.values()), 0, None

    def registry(self, answer=None):
        self.servers += 1
        registry = spec_registry.SpecRegistry(self.path("registry%d" % self.servers), answer)
        self.addCleanup(registry.stop)
        return registry

    def pushed(self, answer, *flags, received=None, source=None):
        """The registry after a push that has to succeed, with each byte received once."""
        registry = self.registry(answer)
        self.push(*QUICK, *flags, source or self.source, registry.reference("app:1"))
        for digest in self.sizes if source is None else ():
            self.assertEqual(stored.file_digest(registry.blob_path(digest)), digest)
        if source is None:
            self.assertEqual(registry.manifest("app", "1"), self.image.manifest_bytes)
            self.assertEqual(registry.received, self.bytes if received is None else received)
        return registry

    def filled(self, answer=None):
        """A registry that has the image, and only then begins to go wrong."""
        self.answer = None
        if self.full is None:
            self.full = self.pushed(lambda *request: self.answer(*request) if self.answer else False)
        self.answer, self.full.given = answer, 0
        self.full.requests.clear()
        return self.full

    def pulled(self, answer, *flags, given=None):
        registry = self.filled(answer)
        self.pulls = getattr(self, "pulls", 0) + 1
        to = self.path("pulled%d" % self.pulls)
        self.push(*QUICK, *flags, registry.reference("app:1"), "oci:%s:1" % to)
        self.assert_same_image(self.image, stored.in_oci(to, "1"))
        self.assertEqual(registry.given, self.bytes if given is None else given)
        return registry

    def test_a_fault_at_each_point_of_a_push(self):
        clean = len(self.pushed(None).requests)
        for point, where in PUSH_POINTS.items():
            for name, fault in (MORE_FAULTS if point == "body" else FAULTS).items():
                with self.subTest(point=point, fault=name):
                    registry = self.pushed(Once(where, fault))
                    # The request again, and for an upload the questions where it stands and whether it is done. One that
                    # says 0-0 has a byte or none, and is given up for another one.
                    self.assertLessEqual(len(registry.requests), clean + (5 if point == "body" else 3))

    def test_a_fault_at_each_point_of_a_pull(self):
        clean = len(self.pulled(None).requests)
        for point, where in PULL_POINTS.items():
            for name, fault in (MORE_FAULTS if point == "blob" else FAULTS).items():
                if name == "answer lost" and point == "blob":
                    continue  # that is a body that is cut at once
                with self.subTest(point=point, fault=name):
                    self.assertLessEqual(len(self.pulled(Once(where, fault)).requests), clean + 1)

    def test_bodies_that_are_cut_or_stall(self):
        largest = max(self.sizes.values())
        for at, stall in ((0, 0), (1, 0), (1000, 1), (largest // 2, 0), (largest - 1, 0), (largest // 2, 1)):
            with self.subTest(at=at, stall=stall):
                # Where nothing stalls a busy machine shall not look as if something did.
                patience = ["-o", "docker.stall-timeout=500ms"] if stall else []
                # 0-0, of a single byte, is what an empty upload says as well: that byte goes again.
                registry = self.pushed(Once(PUSH_POINTS["body"], cut(at, stall)), *patience, received=self.bytes + (at == 1))
                self.assertLessEqual(registry.requests.count("POST /v2/app/blobs/uploads/"), len(self.sizes) + (at < 2))
                self.pulled(Once(("GET", max(self.sizes, key=self.sizes.get)), cut(at, stall)), *patience)

    def test_a_registry_that_says_when_to_come_back_is_not_asked_before(self):
        for point, make in ((PUSH_POINTS["body"], self.pushed), (PULL_POINTS["blob"], self.pulled)):
            start = time.monotonic()
            make(Once(point, status(429, Retry_After="1")))
            self.assertGreaterEqual(time.monotonic() - start, 1)

    def test_what_does_not_pass_is_given_up_after_the_tries(self):
        for number, code, tries in ((429, process.NETWORK, 3), (500, process.NETWORK, 3), (403, process.DENIED, 1),
                                    (405, process.DESTINATION, 1)):
            with self.subTest(status=number):
                registry = self.registry(Once(PUSH_POINTS["open"], status(number), 1000))
                result = self.sealos("push", *QUICK, "--retry", "2", "--max-connections", "1", self.source, registry.reference("app:1"))
                self.assert_refused(result, code, "HTTP %d" % number)
                blobs = len([r for r in registry.requests if r.startswith("HEAD") and "/blobs/" in r])
                opened = len([r for r in registry.requests if r.startswith("POST")])
                self.assertLessEqual(opened, tries * blobs)
                self.assertGreaterEqual(opened, tries)
                self.assertEqual(registry.received, 0)

    def test_blobs_with_other_bytes_are_read_once_and_refused(self):
        def other(request, method, path):
            if method != "GET" or "/blobs/" not in path:
                return False
            return request.reply(200, b"x" * self.sizes[path.rsplit("/", 1)[1]])
        registry = self.filled(other)
        result = self.sealos("push", *QUICK, registry.reference("app:1"), "oci:%s:1" % self.path("no"))
        self.assertEqual(result.code, process.CORRUPT, result)
        asked = [r for r in registry.requests if "GET" in r and "/blobs/" in r]
        self.assertEqual(len(asked), len(set(asked)))

    def test_tokens_that_end_in_the_middle_are_renewed_and_nothing_is_sent_again(self):
        address = [""]

        class Tokens:
            """Each token is good for so many requests."""

            def __init__(self, uses):
                self.uses, self.left, self.lock = uses, {}, threading.Lock()

            def __call__(self, request, method, path):
                with self.lock:
                    if path == "/token":
                        token = "t%d" % len(self.left)
                        self.left["Bearer " + token] = self.uses
                        return request.reply(200, b'{"token":"%s","expires_in":300}' % token.encode())
                    used = request.headers.get("Authorization")
                    if self.left.get(used, 0) > 0:
                        self.left[used] -= 1
                        return False
                return request.fail(401, "UNAUTHORIZED", WWW_Authenticate='Bearer realm="http://%s/token",service="s",'
                                    'scope="repository:app:pull,push",error="invalid_token"' % address[0])

        one_blob = layouts.Layout(self.path("one"))
        one_blob.tag("1", one_blob.add_image([one_blob.add_layer(lambda tar: tar.big_file("f", 1, 1 << 20, 1))]))
        size = sum(os.path.getsize(one_blob.blob_path(d)) for d in stored.in_oci(one_blob.folder, "1").blob_digests())
        for uses in (1, 2, 3, 4, 5, 7, 100):  # layer and config come one after the other
            with self.subTest(uses=uses):
                tokens = Tokens(uses)
                registry = self.registry(tokens)
                address[0] = registry.address
                self.push(*QUICK, "oci:%s:1" % one_blob.folder, registry.reference("app:1"))
                self.assertEqual(registry.received, size)
                good = len([r for r in registry.requests if r not in ("GET /token", "GET /v2/")]) - len(tokens.left) + 1
                # One refused body makes each have a token of its own.
                own = 2 if uses < 100 else 0
                self.assertLessEqual(len(tokens.left), 1 + good // uses + own)
                # Several layers at once, whose bytes can be had once only.
                registry = self.registry(tokens)
                address[0] = registry.address
                self.push(*QUICK, "--compression-format", "zstd", self.source, registry.reference("app:1"))
                self.push(*QUICK, registry.reference("app:1"), "dir:" + self.path("read%d" % uses))

    # Quirks: what users of other clients report of registries that cannot be had here.

    def test_like_ecr_the_last_patch_completes_the_upload(self):
        """201 to the PATCH, and the PUT that follows knows of nothing; no manifest without its type inside."""
        def ecr(request, method, path):
            if method == "PATCH":
                registry = self.current[0]
                data = request.rfile.read(int(request.headers["Content-Length"]))
                with open(registry.blob_path("sha256:" + hashlib.sha256(data).hexdigest()), "wb") as file:
                    file.write(data)
                registry.received += len(data)
                return request.reply(201, Location=path)
            if method == "PUT" and "/uploads/" in path:
                return request.fail(404, "BLOB_UPLOAD_UNKNOWN")
            return False
        self.current = []
        registry = self.registry(ecr)
        self.current.append(registry)
        self.push(*QUICK, self.source, registry.reference("app:1"))
        self.assertEqual(registry.received, self.bytes)
        self.assertIn(b'"mediaType"', registry.manifest("app", "1"))

    def test_like_google_there_is_no_patch_and_the_address_is_long(self):
        def google(request, method, path):
            vars(request).pop("reply", None)  # that of a POST before on this connection
            if method == "PATCH":
                request.drain()  # an answer is not lost with a connection that is closed early
                return request.fail(400, "UNSUPPORTED")
            if path != "/v2/" and not request.headers.get("Authorization"):
                return request.fail(401, "UNAUTHORIZED")  # no word of how
            if path == "/v2/" and not request.headers.get("Authorization"):
                return request.fail(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x"')
            if method == "POST":
                send = request.reply
                request.reply = lambda number, body=b"", **headers: send(number, body, **dict(
                    headers, Location=headers["Location"] + "?state=" + "a%2Fb+c=" * 200))
            if method == "PUT" and "/uploads/" in path and "state=" + "a%2Fb+c=" * 200 + "&digest=" not in request.path:
                return request.fail(400, "NAME_INVALID")
            return False
        registry = self.pushed(google, "--creds", "_json_key:{\"a\": \"b:c\"}")
        self.assertLessEqual(len([r for r in registry.requests if r.startswith("PATCH")]), len(self.sizes))

    def test_like_harbor_behind_nginx_large_requests_are_refused_with_a_page(self):
        layout = layouts.large_image(self.path("large"), 9, layers=1, compression="gzip", random_share=1)
        image = stored.in_oci(layout.folder, "1")
        seen = set()

        def harbor(request, method, path):
            seen.add(request.headers.get("Authorization"))
            if not request.headers.get("Authorization"):
                return request.fail(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="harbor"')
            if int(request.headers.get("Content-Length") or 0) > 5 << 20:
                request.drain()
                request.close_connection = True
                return request.reply(413, b"<html>413 Request Entity Too Large</html>", Content_Type="text/html", Connection="close")
            return False
        registry = self.pushed(harbor, "--creds", "robot$team+ci:pa$$:word", source="oci:%s:1" % layout.folder)
        self.assertEqual(registry.manifest("app", "1"), image.manifest_bytes)
        self.assertEqual(registry.received, sum(os.path.getsize(layout.blob_path(d)) for d in image.blob_digests()))
        self.assertIn("Basic cm9ib3QkdGVhbStjaTpwYSQkOndvcmQ=", seen)

    def test_like_quay_a_mount_needs_its_origin_and_types_are_strict(self):
        def quay(request, method, path):
            if method == "POST" and "mount=" in request.path:
                return request.fail(404 if "from=" in request.path else 400, "NAME_UNKNOWN")
            return False
        registry = self.pushed(quay, "--mount-from", "none/such")
        self.assertFalse([r for r in registry.requests if r.startswith("DELETE")])

    def test_like_azure_a_patch_needs_its_length_and_blobs_are_elsewhere(self):
        def azure(request, method, path):
            if method == "PATCH" and request.headers.get("Content-Length") is None:
                request.drain()
                return request.fail(411, "CONTENT_LENGTH_INVALID")
            if method == "GET" and "/blobs/" in path:
                return request.reply(307, Location="http://%s%s?sig=s%%2Bs" % (storage.address, path))
            if path == "/v2/" and not request.headers.get("Authorization"):
                return request.fail(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="azure"')
            return False

        def store(request, method, path):
            if request.headers.get("Authorization") or not request.path.endswith("?sig=s%2Bs"):
                return request.fail(400, "AuthenticationFailed")
            with open(registry.blob_path(path.rsplit("/", 1)[1]), "rb") as file:
                return request.reply(200, file.read())
        storage = hostile.HostileRegistry(store)
        self.addCleanup(storage.stop)
        plain = layouts.large_image(self.path("plain"), 2, layers=1)
        login = ["--creds", "me:secret"]
        registry = self.pushed(azure, *login, source="oci:%s:1" % plain.folder)
        self.push(*QUICK, *login, registry.reference("app:1"), "oci:%s:1" % self.path("back"))
        back = stored.in_oci(self.path("back"), "1")
        self.assertEqual(back.manifest_bytes, registry.manifest("app", "1"))
        self.assertEqual(len(storage.requests), len(back.blob_digests()))

    def test_like_github_parts_are_small(self):
        layout = layouts.large_image(self.path("large"), 9, layers=1, compression="gzip", random_share=1)

        def github(request, method, path):
            if request.headers.get("Content-Range") and int(request.headers["Content-Length"]) > 4 << 20:
                request.drain()
                return request.fail(416, "RANGE_INVALID")
            return False
        for flags in ([], ["-o", "docker.chunk-size=8M"]):
            registry = self.pushed(github, *flags, source="oci:%s:1" % layout.folder)
            self.assertEqual(registry.manifest("app", "1"), stored.in_oci(layout.folder, "1").manifest_bytes)
            self.assertEqual(registry.received, sum(os.path.getsize(layout.blob_path(d)) for d in
                                                    stored.in_oci(layout.folder, "1").blob_digests()))

    def test_like_docker_hub_a_429_comes_with_bare_line_feeds(self):
        def bare(request):
            request.close_connection = True
            request.wfile.write(b"HTTP/1.1 429 Too Many Requests\nContent-Length: 10\nRetry-After: 0\n\nslow down!")
        registry = self.pulled(Once(PULL_POINTS["manifest"], bare))
        self.assertEqual(len([r for r in registry.requests if "/manifests/" in r]), 2)


if __name__ == "__main__":
    main()
