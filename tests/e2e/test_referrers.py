"""What belongs to an image travels with it: referrers of OCI 1.1, of every level, and what cosign puts beside an image."""

import json
import os

from support import environment, layouts, process, servers, stored
from support.case import Case, main, tree

environment.need("skopeo", "docker-registry")
environment.need_plugins("oci", "oci-archive", "dir", "docker", "docker-archive")

EMPTY = "application/vnd.oci.empty.v1+json"


class Belonging(layouts.Layout):
    """An image tagged "1" with a bill of materials, that one's signature, and a cosign signature beside the image."""

    def __init__(self, folder):
        super().__init__(folder)
        self.about = {}
        self.image = self.add_image(layouts.small_layers(self))
        self.tag("1", self.image)
        self.bill = self.refer("bill", self.image)
        self.of_bill = self.refer("of-bill", self.bill)
        self.signature = self.attach(self.image, "sig")

    def artifact(self, text, **more):
        manifest = {"schemaVersion": 2, "mediaType": layouts.MANIFEST, "config": self.add_blob(b"{}", EMPTY),
                    "layers": [self.add_blob(text.encode(), "text/plain")], **more}
        return self.add_blob(json.dumps(manifest).encode(), layouts.MANIFEST)

    def refer(self, name, subject):
        about = {k: subject[k] for k in ("mediaType", "digest", "size")}
        descriptor = self.artifact(name, artifactType="example/" + name, subject=about)
        self._entries.append(dict(descriptor, artifactType="example/" + name, annotations={"org.opencontainers.image.ref.name": name}))
        self._write_index()
        return descriptor

    def attach(self, subject, kind):
        descriptor = self.artifact(kind + subject["digest"])
        self.tag("%s.%s" % (subject["digest"].replace(":", "-"), kind), descriptor)
        return descriptor

    def parts(self):
        """Digests of manifests and of their blobs that have to arrive, the image itself aside."""
        digests = set()
        for descriptor in (self.bill, self.of_bill, self.signature):
            with open(self.blob_path(descriptor["digest"]), "rb") as file:
                manifest = json.load(file)
            digests |= {descriptor["digest"], manifest["config"]["digest"], manifest["layers"][0]["digest"]}
        return digests


