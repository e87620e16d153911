#!/usr/bin/env python3
"""What the local store stands, in sizes that no test run has time for. Run by hand, as root:

    tests/stress/store.py [--folder FOLDER] layer [MEGABYTES]      one layer with one large file (5000)
    tests/stress/store.py [--folder FOLDER] entries [COUNT]        one layer of empty files (10000000)
    tests/stress/store.py [--folder FOLDER] zeros [GIGABYTES]      a small gzip that is a large layer (50)
    tests/stress/store.py kills [COUNT]                            writers killed at random instants (200)

Each image is pushed from an OCI layout into a new overlay store and, but for kills, out of it again; podman looks at
the store and the layer's digest is compared. The output has seconds and peak memory of each push.

Environment: SEALOS, SEALOS_BUILD as for the tests in tests/e2e.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib

E2E = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e")
sys.path.insert(0, E2E)
from support import environment, layouts, process, stored, stores  # noqa: E402

USUAL = {"layer": 5000, "entries": 10000000, "zeros": 50, "kills": 200}


def one_large_file(layout, megabytes):
    return layout.add_layer(lambda tar: tar.big_file("large", 1, megabytes << 20), compression="")


class GzipLayer:
    """A tar that is compressed as it is made, so that it is never on the disk as it is."""

    def __init__(self, layout, level):
        self.layout, self.path = layout, os.path.join(layout.folder, "blobs/new-layer.gzip")
        self._packer, self._plain = zlib.compressobj(level, wbits=31), hashlib.sha256()
        self._file = open(self.path, "wb")

    def put(self, data):
        self._plain.update(data)
        self._file.write(self._packer.compress(data))

    def finish(self):
        """(descriptor, diffID)"""
        self.put(bytes(1024))
        self._file.write(self._packer.flush())
        self._file.close()
        return self.layout.adopt(self.path, layouts.LAYER + "+gzip"), "sha256:" + self._plain.hexdigest()


def header(kind):
    """Of an empty entry, as a function of its name: tarfile would take ten times as long."""
    info = tarfile.TarInfo("")
    info.type, info.mode, info.mtime = kind, 0o755 if kind == tarfile.DIRTYPE else 0o644, 1700000000
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT)[:512])
    block[148:156] = b" " * 8
    rest, base = bytes(block[100:]), sum(block[100:])

    def of(name):
        data = name.encode()
        whole = bytearray(data.ljust(100, b"\0") + rest)
        whole[148:156] = b"%06o\0 " % (base + sum(data))
        return whole

    return of


def many_entries(layout, count):
    """In folders of 1000 files."""
    layer, folder, file = GzipLayer(layout, 1), header(tarfile.DIRTYPE), header(tarfile.REGTYPE)
    for start in range(0, count, 1000):
        name = "folder%d/" % (start // 1000)
        layer.put(folder(name) + b"".join(file(name + str(i)) for i in range(start, min(start + 1000, count) - 1)))
    return layer.finish()


def zeros(layout, gigabytes):
    """One file of zeros."""
    layer = GzipLayer(layout, 9)
    info = tarfile.TarInfo("zeros")
    info.size = gigabytes << 30
    layer.put(info.tobuf(tarfile.GNU_FORMAT))
    for _ in range(gigabytes << 10):
        layer.put(bytes(1 << 20))
    return layer.finish()


def measured(source, target):
    env = dict(os.environ, PATH=environment.PATH, SEALOS_PLUGIN_PATH=environment.PLUGINS)
    result, seconds, _, peak_kib = process.run_measured(environment.SEALOS, "push", "-q", source, target, env=env,
                                                        timeout=7200)
    if result.code != 0:
        sys.exit(str(result))
    print("%8.1f s, peak %4d MB: %s -> %s" % (seconds, peak_kib // 1024, source, target), flush=True)


def through_a_store(folder, make_layer, size):
    layout = layouts.Layout(os.path.join(folder, "layout"))
    descriptor, diff_id = make_layer(layout, size)
    layout.tag("1", layout.add_image([(descriptor, diff_id)]))
    print("a layer of %d bytes, %s" % (descriptor["size"], descriptor["mediaType"]), flush=True)
    store = stores.Store(os.path.join(folder, "store"), "overlay")
    try:
        measured("oci:%s:1" % layout.folder, store.reference("localhost/big:1"))
        print(store.podman("images"))
        print(process.check("du", "-sh", store.root).strip())
        shutil.rmtree(layout.folder)
        if make_layer is not zeros:
            measured(store.reference("localhost/big:1"), "dir:" + os.path.join(folder, "back"))
            found = stored.in_dir(os.path.join(folder, "back")).diff_ids()
            if found != ([diff_id], [diff_id]):
                sys.exit("the layer that came back is %s, not %s" % (found, diff_id))
        store.podman("image", "rm", "localhost/big:1")
    finally:
        store.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", help="where all is kept while it runs (default: a temporary one)")
    parser.add_argument("what", choices=USUAL)
    parser.add_argument("size", nargs="?", type=int)
    options = parser.parse_args()
    size = options.size or USUAL[options.what]
    if options.what == "kills":
        sys.exit(subprocess.run([sys.executable, "-B", os.path.join(E2E, "test_store_shared.py"), "-k", "killed"],
                                env=dict(os.environ, SEALOS_E2E_KILLS=str(size)), check=False).returncode)
    folder = tempfile.mkdtemp(prefix="sealos-stress-", dir=options.folder)
    try:
        make_layer = {"layer": one_large_file, "entries": many_entries, "zeros": zeros}[options.what]
        through_a_store(folder, make_layer, size)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
