"""Each flag of push with each transport: it works, or it is refused before the first byte, and none is ignored."""

import concurrent.futures
import json
import os
import re

from support import daemon, environment, platforms, process, servers, signing, stored, stores
from support.case import Case, main, tree

environment.need("docker-registry", root=True)
environment.need_plugins("oci", "dir")

WORKS, REFUSED = "works", "refused"
USED = "used"  # to reach a daemon that does not speak TLS


class Route:
    """A copy, and what its two ends can."""

    def __init__(self, source, destination):
        self.source, self.destination = source, destination
        self.source_transport, self.transport = source.split(":")[0], destination.split(":")[0]
        self.transports = (self.source_transport, self.transport)

    def has(self, name):
        return name in self.transports


def always(route):
    return WORKS


def never(route):
    return REFUSED


def docker(route):
    return WORKS if route.has("docker") else REFUSED


def from_docker(route):
    return WORKS if route.source_transport == "docker" else REFUSED


def to_docker(route):
    return WORKS if route.transport == "docker" else REFUSED


def tls(transports):
    return WORKS if "docker" in transports or "docker-daemon" in transports else REFUSED


def certificates(transports):
    return USED if "docker-daemon" in transports else tls(transports)


def kept(route):
    """A store no longer has the compressed layers that the manifest names; ostree would not keep them."""
    return REFUSED if route.source_transport == "containers-storage" or route.transport == "ostree" else WORKS


def unpacked(route):
    """A store and a SIF unpack layers, so that how they come makes no difference."""
    return REFUSED if route.transport in ("containers-storage", "sif") else WORKS


def blobs(route):
    """Whatever is in a layer, its bytes stay."""
    return WORKS if route.transport in ("dir", "docker", "oci", "oci-archive") else REFUSED


def referrers(route):
    """What names an image as its subject can be beside it."""
    return WORKS if route.transport in ("docker", "oci", "oci-archive") else REFUSED


def packed(route):
    return REFUSED if route.transport == "ostree" else unpacked(route)


def signed(route):
    """A registry would have to be configured for it."""
    return WORKS if route.transport in ("dir", "containers-storage", "ostree") else REFUSED


# What is given, and what then happens. {0}: a folder of the test. The image has gzip layers and an OCI manifest.
FLAGS = {
    "--add-compression": (["--add-compression", "zstd"], never),  # one image is no index
    "--all": (["--all"], always),
    "--authfile": (["--authfile", "{0}/auth.json"], docker),
    "--cert-dir": (["--cert-dir", "{0}/certs"], lambda route: certificates(route.transports)),
    "--compression-format": (["--compression-format", "gzip"], packed),
    "--compression-level": (["--compression-level", "5"], never),  # nothing is compressed
    "--cr-option": (["--cr-option", "yes"], referrers),
    "--creds": (["--creds", "me:secret"], docker),
    "--dest-authfile": (["--dest-authfile", "{0}/auth.json"], to_docker),
    "--dest-cert-dir": (["--dest-cert-dir", "{0}/certs"], lambda route: certificates([route.transport])),
    "--dest-creds": (["--dest-creds", "me:secret"], to_docker),
    "--dest-tls-verify": (["--dest-tls-verify=false"], lambda route: tls([route.transport])),
    "--daemon-host": (["--daemon-host", "tcp://127.0.0.1:1"], lambda route: USED if route.has("docker-daemon") else REFUSED),
    "--decryption-key": (["--decryption-key", "{0}/key"], always),  # nothing is encrypted
    "--digestfile": (["--digestfile", "{0}/digest"], always),
    "--disable-compression": (["--disable-compression"], unpacked),
    "--dry-run": (["--dry-run"], always),
    "--encrypt-layer": (["--encrypt-layer", "0"], never),  # without a key
    "--encryption-key": (["--encryption-key", "jwe:{0}/key.pub"], blobs),
    "--force-compression": (["--force-compression"], packed),
    "--format": (["--format", "oci"], always),
    "--isolate": (["--isolate", "all"], always),
    "--limit-rate": (["--limit-rate", "10M"], docker),
    "--limit-rate-per-host": (["--limit-rate-per-host", "10M"], docker),
    "--max-connections": (["--max-connections", "2"], docker),
    "--max-connections-per-host": (["--max-connections-per-host", "2"], docker),
    "--mount-from": (["--mount-from", "other"], to_docker),
    "--option": (["--option", "nothing.known=1"], never),
    "--platform": (["--platform", "linux/amd64"], always),
    "--preserve-digests": (["--preserve-digests"], kept),
    "--progress": (["--progress", "json"], always),
    "--quiet": (["--quiet"], always),
    "--referrers": (["--referrers"], referrers),
    "--remove-signatures": (["--remove-signatures"], always),
    "--report": (["--report", "json"], always),
    "--retry": (["--retry", "1"], always),
    "--retry-delay": (["--retry-delay", "10ms"], always),
    "--retry-on": (["--retry-on", "network"], docker),
    "--rm": (["--rm"], never),  # it is no list in the store
    "--insecure-policy": (["--insecure-policy"], always),
    "--sign-by": (["--sign-by", "0" * 40], never),  # there is no such key
    "--sign-by-sigstore-private-key": (["--sign-by-sigstore-private-key", "{0}/cosign.key", "--sign-passphrase-file",
                                        "{0}/passphrase", "--sign-identity", "registry.example.com/app:1"], signed),
    "--sign-identity": (["--sign-identity", "registry.example.com/app:1"], never),  # nothing is signed
    "--sign-passphrase-file": (["--sign-passphrase-file", "{0}/passphrase"], never),
    "--signature-policy": (["--signature-policy", "{0}/policy.json"], always),
    "--sparse": (["--sparse"], never),  # one image is no index
    "--src-authfile": (["--src-authfile", "{0}/auth.json"], from_docker),
    "--src-cert-dir": (["--src-cert-dir", "{0}/certs"], lambda route: certificates([route.source_transport])),
    "--src-creds": (["--src-creds", "me:secret"], from_docker),
    "--src-tls-verify": (["--src-tls-verify=false"], lambda route: tls([route.source_transport])),
    "--tls-verify": (["--tls-verify=false"], lambda route: tls(route.transports)),
    "--verbose": (["--verbose"], always),
}
# These cannot be seen in a dry run.
REAL = ("--digestfile", "--dry-run", "--progress", "--report")
# These have nothing to do with where an image comes from.
OUTPUT = REAL + ("--isolate", "--option", "--quiet", "--retry", "--retry-delay", "--signature-policy", "--verbose")


