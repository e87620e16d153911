"""The split into packages: what each install component holds, what its libraries need, and that packaging/ knows all of them."""

import fnmatch
import os
import re

from support import environment, process
from support.case import Case, main
from support.installed import CMAKE

environment.need("readelf")

# sealos itself speaks HTTP to who is to know of custom resources.
HTTP = {"docker", "docker-daemon", "sealos"}
# What no other package may bring in.
OWN = {"libostree": {"ostree"}, "libglib": {"ostree"}, "libgio": {"ostree"}, "libgobject": {"ostree"}, "libsquashfs": {"sif"},
       "libPocoNet": HTTP, "libPocoFoundation": HTTP, "libPocoJSON": set(), "libssl": HTTP, "libgpgme": {"sealos"}, "libsqlite3": {"sealos"}, "libyaml": {"sealos"},
       "libtomlplusplus": {"sealos", "containers-storage"}}
# Parts of the engine that are opened when they are needed, and what they are there for.
MODULES = {"gpg": ["libgpgme"], "hub": ["libPocoNet", "libPocoFoundation", "libssl"], "secretbox": ["libsodium"], "yaml": ["libyaml"]}


def read(name):
    with open(os.path.join(environment.TREE, name), encoding="utf-8") as file:
        return file.read()


class Packages(Case):
    def plugins(self):
        return sorted(n[:-3] for n in os.listdir(environment.PLUGINS) if n.endswith(".so"))

    def component(self, name):
        """The files of a component, relative to the prefix."""
        folder = self.path(name)
        process.check(CMAKE, "--install", environment.BUILD, "--prefix", folder, "--component", name)
        return sorted(os.path.relpath(os.path.join(parent, file), folder)
                      for parent, _, files in os.walk(folder) for file in files)

    def needed(self, path):
        return re.findall(r"\(NEEDED\).*\[(\S+)\]", process.check("readelf", "-d", path))

    def test_a_plugin_is_a_library_its_manifest_and_its_manual(self):
        for name in self.plugins():
            files = [os.path.basename(f) for f in self.component("plugin-" + name)]
            self.assertEqual(sorted(files), sorted([name + ".so", name + ".json", "sealos-transport-%s.5" % name]))

    def test_a_plugin_brings_only_libraries_of_its_own(self):
        programs = {name: [self.path("plugin-" + name, f) for f in self.component("plugin-" + name) if f.endswith(".so")]
                    for name in self.plugins()}
        programs["sealos"] = [self.path("cli", f) for f in self.component("cli") if f.endswith((".so", "bin/sealos"))]
        self.assertEqual({os.path.basename(p) for p in programs["sealos"]}, {"sealos", "engine.so"} | {m + ".so" for m in MODULES})
        for package, paths in programs.items():
            for library in (library for path in paths for library in self.needed(path)):
                for start, owners in OWN.items():
                    if library.startswith(start):
                        self.assertIn(package, owners, library)

    def test_the_program_opens_at_once(self):
        self.component("cli")
        self.assertEqual([n for n in self.needed(self.path("cli/bin/sealos")) if not re.match(r"lib(c|asan|ubsan|tsan)\.", n)], [])

    def test_the_engine_waits_for_no_library_that_only_few_commands_need(self):
        files = {os.path.basename(f): self.path("cli", f) for f in self.component("cli")}
        engine = self.needed(files["engine.so"])
        for module, libraries in MODULES.items():
            for library in libraries:
                self.assertFalse([n for n in engine if n.startswith(library)], library)
                self.assertTrue([n for n in self.needed(files[module + ".so"]) if n.startswith(library)], library)

    def test_packaging_knows_every_plugin_and_every_file(self):
        control, spec = read("packaging/debian/control"), read("packaging/sealos.spec")
        stanzas = dict(re.findall(r"(?m)^%files(?: (\S+))?\n((?:(?!%files|%changelog).*\n)*)", spec))
        for name in self.plugins():
            self.assertIn("\nPackage: sealos-transport-%s\n" % name, control)
        for component, stanza in [("cli", ""), ("sdk", "sdk")] + [("plugin-" + n, "transport-" + n) for n in self.plugins()]:
            patterns = [re.sub(r"%\{_(\w+)\}", lambda m: {"bindir": "bin", "libdir": "lib*", "mandir": "share/man",
                               "datadir": "share", "docdir": "share/doc", "includedir": "include"}[m[1]], line)
                        for line in stanzas[stanza].splitlines() if line.startswith("%{")]
            for file in self.component(component):
                self.assertTrue(any(fnmatch.fnmatch(file, p) or fnmatch.fnmatch(file, p + "/*") for p in patterns), file)


if __name__ == "__main__":
    main()
