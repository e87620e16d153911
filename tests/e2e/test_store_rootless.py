"""The store of a user who is not root: written within "podman unshare", read by podman as the user."""

import json
import os
import pwd
import uuid

from support import environment, layouts, process
from support.case import Case, main

environment.need("podman", "buildah", "skopeo", "newuidmap", "useradd", "runuser", root=True)
environment.need_plugins("oci", "containers-storage")


class StoreRootless(Case):
    """Has a user of its own, with subordinate IDs, while it runs."""

    def setUp(self):
        super().setUp()
        self.user = "sealos-" + uuid.uuid4().hex[:8]
        home = self.path("home")
        process.check("useradd", "-m", "-d", home, "-s", "/bin/sh", self.user)
        self.addCleanup(process.run, "userdel", self.user)
        for folder in (os.path.dirname(home), self.path("runtime")):
            os.makedirs(folder, exist_ok=True)
            os.chmod(folder, 0o755)
        self.uid = pwd.getpwnam(self.user).pw_uid
        for folder in (home, self.path("runtime")):
            process.check("chown", "-R", self.user, folder)
            os.chmod(folder, 0o700)
        self.layout = layouts.small_image(self.path("layout"))

    def environment_of_user(self):
        kept = {"HOME": self.path("home"), "USER": self.user, "XDG_RUNTIME_DIR": self.path("runtime"),
                "PATH": environment.PATH, "SEALOS_PLUGIN_PATH": environment.PLUGINS, "BUILDAH_ISOLATION": "chroot"}
        return kept

    def as_user(self, *command):
        return process.run("runuser", "-u", self.user, "--", *command, env=self.environment_of_user(), cwd="/")

    def of_user(self, *command):
        result = self.as_user(*command)
        self.assertEqual(result.code, 0, result)
        return result.out.strip()

    def test_the_store_of_a_user(self):
        source = "oci:%s:1" % self.layout.folder
        push = (environment.SEALOS, "push", "-q")
        self.of_user("podman", "images", "-q")  # the store as podman makes it
        refused = self.as_user(*push, source, "containers-storage:localhost/app:1")
        self.assertEqual(refused.code, process.DENIED, refused)
        self.assertIn("podman unshare", refused.err)
        self.of_user("podman", "unshare", *push, source, "containers-storage:localhost/app:1")
        self.assertEqual(self.of_user("podman", "images", "--format", "{{.Repository}}:{{.Tag}}"), "localhost/app:1")
        layers = self.of_user("podman", "image", "inspect", "--format", "{{json .RootFS.Layers}}", "localhost/app:1")
        mounted = 'c=$(buildah from localhost/app:1) && ls -A "$(buildah mount "$c")" && buildah rm "$c" >/dev/null'
        self.assertIn("etc", self.of_user("podman", "unshare", "sh", "-c", mounted).split())
        back = self.path("home", "back")
        self.of_user("podman", "unshare", *push, "localhost/app:1", "oci:%s:1" % back)
        config = json.loads(process.check("skopeo", "inspect", "--config", "oci:%s:1" % back))
        self.assertEqual(config["rootfs"]["diff_ids"], json.loads(layers))
        self.of_user("podman", "image", "rm", "localhost/app:1")
        self.assertEqual(self.of_user("podman", "images", "-aq"), "")
        self.of_user("podman", "unshare", "rm", "-rf", back, os.path.join(self.path("home"), ".local"))


if __name__ == "__main__":
    main()
