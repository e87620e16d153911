"""--cr-option and `sealos cr show`: the custom resource of a cloud image, beside the image and in a hub."""

import base64
import json
import os

from support import archives, certificates, environment, kubernetes, layouts, process, servers, stores
from support.case import Case, main, tree

environment.need("docker-registry", "skopeo", "openssl", "htpasswd")
environment.need_plugins("oci", "dir", "docker", "oci-archive", "docker-archive")

TYPE = "application/vnd.sealos.image.cr.v1"
CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: %s}\n"
OWN = """apiVersion: imagehub.sealos.io/v1
kind: Image
metadata: {name: whatever}
spec:
  type: cloud-image
  detail:
    keywords: [sql, base]
    description: %s
"""
README = "# MySQL\n\n    run it\n"
CONTAINERFILE = """FROM localhost/base:1
COPY old/README.md /README.md
COPY old/config.yaml /metadata/config.yaml
COPY gone.yaml kept.yaml /metadata/crds/
RUN ["/bin/busybox", "rm", "/metadata/crds/gone.yaml"]
COPY README.md /README.md
COPY config.yaml /metadata/config.yaml
"""
CREATED = "2024-01-01T00:00:00Z"
NOT_THERE = 7  # the exit code where the destination refuses


def cloud_image(folder, description="A data base", label=True, compression="gzip", files=()):
    """A layout with a cloud image, some of whose files upper layers delete."""
    layout = layouts.Layout(folder)

    def lower(tar):
        tar.big_file("bin/mysqld", 7, 300_000, random_share=1)
        tar.file("README.md", b"an old text\n")
        tar.file("metadata/config.yaml", (OWN % "old").encode())
        tar.file("metadata/crds/gone.yaml", (CRD % "gone").encode())
        tar.file("metadata/crds/kept.yaml", (CRD % "kept").encode())
        tar.file("metadata/old/a.yaml", (CRD % "old").encode())

    def upper(tar):
        tar.big_file("lib", 8, 300_000, random_share=1)
        tar.file("README.md", README.encode())
        tar.file("metadata/config.yaml", (OWN % description).encode())
        tar.whiteout("metadata/crds/gone.yaml")
        tar.opaque("metadata/old")
        tar.file("metadata/values.yaml", b"replicas: 1\n")
        for name, content in files:
            tar.file(name, content)

    labels = {"config": {"Labels": {"sealos.io.type": "application"}}} if label else {}
    made = [layout.add_layer(fill, compression) for fill in (lower, upper)]
    layout.tag("1", layout.add_image(made, **labels))
    return layout


def digest_in(folder, tag="1"):
    index = layout_index(folder)
    return next(e["digest"] for e in index if (e.get("annotations") or {}).get(archives.REF_NAME) == tag)


def layout_index(folder):
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as file:
        return json.load(file)["manifests"]


def layout_blob(folder, digest):
    with open(os.path.join(folder, "blobs", *digest.split(":")), "rb") as file:
        return file.read()


