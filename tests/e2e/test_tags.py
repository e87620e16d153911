"""sealos tags and sealos delete: against real registries and in layouts."""

import json

from support import certificates, environment, hostile, layouts, process, servers, stored
from support.case import Case, main

environment.need("docker-registry", "openssl", "htpasswd", "skopeo")
environment.need_plugins("oci", "dir", "docker", "docker-archive")

LOOSE = "--tls-verify=false"


class Tags(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")
        self.registry = servers.Registry(self.path("registry"), delete=True)
        self.addCleanup(self.registry.stop)
        for tag in ("2", "1", "latest"):
            self.push("-q", LOOSE, self.source, self.registry.reference("team/app:" + tag))

    def works(self, *arguments):
        result = self.sealos(*arguments)
        self.assertEqual(result.code, process.OK, result)
        return result.out

    def test_the_tags_of_a_repository(self):
        name = "%s/team/app" % self.registry.address
        for place in (name, "docker://" + name):
            self.assertEqual(self.works("tags", LOOSE, place), "1\n2\nlatest\n")
        self.assertEqual(json.loads(self.works("tags", LOOSE, "--json", name)),
                         {"transport": "docker", "repository": name, "tags": ["1", "2", "latest"]})
        listed = json.loads(process.check("skopeo", "list-tags", LOOSE, "docker://" + name))
        self.assertEqual(sorted(listed["Tags"]), ["1", "2", "latest"])

    def test_the_names_in_a_layout_and_an_archive(self):
        self.assertEqual(self.works("tags", "oci:" + self.layout.folder), "1\n")
        archive = "docker-archive:" + self.path("a.tar")
        self.push("-q", self.source, archive + ":app:1")
        self.assertEqual(self.works("tags", archive), "docker.io/library/app:1\n")

    def test_all_pages_are_read(self):
        def pages(request, method, path):
            if not path.endswith("/tags/list"):
                return False
            last = request.path.partition("last=")[2]
            more = {"": ("a", "b"), "b": ("c", "d"), "d": ("e",)}[last]
            link = {"Link": '</v2/app/tags/list?n=2&last=%s>; rel="next"' % more[-1]} if len(more) == 2 else {}
            return request.reply(200, json.dumps({"name": "app", "tags": more}).encode(), **link)
        server = hostile.HostileRegistry(pages)
        self.addCleanup(server.stop)
        self.assertEqual(self.works("tags", LOOSE, "%s/app" % server.address), "a\nb\nc\nd\ne\n")
        self.assertEqual(len([r for r in server.requests if r.endswith("/tags/list")]), 3)

    def test_a_tag_goes_alone_and_a_digest_with_all_its_tags(self):
        digest = self.image.manifest_digest
        reference = self.registry.reference("team/app")
        self.assertEqual(self.works("delete", LOOSE, reference + ":2"), reference + ":2\n")
        self.assertEqual(sorted(self.registry.tags("team/app")), ["1", "latest"])
        self.assert_same_image(self.image, stored.in_registry(self.registry, "team/app:1"))
        self.assertEqual(json.loads(self.works("delete", LOOSE, "--json", reference + "@" + digest)),
                         {"removed": reference + "@" + digest})
        self.assertEqual(self.registry.tags("team/app"), [])

    def test_an_image_of_a_layout_is_removed(self):
        place = "oci:" + self.path("copy")
        self.push("-q", self.source, place + ":1")
        self.push("-q", self.source, place + ":2")
        self.works("delete", place + ":1")
        self.assertEqual(self.works("tags", place), "2\n")

    def test_a_registry_that_does_not_delete_keeps_the_tag(self):
        registry = servers.Registry(self.path("kept"))
        self.addCleanup(registry.stop)
        self.push("-q", LOOSE, self.source, registry.reference("app:1"))
        result = self.sealos("delete", LOOSE, registry.reference("app:1"))
        self.assertNotEqual(result.code, process.OK, result)
        self.assertIn("405", result.err)
        self.assert_same_image(self.image, stored.in_registry(registry, "app:1"))

    def test_logins_and_trust_are_as_for_push(self):
        authority = certificates.Authority(self.path("ca"))
        registry = servers.Registry(self.path("private"), tls=authority.issue("server"), users={"me": "secret"}, delete=True)
        self.addCleanup(registry.stop)
        trust = ["--cert-dir", authority.cert_dir(self.path("certs"))]
        login = ["--creds", "me:secret"]
        self.push("-q", *trust, *login, self.source, registry.reference("app:1"))
        name = "%s/app" % registry.address
        self.assertEqual(self.works("tags", *trust, *login, name), "1\n")
        self.assert_refused(self.sealos("tags", *trust, name), process.DENIED)
        self.assert_refused(self.sealos("tags", *login, name), process.NETWORK, "certificate")
        self.works("delete", *trust, *login, "docker://%s:1" % name)
        self.assertEqual(registry.tags("app"), [])

    def test_what_makes_no_sense_is_refused(self):
        before = len(self.registry.requests())
        name = "%s/team/app" % self.registry.address
        self.push("-q", self.source, "dir:" + self.path("dir"))
        cases = (("tags", LOOSE, name + ":1", "leave away"), ("tags", "dir:" + self.path("dir"), "cannot list tags"),
                 ("delete", "dir:" + self.path("dir"), "cannot remove"), ("delete", LOOSE, "docker://" + name, "no tag"),
                 ("delete", LOOSE, name + ":1", "docker://"), ("tags", LOOSE, "oci:" + self.layout.folder, "means nothing"),
                 ("tags", "--creds", "me:x", "oci:" + self.layout.folder, "no credentials"),
                 ("tags", "--tls-verify=maybe", name, "true or false"), ("delete", "", "where"))
        for *arguments, word in cases:
            with self.subTest(arguments=arguments):
                self.assert_refused(self.sealos(*arguments), process.USAGE, word)
        self.assertEqual(len(self.registry.requests()), before)

    def test_what_is_not_there_is_not_found(self):
        self.assertEqual(self.sealos("tags", LOOSE, "%s/none" % self.registry.address).code, process.NOT_FOUND)
        self.assertEqual(self.sealos("delete", LOOSE, self.registry.reference("team/app:none")).code, process.NOT_FOUND)
        self.assertEqual(self.sealos("delete", "oci:%s:none" % self.layout.folder).code, process.NOT_FOUND)


if __name__ == "__main__":
    main()
