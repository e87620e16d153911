"""Images in OSTree repositories, looked at with the ostree command; and repositories as old tools left them."""

import os
import random
import shutil
import signal
import stat
import time

from support import environment, layouts, process, stored
from support.installed import Installed
from support.case import Case, main
from support.ostree_repositories import Repository, branch

environment.need("ostree", "skopeo", "setpriv", root=True)
environment.need_plugins("oci", "dir", "ostree")

KILLS = int(os.environ.get("SEALOS_E2E_KILLS", "10"))
NOBODY = 65534
RAW = ("-o", "ostree.layers=raw")


class Ostree(Case):
    def repository(self, name="repo", mode="bare-user"):
        return Repository(self.path(name), mode)

    def image(self, name="image", compression="gzip", **more):
        """(reference, stored.Image)"""
        layout = layouts.small_image(self.path(name), compression=compression, **more)
        return "oci:%s:1" % layout.folder, stored.in_oci(layout.folder, "1")

    def push(self, *arguments, env=None):
        result = super().push("-q", *arguments, env=env)
        self.assertEqual(result.err, "", result)
        return result

    def read_back(self, repository, name, folder):
        self.push(repository.reference(name), "dir:" + self.path(folder))
        return stored.in_dir(self.path(folder))

    def assert_same_layers(self, original, copy):
        """By what is in them."""
        promised, found = copy.diff_ids()
        self.assertEqual(found, original.diff_ids()[1])
        self.assertEqual(promised, found)

    def test_raw_layers_come_back_with_the_same_digests(self):
        for mode in ("archive", "bare", "bare-user", "bare-user-only"):
            for compression in ("gzip", "zstd", "") if mode == "archive" else ("gzip",):
                with self.subTest(mode=mode, compression=compression):
                    name = "%s-%s" % (mode, compression)
                    source, original = self.image("image-" + name, compression)
                    repository = self.repository("repo-" + name, mode)
                    self.push(*RAW, source, repository.reference("app:1"))
                    repository.fsck()
                    self.assert_same_image(original, self.read_back(repository, "app:1", "back-" + name))
        process.check("skopeo", "copy", "-q", "--format=v2s2", source, "dir:" + self.path("docker"))
        self.push(*RAW, "dir:" + self.path("docker"), repository.reference("docker:1"))
        self.assert_same_image(stored.in_dir(self.path("docker")), self.read_back(repository, "docker:1", "docker-back"))

    def test_split_layers_have_the_same_tars_and_a_manifest_that_says_so(self):
        source, original = self.image()
        diff_ids = original.diff_ids()[0]
        for mode in ("archive", "bare", "bare-user", "bare-user-only"):
            with self.subTest(mode=mode):
                repository = self.repository("repo-" + mode, mode)
                pushed = self.push(source, repository.reference("localhost/a_b:1"))
                repository.fsck()
                digest, manifest, config = repository.image("localhost/a_b:1")
                self.assertEqual(pushed.out.strip(), digest)
                self.assertEqual([layer["digest"] for layer in manifest["layers"]], diff_ids)
                self.assertEqual(repository.refs(), sorted(
                    ["ociimage/localhost_2Fa_5Fb_3A1", *["ociimage/" + d[7:] for d in [*diff_ids, manifest["config"]["digest"]]]]))
                self.assertEqual(repository.metadata(branch("localhost/a_b:1"), "docker.digest"), digest)
                for layer in manifest["layers"]:
                    ref = "ociimage/" + layer["digest"][7:]
                    self.assertEqual(repository.metadata(ref, "docker.uncompressed_digest"), layer["digest"])
                    self.assertEqual(repository.metadata(ref, "docker.uncompressed_size"), str(layer["size"]))
                back = self.read_back(repository, "localhost/a_b:1", "back-" + mode)
                self.assertEqual(back.manifest_digest, digest)
                self.assert_same_layers(original, back)

    def test_what_ostree_checks_out_is_what_was_in_the_layers(self):
        source, original = self.image()
        first, second, _ = ["ociimage/" + d[7:] for d in original.diff_ids()[0]]
        for mode in ("bare", "bare-user", "archive"):
            with self.subTest(mode=mode):
                repository = self.repository("repo-" + mode, mode)
                self.push(source, repository.reference("app:1"))
                root = self.path("out-" + mode)
                repository.ostree("checkout", first, root)
                one = os.path.join(root, "etc/one")
                with open(one, encoding="ascii") as file:
                    self.assertEqual(file.read(), "one\n")
                self.assertEqual(os.getxattr(one, "user.note"), b"kept")
                special = os.stat(os.path.join(root, "etc/set-uid"))
                self.assertEqual((stat.S_IMODE(special.st_mode), special.st_uid, special.st_gid), (0o4755, 1000, 50))
                self.assertEqual(os.readlink(os.path.join(root, "bin/link")), "tool")
                with open(os.path.join(root, "bin/tool"), "rb") as tool, open(os.path.join(root, "bin/other-name"), "rb") as other:
                    self.assertEqual(tool.read(), other.read())
                with open(os.path.join(root, "tmp", "long-name-" * 20), encoding="utf-8") as file:
                    self.assertEqual(file.read(), "ä and 漢")
                self.assertEqual(os.listdir(os.path.join(root, "tmp")), ["long-name-" * 20])  # and no device
                listed = repository.ostree("ls", "-R", second)
                self.assertIn("/etc/.wh.one", listed)
                self.assertIn("/var/cache/old/.wh..wh..opq", listed)
                self.assertIn("04755", repository.ostree("ls", first, "/etc/set-uid"))
                self.assertIn("user.note", repository.ostree("ls", "-X", first, "/etc/one"))

    def test_images_share_the_files_that_they_have_in_common(self):
        repository = self.repository(mode="archive")
        layout = layouts.Layout(self.path("image"))

        def fill(own):
            def entries(tar):
                for i in range(50):
                    tar.file("shared%d" % i, b"shared %d" % i)
                tar.file("own", own)
            return entries
        for name in ("a", "b"):
            layout.tag(name, layout.add_image([layout.add_layer(fill(name.encode()))]))
        self.push("oci:%s:a" % layout.folder, repository.reference("app:a"))
        before = repository.files()
        self.push("oci:%s:b" % layout.folder, repository.reference("app:b"))
        # The one file of its own, its config and its manifest.
        self.assertEqual(len(repository.files() - before), 3)
        self.assertEqual(len(before), 53)
        repository.fsck()
        for name in ("a", "b"):
            self.assert_same_layers(stored.in_oci(layout.folder, name), self.read_back(repository, "app:" + name, "back-" + name))

    def test_what_is_there_is_not_written_again(self):
        repository = self.repository()
        source, _ = self.image()
        self.push(source, repository.reference("app:1"))
        refs = {ref: repository.ostree("rev-parse", ref) for ref in repository.refs()}
        result = super().push(source, repository.reference("other:1"))
        self.assertEqual(result.err.count("there already"), 4, result)
        for ref, commit in refs.items():
            self.assertEqual(repository.ostree("rev-parse", ref), commit)
        self.assertEqual(set(repository.refs()) - set(refs), {branch("other:1")})

    def test_a_user_without_rights_reads_and_writes(self):
        source, original = self.image(compression="")
        os.chmod(self.folder, 0o755)
        installed = Installed(self.path("installed"))  # where that user may read it
        for parent, folders, _ in os.walk(self.path("image")):
            for name in folders:
                os.chmod(os.path.join(parent, name), 0o755)
        os.mkdir(self.path("theirs"))
        os.chown(self.path("theirs"), NOBODY, NOBODY)
        env = self.environment(SEALOS_PLUGIN_PATH=installed.plugins, HOME=self.path("theirs"), TMPDIR=self.path("theirs"))
        weaker = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", installed.sealos, "push", "-q"]
        for mode in ("bare", "bare-user", "bare-user-only", "archive"):
            with self.subTest(mode=mode):
                repository = Repository(self.path("theirs", mode))
                process.check(*weaker, "-o", "ostree.create=" + mode, source, repository.reference("app:1"), env=env)
                repository.fsck()
                back = self.path("theirs", "back-" + mode)
                process.check(*weaker, repository.reference("app:1"), "dir:" + back, env=env)
                self.assert_same_image(original, stored.in_dir(back))
        refused = process.run(*weaker, source, self.repository("ours", "archive").reference("app:1"), env=env)
        self.assert_refused(refused, process.LOCAL_IO, self.path("ours"))

    def test_repositories_of_old_tools_are_read(self):
        source, original = self.image()
        for mode in ("bare", "archive"):
            with self.subTest(mode=mode):
                repository = self.repository("repo-" + mode, mode)
                repository.commit_as_old_tools("old/split:1", original, self.path("split-" + mode))
                self.assert_same_layers(original, self.read_back(repository, "old/split:1", "split-back-" + mode))
                # Their layers are used again, by what is in them.
                before = repository.files()
                result = super().push(source, repository.reference("new:1"))
                self.assertEqual(result.err.count("there already"), 4, result)
                self.assertEqual(len(repository.files() - before), 1)  # the manifest
                repository.fsck()
                self.assert_same_layers(original, self.read_back(repository, "new:1", "new-back-" + mode))
        repository = self.repository("raw", "archive")
        repository.commit_as_old_tools("old/raw:1", original, self.path("raw-in"), split=False)
        self.assert_same_image(original, self.read_back(repository, "old/raw:1", "raw-back"))

    def test_files_behind_links_of_old_tools_are_found(self):
        layout = layouts.Layout(self.path("image"))

        def fill(tar):
            tar.folder("usr")
            tar.folder("usr/lib")
            tar.symlink("lib", "usr/lib")
            tar.file("lib/x", b"behind the link")
        layout.tag("1", layout.add_image([layout.add_layer(fill)]))
        original = stored.in_oci(layout.folder, "1")
        repository = self.repository("old", "archive")
        repository.commit_as_old_tools("app:1", original, self.path("scratch"))
        self.assert_same_layers(original, self.read_back(repository, "app:1", "old-back"))
        # No tree holds such a layer as it is: it is kept raw.
        new = self.repository("new")
        self.push("oci:%s:1" % layout.folder, new.reference("app:1"))
        new.fsck()
        self.assert_same_layers(original, self.read_back(new, "app:1", "new-back"))

    def test_kills_at_any_instant_leave_a_good_repository(self):
        repository = self.repository(mode="archive")
        first, first_image = self.image("first")
        self.push(first, repository.reference("first:1"))
        source, original = self.image("second", seed=50)
        started = time.monotonic()
        self.push(source, self.repository("timed", "archive").reference("app:1"))
        whole = time.monotonic() - started
        chance = random.Random(3)
        for i in range(KILLS):
            running = self.start_sealos("push", "-q", source, repository.reference("killed:%d" % i))
            time.sleep(chance.random() * whole)
            running.signal(signal.SIGKILL)
            running.wait()
            if i % 3 == 0:
                repository.fsck()
            if i % 2 == 0:  # else what was there is used again, and the kill comes earlier in the work
                for ref in set(repository.refs()) - {branch("first:1")}:
                    if "killed" in ref:
                        repository.ostree("refs", "--delete", ref)
        self.push(source, repository.reference("app:1"))
        repository.fsck()
        repository.ostree("prune", "--refs-only")
        self.assert_same_layers(original, self.read_back(repository, "app:1", "back"))
        self.assert_same_layers(first_image, self.read_back(repository, "first:1", "first-back"))

    def test_writers_at_once_lose_nothing(self):
        repository = self.repository(mode="archive")
        images = [self.image("image%d" % i, seed=1 + i % 3) for i in range(5)]
        running = [self.start_sealos("push", "-q", source, repository.reference("app:%d" % i)) for i, (source, _) in enumerate(images)]
        for one in running:
            result = one.wait()
            self.assertEqual(result.code, process.OK, result)
        repository.fsck()
        repository.ostree("prune", "--refs-only")
        for i, (_, original) in enumerate(images):
            self.assert_same_layers(original, self.read_back(repository, "app:%d" % i, "back%d" % i))

    def test_broken_repositories_give_one_clear_error(self):
        source, original = self.image()
        good = self.repository("good", "archive")
        self.push(source, good.reference("app:1"))
        layer = "ociimage/" + original.diff_ids()[0][0][7:]

        def objects(kind, repository):
            return [os.path.join(parent, name) for parent, _, names in os.walk(os.path.join(repository.path, "objects"))
                    for name in names if name.endswith(kind)]

        def of_branch(name, repository):
            commit = good.ostree("rev-parse", name).strip()
            return [os.path.join(repository.path, "objects", commit[:2], commit[2:] + ".commit")]

        def write(paths, data):
            for path in paths:
                os.unlink(path)
                if data is not None:
                    with open(path, "wb") as file:
                        file.write(data)

        def lying(repository):
            """The layer's tree and tar-split, under a digest that is another's."""
            commit = repository.ostree("rev-parse", "ociimage/" + original.diff_ids()[0][2][7:]).strip()
            repository.ostree("refs", "--delete", layer)
            repository.ostree("refs", "--create=" + layer, commit)

        breaks = {
            "no-commit": lambda r: write(of_branch(layer, r), None),
            "no-image": lambda r: write(of_branch(branch("app:1"), r), b""),
            "no-trees": lambda r: write(objects(".dirtree", r), None),
            "no-files": lambda r: write(objects(".filez", r), None),
            "cut-files": lambda r: write(objects(".filez", r), b"\0" * 7),
            "no-layer": lambda r: r.ostree("refs", "--delete", layer),
            "lying": lying,
            "no-manifest": lambda r: r.commit(branch("app:1"), self.home, signatures=0),
            "odd-manifest": lambda r: r.commit(branch("app:1"), self.home, **{"docker.manifest": '{"layers":[{"digest":"sha256:../../x","size":1}]}'}),
        }
        for name, damage in breaks.items():
            with self.subTest(broken=name):
                repository = Repository(self.path("repo-" + name))
                shutil.copytree(good.path, repository.path)
                damage(repository)
                result = self.sealos("push", "-q", repository.reference("app:1"), "dir:" + self.path("copy-" + name))
                self.assert_refused(result, process.CORRUPT)
                self.assertFalse(os.path.exists(self.path("copy-" + name)))

    def test_what_cannot_be_done_is_refused(self):
        source, _ = self.image()
        index = layouts.index_image(self.path("index"))
        repository = self.repository()
        os.mkdir(self.path("empty"))
        for arguments, code in (
                ((source, "ostree:app:1@" + self.path("missing")), process.DESTINATION),
                ((source, "ostree:app:1@" + self.path("empty")), None),
                ((source, "ostree:APP@" + repository.path), None),
                (("-o", "ostree.layers=half", source, repository.reference("app:1")), None),
                (("-o", "ostree.create=fancy", source, "ostree:app:1@" + self.path("new")), None),
                (("--all", "oci:%s:multi" % index.folder, repository.reference("app:1")), process.USAGE),
                ((source, repository.reference("app@sha256:" + "a" * 64)), None),
                ((repository.reference("app:1"), "dir:" + self.path("copy")), process.NOT_FOUND),
                (("ostree:app:1@" + self.path("missing"), "dir:" + self.path("copy")), process.NOT_FOUND)):
            with self.subTest(arguments=arguments):
                result = self.sealos("push", "-q", *arguments)
                self.assert_refused(result, code or result.code)
                self.assertNotEqual(result.code, process.OK)
                self.assertNotEqual(result.code, process.INTERNAL, result)
        self.assertEqual(repository.refs(), [])
        self.assertFalse(os.path.exists(self.path("new")))


if __name__ == "__main__":
    main()
