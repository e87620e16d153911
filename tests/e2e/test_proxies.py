"""Registries that are reached through a proxy, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say."""

import base64

from support import certificates, environment, layouts, process, proxy, servers, stored
from support.case import Case, main

environment.need("docker-registry", "openssl")
environment.need_plugins("oci", "docker")

NAME = "registry.test"  # resolved by the proxy, and by nobody else


class Proxies(Case):
    def setUp(self):
        super().setUp()
        layout = layouts.small_image(self.path("image"))
        self.source, self.image = "oci:%s:1" % layout.folder, stored.in_oci(layout.folder, "1")

    def started(self, server):
        self.addCleanup(server.stop)
        return server

    def test_plain_requests_go_to_the_proxy_whole(self):
        registry = self.started(servers.Registry(self.path("registry")))
        way = self.started(proxy.Proxy(registry.port))
        env = self.environment(HTTP_PROXY="http://" + way.address, HTTPS_PROXY="http://127.0.0.1:1")
        self.push("-q", "--tls-verify=false", self.source, "docker://%s/app:1" % NAME, env=env)
        self.assert_same_image(self.image, stored.in_registry(registry, "app:1"))
        self.assertIn("GET http://%s/v2/" % NAME, way.asked)
        self.assertFalse([line for line in way.asked if "CONNECT" in line])
        self.push("-q", "--tls-verify=false", "docker://%s/app:1" % NAME, "oci:%s:1" % self.path("back"), env=env)
        self.assert_same_image(self.image, stored.in_oci(self.path("back"), "1"))

    def test_https_goes_through_a_tunnel_with_the_proxys_login(self):
        authority = certificates.Authority(self.path("ca"))
        tls = authority.issue("server", "IP:127.0.0.1,DNS:" + NAME)
        registry = self.started(servers.Registry(self.path("registry"), tls=tls))
        login = "Basic " + base64.b64encode(b"me:p@ss").decode()
        way = self.started(proxy.Proxy(registry.port, login))
        trust = ["--cert-dir", authority.cert_dir(self.path("certs"))]
        with_login = self.environment(HTTPS_PROXY="http://me:p%%40ss@%s" % way.address)
        self.push("-q", *trust, self.source, "docker://%s/app:1" % NAME, env=with_login)
        self.assertTrue(registry.has("/v2/app/manifests/1"))
        self.assertEqual(set(way.asked), {"CONNECT %s:443" % NAME})
        result = self.sealos("push", "-q", *trust, "--retry", "0", self.source, "docker://%s/app:1" % NAME,
                             env=self.environment(HTTPS_PROXY="http://" + way.address))
        self.assert_refused(result, process.NETWORK, way.address, "407")
        self.assertNotIn("p@ss", result.err)

    def test_no_proxy_and_this_machine_are_reached_directly(self):
        registry = self.started(servers.Registry(self.path("registry")))
        way = self.started(proxy.Proxy(registry.port))
        env = self.environment(HTTP_PROXY="http://" + way.address, HTTPS_PROXY="http://" + way.address)
        self.push("-q", "--tls-verify=false", self.source, registry.reference("app:1"), env=env)
        env["NO_PROXY"] = "other.example, .test"
        result = self.sealos("push", "-q", "--tls-verify=false", "--retry", "0", self.source, "docker://%s/app:1" % NAME, env=env)
        self.assertEqual(result.code, process.NETWORK, result)
        self.assertEqual(way.asked, [])


if __name__ == "__main__":
    main()
