"""One place for each transport, and what an image is in it, as the tools it is meant for see it."""

import concurrent.futures
import os
import tarfile

from . import layouts, process, servers, stored, stores
from .ostree_repositories import Repository


class Seen:
    """What others see of an image. None: the place has nothing of the kind."""

    def __init__(self, manifest=None, layers=None, diff_ids=None):
        self.manifest, self.layers, self.diff_ids = manifest, layers, diff_ids

    @classmethod
    def of(cls, image):
        """image: a stored.Image; every blob is read and hashed."""
        image.blob_digests()
        promised, found = image.diff_ids()
        assert promised == found, "%s: the config has the diffIDs %s, the layers are %s" % (image.reference, promised, found)
        return cls(image.manifest_digest, [layer["digest"] for layer in image.manifest["layers"]], found)


class Place:
    """reference(name): what sealos and skopeo call an image. see(name): a Seen."""

    def __init__(self, case):
        self.case = case
        self.folder = case.path(self.name)
        os.makedirs(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def reference(self, name):
        return "%s:%s" % (self.name, self.path(name))

    def unpacked(self, name):
        """The folder with the members of an archive."""
        folder = self.path(name) + ".unpacked"
        os.mkdir(folder)
        process.check("tar", "-C", folder, "-xf", self.path(name))
        return folder

    def seed(self, layout, name):
        """Puts the image of an OCI layout here, without sealos where another tool can."""
        process.check("skopeo", "copy", "-q", "--dest-tls-verify=false", layout, self.reference(name))


class Dir(Place):
    name = "dir"

    def see(self, name):
        return Seen.of(stored.in_dir(self.path(name)))


class Oci(Place):
    name = "oci"

    def reference(self, name):
        return "oci:%s:1" % self.path(name)

    def see(self, name):
        return Seen.of(stored.in_oci(self.path(name), "1"))


class OciArchive(Place):
    name = "oci-archive"

    def reference(self, name):
        return "oci-archive:%s:1" % self.path(name)

    def see(self, name):
        process.check("skopeo", "inspect", self.reference(name))
        return Seen.of(stored.in_oci(self.unpacked(name), "1"))


class DockerArchive(Place):
    name = "docker-archive"

    def reference(self, name):
        return "docker-archive:%s:app:1" % self.path(name)

    def see(self, name):
        """As docker load and skopeo see it; an OCI part has more."""
        folder = self.path(name) + ".copy"
        process.check("skopeo", "copy", "-q", self.reference(name), "dir:" + folder)
        seen = Seen.of(stored.in_dir(folder))
        seen.manifest = seen.layers = None
        with tarfile.open(self.path(name)) as archive:
            if "index.json" not in archive.getnames():
                return seen
        return Seen.of(stored.in_oci(self.unpacked(name)))


class Docker(Place):
    name = "docker"

    def __init__(self, case):
        super().__init__(case)
        self.registry = servers.Registry(self.path("registry"))
        case.addCleanup(self.registry.stop)

    def reference(self, name):
        return self.registry.reference(name + ":1")

    def see(self, name):
        return Seen.of(stored.in_registry(self.registry, name + ":1"))


class DockerDaemon(Place):
    name = "docker-daemon"

    def __init__(self, case):
        super().__init__(case)
        self.daemon = servers.Dockerd(self.path("daemon"))
        case.addCleanup(self.daemon.stop)

    def reference(self, name):
        return "docker-daemon:%s:1" % name

    def seed(self, layout, name):
        process.check("skopeo", "copy", "-q", "--dest-daemon-host=" + self.daemon.host, layout, self.reference(name))

    def see(self, name):
        found = process.check("docker", "--host=" + self.daemon.host, "image", "inspect", "--format", "{{range .RootFS.Layers}}{{.}} {{end}}", name + ":1")
        return Seen(diff_ids=found.split())


class ContainersStorage(Place):
    name = "containers-storage"

    def __init__(self, case):
        super().__init__(case)
        self.store = stores.Store(self.folder)
        case.addCleanup(self.store.close)

    def reference(self, name):
        return self.store.reference("localhost/%s:1" % name)

    def see(self, name):
        found = self.store.podman("image", "inspect", "--format", "{{range .RootFS.Layers}}{{.}} {{end}}", "localhost/%s:1" % name)
        image = stored.Image(self.reference(name), None)
        return Seen(image.manifest_digest, [layer["digest"] for layer in image.manifest["layers"]], found.split())


class Ostree(Place):
    name = "ostree"

    def __init__(self, case):
        super().__init__(case)
        self.repository = Repository(self.path("repo"), "archive")

    def reference(self, name):
        return self.repository.reference(name + ":1")

    def seed(self, layout, name):
        """No other tool writes this form any more."""
        self.case.push("-q", layout, self.reference(name))

    def see(self, name):
        digest, manifest, config = self.repository.image(name + ":1")
        for descriptor in [manifest["config"], *manifest["layers"]]:
            self.repository.ostree("ls", "-C", "ociimage/" + descriptor["digest"][7:])
        return Seen(digest, [layer["digest"] for layer in manifest["layers"]], config["rootfs"]["diff_ids"])


class Sif(Place):
    name = "sif"

    def seed(self, layout, name):
        """The tools of this format make no SIF of an image."""
        self.case.push("-q", layout, self.reference(name))

    def see(self, name):
        """siftool and skopeo accept it; which tar its files are, only a copy tells."""
        assert "Squashfs" in process.check("siftool", "list", self.path(name))
        process.check("skopeo", "inspect", self.reference(name))
        folder = self.path(name) + ".copy"
        self.case.push("-q", self.reference(name), "dir:" + folder)
        return Seen(diff_ids=stored.in_dir(folder).diff_ids()[1])


ALL = (ContainersStorage, Dir, Docker, DockerArchive, DockerDaemon, Oci, OciArchive, Ostree, Sif)


def of_all(case):
    """A place of each transport, and the address of the one that is a Docker daemon."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda place: place(case), ALL))
    return made, next(place for place in made if place.name == "docker-daemon").daemon.host


def image(folder, compression="gzip"):
    """What layers have, in few bytes: an OCI layout with the tag 1."""
    def first(tar):
        for name in ("bin", "etc", "dev"):
            tar.folder(name)
        tar.file("bin/tool", b"tool" * 1000, mode=0o4755)
        tar.hard_link("bin/other", "bin/tool")
        tar.symlink("bin/link", "tool")
        tar.file("etc/one", b"one\n", uid=1000, gid=50)
        tar.file("etc/ä 漢", b"odd\n")

    def second(tar):
        tar.whiteout("etc/one")
        tar.file("etc/two", b"two\n")
    layout = layouts.Layout(folder)
    layout.tag("1", layout.add_image([layout.add_layer(first, compression), layout.add_layer(second, compression)]))
    return "oci:%s:1" % folder
