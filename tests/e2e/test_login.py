"""The docker transport against registries that want TLS, a name and a password, a token, or a certificate."""

import base64
import json
import os

from support import certificates, environment, layouts, process, servers, stored, tokens
from support.case import Case, main

environment.need("skopeo", "docker-registry", "openssl", "htpasswd", "nginx")
environment.need_plugins("oci", "docker")

USERS = {"me": "pass:with:colons"}
CREDS = "me:pass:with:colons"


class Login(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.image = "oci:%s:1" % self.layout.folder
        self.authority = certificates.Authority(self.path("ca"))
        self.certs = self.authority.cert_dir(self.path("certs"))

    def started(self, server):
        self.addCleanup(server.stop)
        return server

    def secure_registry(self, **more):
        return self.started(servers.Registry(self.path("registry"), tls=self.authority.issue("server"), **more))

    def assert_arrived(self, registry, name="app:1"):
        self.assert_same_image(stored.in_oci(self.layout.folder, "1"), stored.in_registry(registry, name))

    def auth_file(self, registry, creds=CREDS):
        path = self.path("auth.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"auths": {registry.address: {"auth": base64.b64encode(creds.encode()).decode()}}}, file)
        os.chmod(path, 0o600)
        return path

    def test_a_private_authority_is_trusted_by_cert_dir_and_not_without(self):
        registry = self.secure_registry()
        target = registry.reference("app:1")
        self.assert_refused(self.sealos("push", "-q", self.image, target), process.NETWORK, registry.address, "certificate")
        self.assertEqual(registry.tags("app"), [])
        self.push("--cert-dir", self.certs, self.image, target)
        self.assert_arrived(registry)
        self.push("--cert-dir", self.certs, target, "oci:%s:1" % self.path("back"))
        self.assert_same_image(stored.in_oci(self.layout.folder, "1"), stored.in_oci(self.path("back"), "1"))

    def test_a_certificate_for_another_name_is_refused(self):
        certificate = self.authority.issue("other", "DNS:elsewhere.example")
        registry = self.started(servers.Registry(self.path("registry"), tls=certificate))
        self.assert_refused(self.sealos("push", "-q", "--cert-dir", self.certs, self.image, registry.reference("app:1")),
                            process.NETWORK, registry.address)

    def test_verification_can_be_turned_off(self):
        registry = self.secure_registry()
        self.push("--tls-verify=false", self.image, registry.reference("app:1"))
        self.assert_arrived(registry)

    def test_plain_http_is_refused_while_tls_is_wanted(self):
        registry = self.started(servers.Registry(self.path("registry")))
        self.assert_refused(self.sealos("push", "-q", "--tls-verify=true", self.image, registry.reference("app:1")),
                            process.NETWORK, registry.address)
        self.assertEqual(registry.tags("app"), [])

    def test_basic_login_by_flag_and_by_file(self):
        registry = self.secure_registry(users=USERS)
        secure = ["--cert-dir", self.certs]
        self.push(*secure, "--creds", CREDS, self.image, registry.reference("app:1"))
        self.assert_arrived(registry)
        self.push(*secure, "--authfile", self.auth_file(registry), self.image, registry.reference("app:2"))
        self.assert_arrived(registry, "app:2")
        environment_file = self.environment(REGISTRY_AUTH_FILE=self.auth_file(registry))
        self.push(*secure, self.image, registry.reference("app:3"), env=environment_file)
        self.assert_arrived(registry, "app:3")

    def test_no_or_wrong_credentials_are_an_authentication_error(self):
        registry = self.secure_registry(users=USERS)
        target = registry.reference("app:1")
        for flags in ([], ["--creds", "me:s3cr3t-guess"], ["--authfile", self.auth_file(registry, "me:no")]):
            result = self.sealos("push", "-q", "--cert-dir", self.certs, *flags, self.image, target)
            self.assert_refused(result, process.DENIED, registry.address)
            self.assertNotIn("s3cr3t-guess", result.err)
        self.assertEqual(registry.tags("app"), [])

    def test_credentials_are_no_part_of_any_output(self):
        registry = self.secure_registry(users=USERS)
        result = self.push("-v", "--cert-dir", self.certs, "--creds", CREDS, self.image, registry.reference("app:1"))
        secrets = ["pass:with:colons", base64.b64encode(CREDS.encode()).decode()]
        for secret in secrets:
            self.assertNotIn(secret, result.err + result.out)

    def test_an_authfile_that_is_missing_is_said_before_anything_else(self):
        registry = self.secure_registry()
        result = self.sealos("push", "-q", "--cert-dir", self.certs, "--authfile", self.path("nothing"), self.image,
                             registry.reference("app:1"))
        self.assertNotEqual(result.code, process.OK, result)
        self.assertIn(self.path("nothing"), result.err)
        result = self.sealos("push", "-q", "--cert-dir", self.certs, self.image, registry.reference("app:1"),
                             env=self.environment(REGISTRY_AUTH_FILE=self.path("nowhere")))
        self.assert_refused(result, process.DENIED, self.path("nowhere"), "does not exist")
        self.assertEqual(registry.requests(), [])

    def test_bearer_tokens_are_asked_for_with_and_without_a_name(self):
        certificate = self.authority.issue("tokens", algorithm="rsa")
        service = self.started(tokens.TokenService(certificate, USERS, anonymous=["pull"]))
        registry = self.started(servers.Registry(self.path("registry"), token=service.registry_settings))
        target = registry.reference("team/app:1")
        loose = "--tls-verify=false"
        self.assert_refused(self.sealos("push", "-q", loose, self.image, target), process.DENIED, registry.address)
        self.push(loose, "--creds", CREDS, self.image, target)
        self.push(loose, target, "oci:%s:1" % self.path("back"))
        self.assert_same_image(stored.in_oci(self.layout.folder, "1"), stored.in_oci(self.path("back"), "1"))
        self.assertIn(("me", ["repository:team/app:pull,push"]),
                      [(user, scopes) for user, scopes in service.asked])

    def test_a_client_certificate_is_presented(self):
        registry = self.started(servers.Registry(self.path("registry")))
        front = self.started(servers.Nginx(self.path("nginx"), registry.address, self.authority.issue("server"),
                                           client_ca=self.authority.certificate))
        target = "docker://%s/app:1" % front.address
        result = self.sealos("push", "-q", "--cert-dir", self.certs, self.image, target)
        self.assertNotEqual(result.code, process.OK, result)
        self.assertEqual(registry.tags("app"), [])
        with_client = self.authority.cert_dir(self.path("with-client"), self.authority.issue("client"))
        self.push("--cert-dir", with_client, self.image, target)
        self.assert_arrived(registry)


if __name__ == "__main__":
    main()
