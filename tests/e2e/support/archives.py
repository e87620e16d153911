"""Archives of images: what is in them, and such as other programs write, or none would."""

import hashlib
import io
import json
import os
import tarfile

from . import layouts

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"


def members(path):
    """[(name, bytes or None for what is no file)], in the archive's order."""
    with tarfile.open(path) as tar:
        return [(m.name, tar.extractfile(m).read() if m.isreg() else None) for m in tar]


def text(path, name):
    """The JSON in a member."""
    return json.loads(dict(members(path))[name])


def names(path):
    with tarfile.open(path) as tar:
        return tar.getnames()


class Writer:
    """An archive in the making, member by member; twice the same name, links and lies are possible."""

    def __init__(self, path):
        self._tar = tarfile.open(path, "w", format=tarfile.GNU_FORMAT)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._tar.close()

    def file(self, name, data):
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o444
        self._tar.addfile(info, io.BytesIO(data))

    def json(self, name, value):
        self.file(name, json.dumps(value).encode())

    def link(self, name, target):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(info)

    def folder(self, name):
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        self._tar.addfile(info)


def from_members(path, entries):
    """entries: as `members` returns them."""
    with Writer(path) as archive:
        for name, data in entries:
            if data is None:
                archive.folder(name)
            else:
                archive.file(name, data)


def _read(layout, digest):
    with open(layout.blob_path(digest), "rb") as file:
        return file.read()


def _all_blobs(layout, manifest, missing=()):
    """(the manifest that manifest.json describes, every digest below it)"""
    value = json.loads(_read(layout, manifest))
    if "manifests" not in value:
        return value, [d["digest"] for d in [value["config"], *value["layers"]]]
    first, found = None, []
    for child in value["manifests"]:
        if child["platform"]["architecture"] in missing:
            continue
        described, below = _all_blobs(layout, child["digest"])
        first = first or described
        found += [child["digest"], *below]
    return first, found


def containerd_save(path, layout, tag, image_names, missing=()):
    """What `docker save` of Docker 25 and newer writes from the containerd image store: blobs as they were pulled, the
    original manifest or index, and manifest.json with familiar names. missing: architectures that were never pulled."""
    entry = next(e for e in json.loads(open(os.path.join(layout.folder, "index.json"), encoding="utf-8").read())["manifests"]
                 if e["annotations"][REF_NAME] == tag)
    described, digests = _all_blobs(layout, entry["digest"], missing)
    blob = lambda digest: "blobs/" + digest.replace(":", "/")
    with Writer(path) as archive:
        archive.folder("blobs/")
        archive.folder("blobs/sha256/")
        for digest in sorted({entry["digest"], *digests}):
            archive.file(blob(digest), _read(layout, digest))
        archive.json("index.json", {"schemaVersion": 2, "mediaType": layouts.INDEX, "manifests": [
            {"mediaType": entry["mediaType"], "digest": entry["digest"], "size": entry["size"],
             "annotations": {CONTAINERD_NAME: "docker.io/library/" + name, REF_NAME: name.split(":")[1]}}
            for name in image_names]})
        archive.json("manifest.json", [{
            "Config": blob(described["config"]["digest"]), "RepoTags": image_names,
            "Layers": [blob(layer["digest"]) for layer in described["layers"]],
            "LayerSources": {layer["digest"]: layer for layer in described["layers"]}}])
        archive.file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    return entry["digest"]


def graph_save(path, layout, tag, image_names):
    """What Docker 25 and newer writes from its classic store: plain layers named by their digest, and a manifest that it
    makes up for them. Returns that manifest's digest. The layout's layers have to be plain."""
    entry = next(e for e in json.loads(open(os.path.join(layout.folder, "index.json"), encoding="utf-8").read())["manifests"]
                 if e["annotations"][REF_NAME] == tag)
    original = json.loads(_read(layout, entry["digest"]))
    made = json.dumps({"schemaVersion": 2, "mediaType": layouts.MANIFEST, "config": original["config"],
                       "layers": original["layers"]}, indent=1).encode()
    digest = "sha256:" + hashlib.sha256(made).hexdigest()
    blob = lambda d: "blobs/" + d.replace(":", "/")
    with Writer(path) as archive:
        for d in sorted(d["digest"] for d in [original["config"], *original["layers"]]):
            archive.file(blob(d), _read(layout, d))
        archive.file(blob(digest), made)
        archive.json("index.json", {"schemaVersion": 2, "mediaType": layouts.INDEX, "manifests": [
            {"mediaType": layouts.MANIFEST, "digest": digest, "size": len(made),
             "annotations": {CONTAINERD_NAME: "docker.io/library/" + name, REF_NAME: name.split(":")[1]}}
            for name in image_names]})
        archive.json("manifest.json", [{
            "Config": blob(original["config"]["digest"]), "RepoTags": image_names,
            "Layers": [blob(layer["digest"]) for layer in original["layers"]],
            "LayerSources": {layer["digest"]: layer for layer in original["layers"]}}])
        archive.file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        archive.json("repositories", {name.split(":")[0]: {name.split(":")[1]: original["layers"][-1]["digest"][7:]}
                                      for name in image_names})
    return digest
