"""sealos login and logout: against real registries, and in files that podman and skopeo read and write."""

import json
import os
import subprocess

from support import certificates, environment, layouts, process, servers, tokens
from support.case import Case, main

environment.need("skopeo", "podman", "docker-registry", "openssl", "htpasswd")
environment.need_plugins("oci", "docker")

PASSWORD = "p@ss:w o$rd"
USERS = {"me": PASSWORD}


class LoginCommand(Case):
    def setUp(self):
        super().setUp()
        self.authority = certificates.Authority(self.path("ca"))
        self.registry = self.started(servers.Registry(self.path("registry"), tls=self.authority.issue("server"), users=USERS))
        self.address = self.registry.address
        self.flags = ["--cert-dir", self.authority.cert_dir(self.path("certs")), "--authfile", self.path("auth.json")]

    def started(self, server):
        self.addCleanup(server.stop)
        return server

    def login(self, *arguments, text=None, env=None):
        """A login with `text` on stdin."""
        done = subprocess.run([environment.SEALOS, "login", *arguments], input=text, env=env or self.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False)
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        return process.Result(["sealos", "login", *arguments], done.returncode, done.stdout, done.stderr, 0)

    def logged_in(self):
        result = self.login("-u", "me", "--password-stdin", *self.flags, self.address, text=PASSWORD + "\n")
        self.assertEqual((result.code, result.out), (process.OK, "Login Succeeded!\n"), result)

    def podman(self, *arguments):
        return process.run("podman", *arguments, env=self.environment(XDG_RUNTIME_DIR=self.path("home")))

    def test_a_login_works_for_sealos_podman_and_skopeo(self):
        self.logged_in()
        self.assertEqual(os.stat(self.path("auth.json")).st_mode & 0o777, 0o600)
        layout = layouts.small_image(self.path("image"))
        self.push(*self.flags, "oci:%s:1" % layout.folder, self.registry.reference("app:1"))
        authfile = ["--authfile", self.path("auth.json")]
        self.assertEqual(self.podman("login", "--get-login", *authfile, self.address).out.strip(), "me")
        process.check("skopeo", "inspect", "--tls-verify=false", *authfile, self.registry.reference("app:1"))
        result = self.login("--get-login", *self.flags, self.address)
        self.assertEqual((result.code, result.out), (process.OK, "me\n"), result)

    def test_wrong_passwords_are_refused_and_not_kept(self):
        result = self.login("-u", "me", "--password-stdin", *self.flags, self.address, text="s3cr3t-guess")
        self.assert_refused(result, process.DENIED, self.address)
        self.assertNotIn("s3cr3t-guess", result.err)
        self.assertFalse(os.path.exists(self.path("auth.json")))
        self.assert_refused(self.login("--get-login", *self.flags, self.address), process.DENIED, "not logged into")

    def test_what_is_known_is_used_or_asked_for_again(self):
        self.logged_in()
        result = self.login(*self.flags, self.address)
        self.assertEqual((result.code, result.out), (process.OK, "Already logged in to %s as me\n" % self.address), result)

    def test_logins_of_podman_are_seen_and_removed(self):
        authfile = ["--authfile", self.path("auth.json")]
        self.assertEqual(self.podman("login", "-u", "me", "-p", PASSWORD, "--tls-verify=false", *authfile, self.address).code, 0)
        self.assertEqual(self.login("--get-login", *authfile, self.address).out, "me\n")
        result = self.sealos("logout", *authfile, self.address)
        self.assertEqual((result.code, result.out), (process.OK, "Removed login credentials for %s\n" % self.address), result)
        self.assertNotEqual(self.podman("login", "--get-login", *authfile, self.address).code, 0)
        self.assert_refused(self.sealos("logout", *authfile, self.address), process.DENIED, "not logged into")

    def test_logout_of_all(self):
        self.logged_in()
        with open(self.path("auth.json"), encoding="utf-8") as file:
            document = json.load(file)
        document["auths"]["other.example"] = document["auths"][self.address]
        with open(self.path("auth.json"), "w", encoding="utf-8") as file:
            json.dump(document, file)
        self.assertEqual(self.sealos("logout", "--all", "--authfile", self.path("auth.json")).code, process.OK)
        with open(self.path("auth.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file).get("auths", {}), {})

    def test_without_authfile_the_login_is_where_podman_looks(self):
        result = self.login("-u", "me", "--password-stdin", *self.flags[:2], "https://%s/v2/" % self.address, text=PASSWORD)
        self.assertEqual(result.code, process.OK, result)
        self.assertTrue(os.path.exists(self.path("home/containers/auth.json")))
        self.assertEqual(self.podman("login", "--get-login", self.address).out.strip(), "me")
        self.assertEqual(self.sealos("logout", self.address).code, process.OK)

    def test_a_token_service_is_asked(self):
        certificate = self.authority.issue("tokens", algorithm="rsa")
        service = self.started(tokens.TokenService(certificate, USERS))
        registry = self.started(servers.Registry(self.path("second"), token=service.registry_settings))
        loose = ["--tls-verify=false", "--authfile", self.path("auth.json")]
        self.assert_refused(self.login("-u", "me", "-p", "wrong", *loose, registry.address), process.DENIED)
        result = self.login("-u", "me", "-p", PASSWORD, *loose, registry.address)
        self.assertEqual(result.code, process.OK, result)

    def test_trust_is_not_taken_for_granted(self):
        result = self.login("-u", "me", "--password-stdin", self.flags[2], self.flags[3], self.address, text=PASSWORD)
        self.assert_refused(result, process.NETWORK, "certificate")

    def test_flags_that_make_no_sense(self):
        for arguments, word in ((["--password-stdin", self.address], "--username"),
                                (["-u", "me", "-p", "x", "--password-stdin", self.address], "exclude"),
                                (["-u", "a:b", "-p", "x", self.address], "colon"), (["-u", "me", "-p", "x", "no/../host"], "registry")):
            with self.subTest(arguments=arguments):
                result = self.login(*arguments, text="x", env=self.environment(CONTAINERS_REGISTRIES_CONF="/dev/null"))
                self.assert_refused(result, process.USAGE, word)

    def test_a_terminal_is_asked_and_shows_no_password(self):
        code, shown = self.ask("login", *self.flags, self.address, answers=[("Username", "me"), ("Password", PASSWORD)])
        self.assertEqual(code, process.OK, shown)
        self.assertIn("Login Succeeded!", shown)
        self.assertNotIn(PASSWORD, shown)

    def test_creds_without_a_password_ask_for_it(self):
        layout = layouts.small_image(self.path("image"))
        arguments = ["push", "-q", *self.flags[:2], "oci:%s:1" % layout.folder, self.registry.reference("app:1")]
        code, shown = self.ask(*arguments, "--creds", "me", answers=[("Password: ", PASSWORD)])
        self.assertEqual(code, process.OK, shown)
        self.assertNotIn(PASSWORD, shown)
        result = self.sealos(*arguments, "--creds", "me")
        self.assert_refused(result, process.DENIED, "terminal")

    def test_each_side_of_a_copy_has_its_own_login(self):
        other = self.started(servers.Registry(self.path("second"), tls=self.authority.issue("server"), users={"you": "second"}))
        layout = layouts.small_image(self.path("image"))
        self.push(*self.flags[:2], "--dest-creds", "me:" + PASSWORD, "oci:%s:1" % layout.folder, self.registry.reference("app:1"))
        both = ["--src-creds", "me:" + PASSWORD, "--dest-creds", "you:second"]
        self.push("--src-cert-dir", self.flags[1], "--dest-tls-verify=false", *both, self.registry.reference("app:1"),
                  other.reference("app:1"))
        self.assertEqual(other.tags("app"), ["1"])
        result = self.sealos("push", "-q", "--src-creds", "me:x", "oci:%s:1" % layout.folder, "oci:" + self.path("x"))
        self.assert_refused(result, process.USAGE, "credentials")


if __name__ == "__main__":
    main()
