"""How plugins are found, opened and missed, with an installed sealos."""

import json
import os
import re
import shutil

from support import environment, layouts, process, stored
from support.case import Case, main
from support.installed import Installed

environment.need("strace", "skopeo")
environment.need_plugins("oci", "dir", "docker")


class Plugins(Case):
    def setUp(self):
        super().setUp()
        self.installed = Installed(self.path("prefix"))
        self.image = "oci:%s:1" % layouts.small_image(self.path("image")).folder
        self.env = self.environment()
        del self.env["SEALOS_PLUGIN_PATH"]

    def installed_sealos(self, *arguments, **more):
        return process.run(self.installed.sealos, *arguments, env=dict(self.env, **more))

    def opened(self, *arguments):
        """The plugins (library names) that a run opened."""
        trace = self.path("trace")
        result = process.run("strace", "-f", "-e", "trace=open,openat", "-o", trace, self.installed.sealos,
                             *arguments, env=self.env)
        self.assertEqual(result.code, process.OK, result)
        with open(trace, encoding="utf-8", errors="replace") as file:
            paths = re.findall(r'"([^"]+\.so)"[^=]*= \d', file.read())
        return sorted({os.path.basename(p) for p in paths if os.path.dirname(p) == self.installed.plugins})

    def test_exactly_the_named_plugins_are_opened(self):
        self.assertEqual(self.opened("--version"), [])
        self.assertEqual(self.opened("push", "--help"), [])
        self.assertEqual(self.opened("push", self.image, "dir:" + self.path("copy")), ["dir.so", "oci.so"])
        self.assertEqual(self.opened("push", self.image, "oci:%s:1" % self.path("copy2")), ["oci.so"])

    def test_each_plugin_exports_one_symbol(self):
        for name in os.listdir(self.installed.plugins):
            if name.endswith(".so"):
                out = process.check("nm", "-D", "--defined-only", os.path.join(self.installed.plugins, name))
                self.assertEqual([line.split()[-1] for line in out.splitlines()], ["sealos_plugin_v1"], name)

    def test_without_its_file_a_transport_is_missing_and_nothing_else(self):
        for end in (".so", ".json"):
            os.unlink(os.path.join(self.installed.plugins, "docker" + end))
        result = self.installed_sealos("push", "-q", self.image, "docker://127.0.0.1:1/app:1")
        self.assertNotEqual(result.code, process.OK, result)
        for word in ('docker', self.installed.plugins, "sealos-transport-docker"):
            self.assertIn(word, result.err)
        self.assertEqual(self.installed_sealos("push", self.image, "dir:" + self.path("copy")).code, process.OK)
        stored.in_dir(self.path("copy")).blob_digests()

    def test_a_manifest_without_its_library_is_explained(self):
        os.unlink(os.path.join(self.installed.plugins, "dir.so"))
        result = self.installed_sealos("push", "-q", self.image, "dir:" + self.path("copy"))
        self.assertNotEqual(result.code, process.OK, result)
        self.assertIn(os.path.join(self.installed.plugins, "dir.so"), result.err)
        self.assertEqual(self.installed_sealos("push", self.image, "oci:%s:1" % self.path("copy")).code, process.OK)

    def test_a_broken_manifest_disables_its_plugin_alone(self):
        for content in ("", "{", "[]", '{"name": "dir", "abi": 1, "library": "../dir.so", "transports": ["dir"]}',
                        '{"name": "dir", "abi": 1, "library": "/etc/passwd", "transports": ["dir"]}',
                        '{"name": "dir", "abi": 2, "library": "dir.so", "transports": ["dir"]}'):
            with open(os.path.join(self.installed.plugins, "dir.json"), "w", encoding="utf-8") as file:
                file.write(content)
            result = self.installed_sealos("push", "-q", self.image, "dir:" + self.path("copy"))
            self.assertGreater(result.code, 0, (content, str(result)))
            self.assertIn("dir", result.err)
            self.assertFalse(os.path.exists(self.path("copy")))
            self.assertEqual(self.installed_sealos("push", self.image, "oci:%s:1" % self.path("other")).code, process.OK)

    def test_the_first_folder_to_claim_a_name_wins_and_the_others_are_listed(self):
        mine = self.path("mine")
        os.mkdir(mine)
        for name in ("dir.so", "dir.json"):
            shutil.copy(os.path.join(self.installed.plugins, name), mine)
        result = self.installed_sealos("transports", "--json", SEALOS_PLUGIN_PATH=mine)
        self.assertEqual(result.code, process.OK, result)
        listed = json.loads(result.out)
        text = json.dumps(listed)
        self.assertIn(os.path.join(mine, "dir.so"), text)
        self.assertIn(os.path.join(self.installed.plugins, "dir.so"), text)
        trace = self.path("trace")
        process.check("strace", "-f", "-e", "trace=openat", "-o", trace, self.installed.sealos, "push", self.image,
                      "dir:" + self.path("copy"), env=dict(self.env, SEALOS_PLUGIN_PATH=mine))
        with open(trace, encoding="utf-8", errors="replace") as file:
            opened = file.read()
        self.assertIn(os.path.join(mine, "dir.so"), opened)
        self.assertNotIn(os.path.join(self.installed.plugins, "dir.so"), opened)


if __name__ == "__main__":
    main()
