"""Reads images back with the others' tools, never with sealos: skopeo for manifests, files and HTTP for blobs.

Every blob that is read is hashed; a blob that does not match its descriptor is an AssertionError.
"""

import hashlib
import json
import os
import urllib.request
import zlib

from . import process


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def file_digest(path):
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def layer_diff_id(compressed):
    """The digest of a layer's tar, from its bytes as they are stored (gzip, zstd or none)."""
    if compressed[:2] == b"\x1f\x8b":
        digest = hashlib.sha256()
        while compressed:  # members, one after another
            inflater = zlib.decompressobj(31)
            digest.update(inflater.decompress(compressed))
            digest.update(inflater.flush())
            assert inflater.eof, "the gzip stream is cut"
            compressed = inflater.unused_data
        return "sha256:" + digest.hexdigest()
    if compressed[:4] == b"\x28\xb5\x2f\xfd":
        import subprocess
        compressed = subprocess.run(["zstd", "-dcq"], input=compressed, stdout=subprocess.PIPE, check=True).stdout
    return digest_of(compressed)


class Image:
    """One image or index as stored somewhere. `read_blob` gives the bytes of a digest."""

    def __init__(self, reference, read_blob, skopeo_flags=()):
        self.reference, self.read_blob = reference, read_blob
        raw = process.check("skopeo", "inspect", "--raw", *skopeo_flags, reference)
        self.manifest_bytes = raw.encode()
        self.manifest = json.loads(raw)
        self.manifest_digest = digest_of(self.manifest_bytes)

    def blob(self, descriptor):
        data = self.read_blob(descriptor["digest"])
        if digest_of(data) != descriptor["digest"] or len(data) != descriptor["size"]:
            raise AssertionError("%s: blob %s has %d bytes with digest %s" % (
                self.reference, descriptor["digest"], len(data), digest_of(data)))
        return data

    def blob_digests(self):
        """Config and layers, each one read and hashed; of an index the instances' too."""
        if "manifests" in self.manifest:
            digests = []
            for instance in self.manifest["manifests"]:
                manifest = json.loads(self.blob(instance))
                digests.append(instance["digest"])
                digests += self._blobs_of(manifest)
            return digests
        return self._blobs_of(self.manifest)

    def _blobs_of(self, manifest):
        for descriptor in [manifest["config"], *manifest["layers"]]:
            self.blob(descriptor)
        return [d["digest"] for d in [manifest["config"], *manifest["layers"]]]

    def diff_ids(self):
        """(what the config says, what the layers are)"""
        config = json.loads(self.blob(self.manifest["config"]))
        return (config["rootfs"]["diff_ids"],
                [layer_diff_id(self.blob(layer)) for layer in self.manifest["layers"]])


def in_oci(folder, tag=None):
    """Without a tag: the only image."""
    def read(digest):
        with open(os.path.join(folder, "blobs", *digest.split(":")), "rb") as file:
            return file.read()
    return Image("oci:" + (folder if tag is None else "%s:%s" % (folder, tag)), read)


def in_dir(folder):
    def read(digest):
        name = digest.split(":")[1]
        if not os.path.exists(os.path.join(folder, name)):
            name += ".manifest.json"
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    return Image("dir:" + folder, read)


def in_registry(registry, name):
    """registry: servers.Registry; name: "app:1" or "app@sha256:…" """
    repository = name.split("@")[0].split(":")[0]

    def read(digest):
        for kind in ("blobs", "manifests"):
            try:
                return registry.get("/v2/%s/%s/%s" % (repository, kind, digest))
            except urllib.error.HTTPError as error:
                if error.code != 404 or kind == "manifests":
                    raise
    return Image(registry.reference(name), read, registry.skopeo_flags)
