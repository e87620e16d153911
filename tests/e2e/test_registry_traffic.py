"""How much is asked of a registry and sent to it, counted by the registry; and the flags that say how it is asked."""

import re
import threading

from support import environment, hostile, layouts, process, servers, stored
from support.case import Case, main

environment.need("skopeo", "docker-registry")
environment.need_plugins("oci", "dir", "docker")

LOOSE = "--tls-verify=false"


class Traffic(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")
        self.registry = servers.Registry(self.path("registry"))
        self.addCleanup(self.registry.stop)

    def requests_of(self, *arguments):
        before = len(self.registry.requests())
        self.push("-q", LOOSE, *arguments)
        return self.registry.requests()[before:]

    def sent(self, requests):
        return [r for r in requests if r.split()[0] in ("PATCH", "PUT")]

    def test_a_second_push_sends_nothing_and_asks_little(self):
        self.push(LOOSE, self.source, self.registry.reference("app:1"))
        requests = self.requests_of(self.source, self.registry.reference("app:1"))
        self.assertEqual(self.sent(requests), [])
        for layer in self.image.manifest["layers"]:
            self.assertLessEqual(len([r for r in requests if layer["digest"] in r]), 3, requests)
        self.assertLessEqual(len(requests), 3 + len(self.image.blob_digests()))

    def test_another_repository_of_the_registry_gets_no_layer_byte(self):
        self.push(LOOSE, self.source, self.registry.reference("app:1"))
        for arguments in ((self.registry.reference("app:1"), self.registry.reference("copied:1")),
                          ("--mount-from", "none/such", "--mount-from", "app", self.source, self.registry.reference("mounted:1"))):
            requests = self.requests_of(*arguments)
            self.assertEqual([r for r in self.sent(requests) if "/uploads/" in r], [], requests)
            mounted = [r for r in requests if r.startswith("POST") and "mount=" in r and "from=app" in r]
            self.assertEqual(len(mounted), len(self.image.blob_digests()), requests)
        self.assert_same_image(self.image, stored.in_registry(self.registry, "mounted:1"))

    def test_what_is_listed_as_referrer_is_pushed_with_its_subject(self):
        subject = self.image.manifest_digest
        layout = layouts.Layout(self.path("sbom"))
        layout.tag("1", layout.add_image([layout.add_layer(lambda tar: tar.file("sbom", b"{}"))], subject={
            "mediaType": layouts.MANIFEST, "digest": subject, "size": len(self.image.manifest_bytes)}))
        self.push(LOOSE, self.source, self.registry.reference("app:1"))
        self.push(LOOSE, "oci:%s:1" % layout.folder, self.registry.reference("app:sbom"))
        listed = stored.in_registry(self.registry, "app:" + subject.replace(":", "-")).manifest
        self.assertEqual([m["digest"] for m in listed["manifests"]], [stored.in_oci(layout.folder, "1").manifest_digest])

    def test_flags_of_registries_are_refused_where_there_is_none(self):
        for flag in (["--limit-rate", "1M"], ["--max-connections", "2"], ["--retry-on", "503"], ["--mount-from", "x"]):
            with self.subTest(flag=flag[0]):
                result = self.sealos("push", "-q", *flag, self.source, "dir:" + self.path("no"))
                self.assert_refused(result, process.USAGE, "means nothing")
        result = self.sealos("push", "-q", LOOSE, "--mount-from", "x", self.registry.reference("app:1"), "dir:" + self.path("no"))
        self.assert_refused(result, process.USAGE, "mount-from", "destination")

    def test_the_connections_are_as_few_as_was_said(self):
        seen, most, lock = set(), [0], threading.Lock()

        def count(request, method, path):
            with lock:
                seen.add(request.connection)
                most[0] = max(most[0], len(seen))
            return False
        server = hostile.HostileRegistry(count)
        self.addCleanup(server.stop)
        self.sealos("push", "-q", LOOSE, "--max-connections", "1", self.source, "docker://%s/app:1" % server.address)
        self.assertEqual(most[0], 1)

    def test_only_the_failures_that_were_named_are_tried_again(self):
        def busy(request, method, path):
            if path == "/v2/" or method not in ("GET", "HEAD"):
                return False
            return request.fail(503, "UNAVAILABLE")
        for flags, tries in ((["--retry-on", "network,429"], 1), (["--retry-on", "503"], 3), ([], 3)):
            with self.subTest(flags=flags):
                server = hostile.HostileRegistry(busy)
                self.addCleanup(server.stop)
                result = self.sealos("push", "-q", LOOSE, "--retry", "2", "--retry-delay", "1ms", *flags,
                                     "docker://%s/app:1" % server.address, "dir:" + self.path("no"))
                self.assertEqual(result.code, process.NETWORK, result)
                self.assertEqual(len([r for r in server.requests if "/manifests/" in r]), tries)

    def test_a_rate_limit_is_kept(self):
        big = layouts.large_image(self.path("big"), 3, layers=3, compression="gzip", random_share=1)
        result = self.push(LOOSE, "--limit-rate", "2M", "oci:%s:1" % big.folder, self.registry.reference("big:1"))
        self.assertGreater(result.seconds, 0.7)
        self.assertTrue(re.match("sha256:", result.out))


if __name__ == "__main__":
    main()
