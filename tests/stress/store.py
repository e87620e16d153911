#!/usr/bin/env python3
"""What the local store stands, in sizes that no test run has time for. Run by hand, as root:

    tests/stress/store.py [--folder FOLDER] layer [MEGABYTES]      one layer with one large file (5000)
    tests/stress/store.py [--folder FOLDER] entries [COUNT]        one layer of empty files (1000000)
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

USUAL = {"layer": 5000, "entries": 1000000, "zeros": 50, "kills": 200}


def one_large_file(layout, megabytes):
    return layout.add_layer(lambda tar: tar.big_file("large", 1, megabytes << 20), compression="")


def many_entries(layout, count):
    def fill(tar):
        for number in range(count):
            if number % 1000 == 0:
                tar.folder("folder%d" % (number // 1000))
            tar.file("folder%d/file%d" % (number // 1000, number))
    return layout.add_layer(fill, compression="")


def zeros(layout, gigabytes):
    """A file of zeros, compressed as it is made: the tar is never on the disk."""
    path = os.path.join(layout.folder, "blobs/new-layer.gzip")
    packer = zlib.compressobj(9, wbits=31)
    plain = hashlib.sha256()
    block = bytes(1 << 20)
    with open(path, "wb") as file:
        def put(data):
            plain.update(data)
            file.write(packer.compress(data))
        info = tarfile.TarInfo("zeros")
        info.size = gigabytes << 30
        put(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(gigabytes << 10):
            put(block)
        put(bytes(1024))
        file.write(packer.flush())
    return layout.adopt(path, layouts.LAYER + "+gzip"), "sha256:" + plain.hexdigest()


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
