"""A stranger's plugin (sdk/template) is built outside the tree against the installed SDK alone, installed, and used
by the installed sealos."""

import os
import shutil

from support import environment, layouts, process, stored
from support.case import Case, main
from support.installed import CMAKE, Installed

environment.need("skopeo", "pkg-config")
environment.need_plugins("oci", "dir")


class Consumer(Case):
    def setUp(self):
        super().setUp()
        self.installed = Installed(self.path("prefix"))
        self.source = self.path("their-plugin")
        shutil.copytree(os.path.join(environment.TREE, "sdk/template"), self.source)
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

    def sealos_there(self, *arguments):
        result = process.run(self.installed.sealos, *arguments, env=self.env)
        self.assertEqual(result.code, process.OK, result)
        return result

    def test_the_template_becomes_a_transport_of_the_installed_sealos(self):
        self.build()
        self.assertIn("shelf", self.sealos_there("transports").out)
        layout = layouts.index_image(self.path("image"))
        shelf = "shelf:%s:first" % self.path("shelf")
        self.sealos_there("push", "--all", "oci:%s:multi" % layout.folder, shelf)
        self.sealos_there("push", "--all", shelf, "dir:" + self.path("back"))
        original, back = stored.in_oci(layout.folder, "multi"), stored.in_dir(self.path("back"))
        self.assertEqual(back.manifest_digest, original.manifest_digest)
        self.assertEqual(back.blob_digests(), original.blob_digests())
        self.assertEqual([n for n in os.listdir(self.path("shelf")) if n.startswith(".")], [])

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
