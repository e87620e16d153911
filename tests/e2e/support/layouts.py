"""Makes OCI layouts without any other program: layers with everything that layers have, of any size, always the
same bytes for the same seed."""

import gzip
import hashlib
import io
import json
import os
import random
import subprocess
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

MIB = 1 << 20


def content(seed, size, random_share=0.5):
    """Chunks of bytes that compress to about random_share of their size."""
    source = random.Random(seed)
    text = (" ".join("%x" % source.getrandbits(20) for _ in range(300))).encode()
    while size > 0:
        part = min(size, MIB)
        noise = int(part * random_share)
        filler = (text * (part // len(text) + 1))[:part - noise]
        yield source.randbytes(noise) + filler
        size -= part


class _Reader:
    """Chunks as the file that tarfile wants."""

    def __init__(self, chunks):
        self._chunks, self._rest = iter(chunks), b""

    def read(self, count):
        while len(self._rest) < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._rest += chunk
        data, self._rest = self._rest[:count], self._rest[count:]
        return data


class Tar:
    """A layer in the making; times and owners are fixed."""

    def __init__(self, file):
        self._file = file
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)

    def _info(self, name, kind, mode, **more):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.mtime = kind, mode, 1700000000
        for key, value in more.items():
            setattr(info, key, value)
        return info

    def folder(self, name, mode=0o755):
        self._tar.addfile(self._info(name, tarfile.DIRTYPE, mode))

    def file(self, name, data=b"", mode=0o644, xattrs=None, **more):
        info = self._info(name, tarfile.REGTYPE, mode, size=len(data), **more)
        for key, value in (xattrs or {}).items():
            info.pax_headers["SCHILY.xattr." + key] = value
        self._tar.addfile(info, io.BytesIO(data))

    def big_file(self, name, seed, size, random_share=0.5):
        self._tar.addfile(self._info(name, tarfile.REGTYPE, 0o644, size=size),
                          _Reader(content(seed, size, random_share)))

    def add(self, info, content):
        self._tar.addfile(info, content)

    def raw(self, data):
        """Bytes that no tar program would write."""
        self._file.write(data)

    def hard_link(self, name, target):
        self._tar.addfile(self._info(name, tarfile.LNKTYPE, 0o644, linkname=target))

    def symlink(self, name, target):
        self._tar.addfile(self._info(name, tarfile.SYMTYPE, 0o777, linkname=target))

    def device(self, name, major, minor):
        self._tar.addfile(self._info(name, tarfile.CHRTYPE, 0o666, devmajor=major, devminor=minor))

    def whiteout(self, name):
        folder, base = os.path.split(name)
        self.file(os.path.join(folder, ".wh." + base))

    def opaque(self, folder):
        self.file(os.path.join(folder, ".wh..wh..opq"))

    def close(self):
        self._tar.close()


class Layout:
    """An OCI layout in a folder."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "blobs/sha256"))
        self._write("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        self._entries = []
        self._write_index()

    def _write(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    def _write_index(self):
        self._write("index.json", json.dumps({"schemaVersion": 2, "manifests": self._entries}).encode())

    def blob_path(self, digest):
        return os.path.join(self.folder, "blobs", *digest.split(":"))

    def add_blob(self, data, media_type):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self._write("blobs/sha256/" + digest.split(":")[1], data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def adopt(self, path, media_type):
        """The file becomes a blob; returns its descriptor."""
        with open(path, "rb") as file:
            digest = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        size = os.path.getsize(path)
        os.rename(path, self.blob_path(digest))
        return {"mediaType": media_type, "digest": digest, "size": size}

    def add_layer(self, fill, compression="gzip", level=1):
        """fill(tar) puts the entries; compression: "gzip", at that level, "zstd" or "". Returns (descriptor, diffID)."""
        plain = os.path.join(self.folder, "blobs/new-layer")
        with open(plain, "wb") as file:
            tar = Tar(file)
            fill(tar)
            tar.close()
        with open(plain, "rb") as file:
            diff_id = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        if not compression:
            return self.adopt(plain, LAYER), diff_id
        packed = plain + "." + compression
        if compression == "zstd":
            subprocess.run(["zstd", "-q", "-T1", "-f", plain, "-o", packed], check=True)
        else:
            with open(plain, "rb") as file, open(packed, "wb") as raw, \
                    gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=level, mtime=0) as out:
                while chunk := file.read(MIB):
                    out.write(chunk)
        os.unlink(plain)
        return self.adopt(packed, LAYER + "+" + compression), diff_id

    def add_image(self, layers, architecture="amd64", subject=None, **more):
        """layers: what add_layer returned; subject: the descriptor that the manifest refers to; more: members of the config."""
        config = {
            "architecture": architecture, "os": "linux", "created": "2024-01-01T00:00:00Z",
            "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]},
            "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "layer %d" % i}
                        for i in range(len(layers))],
        }
        config.update(more)
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "config": self.add_blob(json.dumps(config).encode(), CONFIG),
                    "layers": [layer for layer, _ in layers]}
        if subject:
            manifest["subject"] = subject
        descriptor = self.add_blob(json.dumps(manifest, indent=2).encode(), MANIFEST)
        descriptor["platform"] = {"architecture": architecture, "os": "linux"}
        return descriptor

    def add_index(self, images):
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": images}
        return self.add_blob(json.dumps(index, indent=2).encode(), INDEX)

    def tag(self, name, descriptor):
        entry = {k: v for k, v in descriptor.items() if k != "platform"}
        entry["annotations"] = {"org.opencontainers.image.ref.name": name}
        self._entries = [e for e in self._entries
                         if e["annotations"]["org.opencontainers.image.ref.name"] != name] + [entry]
        self._write_index()


def small_layers(layout, compression="gzip", seed=1):
    """Three layers: files, links, xattrs, a device; then deletions; then a few hundred small files."""
    def first(tar):
        for name in ("bin", "etc", "tmp", "var", "var/cache", "var/cache/old"):
            tar.folder(name)
        tar.big_file("bin/tool", seed, 300_000)
        tar.hard_link("bin/other-name", "bin/tool")
        tar.symlink("bin/link", "tool")
        tar.file("etc/one", b"one\n", xattrs={"user.note": "kept"})
        tar.file("etc/set-uid", b"", mode=0o4755, uid=1000, gid=50)
        tar.file("var/cache/old/file", b"old\n")
        tar.device("tmp/null", 1, 3)
        tar.file("tmp/" + "long-name-" * 20, "ä and 漢".encode())

    def second(tar):
        tar.file("etc/seed", b"%d" % seed)
        tar.whiteout("etc/one")
        tar.folder("var/cache/old")
        tar.opaque("var/cache/old")
        tar.file("var/cache/old/new", b"new\n")

    def third(tar):
        tar.folder("usr")
        for i in range(200):
            tar.file("usr/f%d" % i, b"%d\n" % i)
        tar.big_file("usr/random", seed + 1, 1_500_000, random_share=1)

    return [layout.add_layer(fill, compression) for fill in (first, second, third)]


def small_image(folder, tag="1", compression="gzip", seed=1, **more):
    """A layout with one small image of three layers; another seed shares no layer with it."""
    layout = Layout(folder)
    layout.tag(tag, layout.add_image(small_layers(layout, compression, seed), **more))
    return layout


def large_image(folder, megabytes, layers=4, compression="", tag="1", random_share=0.5):
    """A layout with one image of so many MB in equal layers, before compression."""
    layout = Layout(folder)
    made = []
    for i in range(layers):
        size = megabytes * 1_000_000 // layers
        made.append(layout.add_layer(lambda tar, i=i: tar.big_file("data%d" % i, 100 + i, size, random_share), compression))
    layout.tag(tag, layout.add_image(made))
    return layout


def index_image(folder, tag="multi", seed=1):
    """A layout with an index of linux/amd64 and linux/arm64 that share one layer."""
    layout = Layout(folder)
    shared = small_layers(layout, seed=seed)
    other = layout.add_layer(lambda tar: tar.file("arch", b"arm64\n"))
    layout.tag(tag, layout.add_index([
        layout.add_image(shared), layout.add_image([shared[0], other], architecture="arm64")]))
    return layout
