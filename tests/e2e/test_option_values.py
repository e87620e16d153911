"""Values of options that only a plugin can judge: a wrong one is an error of the command line, before anything is done."""

import os

from support import environment, layouts, process
from support.case import Case, main, tree

environment.need("ostree")
environment.need_plugins("oci", "dir", "docker", "docker-archive", "docker-daemon", "oci-archive", "ostree", "sif")

BOOLEAN = ("x", "", "yes")
REGISTRY = {
    "tls-verify": BOOLEAN, "cert-dir": ("{folder}/none", "{folder}/image/index.json"), "retry": ("x", "-1"), "retry-delay": ("x", "5 s"),
    "retry-on": ("x", "200"), "limit-rate": ("0", "10X"), "max-connections": ("0", "x"), "docker.retry": ("x",),
    "docker.retry-delay": ("x",), "docker.retry-on": ("600",), "docker.stall-timeout": ("x", "0s"), "docker.host-limit-rate": ("x",),
    "docker.host-max-connections": ("x",),
}
# By destination; nothing listens there.
WRITING = {
    "docker://127.0.0.1:1/app:1": dict(REGISTRY, **{
        "docker.chunk-size": ("x", "0", "9" * 30), "docker.mount-from": ("", "Team/App", "team/app:1", "a//b"), "docker.journal": BOOLEAN}),
    "dir:{folder}/out": {"dir.compress": BOOLEAN, "dir.decompress": BOOLEAN, "dir.verify-reused": BOOLEAN},
    "oci:{folder}/out:1": {"oci.verify-reused": BOOLEAN, "oci.remove-replaced": BOOLEAN, "oci.accept-uncompressed": BOOLEAN,
                           "oci.shared-blob-dir": ("", "{folder}/none/blobs", "{folder}/image/index.json")},
    "docker-archive:{folder}/out.tar": {"docker-archive.format": ("x",), "docker-archive.tags": ("BAD", "a:"),
                                        "docker-archive.decompress": BOOLEAN, "docker-archive.existing": ("x",)},
    "oci-archive:{folder}/out.tar": {"oci-archive.accept-uncompressed": BOOLEAN, "oci-archive.existing": ("x",)},
    "ostree:a:1@{folder}/repo": {"ostree.layers": ("x",), "ostree.create": ("x",)},
    "sif:{folder}/out.sif": {"sif.format": ("x",), "sif.keep-layers": BOOLEAN, "sif.compression": ("x",), "sif.level": ("0", "13", "x"),
                             "sif.owners": ("x",), "sif.fix-perms": BOOLEAN, "sif.existing": ("x",)},
    "docker-daemon:a:1": {"docker-daemon.host": ("x", "ssh://host", "tcp://"), "tls-verify": BOOLEAN, "cert-dir": ("{folder}/none",)},
}
READING = {
    "docker://127.0.0.1:1/app:1": REGISTRY,
    "oci:{folder}/image:1": {"oci.shared-blob-dir": ("{folder}/none",)},
    "docker-archive:{folder}/in.tar": {"docker-archive.prefer": ("x",)},
    "sif:{folder}/in.sif": {"sif.read": ("x",)},
    "docker-daemon:a:1": {"docker-daemon.host": ("x",), "tls-verify": BOOLEAN},
}


class OptionValues(Case):
    def setUp(self):
        super().setUp()
        self.source = "oci:%s:1" % layouts.small_image(self.path("image")).folder
        process.check("ostree", "--repo=" + self.path("repo"), "init", "--mode=archive")
        for place in ("docker-archive:%s:a:1" % self.path("in.tar"), "sif:" + self.path("in.sif")):
            self.push("-q", self.source, place)

    def at(self, text):
        return text.replace("{folder}", self.folder)

    def assert_each_is_refused(self, table, command):
        before = tree(self.folder)
        for place, options in table.items():
            for key, values in options.items():
                for value in values:
                    with self.subTest(place=place, option=key, value=value):
                        result = self.sealos(*command(self.at(place)), "-o", "%s=%s" % (key, self.at(value)))
                        self.assert_refused(result, process.USAGE, key)
        self.assertEqual(tree(self.folder), before)

    def test_of_destinations(self):
        self.assert_each_is_refused(WRITING, lambda place: ("push", "-q", self.source, place))

    def test_of_sources(self):
        self.assert_each_is_refused(READING, lambda place: ("push", "-q", place, "dir:" + self.path("out")))
        self.assert_each_is_refused(READING, lambda place: ("verify", "-q", place))

    def test_flags_that_stand_for_options(self):
        for flag, value in (("--retry-on", "x"), ("--limit-rate", "x"), ("--max-connections", "x"), ("--mount-from", "Team/App"),
                            ("--cert-dir", self.path("none")), ("--limit-rate-per-host", "x")):
            with self.subTest(flag):
                self.assertEqual(self.sealos("push", "-q", flag, value, self.source, "docker://127.0.0.1:1/app:1").code, process.USAGE)
        for command in (("tags", "docker://127.0.0.1:1/app"), ("delete", "docker://127.0.0.1:1/app:1")):
            result = self.sealos(*command, "--retry-on", "x")
            self.assert_refused(result, process.USAGE, "retry-on")

    def test_what_a_source_is_wrong_in_is_still_its_fault(self):
        os.truncate(self.path("in.tar"), 100)
        self.assertEqual(self.sealos("push", "-q", "-o", "docker-archive.prefer=oci", "docker-archive:" + self.path("in.tar"),
                                     "dir:" + self.path("out")).code, process.CORRUPT)


if __name__ == "__main__":
    main()
