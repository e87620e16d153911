"""Plugins that are wrong, one way each (tests/faults/faulty_plugin.cpp): the tool names them and goes on living."""

import json
import os
import shutil
import signal

from support import environment, layouts, process
from support.case import Case, main, tree

environment.need_plugins("oci", "dir")

FAULTS = os.path.join(environment.BUILD, "tests/faults")

# What sealos may end with, for faults that show when the plugin is loaded, reads, or writes.
LOADING = ("other_major", "no_symbol", "not_a_library", "no_size", "no_name", "no_transports", "other_transport",
           "start_fails", "start_says_nonsense", "transport_without_parse")
PARSING = ("parse_throws", "parse_gives_nothing", "reference_without_names")
READING = ("source_gives_nothing", "source_without_members", "manifest_not_emitted", "manifest_emitted_twice",
           "stream_gives_too_much", "stream_says_nonsense", "stream_throws", "stream_is_null")
WRITING = ("destination_gives_nothing", "blob_not_emitted", "blob_with_other_digest", "blob_without_digest",
           "put_throws", "commit_says_nonsense")


class BadPlugins(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.image = "oci:%s:1" % self.layout.folder

    def plugins_with(self, fault):
        """A plugin path: the good plugins, and faulty.so with that fault."""
        folder = self.path("with-" + fault)
        os.mkdir(folder)
        if fault == "not_a_library":
            with open(os.path.join(folder, "faulty.so"), "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n")
        else:
            shutil.copy(os.path.join(FAULTS, fault + ".so"), os.path.join(folder, "faulty.so"))
        with open(os.path.join(folder, "faulty.json"), "w", encoding="utf-8") as file:
            json.dump({"name": "faulty", "version": "1", "abi": 1, "library": "faulty.so", "transports": ["faulty"]}, file)
        return self.environment(SEALOS_PLUGIN_PATH=folder + ":" + environment.PLUGINS)

    def assert_named(self, result):
        self.assertGreater(result.code, 0, result)
        self.assertNotIn(result.code, (126, 127, process.INTERRUPTED), result)
        self.assertEqual(len(result.lines), 1, result)
        self.assertIn("faulty", result.err)

    def test_faults_that_show_when_it_is_loaded_or_parses(self):
        for fault in LOADING + PARSING:
            with self.subTest(fault):
                env = self.plugins_with(fault)
                self.assert_named(self.sealos("push", "-q", "faulty:x", "dir:" + self.path("copy"), env=env))
                self.assertFalse(os.path.exists(self.path("copy")))

    def test_faults_of_a_source(self):
        for fault in READING:
            with self.subTest(fault):
                result = self.sealos("push", "-q", "--retry", "0", "faulty:x", "dir:" + self.path("copy"),
                                     env=self.plugins_with(fault), timeout=60)
                self.assert_named(result)
                self.assertEqual(tree(self.path("copy")), {})

    def test_a_stream_without_end_is_cut_at_the_size_that_was_promised(self):
        result = self.sealos("push", "-q", "faulty:x", "dir:" + self.path("copy"), env=self.plugins_with("stream_never_ends"),
                             timeout=60)
        self.assert_refused(result, process.CORRUPT)
        self.assertEqual(tree(self.path("copy")), {})

    def test_faults_of_a_destination(self):
        for fault in WRITING:
            with self.subTest(fault):
                result = self.sealos("push", "-q", "--retry", "0", self.image, "faulty:x",
                                     env=self.plugins_with(fault), timeout=60)
                self.assert_named(result)

    def test_a_crash_names_the_plugin(self):
        if environment.SANITIZED:
            self.skipTest("a sanitizer reports crashes itself")
        folder = os.path.join(environment.BUILD, "tests/box/now")
        for fault, name in (("crashes", "SIGSEGV"), ("crashes_in_a_thread", "SIGSEGV"), ("crashes_in_release", "SIGABRT")):
            with self.subTest(fault):
                env = self.environment(SEALOS_PLUGIN_PATH=folder + ":" + environment.PLUGINS, BOX_FAULT=fault)
                result = self.sealos("push", "-q", self.image, "box:%s:x" % self.path("box"), env=env)
                self.assertEqual(result.code, -getattr(signal, name), result)
                line = "sealos: the plugin box (%s/box.so) crashed (%s)" % (folder, name)
                self.assertEqual([l for l in result.lines if "terminate" not in l and "what" not in l], [line], result)

    def test_the_plugin_without_a_fault_works(self):
        env = self.plugins_with("none")
        result = self.sealos("push", "-q", self.image, "faulty:x", env=env)
        self.assertEqual(result.code, process.OK, result)
        result = self.sealos("push", "-q", "faulty:x", "dir:" + self.path("copy"), env=env)
        self.assertEqual(result.code, process.OK, result)

    def test_a_faulty_plugin_that_is_not_named_is_not_opened(self):
        for fault in ("start_fails", "not_a_library"):
            result = self.sealos("push", "-q", self.image, "dir:" + self.path("copy-" + fault), env=self.plugins_with(fault))
            self.assertEqual(result.code, process.OK, result)


if __name__ == "__main__":
    main()
