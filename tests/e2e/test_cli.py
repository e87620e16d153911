"""What sealos says of itself, and how it answers to a wrong command line. Needs no plugin."""

import json
import os

from support import environment, process
from support.case import Case, main


class Cli(Case):
    def test_the_version_is_a_line_on_stdout(self):
        result = self.sealos("--version")
        self.assertEqual(result.code, process.OK, result)
        self.assertRegex(result.out, r"^sealos (version )?\d+\.\d+\.\d+\S*\n")
        self.assertEqual(result.err, "")

    def test_help_names_every_flag(self):
        result = self.sealos("push", "--help-all")
        self.assertEqual(result.code, process.OK, result)
        for flag in ("--all", "--authfile", "--cert-dir", "--creds", "--digestfile", "--quiet", "--retry",
                     "--retry-delay", "--tls-verify", "--verbose"):
            self.assertIn(flag, result.out)
        self.assertIn("IMAGE", result.out)
        self.assertIn("DESTINATION", result.out)

    def test_a_wrong_command_line_is_a_usage_error(self):
        for arguments in ((), ("frobnicate",), ("push",), ("push", "dir:/a", "dir:/b", "dir:/c"),
                          ("push", "--no-such-flag", "dir:/a", "dir:/b"), ("push", "--retry", "many", "dir:/a", "dir:/b"),
                          ("push", "--creds", "me:secret", "--authfile")):
            result = self.sealos(*arguments)
            self.assertEqual(result.code, process.USAGE, result)
            self.assertEqual(result.out, "", result)
            self.assertTrue(result.err.strip(), result)

    def test_an_unknown_transport_is_named_with_the_folders_searched(self):
        os.mkdir(self.path("plugins"))
        result = self.sealos("push", "nowhere:/a", "dir:" + self.path("b"),
                             env=self.environment(SEALOS_PLUGIN_PATH=self.path("plugins")))
        self.assertEqual(result.code, process.USAGE, result)
        for word in ("nowhere", self.path("plugins")):
            self.assertIn(word, result.err)

    def test_stdout_that_cannot_be_written_is_an_error(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        result = process.run("sh", "-c", '"$0" --version >/dev/full', environment.SEALOS, env=self.environment())
        self.assertNotEqual(result.code, process.OK, result)

    def test_transports_as_json_list_what_can_be_loaded(self):
        result = self.sealos("transports", "--json")
        self.assertEqual(result.code, process.OK, result)
        listed = json.loads(result.out)
        rows = listed if isinstance(listed, list) else listed["transports"]
        names = {row.get("name") or row.get("transport") for row in rows}
        for plugin in os.listdir(environment.PLUGINS) if os.path.isdir(environment.PLUGINS) else ():
            if plugin.endswith(".json"):
                with open(os.path.join(environment.PLUGINS, plugin), encoding="utf-8") as file:
                    self.assertLessEqual(set(json.load(file)["transports"]), names)
        self.assertEqual(self.sealos("transports").code, process.OK)


if __name__ == "__main__":
    main()
