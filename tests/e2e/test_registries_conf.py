"""registries.conf: mirrors, other locations, insecure and blocked registries, short names."""

import os

from support import environment, layouts, process, servers, stored
from support.case import Case, main

environment.need("skopeo", "docker-registry")
environment.need_plugins("oci", "docker", "containers-storage")


class RegistriesConf(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.original = stored.in_oci(self.layout.folder, "1")
        self.registry = self.started("own")
        process.check("skopeo", "copy", "-q", "--dest-tls-verify=false", "oci:%s:1" % self.layout.folder,
                      self.registry.reference("team/app:1"))

    def started(self, name, **more):
        registry = servers.Registry(self.path(name), **more)
        self.addCleanup(registry.stop)
        return registry

    def with_file(self, text, *parts):
        """An environment in which this is the user's registries.conf; {own} is the registry's address."""
        path = self.path("home/.config/containers", *(parts or ["registries.conf"]))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        storage = self.path("storage.conf")
        with open(storage, "w", encoding="utf-8") as file:
            file.write('[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' % (self.path("root"), self.path("run")))
        return self.environment(CONTAINERS_STORAGE_CONF=storage)

    def entry(self, prefix, *lines, location=None):
        return '[[registry]]\nprefix = "%s"\nlocation = "%s"\n%s\n' % (prefix, location or prefix, "\n".join(lines))

    def insecure(self, registry):
        return self.entry(registry.address, "insecure = true")

    def assert_pulled(self, folder="copy"):
        self.assert_same_image(self.original, stored.in_oci(self.path(folder), "1"))

    def target(self, folder="copy"):
        return "oci:%s:1" % self.path(folder)

    def test_plain_http_is_for_registries_that_are_insecure_there(self):
        source = self.registry.reference("team/app:1")
        env = self.with_file("")
        self.assert_refused(self.sealos("push", "-q", source, self.target(), env=env), process.NETWORK, "plain HTTP")
        env = self.with_file(self.insecure(self.registry))
        self.push(source, self.target(), env=env)
        self.assert_pulled()
        self.push(self.target(), self.registry.reference("team/app:2"), env=env)
        self.assertEqual(sorted(self.registry.tags("team/app")), ["1", "2"])
        self.assert_refused(self.sealos("push", "-q", "--tls-verify=true", source, self.target("not"), env=env),
                            process.NETWORK, "plain HTTP")

    def test_a_pull_through_mirror_serves_and_a_dead_one_is_passed_over(self):
        mirror = self.started("mirror", mirror_of=self.registry)
        dead = "127.0.0.1:%d" % servers.free_port()
        mirrors = "".join('[[registry.mirror]]\nlocation = "%s"\ninsecure = true\n' % at for at in (dead, mirror.address))
        env = self.with_file(self.entry(self.registry.address, "insecure = true", mirrors))
        self.push(self.registry.reference("team/app:1"), self.target(), env=env)
        self.assert_pulled()
        layers = [r for r in mirror.requests() if r.startswith("GET") and "/blobs/" in r]
        self.assertEqual(len(set(layers)), 4)  # three layers and the config
        mirror.stop()
        self.push(self.registry.reference("team/app:1"), self.target("again"), env=env)
        self.assert_pulled("again")

    def test_nothing_is_written_to_a_mirror(self):
        mirror = self.started("mirror")
        env = self.with_file(self.entry(self.registry.address, "insecure = true",
                                        '[[registry.mirror]]\nlocation = "%s"\ninsecure = true' % mirror.address))
        self.push("oci:%s:1" % self.layout.folder, self.registry.reference("new:1"), env=env)
        self.assertEqual(self.registry.tags("new"), ["1"])
        self.assertEqual(mirror.requests(), [])

    def test_mirrors_for_digests_or_for_tags_only(self):
        mirror = self.started("mirror")
        process.check("skopeo", "copy", "-q", "--dest-tls-verify=false", "oci:%s:1" % self.layout.folder,
                      mirror.reference("team/app:1"))
        by_digest = "team/app@" + self.original.manifest_digest
        for use, asked, not_asked in (("digest-only", by_digest, "team/app:1"), ("tag-only", "team/app:1", by_digest)):
            with self.subTest(use):
                env = self.with_file(self.entry(
                    self.registry.address, "insecure = true",
                    '[[registry.mirror]]\nlocation = "%s"\ninsecure = true\npull-from-mirror = "%s"' % (mirror.address, use)))
                before = len(mirror.requests())
                self.push(self.registry.reference(not_asked), self.target(use + "1"), env=env)
                self.assertEqual(len(mirror.requests()), before)
                self.push(self.registry.reference(asked), self.target(use + "2"), env=env)
                self.assertGreater(len(mirror.requests()), before)
                self.assert_pulled(use + "2")

    def test_a_prefix_leads_to_another_location_and_skopeo_agrees(self):
        env = self.with_file(self.entry("images.example/apps", "insecure = true", location=self.registry.address + "/team"))
        self.push("docker://images.example/apps/app:1", self.target(), env=env)
        self.assert_pulled()
        path = self.path("home/.config/containers/registries.conf")
        process.check("skopeo", "--registries-conf", path, "copy", "-q", "docker://images.example/apps/app:1", self.target("skopeo"))
        self.assert_pulled("skopeo")

    def test_a_blocked_registry_is_neither_read_nor_written(self):
        env = self.with_file(self.insecure(self.registry) + self.entry(self.registry.address + "/team", "blocked = true"))
        for arguments in ((self.registry.reference("team/app:1"), self.target()),
                          ("oci:%s:1" % self.layout.folder, self.registry.reference("team/app:2"))):
            before = len(self.registry.requests())
            result = self.sealos("push", "-q", *arguments, env=env)
            self.assert_refused(result, process.DENIED, "blocked", "registries.conf")
            self.assertEqual(len(self.registry.requests()), before)

    def test_the_variable_and_drop_ins_count(self):
        self.with_file(self.insecure(self.registry), "registries.conf.d", "50-own.conf")
        env = self.with_file("")
        self.push(self.registry.reference("team/app:1"), self.target(), env=env)
        named = self.path("named.conf")
        with open(named, "w", encoding="utf-8") as file:
            file.write(self.entry(self.registry.address, "blocked = true"))
        os.remove(self.path("home/.config/containers/registries.conf.d/50-own.conf"))
        env["CONTAINERS_REGISTRIES_CONF"] = named
        result = self.sealos("push", "-q", self.registry.reference("team/app:1"), self.target("not"), env=env)
        self.assert_refused(result, process.DENIED, "blocked", named)

    def test_a_wrong_file_is_named_before_anything_is_asked(self):
        env = self.with_file("[[registry]]\nlocation = 7\n")
        result = self.sealos("push", "-q", self.registry.reference("team/app:1"), self.target(), env=env)
        self.assertNotEqual(result.code, process.OK)
        self.assertIn("registries.conf", result.err)
        self.assertEqual(len(result.lines), 1, result)

    def test_a_short_name_that_is_not_here_is_found_by_alias_and_by_search(self):
        nowhere = "127.0.0.1:%d" % servers.free_port()
        env = self.with_file(
            'unqualified-search-registries = ["%s", "%s"]\n[aliases]\n"the-app" = "%s/team/app"\n' % (
                nowhere, self.registry.address, self.registry.address)
            + self.insecure(self.registry) + self.entry(nowhere, "insecure = true"))
        fast = ["--retry", "0"]
        self.push("the-app:1", self.target("alias"), env=env)
        self.assert_pulled("alias")
        self.push(*fast, "team/app:1", self.target("search"), env=env)
        self.assert_pulled("search")
        self.push("%s/team/app:1" % self.registry.address, self.target("full"), env=env)
        self.assert_pulled("full")
        result = self.sealos("push", "-q", *fast, "team/none:1", self.target("none"), env=env)
        self.assertNotEqual(result.code, process.OK)
        for place in (nowhere, self.registry.address):
            self.assertIn(place, result.err)

    def test_a_short_name_that_may_mean_several_is_refused_where_nobody_can_be_asked(self):
        env = self.with_file('unqualified-search-registries = ["a.example", "b.example"]\nshort-name-mode = "enforcing"\n')
        result = self.sealos("push", "-q", "app:1", self.target(), env=env)
        self.assert_refused(result, process.NOT_FOUND, "app:1", "enforcing")
        env = self.with_file("")
        result = self.sealos("push", "-q", "nothing-has-this-name:1", self.target(), env=env)
        self.assert_refused(result, process.NOT_FOUND, "unqualified-search-registries")


if __name__ == "__main__":
    main()
