"""Strangers' plugins, written by "sealos plugin new" or taken from the examples in C and Rust, are built outside the tree
against the installed SDK alone, and used by the installed sealos."""

import functools
import http.server
import os
import shutil

from support import environment, layouts, local_http, process, stored
from support.case import Case, main, tree
from support.installed import CMAKE, Installed

environment.need("skopeo", "pkg-config", "make", "curl", "rustc")
environment.need_plugins("oci", "dir")


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class Consumer(Case):
    def setUp(self):
        super().setUp()
        self.installed = Installed(self.path("prefix"))
        self.source = self.path("my-store")
        self.env = self.environment()
        del self.env["SEALOS_PLUGIN_PATH"]

    def compiler(self):
        return os.environ.get("SEALOS_CXX") or "c++"

    def build(self):
        check = lambda *arguments: process.check(*arguments, env=dict(os.environ, PATH=environment.PATH))
        check(CMAKE, "-S", self.source, "-B", self.path("build"), "-DCMAKE_PREFIX_PATH=" + self.installed.prefix,
              "-DCMAKE_CXX_COMPILER=" + self.compiler(), "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror -O1",
              "-DCMAKE_INSTALL_LIBDIR=" + os.path.relpath(os.path.dirname(os.path.dirname(self.installed.plugins)),
                                                          self.installed.prefix))
        check(CMAKE, "--build", self.path("build"))
        check(CMAKE, "--install", self.path("build"), "--prefix", self.installed.prefix)

    def make_example(self, name, **variables):
        """The folder with the plugin of an installed example."""
        folder = self.path(name)
        shutil.copytree(os.path.join(self.installed.prefix, "share/doc/sealos-sdk/examples", name), folder)
        process.check("make", "-s", "-C", folder, *("%s=%s" % item for item in variables.items()), env=dict(
            os.environ, PATH="/usr/bin:" + environment.PATH, PREFIX=self.installed.prefix,
            PKG_CONFIG_PATH=os.path.join(os.path.dirname(os.path.dirname(self.installed.plugins)), "pkgconfig")))
        return os.path.join(folder, "plugins")

    def sealos_there(self, *arguments, code=process.OK, **more):
        result = process.run(self.installed.sealos, *arguments, env=dict(self.env, **more), cwd=self.folder)
        self.assertEqual(result.code, code, result)
        return result

    def assert_conforms(self, plugin, *arguments):
        result = process.run(os.path.join(self.installed.prefix, "bin/sealos-conformance"), plugin, *arguments, env=self.env)
        self.assertEqual(result.code, process.OK, result)

    def assert_kept(self, transport, **more):
        """Copies an index there and back."""
        layout = layouts.index_image(self.path("image"))
        place = "%s:%s:first" % (transport, self.path("kept"))
        self.sealos_there("push", "--all", "oci:%s:multi" % layout.folder, place, **more)
        self.sealos_there("push", "--all", place, "dir:" + self.path("back"), **more)
        original, back = stored.in_oci(layout.folder, "multi"), stored.in_dir(self.path("back"))
        self.assertEqual(back.manifest_digest, original.manifest_digest)
        self.assertEqual(back.blob_digests(), original.blob_digests())
        self.assertEqual([n for n in os.listdir(self.path("kept")) if n.startswith(".")], [])

    def test_what_plugin_new_writes_becomes_a_transport_of_the_installed_sealos(self):
        self.sealos_there("plugin", "new", "my-store")
        self.assertEqual(sorted(os.listdir(self.source)), ["CMakeLists.txt", "my_store_transport.cpp"])
        self.build()
        self.assertIn("my-store", self.sealos_there("transports").out)
        self.assert_kept("my-store")
        self.assert_conforms(os.path.join(self.installed.plugins, "my-store.so"), "-r", "my-store:{dir}/a:{name}")

    def test_plugin_new_refuses_what_it_cannot_write(self):
        for name in ("", "A", "1a", "a-", "-a", "a/b", "..", "a b", "oci", "docker", "x" * 41):
            self.sealos_there("plugin", "new", "--", name, code=process.USAGE)
        os.mkdir(self.source)
        self.assertIn("exists", self.sealos_there("plugin", "new", "my-store", code=process.USAGE).err)
        self.assertEqual(os.listdir(self.source), [])
        self.sealos_there("plugin", "new", "my-store", "-d", self.path("other"))
        self.assertEqual(len(os.listdir(self.path("other"))), 2)
        shutil.rmtree(os.path.join(self.installed.prefix, "share/sealos"))
        self.assertIn("sealos-sdk", self.sealos_there("plugin", "new", "other-store", code=process.USAGE).err)
        self.assertFalse(os.path.exists(self.path("other-store")))

    def test_the_template_is_short(self):
        folder = os.path.join(environment.TREE, "sdk/template")
        self.assertLessEqual(sum(len(open(os.path.join(folder, n), encoding="utf-8").readlines()) for n in os.listdir(folder)), 150)

    def test_the_example_in_c_reads_what_a_web_server_shows(self):
        plugins = self.make_example("c", CFLAGS="-O1 -Wpedantic -Werror")
        layout = layouts.index_image(self.path("image"))
        self.sealos_there("push", "--all", "oci:%s:multi" % layout.folder, "dir:" + self.path("shown"))
        server = local_http.LocalServer(functools.partial(Files, directory=self.folder))
        self.addCleanup(server.stop)
        shown = "http://127.0.0.1:%d/shown" % server.server_address[1]
        self.sealos_there("push", "--all", shown, "dir:" + self.path("back"), SEALOS_PLUGIN_PATH=plugins)
        self.assertEqual(tree(self.path("back")), tree(self.path("shown")))
        result = self.sealos_there("push", shown + "/none", "dir:" + self.path("none"), code=process.NOT_FOUND,
                                   SEALOS_PLUGIN_PATH=plugins)
        self.assertIn("/shown/none/manifest.json", result.err)
        self.sealos_there("push", "oci:%s:1" % layouts.small_image(self.path("small")).folder, "dir:" + self.path("one"))
        self.assert_conforms(os.path.join(plugins, "http.so"), "-s", shown.replace("shown", "one"))

    def test_the_example_in_rust_keeps_images(self):
        plugins = self.make_example("rust", RUSTFLAGS="-C opt-level=1")
        self.assert_kept("pile", SEALOS_PLUGIN_PATH=plugins)
        # Layers whose digest nobody knows before they are there.
        layout = layouts.small_image(self.path("plain"))
        self.sealos_there("push", "--compression-format", "zstd", "oci:%s:1" % layout.folder, "pile:%s:zstd" % self.path("kept"),
                          SEALOS_PLUGIN_PATH=plugins)
        self.sealos_there("push", "pile:%s:zstd" % self.path("kept"), "dir:" + self.path("zstd"), SEALOS_PLUGIN_PATH=plugins)
        self.assert_conforms(os.path.join(plugins, "pile.so"), "-r", "pile:{dir}/a:{name}")

    def test_the_template_keeps_the_rules_of_the_abi(self):
        self.build()
        result = process.run(os.path.join(self.installed.prefix, "bin/sealos-conformance"), "-r", "shelf:{dir}/x:{name}",
                             os.path.join(self.installed.plugins, "shelf.so"), env=self.env)
        self.assertEqual(result.code, 0, result)
        self.assertRegex(result.out, r"\n\d\d passed, \d+ skipped, 0 failed\n")

    def test_the_header_is_plain_c_and_strict_cxx(self):
        flags = process.check("pkg-config", "--cflags", "sealos-sdk", env=dict(
            os.environ, PKG_CONFIG_PATH=os.path.join(os.path.dirname(os.path.dirname(self.installed.plugins)), "pkgconfig"),
            PKG_CONFIG_SYSROOT_DIR="")).split()
        with open(self.path("use.c"), "w", encoding="ascii") as file:
            file.write('#include "sealos/abi.h"\nint main(void) { return (int)SEALOS_OK; }\n')
        shutil.copy(self.path("use.c"), self.path("use.cpp"))
        strict = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", os.path.join(self.installed.prefix, "include")]
        process.check("cc", "-std=c11", *strict, *flags, self.path("use.c"))
        process.check(self.compiler(), "-std=c++20", *strict, *flags, self.path("use.cpp"))

    def test_nothing_is_installed_outside_the_usual_folders(self):
        for parent, _, files in os.walk(self.installed.prefix):
            for name in files:
                path = os.path.relpath(os.path.join(parent, name), self.installed.prefix)
                self.assertRegex(path, r"(?i)^(bin/sealos|lib/.*sealos|include/sealos/|share/.*sealos)", path)


if __name__ == "__main__":
    main()