class Flags(Case):
    def setUp(self):
        super().setUp()
        self.work = self.path("work")
        os.mkdir(self.work)
        self.registry = servers.Registry(self.path("registry"))
        self.addCleanup(self.registry.stop)
        self.store = stores.Store(self.path("store"))
        self.addCleanup(self.store.close)
        layout = platforms.six(self.path("six"))
        self.push("-q", "--platform", "linux/amd64", "oci:%s:1" % layout.folder, "oci:%s:1" % self.path("image"))
        self.source = "oci:%s:1" % self.path("image")
        self.index = "oci:%s:1" % layout.folder
        for name, text in (("auth.json", '{"auths":{}}'), ("cosign.key", signing.SIGSTORE_KEY),
                           ("passphrase", signing.SIGSTORE_PASSPHRASE), ("policy.json", '{"default":[{"type":"insecureAcceptAnything"}]}')):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(text)
        process.check("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-out", self.path("key"))
        process.check("openssl", "pkey", "-in", self.path("key"), "-pubout", "-out", self.path("key.pub"))
        os.mkdir(self.path("certs"))
        if environment.have_plugin("ostree"):
            process.check("ostree", "init", "--mode=archive", "--repo=" + self.path("ostree"))

    def transports(self, capability):
        rows = json.loads(self.sealos("transports", "--json").out)
        return [row["name"] for row in rows if capability in row["can"]]

    def place(self, transport, name):
        file = os.path.join(self.work, name)
        return {"dir": "dir:" + file, "oci": "oci:%s:1" % file, "oci-archive": "oci-archive:%s:1" % file,
                "docker-archive": "docker-archive:%s:app:1" % file, "docker": self.registry.reference(name + ":1"),
                "docker-daemon": "docker-daemon:app:1", "containers-storage": self.store.reference(name + ":1"),
                "sif": "sif:" + file, "ostree": "ostree:%s@%s" % (name, self.path("ostree"))}[transport]

    def routes(self):
        """From oci to each transport, and from each to dir."""
        self.fake = daemon.FakeDaemon(archive=self.path("saved.tar"), image_id=self.image_id())
        self.addCleanup(self.fake.stop)
        self.push("-q", self.source, "docker-archive:%s:app:1" % self.path("saved.tar"))
        for transport in self.transports("write"):
            yield Route(self.source, self.place(transport, "to-" + transport))
        for transport in self.transports("read"):
            source = self.place(transport, "from-" + transport)
            if transport != "docker-daemon":
                self.push("-q", *self.needed(Route(self.source, source)), self.source, source)
            yield Route(source, self.place("dir", "to"))

    def image_id(self):
        return stored.in_oci(self.path("image"), "1").manifest["config"]["digest"]

    def needed(self, route, given=""):
        """Without these nothing would work."""
        flags = []
        if route.has("docker") and not given.endswith("--tls-verify"):
            flags.append("--tls-verify=false")
        if route.has("docker-daemon") and given != "--daemon-host":
            flags += ["-o", "docker-daemon.host=" + self.fake.host]
        return flags

    def test_every_flag_is_in_the_table(self):
        text = self.push("--help-all").out
        self.assertEqual(set(re.findall(r"--[a-z][a-z-]+", text)) - {"--help", "--help-all"} - set(FLAGS), set())

    def test_each_flag_with_each_transport(self):
        for route in self.routes():
            flags = [flag for flag in FLAGS if self.concerns(route, flag)]
            before = tree(self.work)
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                results = dict(zip(flags, pool.map(lambda flag: self.look(route, flag), flags)))
            self.assertEqual(tree(self.work), before)
            for flag in flags:
                with self.subTest(route=route.transports, flag=flag):
                    self.check(flag, results[flag] or self.run_push(route, flag), FLAGS[flag][1](route))

    def concerns(self, route, flag):
        if route.transport == "docker-daemon":
            return flag not in REAL or flag == "--dry-run"  # this daemon takes no image
        return route.transport != "dir" or route.source_transport == "oci" or flag not in OUTPUT

    def look(self, route, flag):
        """What a dry run says to the flag; None for those that cannot be seen in one."""
        return None if flag in REAL else self.run_push(route, flag, "--dry-run")

    def run_push(self, route, flag, *more):
        arguments = [a.format(self.folder) for a in FLAGS[flag][0]]
        return self.sealos("push", *more, *self.needed(route, flag), *arguments, route.source, route.destination)

    def check(self, flag, result, expected):
        if expected == WORKS:
            self.assertEqual(result.code, process.OK, result)
        else:
            codes = {REFUSED: (process.USAGE, process.CORRUPT), USED: (process.NETWORK,)}
            self.assertIn(result.code, codes[expected], result)
            self.assertIn("sealos: ", result.err)
        for name in os.listdir(self.work):
            if name.startswith("to"):
                process.check("rm", "-rf", os.path.join(self.work, name))

    def test_every_option_of_a_transport_is_for_one_side_or_refused(self):
        """An option that the other side would have asked for is no option of this copy."""
        for option, source, destination in (
                ("dir.compress=true", "dir:" + self.path("d"), "oci:%s:2" % self.path("image")),
                ("oci.verify-reused=true", self.source, "dir:" + self.path("to")),
                ("oci-archive.existing=replace", "oci-archive:%s:1" % self.path("a.tar"), "dir:" + self.path("to")),
                ("docker-archive.tags=a:1", "docker-archive:%s:app:1" % self.path("b.tar"), "dir:" + self.path("to")),
                ("docker-archive.prefer=oci", self.source, "docker-archive:%s:app:1" % self.path("c.tar"))):
            with self.subTest(option=option):
                if not source.startswith("oci:"):
                    self.push("-q", self.source, source)
                refused = self.sealos("push", "-q", "-o", option, source, destination)
                self.assert_refused(refused, process.USAGE, option.split("=")[0], "no effect")
                self.assertFalse(os.path.exists(self.path("to")))
        for option in ("oci-archive.existing=perhaps", "docker-archive.existing=perhaps"):
            place = "%s:%s:a:1" % (option.split(".")[0], self.path("new.tar"))
            self.assertNotEqual(self.sealos("push", "-q", "-o", option, self.source, place).code, process.OK)

    def test_flags_that_contradict_each_other_are_refused(self):
        for flags in (("--all", "--platform", "linux/amd64"), ("--all", "--sparse"), ("--quiet", "--progress", "json"),
                      ("--dry-run", "--digestfile", self.path("digest")), ("--dry-run", "--report", "json"),
                      ("--dry-run", "--progress", "json"), ("--dry-run=yaml",), ("--report", "yaml"), ("--progress", "yaml")):
            with self.subTest(flags=flags):
                refused = self.sealos("push", *flags, self.index, "dir:" + self.path("to"))
                self.assert_refused(refused, process.USAGE, flags[0].split("=")[0])
                self.assertFalse(os.path.exists(self.path("to")))
        to_stdout = self.sealos("push", "--report", "json", self.source, "docker-archive:-")
        self.assert_refused(to_stdout, process.USAGE, "--report")
        self.assertEqual(stored.in_oci(self.path("image"), "1").manifest["schemaVersion"], 2)


if __name__ == "__main__":
    main()
