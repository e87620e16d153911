"""docker-daemon: a real dockerd over its socket and over TCP with certificates, and daemons that fail half-way."""

import json
import os
import shutil
import signal
import tempfile
import unittest

from support import archives, certificates, daemons, environment, layouts, process, servers, stored
from support.case import Case, main, tree

environment.need("dockerd", "docker", "skopeo", "docker-registry", "openssl", root=True)
environment.need_plugins("oci", "docker-daemon", "docker-archive")


class Images(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")
        self.diff_ids = self.image.diff_ids()[0]


class Daemon(Images):
    authority = dockerd = None  # one for all, as it takes its time to start

    def setUp(self):
        super().setUp()
        if Daemon.dockerd is None:
            data = tempfile.mkdtemp(prefix="sealos-e2e-")
            unittest.addModuleCleanup(shutil.rmtree, data, ignore_errors=True)
            Daemon.authority = certificates.Authority(os.path.join(data, "ca"))
            Daemon.dockerd = servers.Dockerd(os.path.join(data, "docker"), tls=(
                self.authority.certificate, *self.authority.issue("daemon")))
            unittest.addModuleCleanup(Daemon.dockerd.stop)
        self.dockerd.forget_all()
        self.at = ("--daemon-host", self.dockerd.host)

    def send(self, *flags, source=None, name="app:1", env=None):
        return self.push("-q", *(flags or self.at), source or self.source, "docker-daemon:" + name, env=env)

    def read_back(self, name="app:1", flags=None, env=None):
        self.push("-q", *(self.at if flags is None else flags), "docker-daemon:" + name, "oci:%s:1" % self.path("back"), env=env)
        return stored.in_oci(self.path("back"), "1")


class RoundTrips(Daemon):
    def test_the_daemon_has_what_was_sent_and_gives_it_back(self):
        for layout in (self.layout, layouts.small_image(self.path("plain"), compression="", seed=3),
                       layouts.small_image(self.path("zstd"), compression="zstd", seed=4)):
            with self.subTest(layout=layout.folder):
                image = stored.in_oci(layout.folder, "1")
                self.send(source="oci:%s:1" % layout.folder)
                self.assertEqual(self.dockerd.inspect("app:1")["Id"], image.manifest["config"]["digest"])
                self.assertEqual(self.dockerd.layers("app:1"), image.diff_ids()[0])
                back = self.read_back()
                self.assertEqual(back.diff_ids(), (image.diff_ids()[0], image.diff_ids()[0]))
                self.assertEqual(back.manifest["config"]["digest"], image.manifest["config"]["digest"])

    def test_skopeo_sees_the_same(self):
        self.send()
        process.check("skopeo", "copy", "-q", "--src-daemon-host", self.dockerd.host, "docker-daemon:app:1", "oci:%s:x" % self.path("skopeo"))
        self.assertEqual(stored.in_oci(self.path("skopeo"), "x").diff_ids()[1], self.diff_ids)
        process.check("skopeo", "copy", "-q", "--dest-daemon-host", self.dockerd.host, self.source, "docker-daemon:from-skopeo:1")
        self.assertEqual(self.read_back("from-skopeo:1").diff_ids()[1], self.diff_ids)

    def test_names_and_ids(self):
        self.send(name="registry.example.com:5000/a/b:2")
        self.assertTrue(self.dockerd.has("registry.example.com:5000/a/b:2"))
        back = self.read_back(self.image.manifest["config"]["digest"])
        self.assertEqual(back.diff_ids()[1], self.diff_ids)
        self.assert_refused(self.sealos("push", "-q", *self.at, "docker-daemon:none:1", "oci:" + self.path("x")), process.NOT_FOUND, "none:1")
        missing = self.sealos("push", "-q", *self.at, "docker-daemon:sha256:" + "0" * 64, "oci:" + self.path("x"))
        self.assert_refused(missing, process.NOT_FOUND, "containerd")
        for name in ("app", "sha256:" + "0" * 64):
            result = self.sealos("push", "-q", *self.at, self.source, "docker-daemon:" + name)
            self.assertIn(result.code, (process.USAGE, process.DESTINATION), result)

    def test_a_tag_moves_and_the_old_image_stays_without_a_name(self):
        self.send()
        old = self.dockerd.inspect("app:1")["Id"]
        self.send(source="oci:%s:1" % layouts.small_image(self.path("other"), seed=9).folder)
        self.assertNotEqual(self.dockerd.inspect("app:1")["Id"], old)
        self.assertEqual(self.dockerd.inspect(old)["RepoTags"], [])

    def test_an_index_gives_the_daemon_its_platform(self):
        index = layouts.index_image(self.path("index"))
        whole = self.sealos("push", "-q", "--all", *self.at, "oci:%s:multi" % index.folder, "docker-daemon:app:1")
        self.assert_refused(whole, process.USAGE, "no index")
        self.send(source="oci:%s:multi" % index.folder)
        first = stored.in_oci(index.folder, "multi")
        config = json.loads(first.blob(first.manifest["manifests"][0]))["config"]["digest"]
        self.assertEqual(self.dockerd.inspect("app:1")["Id"], config)

    def test_into_an_archive_and_a_registry(self):
        registry = servers.Registry(self.path("registry"))
        self.addCleanup(registry.stop)
        self.send()
        self.push("-q", "--tls-verify=false", "docker-daemon:app:1", registry.reference("app:1"),
                  env=self.environment(DOCKER_HOST=self.dockerd.host))
        self.assertEqual(stored.in_registry(registry, "app:1").diff_ids()[1], self.diff_ids)
        self.push("-q", *self.at, "docker-daemon:app:1", "docker-archive:%s:app:2" % self.path("a.tar"))
        self.dockerd.docker("load", "-q", "-i", self.path("a.tar"))
        self.assertEqual(self.dockerd.layers("app:2"), self.diff_ids)

    def test_a_layer_that_is_wrong_makes_no_image(self):
        layer = self.layout.blob_path(self.image.manifest["layers"][2]["digest"])
        with open(layer, "r+b") as file:
            file.seek(1000)
            file.write(b"changed")
        result = self.sealos("push", "-q", *self.at, self.source, "docker-daemon:app:1")
        self.assert_refused(result, process.CORRUPT, self.image.manifest["layers"][2]["digest"][:19])
        self.assertFalse(self.dockerd.has("app:1"))

    def test_a_config_that_docker_does_not_take(self):
        layout = layouts.Layout(self.path("windows"))
        layout.tag("1", layout.add_image([layout.add_layer(lambda tar: tar.file("x", b"x"))], os="windows"))
        result = self.sealos("push", "-q", "--platform", "windows/amd64", *self.at, "oci:%s:1" % layout.folder, "docker-daemon:app:1")
        self.assert_refused(result, process.NETWORK, "windows")


class Addresses(Daemon):
    def certificates(self, *names):
        """A folder as DOCKER_CERT_PATH has it, with these of its files."""
        folder = self.path("certs-" + "-".join(names))
        os.mkdir(folder)
        certificate, key = self.authority.issue("client")
        for name, path in (("ca.pem", self.authority.certificate), ("cert.pem", certificate), ("key.pem", key)):
            if name in names:
                os.symlink(path, os.path.join(folder, name))
        return folder

    def test_tcp_with_certificates(self):
        folder = self.certificates("ca.pem", "cert.pem", "key.pem")
        flags = ("--daemon-host", self.dockerd.tcp_host, "--cert-dir", folder)
        self.send(*flags)
        self.assertEqual(self.read_back(flags=flags).diff_ids()[1], self.diff_ids)
        by_variables = self.environment(DOCKER_HOST=self.dockerd.tcp_host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=folder)
        self.assertEqual(self.read_back(flags=(), env=by_variables).diff_ids()[1], self.diff_ids)

    def test_wrong_certificates(self):
        stranger = certificates.Authority(self.path("stranger"))
        no_client = self.certificates("ca.pem")
        wrong_ca = self.certificates("cert.pem", "key.pem")
        os.symlink(stranger.certificate, os.path.join(wrong_ca, "ca.pem"))
        half = self.certificates("ca.pem", "cert.pem")
        for flags, code, words in (
                (("--cert-dir", no_client), process.NETWORK, ["certificate"]),
                (("--cert-dir", wrong_ca), process.NETWORK, ["certificate"]),
                (("--cert-dir", half), process.USAGE, ["key.pem"]),
                ((), process.DESTINATION, ["HTTPS"])):
            with self.subTest(flags=flags):
                result = self.sealos("push", "-q", "--daemon-host", self.dockerd.tcp_host, *flags, self.source, "docker-daemon:app:1")
                self.assert_refused(result, code, *words)

    def test_docker_host_is_honoured_and_the_flag_wins(self):
        self.send(*("-q",), env=self.environment(DOCKER_HOST=self.dockerd.host))
        self.send(*self.at, name="app:2", env=self.environment(DOCKER_HOST="unix:///nowhere"))
        self.assertTrue(self.dockerd.has("app:2"))
        self.send("-o", "docker-daemon.host=" + self.dockerd.host, name="app:3")
        result = self.sealos("push", "-q", self.source, "docker-daemon:app:1", env=self.environment(DOCKER_HOST="unix:///nowhere/docker.sock"))
        self.assert_refused(result, process.NETWORK, "/nowhere/docker.sock")
        result = self.sealos("push", "-q", "--daemon-host", "ssh://somewhere", self.source, "docker-daemon:app:1")
        self.assert_refused(result, process.USAGE, "ssh")
        result = self.sealos("push", "-q", *self.at, self.source, "oci:" + self.path("x"))
        self.assert_refused(result, process.USAGE, "docker-daemon.host")

    def test_a_context_of_the_docker_command(self):
        name = stored.digest_of(b"here")[7:]
        os.makedirs(os.path.join(self.home, ".docker/contexts/meta", name))
        with open(os.path.join(self.home, ".docker/contexts/meta", name, "meta.json"), "w", encoding="ascii") as file:
            json.dump({"Name": "here", "Endpoints": {"docker": {"Host": self.dockerd.host}}}, file)
        self.send("-q", env=self.environment(DOCKER_CONTEXT="here"))
        self.assertTrue(self.dockerd.has("app:1"))


class Failing(Images):
    """The image goes to, or comes from, a daemon that stops half-way: one clear error, and nothing half-written."""

    def saved(self):
        self.push("-q", "-o", "docker-archive.format=plain", self.source, "docker-archive:%s:app:1" % self.path("a.tar"))
        with open(self.path("a.tar"), "rb") as file:
            return file.read()

    def fake(self, **how):
        daemon = daemons.FakeDaemon(**how)
        self.addCleanup(daemon.stop)
        return daemon

    def assert_read_fails(self, daemon, code, *words):
        os.makedirs(self.path("to"), exist_ok=True)
        before = tree(self.path("to"))
        result = self.sealos("push", "-q", "--daemon-host", daemon.host, "docker-daemon:app:1", "oci:%s:1" % self.path("to/layout"))
        self.assert_refused(result, code, *words)
        self.assertEqual(tree(self.path("to")), before)

    def test_a_daemon_that_dies_while_it_saves(self):
        saved = self.saved()
        for sent in (0, 100, len(saved) // 2, len(saved) - 1):
            with self.subTest(sent=sent):
                self.assert_read_fails(self.fake(saves=saved, send=sent), process.NETWORK, "docker-daemon:app:1")

    def test_a_daemon_that_says_in_the_archive_what_went_wrong(self):
        saved = self.saved()
        trouble = b'{"errorDetail":{"message":"no space left on device"},"error":"no space left on device"}'
        self.assert_read_fails(self.fake(saves=saved[:5120] + trouble), process.NETWORK, "no space left on device")

    def test_an_archive_that_is_none_or_another(self):
        for saves, code in ((b"", process.CORRUPT), (b"no archive" * 100, process.CORRUPT), (self.saved()[:5120], process.CORRUPT)):
            with self.subTest(size=len(saves)):
                self.assert_read_fails(self.fake(saves=saves), code, "docker-daemon:app:1")

    def test_a_daemon_that_dies_while_it_loads(self):
        for taken in (0, 1000, 100000):
            with self.subTest(taken=taken):
                daemon = self.fake(takes=taken)
                result = self.sealos("push", "-q", "--daemon-host", daemon.host, self.source, "docker-daemon:app:1")
                self.assert_refused(result, process.NETWORK, daemon.host)
                self.assertEqual(daemon.loads, [])

    def test_a_load_that_fails_says_what_the_daemon_said(self):
        for answer, words in ((b'{"errorDetail":{"message":"disk on fire"},"error":"disk on fire"}', "disk on fire"),
                              (b'{"stream":"Loaded image: app:1\\n"}{"stream":"Error unpacking image app:1: bad"}', "Error unpacking"),
                              (b"", "has not said"), (b'{"stream":"Loaded image: app:1\\n"}', "another image")):
            with self.subTest(answer=answer):
                result = self.sealos("push", "-q", "--daemon-host", self.fake(answer=answer).host, self.source, "docker-daemon:app:1")
                self.assert_refused(result, process.NETWORK, words)

    def test_a_daemon_that_is_killed(self):
        dockerd = servers.Dockerd(self.path("docker"))
        self.addCleanup(dockerd.stop)
        large = layouts.large_image(self.path("large"), 100, compression="", layers=2)
        running = self.start_sealos("push", "-q", "--daemon-host", dockerd.host, "oci:%s:1" % large.folder, "docker-daemon:app:1")
        process.wait_until(lambda: "/images/load" in dockerd.log() or os.listdir(os.path.join(dockerd.data, "tmp")), "the load has begun", alive=running.process)
        os.killpg(dockerd.process.pid, signal.SIGKILL)
        self.assert_refused(running.wait(), process.NETWORK, dockerd.host)

    def test_a_daemon_that_is_too_old(self):
        result = self.sealos("push", "-q", "--daemon-host", self.fake(api="1.18").host, self.source, "docker-daemon:app:1")
        self.assert_refused(result, process.DESTINATION, "1.18", "1.24")


if __name__ == "__main__":
    main()
