"""What helps at the command line: --help in English and Chinese, manual pages, and completion in real shells."""

import json
import os
import re
import unicodedata

from support import environment, process, terminal
from support.case import Case, main

environment.need("bash", "zsh", "fish", "mandoc")

PAGES = os.path.join(environment.TREE, "packaging/man")
COMPLETION = os.path.join(environment.TREE, "packaging/completion")
CHINESE = "zh_CN.UTF-8"


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Help(Case):
    def help(self, command, flag="--help", locale="C.UTF-8"):
        result = self.sealos(*command, flag, env=self.environment(LC_ALL=locale))
        self.assertEqual(result.code, process.OK, result)
        return result.out

    def all_of(self, command, locale="C.UTF-8"):
        short = self.help(command, locale=locale)
        return self.help(command, "--help-all", locale) if "--help-all" in short else short

    def commands(self, above=()):
        """Every command, as a tuple of words; those that only hold others come too."""
        yield above
        text = self.help(above)
        if "\nCommands:\n" in text:
            for name in re.findall(r"(?m)^  ([a-z][a-z-]*)\b", text.split("\nCommands:\n")[1].split("\n\n")[0]):
                yield from self.commands((*above, name))

    def entries(self, text):
        """{"--all": what it says}, by every name of each flag"""
        found = {}
        for block in re.findall(r"(?m)^  -.*\n(?:   .*\n)*", text):
            names = re.match(r"  (-\S+)", block)[1].split(",")
            for name in names:
                found[re.sub(r"\[=.*|=.*", "", name)] = block
        return found

    def test_the_help_of_every_command_fits_a_screen_in_both_languages(self):
        for command in self.commands():
            for locale in ("C.UTF-8", CHINESE):
                text = self.help(command, locale=locale)
                self.assertLessEqual(text.count("\n"), 24, (command, locale))
                for line in (text + self.all_of(command, locale)).split("\n"):
                    self.assertLessEqual(width(line), 80, (command, line))

    def test_all_flags_and_commands_are_explained_in_chinese_too(self):
        for command in self.commands():
            english, chinese = self.all_of(command), self.all_of(command, CHINESE)
            self.assertEqual(sorted(self.entries(english)), sorted(self.entries(chinese)), command)
            for name, text in self.entries(chinese).items():
                self.assertRegex(text, "[\u4e00-\u9fff]", (command, name))
            self.assertRegex(chinese.split("\n")[0], "[\u4e00-\u9fff]", command)
            for line in re.findall(r"(?m)^\S.*", english):
                self.assertNotIn(line, chinese.split("\n"), (command, "in English"))

    def test_what_decides_the_language(self):
        for variables, chinese in (({"LC_ALL": CHINESE}, True), ({"LC_ALL": "C", "LANG": CHINESE}, False),
                                   ({"LC_ALL": "", "LC_MESSAGES": CHINESE, "LANG": "C"}, True),
                                   ({"LC_ALL": "", "LANG": "zh_TW"}, True), ({"LC_ALL": "zh_CN.GB18030"}, False),
                                   ({"LC_ALL": "de_DE.UTF-8"}, False)):
            text = self.sealos("push", "--help", env=self.environment(**variables)).out
            self.assertEqual("用法" in text, chinese, variables)

    def test_every_flag_is_in_the_manual_and_the_other_way_round(self):
        for command in self.commands():
            text = self.all_of(command)
            if "\nCommands:\n" in text and command:
                continue  # it holds others, which have their pages
            page = os.path.join(PAGES, "-".join(("sealos", *command)) + ".1")
            with open(page, encoding="utf-8") as file:
                source = file.read()
            names = [name for line in re.findall(r"(?m)^\.It (Fl .*)$", source)
                     for name in re.findall(r"Fl (-?[A-Za-z][\w-]*)", line)]
            self.assertEqual(sorted("-" + name for name in names), sorted(self.entries(text)), page)

    def test_every_page_is_of_a_command_and_sealos_1_has_them_all(self):
        commands = {"-".join(("sealos", *c)) for c in self.commands() if c and "\nCommands:\n" not in self.help(c)}
        pages = {name[:-2] for name in os.listdir(PAGES) if name.endswith(".1")} - {"sealos", "sealos-conformance"}
        self.assertEqual(pages, commands)
        with open(os.path.join(PAGES, "sealos.1"), encoding="utf-8") as file:
            self.assertEqual(set(re.findall(r"(?m)^\.It Xr (\S+) 1$", file.read())), commands)

    def test_the_manual_of_the_conformance_program_has_its_flags(self):
        program = os.path.join(environment.BUILD, "bin/sealos-conformance")
        text = process.check(program, "--help")
        with open(os.path.join(PAGES, "sealos-conformance.1"), encoding="utf-8") as file:
            listed = set(re.findall(r"(?m)Fl (-[a-z][a-z-]*)", file.read()))
        self.assertEqual({"-" + name for name in listed}, set(re.findall(r"--[a-z]+", text.split("Exit code")[0])))

    def test_every_option_of_a_transport_is_in_its_manual(self):
        for row in (r for r in json.loads(self.sealos("transports", "--json").out) if not r["shadowed"]):
            page = os.path.join(environment.BUILD, "packaging/sealos-transport-%s.5" % row["name"])
            with open(page, encoding="utf-8") as file:
                listed = set(re.findall(r"(?m)^\.It (?:.* )?(%s\.[a-z-]+)" % re.escape(row["name"]), file.read()))
            self.assertEqual(listed, {o for o in row["options"] if o.startswith(row["name"] + ".")}, page)

    def test_the_manual_is_well_formed(self):
        made = os.path.join(environment.BUILD, "packaging")
        pages = [os.path.join(folder, name) for folder in (PAGES, made) for name in os.listdir(folder)
                 if re.search(r"\.[157]$", name)]
        self.assertGreater(len(pages), 8)
        for page in pages:
            result = process.run("mandoc", "-T", "lint", "-W", "warning", page)
            self.assertEqual((result.code, result.out), (0, ""), page)