class Resources(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keep = cls("setUp")
        cls.keep.setUp()
        cls.registry = servers.Registry(cls.keep.path("registry"))
        cls.image = cloud_image(cls.keep.path("image"))
        cls.source = "oci:%s:1" % cls.image.folder
        cls.digest = digest_in(cls.image.folder)

    @classmethod
    def tearDownClass(cls):
        cls.registry.stop()
        cls.keep.doCleanups()
        super().tearDownClass()

    def to_registry(self, name, value, source=None):
        before = len(self.registry.requests())
        result = self.copy(source or self.source, self.registry.reference(name), "--cr-option", value)
        sent = [r for r in self.registry.requests()[before:] if r.split()[0] in ("PUT", "POST", "PATCH")]
        return result, sent

    def published(self, repository, subject):
        """The custom resources that the registry lists for a manifest, found as any client finds them."""
        tag = subject.replace(":", "-")
        if not self.registry.has("/v2/%s/manifests/%s" % (repository, tag)):
            return []
        index = json.loads(self.registry.get("/v2/%s/manifests/%s" % (repository, tag)))
        return [entry for entry in index["manifests"] if entry.get("artifactType") == TYPE]

    def files_of(self, read, entry):
        """{title: text} of an artifact, which is checked on the way; read(digest) gives bytes."""
        manifest = json.loads(read(entry["digest"]))
        self.assertEqual(manifest["artifactType"], TYPE)
        self.assertEqual(manifest["config"]["mediaType"], "application/vnd.oci.empty.v1+json")
        self.assertEqual(read(manifest["config"]["digest"]), b"{}")
        files = {}
        for layer in manifest["layers"]:
            self.assertEqual(layer["mediaType"], TYPE + "+yaml")
            files[layer["annotations"]["org.opencontainers.image.title"]] = read(layer["digest"]).decode()
        return manifest, files

    def in_registry(self, repository):
        def read(digest):
            kind = "blobs" if self.registry.has("/v2/%s/blobs/%s" % (repository, digest)) else "manifests"
            return self.registry.get("/v2/%s/%s/%s" % (repository, kind, digest))
        return read

    def assert_resource(self, manifest, files, name, subject=None):
        self.assertEqual(manifest["subject"]["digest"], subject or self.digest)
        self.assertEqual(sorted(files), ["image.yaml", "metadata/crds/kept.yaml"])
        self.assertEqual(files["metadata/crds/kept.yaml"], CRD % "kept")
        text = files["image.yaml"]
        self.assertIn("  name: %s\nspec:\n  name: %s\n  type: cloud-image\n" % (name.replace("/", ".").replace(":", "."), name),
                      text)
        for line in ("    description: \"A data base\"", "      - sql", "    arch: amd64", "    docs: |",
                     "      # MySQL", "          run it", '    creatTime: "%s"' % CREATED, "    ID: sha256:"):
            self.assertIn(line + ("" if line.endswith(":") else "\n"), text)

    def test_all_four_values_with_a_registry(self):
        _, sent = self.to_registry("no/app:1", "no")
        self.assertTrue(sent)
        self.assertEqual(self.published("no/app", self.digest), [])
        before = len(self.registry.requests())
        result = self.sealos("push", "--tls-verify=false", "--cr-option", "only", self.source,
                             self.registry.reference("empty/app:1"))
        self.assert_refused(result, NOT_THERE, "the image itself has to be there first")
        self.assertFalse([r for r in self.registry.requests()[before:] if not r.startswith(("GET", "HEAD"))])
        for value in ("auto", "yes"):
            name = "%s/app" % value
            self.to_registry(name + ":1", value)
            entries = self.published(name, self.digest)
            self.assertEqual(len(entries), 1)
            self.assert_resource(*self.files_of(self.in_registry(name), entries[0]), name + ":1")
            _, sent = self.to_registry(name + ":1", value)
            self.assertEqual(sent, [])
            raw = process.check("skopeo", "inspect", "--raw", "--tls-verify=false",
                                "docker://%s/%s@%s" % (self.registry.address, name, entries[0]["digest"]))
            self.assertEqual(json.loads(raw)["subject"]["digest"], self.digest)
        result, sent = self.to_registry("no/app:1", "only")
        entry, = self.published("no/app", self.digest)
        self.assertEqual(result.out.strip(), entry["digest"])
        self.assertFalse([r for r in sent if r.endswith("/manifests/1")])
        self.assertEqual(self.to_registry("no/app:1", "only")[1], [])
        self.assertEqual(self.to_registry("no/app:1", "auto")[1], [])
        # The same bytes, whichever way they came.
        again = self.files_of(self.in_registry("no/app"), entry)[1]["image.yaml"].replace("no/app", "X").replace("no.app", "X")
        other = self.files_of(self.in_registry("yes/app"), self.published("yes/app", self.digest)[0])[1]["image.yaml"]
        self.assertEqual(again, other.replace("yes/app", "X").replace("yes.app", "X"))

    def test_a_changed_one_is_sent_again_and_another_image_is_not_described(self):
        self.to_registry("changed/app:1", "auto")
        changed = cloud_image(self.path("changed"), "Another text")
        source = "oci:%s:1" % changed.folder
        result = self.sealos("push", "--tls-verify=false", "--cr-option", "only", source,
                             self.registry.reference("changed/app:1"))
        self.assert_refused(result, NOT_THERE, "another image is there")
        self.to_registry("changed/app:1", "auto", source)
        entry, = self.published("changed/app", digest_in(changed.folder))
        self.assertIn("Another text", self.files_of(self.in_registry("changed/app"), entry)[1]["image.yaml"])
        # Another name has one of its own.
        self.to_registry("changed/app:2", "auto", source)
        self.assertEqual(len(self.published("changed/app", digest_in(changed.folder))), 2)

    def test_images_without_label_are_looked_into_where_that_costs_nothing(self):
        packed = cloud_image(self.path("packed"), label=False)
        self.to_registry("packed/app:1", "auto", "oci:%s:1" % packed.folder)
        self.assertEqual(self.published("packed/app", digest_in(packed.folder)), [])
        self.to_registry("packed/app:1", "yes", "oci:%s:1" % packed.folder)
        self.assertEqual(len(self.published("packed/app", digest_in(packed.folder))), 1)
        plain = cloud_image(self.path("plain"), label=False, compression="")
        result, _ = self.to_registry("plain/app:1", "auto", "oci:%s:1" % plain.folder)
        self.assertEqual(len(self.published("plain/app", result.out.strip())), 1)
        ordinary = layouts.small_image(self.path("ordinary"), compression="")
        result, sent = self.to_registry("ordinary/app:1", "auto", "oci:%s:1" % ordinary.folder)
        self.assertEqual(self.published("ordinary/app", result.out.strip()), [])
        self.assertFalse([r for r in self.registry.requests() if "ordinary/app/referrers" in r])
        self.to_registry("ordinary/app:1", "yes", "oci:%s:1" % ordinary.folder)
        entry, = self.published("ordinary/app", result.out.strip())
        self.assertEqual(list(self.files_of(self.in_registry("ordinary/app"), entry)[1]), ["image.yaml"])

    def test_layouts_and_archives_of_layouts(self):
        for value in ("auto", "yes", "auto"):
            self.push("--cr-option", value, self.source, "oci:%s:org/app:1" % self.path("layout"))
        entry, = [e for e in layout_index(self.path("layout")) if e.get("artifactType") == TYPE]
        read = lambda digest: layout_blob(self.path("layout"), digest)
        self.assert_resource(*self.files_of(read, entry), "app:1")
        process.check("skopeo", "copy", "oci:%s:org/app:1" % self.path("layout"), "dir:" + self.path("read"))
        archive = "oci-archive:%s:app" % self.path("a.tar")
        for value in ("no", "only", "yes", "auto"):
            self.push("--cr-option", value, self.source, archive)
            index = archives.text(self.path("a.tar"), "index.json")["manifests"]
            entries = [e for e in index if e.get("artifactType") == TYPE]
            self.assertEqual(len(entries), 0 if value == "no" else 1, value)
        blobs = dict(archives.members(self.path("a.tar")))
        self.files_of(lambda digest: blobs["blobs/" + digest.replace(":", "/")], entries[0])
        process.check("skopeo", "copy", "oci-archive:%s:app" % self.path("a.tar"), "dir:" + self.path("read2"))
        result = self.sealos("push", "--cr-option", "only", self.source, "oci:%s:1" % self.path("nowhere"))
        self.assertEqual(result.code, NOT_THERE, result)
        self.assertFalse(os.path.exists(self.path("nowhere")))

    def test_places_that_cannot_hold_one(self):
        for place in ("dir:" + self.path("folder"), "docker-archive:" + self.path("docker.tar")):
            for value in ("yes", "only"):
                result = self.sealos("push", "--cr-option", value, self.source, place)
                self.assertIn(result.code, (process.USAGE, NOT_THERE), result)
                self.assertEqual(len(result.lines), 1, result)
        self.assertFalse(os.path.exists(self.path("folder")) or os.path.exists(self.path("docker.tar")))
        self.assert_refused(self.sealos("push", "--cr-option", "yes", self.source, "dir:" + self.path("folder")),
                            process.USAGE, "dir cannot hold a custom resource")
        plain = cloud_image(self.path("plain"), compression="")
        for source, notes in (("oci:%s:1" % plain.folder, 1), ("oci:%s:1" % layouts.small_image(self.path("s")).folder, 0)):
            result = self.push(source, "docker-archive:" + self.path("docker%d.tar" % notes))
            told = [line for line in result.lines if "custom resource" in line]
            self.assertEqual(len(told), notes, result)

    def test_wrong_values_and_flags_without_effect_are_refused(self):
        self.assert_refused(self.sealos("push", "--cr-option", "maybe", self.source, "dir:" + self.path("d")),
                            process.USAGE, "yes, no, only or auto")
        for flag in (["--format", "v2s2"], ["--compression-format", "zstd"], ["--sparse"], ["--report", "json"]):
            self.assert_refused(self.sealos("push", "--cr-option", "only", *flag, self.source, "oci:" + self.path("d")),
                                process.USAGE, flag[0])
        result = self.copy(self.source, self.registry.reference("dry/app:1"), "--dry-run", "--cr-option", "yes")
        self.assertIn("custom resource", result.out)
        self.assertEqual(self.registry.tags("dry/app"), [])

    def test_files_that_make_no_sense_end_yes_and_are_a_note_with_auto(self):
        laughs = "a0: &a0 lol\n" + "".join("a%d: &a%d [*a%d, *a%d]\n" % (i, i, i - 1, i - 1) for i in range(1, 30))
        bad = {
            "metadata/config.yaml: line": ("metadata/config.yaml", b"apiVersion: [\n"),
            "Image object": ("metadata/other.yaml", (OWN % "x").encode()),
            "nested too deeply": ("metadata/deep.yaml", b"[" * 100_000),
            "metadata/binary.yaml: it is not UTF-8": ("metadata/binary.yaml", b"\xff\xfe\x00"),
            "README.md has 100000000 bytes": ("README.md", b" " * 100_000_000),
            "symbolic link": ("metadata/link.yaml", None),
        }
        for number, (words, (name, content)) in enumerate(bad.items()):
            folder = self.path("bad%d" % number)
            if content is None:
                layout = layouts.Layout(folder)
                layer = layout.add_layer(lambda tar: tar.symlink("metadata/link.yaml", "/etc/passwd"))
                layout.tag("1", layout.add_image([layer], config={"Labels": {"sealos.io.type": "x"}}))
            else:
                layout = cloud_image(folder, files=[(name, content)])
            to = self.path("to%d" % number)
            result = self.sealos("push", "--cr-option", "yes", "oci:%s:1" % folder, "oci:%s:1" % to)
            self.assertEqual(result.code, process.CORRUPT, result)
            self.assertIn(words, result.err)
            self.assertFalse(os.path.exists(to), words)
            result = self.push("oci:%s:1" % folder, "oci:%s:1" % to)
            self.assertIn(words, result.err)
            self.assertEqual(len(layout_index(to)), 1, words)
        bomb = cloud_image(self.path("bomb"), files=[("metadata/bomb.yaml", laughs.encode())])
        self.push("--cr-option", "yes", "oci:%s:1" % bomb.folder, "oci:%s:1" % self.path("bombed"))

    def test_it_is_shown_wherever_the_image_lies(self):
        shown = self.sealos("cr", "show", self.source)
        self.assertEqual(shown.code, process.OK, shown)
        self.assertTrue(shown.out.startswith("apiVersion: imagehub.sealos.io/v1\nkind: Image\n"), shown)
        self.assertIn("---\n# metadata/crds/kept.yaml\n", shown.out)
        self.assertNotIn("gone", shown.out)
        docs = shown.out[shown.out.index("    docs:"):]
        self.to_registry("shown/app:1", "yes")
        self.push("--cr-option", "no", self.source, "dir:" + self.path("dir"))
        self.push("--cr-option", "no", self.source, "docker-archive:%s:app:1" % self.path("app.tar"))
        for place in (self.registry.reference("shown/app:1"), "dir:" + self.path("dir"),
                      "docker-archive:" + self.path("app.tar")):
            loose = ["--tls-verify=false"] if place.startswith("docker:") else []
            result = self.sealos("cr", "show", *loose, place)
            self.assertEqual(result.code, process.OK, result)
            self.assertEqual(result.out[result.out.index("    docs:"):], docs)
        reference = self.registry.reference("shown/app:1")
        built = self.sealos("cr", "show", "--tls-verify=false", reference)
        published = self.sealos("cr", "show", "--tls-verify=false", "--published", reference)
        self.assertEqual(published.out, built.out)
        self.assertEqual(published.code, process.OK, published)
        self.assert_refused(self.sealos("cr", "show", "--published", self.source), process.NOT_FOUND, "no custom resource")
        self.assert_refused(self.sealos("cr", "show", "--published", "dir:" + self.path("dir")), process.CORRUPT, "dir holds no")
        self.assert_refused(self.sealos("cr", "show", "oci:" + self.path("none")), process.NOT_FOUND)

    def test_an_image_that_buildah_built_goes_from_the_local_store(self):
        """Built from a file as cloud images are: files of their own, some replaced and deleted by later layers."""
        environment.need("podman", "buildah", root=True)
        environment.need_plugins("containers-storage")
        store = stores.Store(self.path("store"), "overlay")
        self.addCleanup(store.close)
        self.build(store)
        # Layers of the second are mounted from the first, so that its label alone makes them be looked into.
        for name, label in (("bare", "maintainer=somebody"), ("labelled", "sealos.io.type=application")):
            with self.subTest(name):
                store.buildah("build", "-q", "--label", label, "--layers", "--timestamp", "1704067200", "-t", "localhost/%s:1" % name, self.path("context"))
                source, there = store.reference("localhost/%s:1" % name), "store/%s:1" % name
                result, sent = self.to_registry(there, "auto", source)
                entry, = self.published("store/" + name, result.out.strip())
                self.assertTrue([r for r in sent if r.endswith("/manifests/" + entry["digest"])])
                manifest, files = self.files_of(self.in_registry("store/" + name), entry)
                self.assert_resource(manifest, files, there, result.out.strip())
                again, sent = self.to_registry(there, "auto", source)
                self.assertEqual((again.out, sent), (result.out, []))
                shown = self.sealos("cr", "show", source).out
                self.assertEqual(shown[shown.index("    docs:"):].partition("---")[0].strip(),
                                 files["image.yaml"][files["image.yaml"].index("    docs:"):].strip())

    def build(self, store):
        context = self.path("context")
        for name, text in (("README.md", README), ("old/README.md", "an old text\n"), ("config.yaml", OWN % "A data base"),
                           ("old/config.yaml", OWN % "old"), ("kept.yaml", CRD % "kept"), ("gone.yaml", CRD % "gone"),
                           ("Containerfile", CONTAINERFILE)):
            path = os.path.join(context, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        store.commit("localhost/base:1", stores.first_layer)


class Hub(Case):
    """A registry with a login, and the cluster of its hub."""

    def setUp(self):
        super().setUp()
        self.authority = certificates.Authority(self.path("ca"))
        self.registry = servers.Registry(self.path("registry"), users={"me": "secret"})
        self.addCleanup(self.registry.stop)
        self.image = cloud_image(self.path("image"))
        self.source = "oci:%s:1" % self.image.folder
        self.name = "org.app.1"
        self.kubeconfig = self.path("home", ".sealos", self.registry.address, "me", "config")
        with open(self.path("auth.json"), "w", encoding="utf-8") as file:
            json.dump({"auths": {self.registry.address: {"auth": base64.b64encode(b"me:secret").decode()}}}, file)

    def cluster(self, **more):
        cluster = kubernetes.Cluster(self.authority.issue("hub"), **more)
        self.addCleanup(cluster.stop)
        return cluster

    def configure(self, cluster, **user):
        kubernetes.kubeconfig(self.kubeconfig, cluster.url,
                              {"certificate-authority-data": kubernetes.data(self.authority.certificate)}, **user)

    def try_push(self, value, source=None, name="org/app:1"):
        return self.sealos("push", "--tls-verify=false", "--authfile", self.path("auth.json"), "--retry-delay", "10ms",
                           "--cr-option", value, source or self.source, self.registry.reference(name))

    def push_with(self, value, **more):
        result = self.try_push(value, **more)
        self.assertEqual(result.code, process.OK, result)
        return result

    def test_objects_are_created_replaced_and_left_alone(self):
        cluster = self.cluster(token="a-token")
        self.configure(cluster, token="a-token")
        self.push_with("no")
        self.assertEqual(cluster.requests, [])
        self.push_with("yes")
        (method, path, authorization, body), = cluster.requests
        self.assertEqual((method, path, authorization), ("POST", kubernetes.COLLECTION, "Bearer a-token"))
        self.assertEqual({k: body[k] for k in ("apiVersion", "kind", "metadata")},
                         {"apiVersion": "imagehub.sealos.io/v1", "kind": "Image", "metadata": {"name": self.name}})
        self.assertEqual(body["spec"]["name"], "org/app:1")
        detail = body["spec"]["detail"]
        self.assertEqual(detail["docs"], README)
        self.assertEqual(detail["keywords"], ["sql", "base"])
        manifest = json.loads(self.registry.get("/v2/org/app/manifests/1"))
        self.assertEqual(detail["ID"], manifest["config"]["digest"])
        self.assertEqual(detail["size"], sum(b["size"] for b in [manifest["config"], *manifest["layers"]]))
        one = kubernetes.COLLECTION + "/" + self.name
        del cluster.requests[:]
        self.push_with("auto")
        self.assertEqual(cluster.asked(), ["POST " + kubernetes.COLLECTION, "GET " + one])
        del cluster.requests[:]
        cluster.conflicts = 1
        self.push_with("only")
        self.assertEqual(cluster.asked(), ["POST " + kubernetes.COLLECTION, "GET " + one, "PUT " + one, "GET " + one,
                                           "PUT " + one])
        put = cluster.requests[-1][3]
        self.assertEqual(put["metadata"]["resourceVersion"], "2")
        self.assertNotIn("managedFields", put["metadata"])
        self.assertEqual(put["spec"], body["spec"])
        # A hub lists images without any file for it as well.
        ordinary = layouts.small_image(self.path("ordinary"))
        self.push_with("auto", source="oci:%s:1" % ordinary.folder, name="org/ordinary:1")
        self.assertIn("org.ordinary.1", cluster.objects)

    def test_refusals_are_shown_after_the_image_is_there(self):
        cluster = self.cluster()
        self.configure(cluster, token="t")
        for number, (code, message, exit_code) in enumerate((
                (401, "Unauthorized", process.DENIED), (403, 'User "me" cannot create resource', process.DENIED),
                (422, "metadata.name: Invalid value", NOT_THERE), (500, "etcd is gone", process.NETWORK))):
            cluster.refuse = (code, message)
            result = self.try_push("yes", name="org/app:%d" % number)
            self.assertEqual(result.code, exit_code, result)
            self.assertEqual(result.out, "")
            self.assertIn("the image is pushed", result.err)
            self.assertIn("%d %s" % (code, message), result.err)
            self.assertIn(str(number), self.registry.tags("org/app"))
        self.assertNotIn("secret", result.err)

    def test_client_certificates_and_unknown_authorities(self):
        cluster = self.cluster(client_ca=self.authority.certificate)
        certificate, key = self.authority.issue("pusher")
        self.configure(cluster, **{"client-certificate-data": kubernetes.data(certificate), "client-key": key})
        self.push_with("yes")
        self.assertEqual(list(cluster.objects), [self.name])
        self.configure(cluster, token="t")
        self.assertEqual(self.try_push("yes").code, process.NETWORK)
        kubernetes.kubeconfig(self.kubeconfig, cluster.url, {},
                              **{"client-certificate": certificate, "client-key": key})
        result = self.try_push("yes")
        self.assertEqual(result.code, process.NETWORK, result)
        self.assertIn("not trusted", result.err)
        self.configure(cluster, exec={"command": "aws"})
        before = tree(self.registry.storage)
        self.assert_refused(self.try_push("yes"), process.USAGE, "exec", self.kubeconfig)
        self.assertEqual(tree(self.registry.storage), before)
        # No folder for this user: no hub, and no error.
        os.rename(os.path.dirname(self.kubeconfig), self.kubeconfig.replace("/me/config", "/you"))
        self.push_with("yes")


if __name__ == "__main__":
    main()
