"""How much is asked of a registry and sent to it, counted by the registry; and the flags that say how it is asked."""

import re

from support import counted, environment, hostile, layouts, process, servers, stored
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
        for flag in (["--limit-rate", "1M"], ["--limit-rate-per-host", "1M"], ["--max-connections", "2"],
                     ["--max-connections-per-host", "2"], ["--retry-on", "503"], ["--mount-from", "x"]):
            with self.subTest(flag=flag[0]):
                result = self.sealos("push", "-q", *flag, self.source, "dir:" + self.path("no"))
                self.assert_refused(result, process.USAGE, "means nothing")
        self.push(LOOSE, self.source, self.registry.reference("app:1"))
        result = self.sealos("push", "-q", LOOSE, "--mount-from", "x", self.registry.reference("app:1"), "dir:" + self.path("no"))
        self.assert_refused(result, process.USAGE, "mount-from", "destination")
        for option in ("docker.mount-from=x", "docker.chunk-size=64M", "docker.journal=false"):
            with self.subTest(option=option):
                before = len(self.registry.requests())
                result = self.sealos("push", "-q", LOOSE, "-o", option, self.registry.reference("app:1"), "dir:" + self.path("no"))
                self.assert_refused(result, process.USAGE, option.split("=")[0], "no effect")
                for layer in self.image.manifest["layers"]:
                    self.assertFalse([r for r in self.registry.requests()[before:] if layer["digest"] in r])

    def test_the_connections_are_as_few_as_was_said(self):
        server = counted.CountingRelay(self.registry.port)
        self.addCleanup(server.stop)
        self.push(LOOSE, "--max-connections", "1", self.source, "docker://%s/app:1" % server.address)
        self.assertEqual(server.most, 1)

    def test_both_sides_share_the_connections(self):
        big = layouts.large_image(self.path("big"), 6, layers=6, compression="gzip", random_share=1)
        first, total = counted.CountingRelay(self.registry.port), counted.Count()
        other = servers.Registry(self.path("other"))
        self.addCleanup(other.stop)
        self.push(LOOSE, "oci:%s:1" % big.folder, self.registry.reference("big:1"))
        self.addCleanup(first.stop)
        source = "docker://%s/big:1" % first.address
        for flags, within in ((["--max-connections", "2"], 2), (["--max-connections", "3"], 3), (["--max-connections-per-host", "2"], 4)):
            with self.subTest(flags=flags):
                to = counted.CountingRelay(other.port, within=total)
                self.addCleanup(to.stop)
                first.within, total.most, first.most = total, 0, 0
                # Each time another repository, and a compression that nothing there can be mounted for.
                level = ["--compression-format", "zstd", "--compression-level", str(within)]
                self.push("-q", LOOSE, *flags, *level, source, "docker://%s/to%d:1" % (to.address, within))
                self.assertLessEqual(total.most, within)
                self.assertGreater(total.most, 1)
                if "per-host" in flags[0]:
                    self.assertLessEqual(max(first.most, to.most), 2)
        for flags in (["--max-connections", "1"], ["--max-connections-per-host", "1"]):
            result = self.sealos("push", "-q", LOOSE, *flags, source, "docker://%s/none:1" % first.address)
            self.assert_refused(result, process.CORRUPT, "at least 2")

    def test_lost_connections_of_a_limited_copy_do_not_lock_it_up(self):
        big = layouts.large_image(self.path("big"), 6, layers=4, compression="gzip", random_share=1)
        self.push(LOOSE, "oci:%s:1" % big.folder, self.registry.reference("big:1"))
        cut = counted.CountingRelay(self.registry.port, cut_after=1 << 20)
        other = servers.Registry(self.path("other"))
        self.addCleanup(other.stop)
        self.addCleanup(cut.stop)
        self.push("-q", LOOSE, "--max-connections", "2", "--retry-delay", "1ms", "docker://%s/big:1" % cut.address,
                  other.reference("big:1"))
        self.assertGreater(cut.cuts, 2)
        self.assert_same_image(stored.in_oci(big.folder, "1"), stored.in_registry(other, "big:1"))

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
