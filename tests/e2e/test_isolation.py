"""--isolate: plugins in processes of their own. All transports work that way; one that ends, hangs or lies ends nothing else."""

import concurrent.futures
import os
import signal
import time

from support import environment, layouts, places, process, servers, stored
from support.case import Case, main, tree

environment.need("skopeo", "docker-registry", "dockerd", "docker", "podman", "ostree", "siftool", "unsquashfs", "htpasswd", root=True)
environment.need_plugins(*(place.name for place in places.ALL))

import test_bad_plugins as bad  # noqa: E402  (it ends the process where something is missing)

HERE = os.path.join(environment.BUILD, "tests/isolated")


def children(pid):
    """The processes that it has started."""
    found = []
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, thread), encoding="ascii") as file:
            found += [int(child) for child in file.read().split()]
    return found


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Transports(Case):
    """Each as the source and as the destination, together with oci: in another process."""

    def setUp(self):
        super().setUp()
        self.places, self.docker_host = places.of_all(self)

    def environment(self, **more):
        return super().environment(DOCKER_HOST=self.docker_host, **more)

    def there_and_back(self, place):
        loose = ["--tls-verify=false"] if place.name in ("docker", "docker-daemon") else []
        flags = ["-q", *loose, "--isolate", "oci"]
        self.push(*flags, "--isolate", place.name, "oci:%s:1" % self.path("image"), place.reference("one"))
        back = "oci:%s:1" % self.path("back-" + place.name)
        self.push(*flags, "--isolate", place.name, place.reference("one"), back)
        plain = "oci:%s:1" % self.path("plain-" + place.name)
        self.push("-q", *loose, place.reference("one"), plain)
        return stored.Image(back, None), stored.Image(plain, None), place.see("one")

    def test_all_transports(self):
        places.image(self.path("image"))
        diff_ids = stored.in_oci(self.path("image"), "1").diff_ids()[1]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            made = {place.name: pool.submit(self.there_and_back, place) for place in self.places}
        for name, result in made.items():
            with self.subTest(name):
                back, plain, seen = result.result()
                self.assertEqual(back.manifest_digest, plain.manifest_digest)
                if name != "sif":
                    self.assertEqual(seen.diff_ids, diff_ids)


