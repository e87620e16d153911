"""What advisories say of the peers must not be true of sealos: encryption, digests, credentials. docs/security.md lists them."""

import json
import os
import ssl

from support import certificates, environment, hostile, keys, layouts, process, servers, stored
from support.case import Case, main, tree

environment.need("skopeo", "openssl")
environment.need_plugins("oci", "dir", "docker")

INDEX = "application/vnd.oci.image.index.v1+json"


class Advisories(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.Layout(self.path("image"))
        self.image = self.layout.add_image(layouts.small_layers(self.layout))
        self.layout.tag("1", self.image)
        self.source = "oci:%s:1" % self.layout.folder

    def edit(self, change):
        """The manifest after change(manifest), tagged "changed"."""
        with open(self.layout.blob_path(self.image["digest"]), "rb") as file:
            manifest = json.load(file)
        change(manifest)
        self.layout.tag("changed", self.layout.add_blob(json.dumps(manifest).encode(), layouts.MANIFEST))
        return "oci:%s:changed" % self.layout.folder

    def refused(self, source, *flags, codes=(process.CORRUPT,), target=None):
        before = tree(self.folder)
        result = self.sealos("push", "-q", *flags, source, target or "dir:" + self.path("out"))
        self.assertIn(result.code, codes, result)
        self.assertEqual(tree(self.folder), before)
        return result

    def test_cve_2022_24778_each_image_of_an_index_needs_its_key(self):
        """imgcrypt looked at the first image of a list alone."""
        ours = keys.Keys(self.path("keys"))
        first, second = ours.ec("first"), ours.ec("second")
        images = []
        for key, architecture in ((first, "amd64"), (second, "arm64")):
            plain = layouts.Layout(self.path(architecture))
            plain.tag("1", plain.add_image(layouts.small_layers(plain), architecture=architecture))
            secret = self.path("secret-" + architecture)
            self.push("-q", "--encryption-key", "jwe:%s.pub" % key, "oci:%s:1" % plain.folder, "oci:%s:1" % secret)
            found = stored.in_oci(secret, "1")
            for descriptor in [found.manifest["config"], *found.manifest["layers"]]:
                self.layout.add_blob(found.blob(descriptor), descriptor["mediaType"])
            images.append(dict(self.layout.add_blob(found.manifest_bytes, layouts.MANIFEST),
                               platform={"os": "linux", "architecture": architecture}))
        for order, key in ((images, first), (images[::-1], first), (images, second)):
            self.layout.tag("both", self.layout.add_index(order))
            result = self.refused("oci:%s:both" % self.layout.folder, "--all", "--decryption-key", key, codes=(process.DENIED,))
            self.assertIn("none of the keys opens", result.err)
        self.push("-q", "--all", "--decryption-key", first, "--decryption-key", second,
                  "oci:%s:both" % self.layout.folder, "dir:" + self.path("out"))

    def test_cve_2024_3727_no_digest_is_a_path_or_an_address(self):
        """containers/image put digests into names of files and addresses unchecked."""
        for digest in ("sha256:../../../../etc/passwd", "../../x", "sha256:" + "0" * 63, "sha256:" + "A" * 64, "md5:" + "0" * 32,
                       "sha256:" + "0" * 64 + "/../../x", "sha256:?q=" + "0" * 61):
            for where in ("config", "layer"):
                with self.subTest(digest=digest, where=where):
                    self.refused(self.edit(lambda m: (m["config"] if where == "config" else m["layers"][0]).update(digest=digest)))
            with self.subTest(digest=digest, where="index"):
                self.layout.tag("list", self.layout.add_blob(json.dumps({
                    "schemaVersion": 2, "mediaType": INDEX, "manifests": [dict(self.image, digest=digest)]}).encode(), INDEX))
                self.refused("oci:%s:list" % self.layout.folder, "--all")

    def test_cve_2024_3727_in_a_list_of_referrers(self):
        with open(self.layout.blob_path(self.image["digest"]), "rb") as file:
            manifest = file.read()
        config = json.loads(manifest)["config"]

        def answer(request, method, path):
            if "/manifests/" in path and path.endswith(("/1", self.image["digest"])):
                return request.reply(200, manifest, Content_Type=layouts.MANIFEST)
            if path.endswith(config["digest"]):
                with open(self.layout.blob_path(config["digest"]), "rb") as file:
                    return request.reply(200, file.read())
            if "/referrers/" in path:
                return request.reply(200, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
                    {"mediaType": layouts.MANIFEST, "digest": "sha256:../../other/manifests/1", "size": 2}]}).encode(), Content_Type=INDEX)
            return False
        server = hostile.HostileRegistry(answer)
        self.addCleanup(server.stop)
        result = self.sealos("push", "-q", "--tls-verify=false", "--referrers", "docker://%s/app:1" % server.address, "oci:" + self.path("out"))
        self.assert_refused(result, process.CORRUPT, "digest")
        self.assertTrue([r for r in server.requests if "/referrers/" in r])
        self.assertFalse([r for r in server.requests if "other" in r])
        self.assertFalse(os.path.exists(self.path("out")))

    def test_cve_2021_41190_a_manifest_is_of_one_kind(self):
        """A document that is an image to one reader and an index to another."""
        self.refused(self.edit(lambda m: m.update(manifests=[self.image])))
        self.refused(self.edit(lambda m: m.update(mediaType=INDEX)))
        with open(self.layout.blob_path(self.image["digest"]), "rb") as file:
            manifest = file.read()

        def answer(request, method, path):
            return request.reply(200, manifest, Content_Type=INDEX) if "/manifests/" in path else False
        server = hostile.HostileRegistry(answer)
        self.addCleanup(server.stop)
        result = self.refused("docker://%s/app:1" % server.address, "--tls-verify=false")
        self.assertIn("labelled an OCI index", result.err)

    def test_cve_2020_15157_no_address_in_a_manifest_is_asked(self):
        """containerd sent a registry's credentials to addresses that an image's layers named."""
        asked = hostile.HostileRegistry(lambda request, method, path: False)
        self.addCleanup(asked.stop)
        source = self.edit(lambda m: m["layers"][0].update(
            mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", urls=["http://%s/layer" % asked.address]))
        self.push("-q", source, "dir:" + self.path("out"))
        registry = hostile.HostileRegistry(lambda request, method, path: False)
        self.addCleanup(registry.stop)
        self.sealos("push", "-q", "--tls-verify=false", "--creds", "me:secret", source, "docker://%s/app:1" % registry.address)
        self.assertEqual(asked.requests, [])

    def test_cve_2019_10214_no_password_goes_to_a_token_server_without_tls(self):
        """containers/image did not check the TLS of a token server that a registry names."""
        trusted, strange = (certificates.Authority(self.path(name)) for name in ("ca", "strange"))
        for scheme, words in (("http", "which is not https"), ("https", "certificate")):
            with self.subTest(scheme):
                tokens = hostile.HostileRegistry(lambda request, method, path: False)
                self.addCleanup(tokens.stop)
                if scheme == "https":
                    self.speak_tls(tokens, strange)

                def answer(request, method, path):
                    request.drain() if method != "GET" else None
                    return request.reply(401, b"{}", WWW_Authenticate='Bearer realm="%s://%s/token",service="s"' % (scheme, tokens.address))
                registry = hostile.HostileRegistry(answer)
                self.addCleanup(registry.stop)
                self.speak_tls(registry, trusted)
                result = self.sealos("push", "-q", "--creds", "me:secret", "--cert-dir", trusted.cert_dir(self.path("certs-" + scheme)),
                                     "docker://%s/app:1" % registry.address, "dir:" + self.path("out"))
                self.assertIn(words, result.err)
                self.assertNotEqual(result.code, process.OK)
                self.assertEqual(tokens.requests, [])

    def speak_tls(self, server, authority):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue("server"))
        server._server.socket = context.wrap_socket(server._server.socket, server_side=True)

    def test_a_decrypted_layer_is_kept_only_if_its_code_was_right(self):
        """ocicrypt's readers get plaintext before it has been authenticated: none of it may stay."""
        ours = keys.Keys(self.path("keys"))
        key = ours.ec()
        self.push("-q", "--encryption-key", "jwe:%s.pub" % key, self.source, "dir:" + self.path("secret"))
        image = stored.in_dir(self.path("secret"))
        layer = max(image.manifest["layers"], key=lambda one: one["size"])
        name = self.path("secret", layer["digest"].split(":")[1])
        with open(name, "r+b") as file:
            file.seek(layer["size"] - 1)
            last = file.read(1)
            file.seek(layer["size"] - 1)
            file.write(bytes([last[0] ^ 1]))
        digest = stored.file_digest(name)
        os.rename(name, self.path("secret", digest.split(":")[1]))
        manifest = image.manifest_bytes.replace(layer["digest"].encode(), digest.encode())
        with open(self.path("secret", "manifest.json"), "wb") as file:
            file.write(manifest)
        for target in ("dir:" + self.path("out"), "oci:" + self.path("out")):
            self.refused("dir:" + self.path("secret"), "--decryption-key", key, target=target)


if __name__ == "__main__":
    main()
