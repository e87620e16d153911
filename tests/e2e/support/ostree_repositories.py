"""OSTree repositories, made and looked at with the ostree command."""

import base64
import gzip
import json
import os
import re
import tarfile

from . import process, stored


def crc64(data):
    """CRC-64 of ISO 3309, reflected, as tar-split has it."""
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xD800000000000000 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFFFFFFFFFF


def tar_split(tar):
    """The tar-split of a tar, as the text that a commit's metadata has; made without sealos."""
    lines, at = [], 0

    def add(**entry):
        lines.append(json.dumps(dict(entry, position=len(lines)), separators=(",", ":")))

    with tarfile.open(tar) as members, open(tar, "rb") as file:
        data = file.read()
        for member in members:
            add(type=2, payload=base64.b64encode(data[at:member.offset_data]).decode())
            size = member.size if member.isfile() else 0
            content = data[member.offset_data:member.offset_data + size]
            name = member.name + ("/" if member.isdir() else "")
            if size:
                add(type=1, name=name, size=size, payload=base64.b64encode(crc64(content).to_bytes(8, "big")).decode())
            else:
                add(type=1, name=name, payload=None)
            at = member.offset_data + size
        add(type=2, payload=base64.b64encode(data[at:]).decode())
    return base64.b64encode(gzip.compress(("\n".join(lines) + "\n").encode())).decode()


def branch(image):
    return "ociimage/" + re.sub("[^A-Za-z0-9.-]", lambda c: "".join("_%02X" % b for b in c[0].encode()), image)


class Repository:
    def __init__(self, path, mode=None):
        """mode: make it."""
        self.path = path
        if mode:
            self.ostree("init", "--mode=" + mode)
            self.ostree("config", "set", "core.fsync", "false")  # no test cuts the power

    def reference(self, image):
        return "ostree:%s@%s" % (image, self.path)

    def ostree(self, *arguments):
        return process.check("ostree", "--repo=" + self.path, *arguments)

    def fsck(self):
        assert "no errors found" in self.ostree("fsck")

    def refs(self):
        return sorted(self.ostree("refs").split())

    def metadata(self, ref, key):
        return self.ostree("show", "--print-metadata-key=" + key, ref).strip()[1:-1]

    def files(self):
        """The objects that are files."""
        found = set()
        for parent, _, names in os.walk(os.path.join(self.path, "objects")):
            found.update(os.path.basename(parent) + n for n in names if n.endswith((".file", ".filez")))
        return found

    def image(self, name):
        """The image's manifest and config, out of the commits: (Digest of the manifest, manifest, config)."""
        text = self.ostree("cat", branch(name), "/manifest.json")
        manifest = json.loads(text)
        config = self.ostree("cat", "ociimage/" + manifest["config"]["digest"][7:], "/content")
        return stored.digest_of(text.encode()), manifest, json.loads(config)

    def commit(self, ref, folder, **metadata):
        """A commit as the old tools made them."""
        self.ostree("commit", "--branch=" + ref, "--tree=dir=" + folder, "--parent=" + "0" * 64, "--subject=",
                    *["--add-metadata-string=%s=%s" % one for one in metadata.items()])

    def commit_as_old_tools(self, name, image, scratch, split=True):
        """image: a stored.Image. What is written is what containers/image wrote until 2025: layers by their
        compressed digests, their files unpacked with links followed."""
        contents = {}
        for number, layer in enumerate(image.manifest["layers"]):
            folder, tar = os.path.join(scratch, str(number)), os.path.join(scratch, "%d.tar" % number)
            os.makedirs(folder)
            data = image.blob(layer)
            metadata = {"docker.size": len(data)}
            if split:
                with open(tar, "wb") as file:
                    file.write(gzip.decompress(data))
                process.check("tar", "-C", folder, "--xattrs", "--exclude=tmp/null", "-xpf", tar)
                metadata.update({"docker.uncompressed_size": os.path.getsize(tar),
                                 "docker.uncompressed_digest": stored.file_digest(tar), "tarsplit.output": tar_split(tar)})
            else:
                with open(os.path.join(folder, "content"), "wb") as file:
                    file.write(data)
            contents[layer["digest"]] = (folder, metadata)
        folder = os.path.join(scratch, "config")
        os.makedirs(folder)
        config = image.blob(image.manifest["config"])
        with open(os.path.join(folder, "content"), "wb") as file:
            file.write(config)
        contents[image.manifest["config"]["digest"]] = (folder, {"docker.size": len(config)})
        for digest, (folder, metadata) in contents.items():
            self.commit("ociimage/" + digest[7:], folder, **metadata)
        folder = os.path.join(scratch, "image")
        os.makedirs(folder)
        with open(os.path.join(folder, "manifest.json"), "wb") as file:
            file.write(image.manifest_bytes)
        self.commit(branch(name), folder, signatures=0, **{
            "docker.manifest": image.manifest_bytes.decode(), "docker.digest": image.manifest_digest})
