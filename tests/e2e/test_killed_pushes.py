"""SIGKILL at random instants of a push to a registry; the same command again goes on where it stood.

A few kills of a small image here; as often, and with as much, as wanted: tests/stress/registry.py.
"""

import collections
import os
import random
import re
import shutil
import signal
import time

from support import environment, layouts, process, servers, spec_registry, stored
from support.case import Case, main

environment.need("skopeo", "docker-registry")
environment.need_plugins("oci", "docker")

KILLS = int(os.environ.get("SEALOS_KILLS", "6"))
MEGABYTES = int(os.environ.get("SEALOS_KILL_MEGABYTES", "48"))


class KilledPushes(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.large_image(self.path("image"), MEGABYTES, layers=4, compression="gzip", random_share=1)
        self.source = "oci:%s:1" % self.layout.folder
        self.image = stored.in_oci(self.layout.folder, "1")
        self.bytes = sum(os.path.getsize(self.layout.blob_path(d)) for d in self.image.blob_digests())
        self.random = random.Random(time.time_ns())

    def arguments(self, registry):
        return ["push", "-q", "--tls-verify=false", self.source, registry.reference("app:1")]

    def killed_until_done(self, registry, kills_left):
        """Pushes, kills and pushes again until a push has come to its end. How often it was killed."""
        kills = 0
        while True:
            running = self.start_sealos(*self.arguments(registry))
            if kills < kills_left:
                try:
                    running.process.wait(self.random.uniform(0, self.seconds))
                except Exception:  # still running
                    running.signal(signal.SIGKILL)
            result = running.wait()
            if result.code == process.OK:
                # Later instants than this would kill nothing.
                self.seconds = min(self.seconds, result.seconds) if kills == 0 else self.seconds
                return kills
            self.assertEqual(result.code, -signal.SIGKILL, result)
            kills += 1

    def rounds(self, make_registry, check):
        registry = make_registry("first")
        self.seconds = self.push(*self.arguments(registry)[1:]).seconds
        registry.stop()
        kills = rounds = 0
        while kills < KILLS:
            rounds += 1
            folder = "round%d" % rounds
            registry = make_registry(folder)
            try:
                # At most ten in a round, so that the later parts of a push are hit as well.
                killed = self.killed_until_done(registry, min(10, KILLS - kills))
                kills += killed
                check(registry, killed)
            finally:
                registry.stop()
                shutil.rmtree(self.path(folder), ignore_errors=True)
        print("%d kills in %d rounds" % (kills, rounds))

    def test_docker_registry_never_gets_a_finished_blob_twice(self):
        def check(registry, killed):
            self.assert_same_image(self.image, stored.in_registry(registry, "app:1"))
            finished = collections.Counter(re.findall(r'"PUT /v2/app/blobs/uploads/\S*digest=(\S+?) HTTP/1.1" 201', registry.log()))
            self.assertEqual(len(finished), len(self.image.blob_digests()), finished)
            self.assertEqual(set(finished.values()), {1}, finished)
        self.rounds(lambda name: servers.Registry(self.path(name)), check)

    def test_a_registry_that_keeps_partial_uploads_gets_hardly_a_byte_twice(self):
        def check(registry, killed):
            for digest in self.image.blob_digests():
                self.assertEqual(stored.file_digest(registry.blob_path(digest)), digest)
            self.assertEqual(registry.manifest("app", "1"), self.image.manifest_bytes)
            print("%d kills: %d bytes received for %d, %.4f times" % (killed, registry.received, self.bytes,
                                                                      registry.received / self.bytes))
            self.assertLessEqual(registry.received, self.bytes * 1.1, "after %d kills" % killed)
        self.rounds(lambda name: spec_registry.SpecRegistry(self.path(name)), check)


if __name__ == "__main__":
    main()