class Isolated(Case):
    def setUp(self):
        super().setUp()
        self.image = "oci:%s:1" % layouts.small_image(self.path("image")).folder
        self.target = self.path("target")
        process.check("skopeo", "copy", "-q", self.image, "dir:" + self.target)
        self.before = tree(self.target)

    def environment(self, **more):
        more.setdefault("SEALOS_PLUGIN_PATH", HERE + ":" + environment.PLUGINS)
        return super().environment(ENDING_MARK=self.path("mark"), **more)

    def ends(self, where, *arguments):
        """A command, both sides isolated, in whose middle the plugin's process ends."""
        return self.sealos(*arguments, "--isolate", "all", env=self.environment(ENDING_AT=where), timeout=60)

    def assert_named(self, result, what):
        """One line that says what happened to which plugin."""
        self.assertEqual(result.code, process.INTERNAL, result)
        self.assertEqual(len(result.lines), 1, result)
        self.assertIn("the plugin ending (%s/ending.so) %s" % (HERE, what), result.err)

    CRASHED = "crashed in its own process (SIGSEGV)"

    def test_a_source_may_crash_in_every_call(self):
        calls = ("load", "start", "parse_reference", "open_source", "read_manifest", "read_signatures", "layer_infos", "open_blob", "read")
        for call in calls:
            with self.subTest(call):
                result = self.ends(call + " SIGSEGV", "push", "-q", "ending:x", "dir:" + self.target)
                self.assert_named(result, self.CRASHED)
                self.assertEqual(tree(self.target), self.before)

    def test_a_destination_may_crash_in_every_call(self):
        calls = ("open_destination", "try_reuse", "put_blob", "put_blob_read", "put_manifest", "commit")
        for call in calls:
            with self.subTest(call):
                self.assert_named(self.ends(call + " SIGSEGV", "push", "-q", self.image, "ending:x"), self.CRASHED)
        for arguments, call in ((("push", "--dry-run", self.image, "ending:x"), "open_preview"),
                                (("tags", "ending:x"), "list_tags"), (("delete", "ending:x"), "remove"),
                                (("verify", "ending:x"), "read_manifest")):
            with self.subTest(call):
                result = self.ends(call + " SIGSEGV", *arguments)
                self.assertIn(self.CRASHED, result.err)

    def test_what_ends_the_process_is_told(self):
        for how, what in (("SIGABRT", "crashed in its own process (SIGABRT)"), ("SIGKILL", "was killed in its own process (SIGKILL)"),
                          ("exit", "ended its own process (exit code 3)"), ("thread", self.CRASHED)):
            with self.subTest(how):
                self.assert_named(self.ends("put_blob " + how, "push", "-q", self.image, "ending:x"), what)
                self.assert_named(self.ends("read " + how, "push", "-q", "ending:x", "dir:" + self.target), what)
                self.assertEqual(tree(self.target), self.before)

    def test_a_crash_when_all_is_done_is_a_warning(self):
        for call in ("release_destination", "release_reference"):
            with self.subTest(call):
                result = self.ends(call + " SIGSEGV", "push", "-q", self.image, "ending:x")
                self.assertEqual(result.code, process.OK, result)
                self.assertEqual(len(result.lines), 1, result)
                self.assertIn("warning: the plugin ending (%s/ending.so) %s" % (HERE, self.CRASHED), result.err)

    def hanging(self, where, *arguments):
        """(the running command, its children) when the plugin has got there."""
        if os.path.exists(self.path("mark")):
            os.remove(self.path("mark"))
        running = self.start_sealos(*arguments, "--isolate", "all", env=self.environment(ENDING_AT=where + " hang"))
        process.wait_until(lambda: os.path.exists(self.path("mark")), "the plugin's call", alive=running.process)
        return running, children(running.process.pid)

    def of_plugin(self, pids, name):
        def library(pid):
            with open("/proc/%d/cmdline" % pid, encoding="utf-8") as file:
                return file.read().split("\0")[1]
        return next(pid for pid in pids if library(pid).endswith("/%s.so" % name))

    def assert_all_gone(self, pids):
        process.wait_until(lambda: not any(map(is_alive, pids)), "the end of %s" % pids, 10)

    def test_the_process_is_killed_in_the_middle(self):
        for where, arguments in (("read", ("push", "-q", "ending:x", "dir:" + self.target)),
                                 ("put_blob", ("push", "-q", self.image, "ending:x"))):
            with self.subTest(where):
                running, pids = self.hanging(where, *arguments)
                self.assertEqual(len(pids), 2)
                os.kill(self.of_plugin(pids, "ending"), signal.SIGKILL)
                result = running.wait(30)
                self.assert_named(result, "was killed in its own process (SIGKILL)")
                self.assertLess(result.seconds, 10)
                self.assert_all_gone(pids)
                self.assertEqual(tree(self.target), self.before)

    def test_the_tool_is_killed_and_no_process_stays(self):
        for where, arguments in (("read", ("push", "-q", "ending:x", "dir:" + self.target)), ("load", ("tags", "ending:x"))):
            running, pids = self.hanging(where, *arguments)
            os.kill(running.process.pid, signal.SIGKILL)
            running.wait(10)
            self.assert_all_gone(pids)
            self.assertEqual(tree(self.target), self.before)

    def test_what_hangs_can_be_interrupted(self):
        running, pids = self.hanging("read", "push", "-q", "ending:x", "dir:" + self.target)
        for _ in range(2):
            os.killpg(running.process.pid, signal.SIGINT)  # as a terminal does it
            time.sleep(0.2)
        result = running.wait(10)
        self.assertEqual(result.code, process.INTERRUPTED, result)
        self.assert_all_gone(pids)
        self.assertEqual(tree(self.target), self.before)

    def test_the_process_has_nothing_that_it_does_not_need(self):
        running = process.Running(["sh", "-c", 'exec "$@" 9</etc/passwd', "sh", environment.SEALOS, "push", "-q", "ending:x",
                                   "dir:" + self.target, "--isolate", "ending"], self.environment(ENDING_AT="read hang"))
        process.wait_until(lambda: os.path.exists(self.path("mark")), "the plugin's call", alive=running.process)
        pid = children(running.process.pid)[0]
        links = {fd: os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)}
        self.assertEqual(links.pop("0"), "/dev/null")
        self.assertEqual(links.pop("1"), links.pop("2"))
        others = {link.split(":")[0] for link in links.values()}
        self.assertLessEqual(others, {"socket", "anon_inode", "/memfd"}, links)
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t") for line in file if ":\t" in line)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertTrue(int(status["SigIgn"], 16) & 1 << signal.SIGPIPE - 1)
        with open("/proc/%d/limits" % pid, encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max core file size +0 +0")
        with open("/proc/%d/maps" % pid, encoding="ascii") as file:
            self.assertNotRegex(file.read(), "engine.so|libssl|libcrypto|Poco")
        running.kill()
        running.wait(10)

    def test_wrong_names_are_refused(self):
        for arguments in (("push", self.image, "dir:" + self.path("new")), ("tags", "oci:" + self.path("image")), ("transports",),
                          ("delete", self.image), ("verify", self.image), ("recipients", "list", self.image), ("cr", "show", self.image),
                          ("login", "-u", "me", "-p", "x", "localhost:1")):
            with self.subTest(arguments[0]):
                result = self.sealos(*arguments, "--isolate", "nosuch")
                self.assert_refused(result, process.USAGE, "nosuch")
        self.assertFalse(os.path.exists(self.path("new")))


class Same(bad.BadPlugins):
    """What is wrong with a plugin is told in the same words, and ends the same way, as where it is not isolated."""

    def both(self, fault, *arguments):
        env = self.plugins_with(fault)
        plain = super().sealos(*arguments, env=env, timeout=60)
        isolated = super().sealos(*arguments, "--isolate", "faulty", env=env, timeout=60)
        self.assertEqual((isolated.code, isolated.err), (plain.code, plain.err))
        self.assertNotEqual(isolated.code, process.OK)

    def test_faults_that_show_when_it_is_loaded_or_parses(self):
        for fault in bad.LOADING + bad.PARSING:
            with self.subTest(fault):
                self.both(fault, "push", "-q", "faulty:x", "dir:" + self.path("copy"))

    def test_faults_of_a_source(self):
        for fault in bad.READING:
            with self.subTest(fault):
                self.both(fault, "push", "-q", "--retry", "0", "faulty:x", "dir:" + self.path("copy"))

    def test_faults_of_a_destination(self):
        for fault in bad.WRITING:
            with self.subTest(fault):
                self.both(fault, "push", "-q", "--retry", "0", self.image, "faulty:x")

    # Those of the class above that make no difference here.
    test_a_stream_without_end_is_cut_at_the_size_that_was_promised = None
    test_a_crash_names_the_plugin = None
    test_the_plugin_without_a_fault_works = None
    test_a_faulty_plugin_that_is_not_named_is_not_opened = None


class Services(Case):
    """What a plugin asks the engine for goes through, too."""

    def test_logins_options_log_and_the_other_commands(self):
        registry = servers.Registry(self.path("registry"), users={"me": "secret"}, delete=True)
        self.addCleanup(registry.stop)
        layout = layouts.small_image(self.path("image"))
        flags = ["--isolate", "docker", "--tls-verify=false", "--authfile", self.path("auth.json")]
        result = self.sealos("login", "-u", "me", "-p", "wrong", *flags, registry.address)
        self.assert_refused(result, process.DENIED)
        result = self.sealos("login", "-u", "me", "-p", "secret", *flags, registry.address)
        self.assertEqual(result.code, process.OK, result)
        result = self.push(*flags, "-vv", "oci:%s:1" % layout.folder, registry.reference("app:1"))
        self.assertIn("/v2/", result.err)
        for command, said in ((["verify", "-q"], "right"), (["tags"], "1"), (["delete"], "app")):
            place = "docker://%s/app" % registry.address if command == ["tags"] else registry.reference("app:1")
            result = self.sealos(*command, *flags, place)
            self.assertEqual(result.code, process.OK, result)
            self.assertIn(said, result.out)
        result = self.sealos("tags", "--isolate", "docker", "--tls-verify=false", "docker://%s/app" % registry.address)
        self.assert_refused(result, process.DENIED)

    def test_an_archive_passes_through_stdin_and_stdout(self):
        layout = layouts.small_image(self.path("image"))
        pipe = '"$0" push -q --isolate all oci:%s:1 oci-archive:- | "$0" push -q --isolate all oci-archive:- oci:%s:1'
        env = self.environment()
        process.check("sh", "-o", "errexit", "-c", pipe % (layout.folder, self.path("copy")), environment.SEALOS, env=env)
        self.assert_same_image(stored.in_oci(layout.folder, "1"), stored.in_oci(self.path("copy"), "1"))
        result = self.sealos("push", "-q", "--isolate", "all", "oci:%s:1" % layout.folder, "oci-archive:%s:1" % self.path("a.tar"))
        self.assertEqual(result.code, process.OK, result)
        script = 'exec "$0" push -q --isolate all oci-archive:/dev/fd/7:1 dir:"$1" 7<"$2"'
        process.check("sh", "-c", script, environment.SEALOS, self.path("dir"), self.path("a.tar"), env=env)

    def test_a_plugin_that_prints_does_not_disturb_the_results(self):
        folder = os.path.join(environment.BUILD, "tests/box/now")
        layout = layouts.small_image(self.path("image"))
        env = self.environment(SEALOS_PLUGIN_PATH=folder + ":" + environment.PLUGINS, BOX_FAULT="writes_to_the_terminal")
        result = self.sealos("push", "-q", "--isolate", "box", "oci:%s:1" % layout.folder, "box:%s:x" % self.path("box"), env=env)
        self.assertEqual(result.code, process.OK, result)
        self.assertEqual(result.out.strip(), stored.in_oci(layout.folder, "1").manifest_digest)


if __name__ == "__main__":
    main()
