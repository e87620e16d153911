"""Plugins and hosts built with the ABI's headers as released, as they are, and as a later minor version may have them: each works
with each (tests/box, tests/abi)."""

import os

from support import environment, layouts, process, stored
from support.case import Case, main

environment.need_plugins("oci", "dir")

AGES = ("released", "now", "later")
BOXES = os.path.join(environment.BUILD, "tests/box")


class Ages(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.original = stored.in_oci(self.layout.folder, "1")

    def host(self, age, from_library, from_details, to_library, to_details):
        """What a small host of that age saw while it copied."""
        result = process.run(os.path.join(BOXES, age, "age_host"), from_library, from_details, to_library, to_details,
                             env=self.environment())
        self.assertEqual(result.code, 0, result)
        self.assertTrue(result.out.endswith("copied\n"), result)
        return result.out

    def test_every_plugin_runs_under_every_host(self):
        oci, folder = (os.path.join(environment.PLUGINS, name + ".so") for name in ("oci", "dir"))
        for host in AGES:
            for plugin in AGES:
                with self.subTest(host=host, plugin=plugin):
                    box = os.path.join(BOXES, plugin, "box.so")
                    place, back = self.path("box-%s-%s:app" % (host, plugin)), self.path("back-%s-%s" % (host, plugin))
                    there = self.host(host, oci, self.layout.folder + ":1", box, place)
                    again = self.host(host, box, place, folder, back)
                    self.assertEqual(stored.in_dir(back).manifest_digest, self.original.manifest_digest)
                    self.assertEqual(stored.in_dir(back).blob_digests(), self.original.blob_digests())
                    self.assert_met(host, plugin, there, again)

    def assert_met(self, host, plugin, there, again):
        """Newer ones use what they have more exactly where both are newer."""
        if host == "later":
            self.assertIn("destination is %s\n" % ("newer, too" if plugin == "later" else "older"), there)
            self.assertIn("stream is %s\n" % ("newer, too" if plugin == "later" else "older"), again)
            self.assertIn("source is older\n", there)  # that is oci, of now
        if plugin == "later":
            self.assertIn("plugin: the host is %s\n" % ("newer, too" if host == "later" else "older"), there)

    def test_sealos_runs_every_plugin(self):
        for plugin in AGES:
            with self.subTest(plugin=plugin):
                env = self.environment(SEALOS_PLUGIN_PATH=os.path.join(BOXES, plugin) + ":" + environment.PLUGINS)
                box, back = "box:%s:app" % self.path("box-" + plugin), self.path("back-" + plugin)
                for arguments in (("oci:%s:1" % self.layout.folder, box), (box, "dir:" + back)):
                    result = self.sealos("push", "-q", *arguments, env=env)
                    self.assertEqual(result.code, process.OK, result)
                self.assertEqual(stored.in_dir(back).manifest_digest, self.original.manifest_digest)
                listed = self.sealos("transports", "--json", env=env)
                self.assertIn('"abi":"1.%d"' % (plugin == "later"), listed.out.replace(" ", ""))


if __name__ == "__main__":
    main()