class Referrers(Case):
    def setUp(self):
        super().setUp()
        self.layout = Belonging(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.registry = servers.Registry(self.path("registry"))
        self.addCleanup(self.registry.stop)

    def blobs_of(self, folder):
        return {"sha256:" + name for name in os.listdir(os.path.join(folder, "blobs/sha256"))}

    def report(self, *arguments):
        return json.loads(self.push("-q", "--tls-verify=false", "--report", "json", "--referrers", *arguments).out)

    def test_they_travel_through_registries_layouts_and_archives_and_back(self):
        first, second = self.registry.reference("first:1"), self.registry.reference("second:1")
        archive, back = "oci-archive:" + self.path("image.tar") + ":1", self.path("back")
        for source, destination in ((self.source, first), (first, second), (second, archive), (archive, "oci:%s:1" % back)):
            with self.subTest(destination=destination):
                loose = ["--tls-verify=false"] if "docker:" in source + destination else []
                report = json.loads(self.push("-q", *loose, "--report", "json", "--referrers", source, destination).out)
                self.assertEqual({(r["digest"], r["subject"], r.get("artifactType"), r.get("attached")) for r in report["referrers"]}, {
                    (self.layout.bill["digest"], self.layout.image["digest"], "example/bill", None),
                    (self.layout.of_bill["digest"], self.layout.bill["digest"], "example/of-bill", None),
                    (self.layout.signature["digest"], self.layout.image["digest"], EMPTY, "sig")})
                self.assertEqual(report["digest"], self.layout.image["digest"])
        self.assertLessEqual(self.layout.parts(), self.blobs_of(back))
        for name in ("first", "second"):
            tag = self.layout.image["digest"].replace(":", "-")
            listed = stored.in_registry(self.registry, "%s:%s" % (name, tag)).manifest["manifests"]
            self.assertEqual([m["digest"] for m in listed], [self.layout.bill["digest"]])
            self.assertEqual(stored.in_registry(self.registry, "%s:%s.sig" % (name, tag)).manifest_digest,
                             self.layout.signature["digest"])
        # The image is what is meant by no name, and by its tag others find it.
        self.copy("oci:" + back, "dir:" + self.path("dir"))
        self.assertEqual(stored.in_dir(self.path("dir")).manifest_digest, self.layout.image["digest"])
        self.assertEqual(stored.in_oci(back, "1").manifest_digest, self.layout.image["digest"])

    def test_what_is_there_is_not_sent_again(self):
        to = self.registry.reference("app:1")
        self.copy(self.source, to, "--referrers")
        before = len(self.registry.requests())
        self.copy(self.source, to, "--referrers=all")
        sent = [r for r in self.registry.requests()[before:] if r.split()[0] in ("POST", "PATCH")]
        self.assertEqual(sent, [])

    def test_without_the_flag_none_travels(self):
        for flags in ([], ["--referrers=none"]):
            to = self.path("alone" + "".join(flags))
            self.copy(self.source, "oci:%s:1" % to, *flags)
            self.assertFalse(self.layout.parts() & self.blobs_of(to))

    def test_an_index_takes_its_own_and_those_of_its_images(self):
        layout = Belonging(self.path("multi"))
        arm = layout.add_image([layout.add_layer(lambda tar: tar.file("arm", b"arm"))], architecture="arm64")
        index = layout.add_index([layout.image, arm])
        layout.tag("multi", index)
        signature, of_arm = layout.attach(index, "att"), layout.refer("arm", arm)
        report = self.report("--all", "oci:%s:multi" % layout.folder, self.registry.reference("multi:1"))
        self.assertEqual(len(report["referrers"]), 5)
        back = self.path("back")
        self.copy(self.registry.reference("multi:1"), "oci:" + back, "--referrers", "--all")
        self.assertLessEqual(layout.parts() | {signature["digest"], of_arm["digest"]}, self.blobs_of(back))
        one = self.push("--tls-verify=false", "--referrers", "--platform", "linux/arm64", self.registry.reference("multi:1"),
                        "oci:" + self.path("one"))
        self.assertIn("1 that refer to the index stay behind", one.err)
        self.assertIn(of_arm["digest"], self.blobs_of(self.path("one")))
        self.assertNotIn(signature["digest"], self.blobs_of(self.path("one")))

    def test_a_transport_without_them_is_refused_before_the_first_byte(self):
        missing = self.path("none")
        for destination in ("dir:" + missing, "docker-archive:" + missing):
            result = self.sealos("push", "-q", "--referrers", self.source, destination)
            self.assert_refused(result, process.USAGE, "stores nothing that refers to an image", "--referrers")
            self.assertFalse(os.path.exists(missing))
        self.copy(self.source, "dir:" + self.path("dir"))
        result = self.sealos("push", "-q", "--referrers", "dir:" + self.path("dir"), "oci:" + missing)
        self.assert_refused(result, process.USAGE, "does not know what refers to an image")
        self.assertFalse(os.path.exists(missing))
        self.assert_refused(self.sealos("push", "-q", "--referrers=some", self.source, "oci:" + missing), process.USAGE, "all or none")

    def test_a_change_of_the_manifest_is_refused(self):
        for flags in (["--compression-format", "zstd"], ["-f", "v2s2"]):
            with self.subTest(flags=flags):
                result = self.sealos("push", "-q", "--tls-verify=false", "--referrers", *flags, self.source, self.registry.reference("no:1"))
                self.assert_refused(result, process.USAGE, "what refers to it would refer to nothing (--referrers)")
        self.assertEqual([r for r in self.registry.requests() if r.split()[0] in ("POST", "PATCH", "PUT")], [])

    def test_a_signature_of_another_that_is_replaced_is_told(self):
        to = self.registry.reference("app:1")
        self.copy(self.source, to, "--referrers")
        other = Belonging(self.path("other"))
        signature = other.artifact("another signature")
        other.tag("%s.sig" % other.image["digest"].replace(":", "-"), signature)
        result = self.push("--tls-verify=false", "--referrers", "oci:%s:1" % other.folder, to)
        self.assertIn("named %s and names %s now" % (self.layout.signature["digest"], signature["digest"]), result.err)

    def test_a_wrong_referrer_leaves_nothing_behind(self):
        with open(self.layout.blob_path(self.layout.of_bill["digest"]), "r+b") as file:
            file.write(b" ")
        missing = self.path("none")
        result = self.sealos("push", "-q", "--referrers", self.source, "oci:" + missing)
        self.assert_refused(result, process.CORRUPT, "does not have that digest")
        self.assertFalse(os.path.exists(missing), tree(missing) if os.path.exists(missing) else "")

    def test_an_archive_with_them_is_written_again(self):
        archive = "oci-archive:" + self.path("image.tar") + ":1"
        self.copy(self.source, archive, "--referrers")
        self.copy(self.source, archive, "--referrers")
        self.assertEqual(self.sealos("push", "-q", "--referrers", archive, "oci:" + self.path("x")).code, process.OK)


if __name__ == "__main__":
    main()
