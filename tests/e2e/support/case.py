"""The base class of the tests."""

import os
import pty
import secrets
import select
import shutil
import sys
import tempfile
import time
import unittest

from . import environment, process, stored


class Case(unittest.TestCase):
    """Each test has a folder of its own (self.folder) and a sealos without the user's files."""

    maxDiff = None

    def setUp(self):
        # Podman makes the name of an image of a path, and in one no "-_" may be, as mkdtemp has it at times.
        self.folder = os.path.join(tempfile.gettempdir(), "sealos-e2e-" + secrets.token_hex(4))
        os.mkdir(self.folder, 0o700)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.path("home")
        os.mkdir(self.home)
        configuration = self.path("home", ".config", "containers")
        os.makedirs(configuration)
        with open(os.path.join(configuration, "policy.json"), "w", encoding="ascii") as file:
            file.write('{"default": [{"type": "insecureAcceptAnything"}]}')
        os.mkdir(os.path.join(configuration, "registries.d"))
        with open(os.path.join(configuration, "registries.d", "default.yaml"), "w", encoding="ascii") as file:
            file.write('default-docker: {lookaside: "file://%s"}' % self.path("signatures"))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def environment(self, **more):
        """For a sealos that sees no configuration of this machine's user."""
        kept = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        kept.update(PATH=environment.PATH, HOME=self.home, LC_ALL="C.UTF-8",
                    XDG_RUNTIME_DIR=self.path("home"), SEALOS_PLUGIN_PATH=environment.PLUGINS)
        kept.update(more)
        return kept

    def start_sealos(self, *arguments, env=None):
        return process.Running([environment.SEALOS, *arguments], env or self.environment())

    def sealos(self, *arguments, env=None, timeout=300):
        return self.start_sealos(*arguments, env=env).wait(timeout)

    def ask(self, *arguments, answers):
        """Runs a command on a terminal; answers: [(what is asked, what is typed)]. (exit code, what was shown)"""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(environment.SEALOS, [environment.SEALOS, *arguments], self.environment())
        shown, deadline, answers = "", time.monotonic() + 30, list(answers)
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                data = os.read(terminal, 4096)
            except OSError:
                break
            if not data:
                break
            shown += data.decode(errors="replace")
            if answers and answers[0][0] in shown:
                os.write(terminal, answers.pop(0)[1].encode() + b"\n")
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown

    def sealos_measured(self, *arguments, timeout=300):
        """(Result, peak memory in KiB)"""
        result, _, _, peak_kib = process.run_measured(environment.SEALOS, *arguments, env=self.environment(), timeout=timeout)
        return result, peak_kib

    def push(self, *arguments, env=None):
        """A push that must succeed."""
        result = self.sealos("push", *arguments, env=env)
        self.assertEqual(result.code, process.OK, result)
        return result

    def copy(self, source, destination, *flags, env=None):
        """A push that must succeed, where registries are plain HTTP on loopback."""
        loose = ["--tls-verify=false"] if "docker:" in source + destination else []
        return self.push(*loose, *flags, source, destination, env=env)

    def assert_refused(self, result, code, *words):
        """The given exit code, nothing on stdout, and one clear line that has these words in it."""
        self.assertEqual(result.code, code, result)
        self.assertEqual(result.out, "", result)
        self.assertEqual(len(result.lines), 1, result)
        line = result.lines[0]
        self.assertTrue(line.startswith("sealos: ") or line.startswith("Error: "), result)
        self.assertFalse(line.endswith("."), result)
        for word in words:
            self.assertIn(word, line, result)

    def assert_same_image(self, original, copy):
        """Both are stored.Images: the manifest's bytes and every blob's digest are equal."""
        self.assertEqual(copy.manifest_digest, original.manifest_digest)
        self.assertEqual(copy.blob_digests(), original.blob_digests())


def tree(folder):
    """Every file below folder with its content's digest: to see that nothing changed."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(parent, name), folder) + "/"] = ""
        for name in files:
            path = os.path.join(parent, name)
            if os.path.islink(path):
                found[os.path.relpath(path, folder)] = os.readlink(path)
            else:
                found[os.path.relpath(path, folder)] = stored.file_digest(path)
    return found


def main():
    """Runs the file's tests; exit code 77 if every one of them was skipped, which CI does not allow."""
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped and environment.IN_CI:
        print("skipped in CI: " + "; ".join(reason for _, reason in result.skipped), file=sys.stderr)
        sys.exit(1)
    sys.exit(environment.SKIPPED if result.testsRun and len(result.skipped) == result.testsRun else 0)
