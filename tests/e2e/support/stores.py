"""A containers-storage of its own, used through podman and buildah."""

import os

from . import environment
from .process import check, run


class Store:
    """driver: "vfs" or "overlay". `reference` is what sealos and skopeo call an image in it."""

    def __init__(self, folder, driver="vfs"):
        self.folder, self.driver = folder, driver
        self.root, self.run_root = os.path.join(folder, "root"), os.path.join(folder, "run")
        self._flags = ["--root", self.root, "--runroot", self.run_root, "--storage-driver", driver]
        self.environment = dict(os.environ, PATH=environment.PATH, BUILDAH_ISOLATION="chroot")

    def reference(self, name):
        return "containers-storage:[%s@%s+%s]%s" % (self.driver, self.root, self.run_root, name)

    def configuration(self):
        """A storage.conf that makes this the user's store."""
        path = os.path.join(self.folder, "storage.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write('[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' % (
                self.driver, self.root, self.run_root))
        return path

    def buildah(self, *arguments):
        return check("buildah", *self._flags, *arguments, env=self.environment).strip()

    def podman(self, *arguments):
        return check("podman", *self._flags, *arguments, env=self.environment).strip()

    def try_podman(self, *arguments):
        return run("podman", *self._flags, *arguments, env=self.environment)

    def commit(self, name, change, base="scratch", architecture=None):
        """A new image: base and what change(root folder) does to it."""
        more = ["--arch", architecture] if architecture else []
        container = self.buildah("from", *more, base)
        change(self.buildah("mount", container))
        self.buildah("umount", container)
        self.buildah("config", "--cmd", "/bin/sh", "--env", "PATH=/bin", *more, container)
        self.buildah("commit", "-q", container, name)
        self.buildah("rm", container)

    def run_in(self, image, *command):
        """The output of a command run in a container of the image."""
        container = self.buildah("from", image)
        try:
            return self.buildah("run", container, *command)
        finally:
            self.buildah("rm", container)

    def close(self):
        """Ends mounts, so that the folder can be removed."""
        run("buildah", *self._flags, "umount", "--all", env=self.environment)
        for mount in (os.path.join(self.root, "overlay"), os.path.join(self.root, "vfs")):
            while os.path.ismount(mount) and run("umount", mount).code == 0:
                pass


def first_layer(root):
    os.makedirs(os.path.join(root, "bin"))
    os.makedirs(os.path.join(root, "etc/old"))
    check("cp", environment.find("busybox"), os.path.join(root, "bin/busybox"))
    os.link(os.path.join(root, "bin/busybox"), os.path.join(root, "bin/sh"))
    os.symlink("busybox", os.path.join(root, "bin/ls"))
    for name, text in (("etc/one", "one\n"), ("etc/old/file", "old\n"), ("etc/ä \n漢", "odd")):
        with open(os.path.join(root, name), "w", encoding="utf-8") as file:
            file.write(text)
    os.setxattr(os.path.join(root, "etc/one"), "user.note", b"kept")
    with open(os.path.join(root, "sparse"), "wb") as file:
        file.seek(5_000_000)
        file.write(b"end")
    os.mknod(os.path.join(root, "null"), 0o20666, os.makedev(1, 3))


def second_layer(root):
    os.unlink(os.path.join(root, "etc/one"))
    os.unlink(os.path.join(root, "etc/old/file"))
    os.rmdir(os.path.join(root, "etc/old"))
    os.mkdir(os.path.join(root, "etc/old"))
    with open(os.path.join(root, "etc/old/new"), "w", encoding="ascii") as file:
        file.write("new\n")


def third_layer(root):
    for i in range(200):
        with open(os.path.join(root, "file%d" % i), "w", encoding="ascii") as file:
            file.write("%d\n" % i)


def make_image(store, name="localhost/app:3"):
    """Three layers with deletions, links, a device, a sparse file and odd names."""
    store.commit("localhost/app:1", first_layer)
    store.commit("localhost/app:2", second_layer, base="localhost/app:1")
    store.commit(name, third_layer, base="localhost/app:2")
    return name