class Completion(Case):
    """Typed into real shells, followed by a tab."""

    def setUp(self):
        super().setUp()
        os.makedirs(self.path("images/first"))
        self.store()
        self.env = self.environment(CONTAINERS_STORAGE_CONF=self.path("storage.conf"), TERM="dumb",
                                    PATH=os.path.dirname(environment.SEALOS) + ":" + environment.PATH)
        self.cases = {
            "sealos pus": "sealos push ",
            "sealos push --compression-f": "sealos push --compression-format ",
            "sealos push --compression-format zstd:c": "sealos push --compression-format zstd:chunked ",
            "sealos push --tls-verify=f": "sealos push --tls-verify=false ",
            "sealos plugin n": "sealos plugin new ",
            "sealos tags --isolate docker-a": "sealos tags --isolate docker-archive ",
            "sealos push oci:%s/ima" % self.folder: "sealos push oci:%s/images/" % self.folder,
            "sealos push --digestfile %s/ima" % self.folder: "sealos push --digestfile %s/images/" % self.folder,
        }
        if environment.have_plugin("oci-archive"):
            self.cases["sealos push oci-a"] = "sealos push oci-archive:"
        if environment.have_plugin("docker"):
            self.cases["sealos push -o docker.jo"] = "sealos push -o docker.journal="
        if environment.have_plugin("containers-storage"):
            self.cases["sealos push localhost/on"] = "sealos push localhost/only:1 "
            self.cases["sealos push containers-storage:localhost/on"] = "sealos push containers-storage:localhost/only:1 "

    def store(self):
        """A store with one image, as far as its name goes."""
        for name in ("vfs-images", "vfs-layers"):
            os.makedirs(self.path("root", name))
        with open(self.path("root/vfs-layers/layers.json"), "w", encoding="ascii") as file:
            file.write("[]")
        with open(self.path("root/vfs-images/images.json"), "w", encoding="ascii") as file:
            json.dump([{"id": "0" * 64, "names": ["localhost/only:1"], "layer": "", "created": "2026-01-01T00:00:00Z"}], file)
        with open(self.path("storage.conf"), "w", encoding="ascii") as file:
            file.write('[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' % (self.path("root"), self.path("run")))

    def check_typed(self, shell):
        for typed, line in self.cases.items():
            self.assertEqual(shell.completed(typed).rstrip(" /"), line.rstrip(" /"), typed)

    def test_bash(self):
        with terminal.Shell(["bash", "--norc", "--noprofile", "-i"], self.env) as shell:
            shell.run("source %s/sealos.bash" % COMPLETION)
            self.check_typed(shell)

    def test_zsh(self):
        with terminal.Shell(["zsh", "-f", "-i"], self.env) as shell:
            shell.run("fpath=(%s $fpath); autoload -U compinit; compinit -u -D; bindkey -e" % COMPLETION)
            self.check_typed(shell)

    def test_fish(self):
        for typed, line in self.cases.items():
            out = process.check("fish", "--no-config", "-c", "source %s/sealos.fish; complete -C $argv[1]" % COMPLETION,
                                typed, env=self.env)
            word = line.rstrip(" ").split(" ")[-1]
            self.assertIn(word, [row.split("\t")[0] for row in out.split("\n")], (typed, out))


if __name__ == "__main__":
    main()
