"""The tests' own tools do what they say: without that, nothing else here would mean anything."""

import gzip
import os

from support import certificates, environment, hostile, layouts, process, servers, stored, tokens
from support.case import Case, main

environment.need("skopeo", "docker-registry", "openssl", "htpasswd", "nginx", "zstd")


class Layouts(Case):
    def test_the_same_seed_gives_the_same_image(self):
        one, two = (layouts.small_image(self.path(name)) for name in ("one", "two"))
        self.assertEqual(*(sorted(os.listdir(x.folder + "/blobs/sha256")) for x in (one, two)))
        self.assertEqual(stored.in_oci(one.folder, "1").manifest_digest, stored.in_oci(two.folder, "1").manifest_digest)

    def test_diff_ids_hold_for_every_compression(self):
        for compression in ("gzip", "zstd", ""):
            layout = layouts.small_image(self.path("image-" + compression), compression=compression)
            promised, found = stored.in_oci(layout.folder, "1").diff_ids()
            self.assertEqual(promised, found)

    def test_skopeo_takes_images_and_indexes(self):
        process.check("skopeo", "copy", "-q", "oci:%s:1" % layouts.small_image(self.path("a")).folder, "dir:" + self.path("b"))
        process.check("skopeo", "copy", "-q", "--all", "oci:%s:multi" % layouts.index_image(self.path("c")).folder,
                      "dir:" + self.path("d"))

    def test_a_changed_blob_is_noticed(self):
        layout = layouts.small_image(self.path("image"))
        image = stored.in_oci(layout.folder, "1")
        with open(layout.blob_path(image.manifest["layers"][1]["digest"]), "r+b") as file:
            file.write(b"x")
        with self.assertRaises(AssertionError):
            image.blob_digests()

    def test_gzip_of_several_members_has_one_diff_id(self):
        parts = gzip.compress(b"a" * 1000) + gzip.compress(b"b")
        self.assertEqual(stored.layer_diff_id(parts), stored.digest_of(b"a" * 1000 + b"b"))


class Servers(Case):
    def setUp(self):
        super().setUp()
        self.image = "oci:%s:1" % layouts.small_image(self.path("image")).folder

    def started(self, server):
        self.addCleanup(server.stop)
        return server

    def test_a_plain_registry_gives_back_what_it_got(self):
        registry = self.started(servers.Registry(self.path("registry")))
        process.check("skopeo", "copy", "-q", "--dest-tls-verify=false", self.image, registry.reference("app:1"))
        self.assertEqual(stored.in_registry(registry, "app:1").manifest_digest, stored.in_oci(self.path("image"), "1").manifest_digest)
        self.assertEqual(registry.tags("app"), ["1"])
        self.assertIn("PUT /v2/app/manifests/1", registry.requests())

    def test_tls_basic_and_client_certificates(self):
        authority = certificates.Authority(self.path("ca"))
        server, client = authority.issue("server"), authority.issue("client")
        registry = self.started(servers.Registry(self.path("registry"), tls=server, users={"me": "secret"}))
        certs = authority.cert_dir(self.path("certs"))
        process.check("skopeo", "copy", "-q", "--dest-cert-dir", certs, "--dest-creds", "me:secret", self.image,
                      registry.reference("app:1"))
        plain = self.started(servers.Registry(self.path("plain")))
        front = self.started(servers.Nginx(self.path("nginx"), plain.address, server, client_ca=authority.certificate))
        with_client = authority.cert_dir(self.path("with-client"), client)
        target = "docker://%s/app:1" % front.address
        self.assertNotEqual(process.run("skopeo", "copy", "-q", "--dest-cert-dir", certs, self.image, target).code, 0)
        process.check("skopeo", "copy", "-q", "--dest-cert-dir", with_client, self.image, target)

    def test_bearer_tokens(self):
        certificate = certificates.Authority(self.path("ca")).issue("tokens", algorithm="rsa")
        service = self.started(tokens.TokenService(certificate, {"me": "secret"}))
        registry = self.started(servers.Registry(self.path("registry"), token=service.registry_settings))
        target = registry.reference("app:1")
        flags = ["copy", "-q", "--dest-tls-verify=false"]
        self.assertNotEqual(process.run("skopeo", *flags, "--dest-no-creds", self.image, target).code, 0)
        process.check("skopeo", *flags, "--dest-creds", "me:secret", self.image, target)
        self.assertIn("me", [user for user, _ in service.asked])

    def test_a_hostile_registry_does_as_told(self):
        registry = self.started(hostile.HostileRegistry(lambda request, method, path: request.fail(418, "TEAPOT")))
        result = process.run("skopeo", "copy", "-q", "--dest-tls-verify=false", self.image, "docker://%s/app:1" % registry.address)
        self.assertNotEqual(result.code, 0)
        self.assertEqual(registry.requests[0].split()[1], "/v2/")


if __name__ == "__main__":
    main()
