"""Passwords and tokens are in no output, whatever goes wrong and however much is said, and in no list of processes."""

import base64
import glob
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time

from support import certificates, environment, hostile, layouts, process, servers, tokens
from support.case import Case, main

environment.need("docker-registry", "htpasswd", "openssl")
environment.need_plugins("oci", "docker")

PASSWORD = "corr3ct-horse-b4ttery"
USERS = {"me": PASSWORD}
PAIR = base64.b64encode(("me:" + PASSWORD).encode()).decode()

HELPER = """#!/bin/sh
read server
sleep 0.3
echo '{"ServerURL": "'$server'", "Username": "me", "Secret": "%s"}'
""" % PASSWORD


class Secrets(Case):
    def setUp(self):
        super().setUp()
        layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % layout.folder
        self.texts, self.secrets = [], [PASSWORD, PAIR]

    def started(self, server):
        self.addCleanup(server.stop)
        return server

    def watched(self, *arguments, env=None, code=None):
        """Runs sealos with all its logging and takes down its output, and the arguments and variables of its children."""
        running = self.start_sealos(*arguments, "-v", "-v", env=env)
        over = threading.Event()

        def watch():
            while not over.is_set():
                for path in glob.glob("/proc/[0-9]*/stat"):
                    try:
                        with open(path, encoding="utf-8", errors="replace") as file:
                            session = file.read().rsplit(")", 1)[1].split()[3]
                        if int(session) != running.process.pid or path == "/proc/%d/stat" % running.process.pid:
                            continue
                        for name in ("cmdline", "environ"):
                            with open(os.path.join(os.path.dirname(path), name), "rb") as file:
                                self.texts.append(file.read().decode(errors="replace"))
                    except (OSError, IndexError):
                        pass
        watcher = threading.Thread(target=watch)
        watcher.start()
        result = running.wait()
        over.set()
        watcher.join()
        self.texts += [result.out, result.err]
        if code is not None:
            self.assertEqual(result.code, code, result)
        return result

    def assert_no_secret(self):
        for text in self.texts:
            for secret in self.secrets:
                self.assertNotIn(secret, text)

    def test_a_basic_login(self):
        registry = self.started(servers.Registry(self.path("registry"), users=USERS))
        loose = "--tls-verify=false"
        self.watched("push", loose, "--creds", "me:" + PASSWORD, self.source, registry.reference("app:1"), code=process.OK)
        self.watched("push", loose, "--creds", "me:" + PASSWORD + "x", self.source, registry.reference("app:1"), code=process.DENIED)
        self.watched("push", loose, "--creds", "me:" + PASSWORD, registry.reference("none:1"), "oci:" + self.path("x"),
                     code=process.NOT_FOUND)
        self.watched("login", loose, "-u", "me", "-p", PASSWORD, registry.address, code=process.OK)
        self.watched("push", loose, registry.reference("app:1"), "oci:" + self.path("y"), code=process.OK)
        self.watched("logout", registry.address, code=process.OK)
        self.assert_no_secret()

    def test_tokens(self):
        authority = certificates.Authority(self.path("ca"))
        service = self.started(tokens.TokenService(authority.issue("tokens", algorithm="rsa"), USERS))
        registry = self.started(servers.Registry(self.path("registry"), token=service.registry_settings))
        given, make = [], service._token
        service._token = lambda user, scopes: given.append(make(user, scopes)) or given[-1]
        self.watched("push", "--tls-verify=false", "--creds", "me:" + PASSWORD, self.source, registry.reference("app:1"),
                     code=process.OK)
        self.assertGreater(len(given), 0)
        self.secrets += given
        self.assert_no_secret()

    def test_a_credential_helper(self):
        registry = self.started(servers.Registry(self.path("registry"), users=USERS))
        os.mkdir(self.path("bin"))
        helper = self.path("bin", "docker-credential-test")
        with open(helper, "w", encoding="utf-8") as file:
            file.write(HELPER)
        os.chmod(helper, stat.S_IRWXU)
        with open(self.path("auth.json"), "w", encoding="utf-8") as file:
            json.dump({"credHelpers": {registry.address: "test"}}, file)
        env = self.environment(PATH=self.path("bin") + ":" + environment.PATH)
        self.watched("push", "--tls-verify=false", "--authfile", self.path("auth.json"), self.source,
                     registry.reference("app:1"), env=env, code=process.OK)
        self.assertTrue([text for text in self.texts if "docker-credential-test" in text], "the helper was not seen")
        self.assert_no_secret()

    def test_a_registry_that_repeats_what_it_was_told(self):
        def repeat(request, method, path):
            if path == "/v2/" and not request.headers.get("Authorization"):
                return request.reply(401, WWW_Authenticate='Basic realm="test"')
            request.drain()
            request.reply(307, Location="/elsewhere?signature=" + PASSWORD)
            return None
        server = self.started(hostile.HostileRegistry(repeat))
        self.watched("push", "--tls-verify=false", "--retry", "0", "--creds", "me:" + PASSWORD,
                     "docker://%s/app:1" % server.address, "oci:" + self.path("x"), code=process.NETWORK)
        self.assert_no_secret()

    def stuck(self, *arguments, env=None):
        """A push that waits for the registry's first answer, and what ends the wait."""
        stuck, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def wait(request, method, path):
            stuck.set()
            go_on.wait(30)
            return False
        server = self.started(hostile.HostileRegistry(wait))
        running = self.start_sealos("push", "--tls-verify=false", *arguments, self.source, "docker://%s/app:1" % server.address,
                                    env=env)
        self.assertTrue(stuck.wait(30))
        return running, go_on

    def dumps_core(self, *arguments, env=None):
        """Whether the kernel writes a core file when such a push is aborted."""
        running, go_on = self.stuck(*arguments, env=env)
        resource.prlimit(running.process.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        running.signal(signal.SIGABRT)
        _, status = os.waitpid(running.process.pid, 0)
        running.process.returncode = -signal.SIGABRT
        running.wait()
        go_on.set()
        self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
        for core in glob.glob("core*") + glob.glob("/tmp/core*"):
            if os.path.isfile(core) and os.path.getmtime(core) > self.began:
                os.unlink(core)
        return os.WCOREDUMP(status)

    def machine_dumps_core(self):
        abort = subprocess.Popen([sys.executable, "-c", "import os, resource as r; "
                                  "r.setrlimit(r.RLIMIT_CORE, (r.RLIM_INFINITY, r.RLIM_INFINITY)); os.abort()"])
        _, status = os.waitpid(abort.pid, 0)
        abort.returncode = -signal.SIGABRT
        return os.WCOREDUMP(status)

    def test_there_is_no_core_file_of_what_has_a_login(self):
        self.began = time.time() - 1
        with open(self.path("auth.json"), "w", encoding="utf-8") as file:
            json.dump({"auths": {"127.0.0.1:1": {"auth": PAIR}}}, file)
        os.mkdir(self.path("bin"))
        with open(self.path("bin", "docker-credential-test"), "w", encoding="utf-8") as file:
            file.write(HELPER)
        os.chmod(self.path("bin", "docker-credential-test"), stat.S_IRWXU)
        with open(self.path("helper.json"), "w", encoding="utf-8") as file:
            json.dump({"credsStore": "test"}, file)
        env = self.environment(PATH=self.path("bin") + ":" + environment.PATH)
        # Without a login there is one, where this machine lets there be any.
        self.assertEqual(self.dumps_core(), self.machine_dumps_core())
        self.assertFalse(self.dumps_core("--creds", "me:" + PASSWORD))
        self.assertFalse(self.dumps_core("--authfile", self.path("auth.json")))
        self.assertFalse(self.dumps_core("--authfile", self.path("helper.json"), env=env))

    def test_the_arguments_are_overwritten(self):
        running, go_on = self.stuck("--creds", "me:" + PASSWORD)
        with open("/proc/%d/cmdline" % running.process.pid, encoding="utf-8") as file:
            arguments = file.read()
        go_on.set()
        running.wait()
        self.assertIn("--creds", arguments)
        self.assertNotIn(PASSWORD, arguments)


if __name__ == "__main__":
    main()
