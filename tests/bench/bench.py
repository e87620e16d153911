#!/usr/bin/env python3
"""Measures sealos against a peer in the same run: the same copies, interleaved, medians.

    tests/bench/bench.py [--peer COMMAND] [--runs N] [--megabytes M] [--layers L] [--image OCI] [--folder FOLDER] [ROUTE ...]

A ratio says how much more the peer needs: 2.0 in the column "wall" means twice the time. Both programs get the same
files on the same disk in the same minutes, and take turns at going first, so that ratios mean more than the seconds.
"idle" is what the whole machine had left while the copy ran, registry and all. The image is made of this machine's
files below /usr, or is the one that --image names.

Environment: SEALOS_BENCH_PEER  as --peer (default: skopeo); a peer in another root must see FOLDER under its name
             SEALOS             the program to measure (default: build/release/bin/sealos)
"""

import argparse
import hashlib
import json
import os
import shlex
import shutil
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from support import environment, layouts, process, servers, stores  # noqa: E402


def files_of_this_machine(megabytes):
    """Regular files below /usr, spread over all of it, that make up about so much."""
    found = []
    for parent, folders, files in os.walk("/usr"):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(parent, name)
            size = os.lstat(path).st_size
            if os.path.isfile(path) and not os.path.islink(path) and 0 < size < 64 << 20 and os.access(path, os.R_OK):
                found.append((path, size))
    step = max(1.0, sum(size for _, size in found) / (megabytes * 1e6))
    chosen, total, position = [], 0, 0.0
    while position < len(found) and total < megabytes * 1e6:
        path, size = found[int(position)]
        chosen.append(path)
        total += size
        position += step
    return chosen


def real_image(folder, megabytes, count):
    """An image of so many layers of about the same size, compressed as most are in registries."""
    layout = layouts.Layout(folder)
    files = files_of_this_machine(megabytes)
    share = sum(os.path.getsize(f) for f in files) / count
    made = []

    def fill(tar):
        size = 0
        while files and size < share:
            with open(files[0], "rb") as file:
                data = file.read()
            tar.file(files.pop(0).lstrip("/"), data)
            size += len(data)

    for _ in range(count):
        made.append(layout.add_layer(fill, "gzip", 6))
    layout.tag("1", layout.add_image(made))
    return layout


def unmount_below(folder):
    """What programs have mounted there for good, also in another root that shows the folder."""
    with open("/proc/mounts", encoding="utf-8") as file:
        places = [line.split()[1] for line in file]
    for place in reversed([p for p in places if folder + "/" in p + "/"]):
        process.run("umount", place)


class Bench:
    """The places that routes copy between. Images are made when first asked for, and kept for the next run of this
    script where the folder is."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.serial, self._registry, self._daemon, self._store, self._filled = 0, None, None, None, set()
        made = "%d-%d" % (options.megabytes, options.layers)
        self.image = hashlib.sha256(options.image.encode()).hexdigest()[:8] if options.image else made

    def once(self, name, make):
        """The folder of that name, made by make(folder) unless an earlier run did."""
        folder = os.path.join(self.folder, name + "-" + self.image)
        if not os.path.exists(folder + ".done"):
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            open(folder + ".done", "w", encoding="ascii").close()
        return folder

    def skopeo(self, *arguments):
        process.check("skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false",
                      *arguments, timeout=3600)

    @property
    def gzip(self):
        if self.options.image:
            return self.options.image
        return "oci:%s:1" % self.once("gzip", lambda f: real_image(f, self.options.megabytes, self.options.layers))

    @property
    def plain_dir(self):
        return "dir:" + self.once("plain-dir", lambda f: self.skopeo("--dest-decompress", self.gzip, "dir:" + f))

    @property
    def plain(self):
        return "oci:%s:1" % self.once("plain", lambda f: self.skopeo(
            "--dest-oci-accept-uncompressed-layers", self.plain_dir, "oci:%s:1" % f))

    @property
    def archive(self):
        return "docker-archive:%s/a:a:1" % self.once("archive", lambda f: (
            os.mkdir(f), self.skopeo(self.gzip, "docker-archive:%s/a:a:1" % f)))

    @property
    def oci_archive(self):
        return "oci-archive:%s/a:1" % self.once("oci-archive", lambda f: (
            os.mkdir(f), self.skopeo(self.gzip, "oci-archive:%s/a:1" % f)))

    @property
    def store(self):
        if self._store is None:
            self._store = stores.Store(os.path.join(self.folder, "store"), "overlay")
        return self._store

    @property
    def stored(self):
        reference = self.store.reference("localhost/source-%s:1" % self.image)
        self.once("stored", lambda f: self.skopeo(self.gzip, reference))
        return reference

    @property
    def registry(self):
        if self._registry is None:
            self._registry = servers.Registry(os.path.join(self.folder, "registry"))
        return self._registry

    @property
    def in_registry(self):
        name = self.registry.reference("source:1")
        if name not in self._filled:
            self.skopeo(self.gzip, name)
            self._filled.add(name)
        return name

    @property
    def daemon(self):
        if self._daemon is None:
            self._daemon = servers.Dockerd(os.path.join(self.folder, "dockerd"))
        return self._daemon

    def target(self):
        """A path where nothing is."""
        path = os.path.join(self.folder, "target")
        unmount_below(path)
        if os.path.exists(path):
            shutil.rmtree(path)
        return path

    def new_dir(self):
        return "dir:" + self.target()

    def new_oci(self):
        return "oci:%s:1" % self.target()

    def new_archive(self):
        os.mkdir(self.target())
        return "docker-archive:%s/target/a:a:1" % self.folder

    def new_oci_archive(self):
        os.mkdir(self.target())
        return "oci-archive:%s/target/a:1" % self.folder

    def new_repository(self):
        """An empty one, and without the blobs of the one before."""
        self.serial += 1
        shutil.rmtree(os.path.join(self.registry.storage, "docker/registry/v2"), ignore_errors=True)
        self._filled.clear()
        return self.registry.reference("target-%d:1" % self.serial)

    def other_repository(self):
        """A new one beside those that are there."""
        self.serial += 1
        return self.registry.reference("copy-%d:1" % self.serial)

    def new_store(self):
        """A store that has no image."""
        self.target()
        return stores.Store(os.path.join(self.folder, "target"), "overlay").reference("localhost/a:1")

    def new_in_daemon(self):
        process.run("docker", "-H", self.daemon.host, "image", "prune", "-af")
        process.run("docker", "-H", self.daemon.host, "image", "rm", "-f", "a:1")
        return "docker-daemon:a:1"

    def daemon_flags(self, program, source, destination):
        if program == "sealos":
            return ["-o", "docker-daemon.host=" + self.daemon.host]
        return ["--%s-daemon-host=%s" % ("src" if source.startswith("docker-daemon:") else "dest", self.daemon.host)]

    def size_of(self, destination):
        """In MB, of what was written; nan where it cannot be said."""
        transport = destination.split(":")[0]
        if transport == "docker":
            raw = json.loads(process.check("skopeo", "inspect", "--raw", "--tls-verify=false", destination))
            return sum(layer["size"] for layer in raw["layers"]) / 1e6
        if transport == "docker-daemon":
            return float("nan")
        return int(process.check("du", "-sb", os.path.join(self.folder, "target")).split()[0]) / 1e6

    def stop(self):
        for server in (self._registry, self._daemon):
            if server is not None:
                server.stop()
        self.target()
        unmount_below(self.folder)


def level(number):
    return {"sealos": ["--compression-level", number], "peer": ["--dest-compress-level", number]}


def form(name):
    return {"sealos": ["--compression-format", name], "peer": ["--dest-compress-format", name]}


PLAIN_ARCHIVE = {"sealos": ["-o", "docker-archive.format=plain"], "peer": []}
NONE = {"sealos": [], "peer": []}

# name: (source, destination, flags): the first two are functions of a Bench.
ROUTES = {
    "store-registry": (lambda b: b.stored, Bench.new_repository, NONE),
    "store-registry-1": (lambda b: b.stored, Bench.new_repository, level("1")),
    "store-registry-zstd": (lambda b: b.stored, Bench.new_repository, form("zstd")),
    "store-registry-chunked": (lambda b: b.stored, Bench.new_repository, form("zstd:chunked")),
    "dir-registry": (lambda b: b.plain_dir, Bench.new_repository, NONE),
    "dir-registry-1": (lambda b: b.plain_dir, Bench.new_repository, level("1")),
    "dir-registry-zstd": (lambda b: b.plain_dir, Bench.new_repository, form("zstd")),
    "dir-registry-chunked": (lambda b: b.plain_dir, Bench.new_repository, form("zstd:chunked")),
    "oci-oci-zstd": (lambda b: b.gzip, Bench.new_oci, form("zstd")),
    "plain-oci-gzip": (lambda b: b.plain, Bench.new_oci, NONE),
    "oci-archive-plain": (lambda b: b.gzip, Bench.new_archive, PLAIN_ARCHIVE),
    "oci-archive-hybrid": (lambda b: b.gzip, Bench.new_archive, NONE),
    "archive-oci": (lambda b: b.archive, Bench.new_oci, NONE),
    "oci-oci-archive": (lambda b: b.gzip, Bench.new_oci_archive, NONE),
    "oci-archive-oci": (lambda b: b.oci_archive, Bench.new_oci, NONE),
    "registry-store": (lambda b: b.in_registry, Bench.new_store, NONE),
    "store-dir": (lambda b: b.stored, Bench.new_dir, NONE),
    "oci-dir": (lambda b: b.gzip, Bench.new_dir, NONE),
    "oci-registry": (lambda b: b.gzip, Bench.new_repository, NONE),
    "registry-dir": (lambda b: b.in_registry, Bench.new_dir, NONE),
    "registry-oci": (lambda b: b.in_registry, Bench.new_oci, NONE),
    "registry-registry": (lambda b: b.in_registry, Bench.other_repository, NONE),
    "oci-daemon": (lambda b: b.gzip, Bench.new_in_daemon, NONE),
}


def sealos_copy(bench, source, destination, flags):
    loose = ["--tls-verify=false"] if "docker:" in source + destination else []
    if "docker-daemon:" in source + destination:
        loose = bench.daemon_flags("sealos", source, destination)
    return [environment.SEALOS, "push", "-q", *loose, *flags["sealos"], source, destination]


def peer_copy(bench, source, destination, flags):
    loose = ["--src-tls-verify=false", "--dest-tls-verify=false"]
    if "docker-daemon:" in source + destination:
        loose = bench.daemon_flags("peer", source, destination)
    return [*bench.options.peer, "copy", "-q", "--insecure-policy", *loose, *flags["peer"], source, destination]


def idle_and_all():
    """Of all processors since the start of the machine, in ticks."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(n) for n in file.readline().split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def measure(command):
    """(seconds, CPU seconds, peak MB, idle share)"""
    os.sync()
    env = dict(os.environ, PATH=environment.PATH, SEALOS_PLUGIN_PATH=environment.PLUGINS)
    idle, ticks = idle_and_all()
    result, seconds, cpu_seconds, peak_kib = process.run_measured(*command, env=env, timeout=3600)
    if result.code != 0:
        sys.exit(str(result))
    idle_now, ticks_now = idle_and_all()
    share = (idle_now - idle) / max(1, ticks_now - ticks)
    return seconds, cpu_seconds, peak_kib / 1024, share


def medians(results):
    """Of memory the most."""
    seconds, cpu_seconds, megabytes, idle, size = zip(*results)
    return (statistics.median(seconds), statistics.median(cpu_seconds), max(megabytes), statistics.median(idle),
            statistics.median(size))


def compare(bench, name):
    ours, theirs = [], []
    runs = bench.options.runs * 4 if name == "start" else bench.options.runs
    for i in range(runs):
        turns = [(sealos_copy, ours), (peer_copy, theirs)]
        for command, results in turns if i % 2 == 0 else reversed(turns):
            if name == "start":
                results.append((*measure([environment.SEALOS, "--version"] if command is sealos_copy
                                         else [*bench.options.peer, "--version"]), float("nan")))
                continue
            source, destination, flags = ROUTES[name]
            to = destination(bench)
            results.append((*measure(command(bench, source(bench), to, flags)), bench.size_of(to)))
    return medians(ours), medians(theirs)


HEAD = "%-23s |%8s%8s %6s |%8s%8s %6s |%7s%7s %6s |%5s%5s |%8s%8s %6s" % (
    "route", "wall s", "peer", "ratio", "CPU s", "peer", "ratio", "max MB", "peer", "ratio", "idle", "peer", "size MB",
    "peer", "ratio")


def row(name, ours, theirs):
    def ratio(mine, other):
        return "%6.2f" % (other / mine) if mine else "     -"

    cells = ["%-23s" % name]
    for i, form in enumerate(("%8.2f%8.2f ", "%8.2f%8.2f ", "%7.0f%7.0f ")):
        cells.append(form % (ours[i], theirs[i]) + ratio(ours[i], theirs[i]))
    cells.append("%4.0f%%%4.0f%%" % (100 * ours[3], 100 * theirs[3]))
    cells.append("%8.1f%8.1f " % (ours[4], theirs[4]) + ratio(ours[4], theirs[4]))
    return " |".join(cells)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("routes", nargs="*", metavar="ROUTE", default=["start", "oci-dir"],
                        help="any of: start, %s, all (default: start oci-dir)" % ", ".join(ROUTES))
    parser.add_argument("--peer", type=shlex.split, default=shlex.split(os.environ.get("SEALOS_BENCH_PEER", "skopeo")),
                        metavar="COMMAND", help='the skopeo to measure against, e.g. "chroot DIR skopeo"')
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=1200, help="of layers, before compression")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--image", metavar="OCI", help="oci:FOLDER:TAG, with gzip layers, in place of the made one")
    parser.add_argument("--folder", help="where images are made and kept (default: a temporary folder)")
    options = parser.parse_args()
    if options.routes == ["all"]:
        options.routes = ["start", *ROUTES]
    unknown = [r for r in options.routes if r != "start" and r not in ROUTES]
    if unknown:
        parser.error("no such route: " + ", ".join(unknown))
    return options


def main():
    options = parse()
    folder = os.path.abspath(options.folder or tempfile.mkdtemp(prefix="sealos-bench-"))
    os.makedirs(folder, exist_ok=True)
    bench = Bench(options, folder)
    print("peer: %s; %s; medians of %d" % (
        process.check(*options.peer, "--version").strip(),
        options.image or "%d MB in %d layers" % (options.megabytes, options.layers), options.runs))
    print(HEAD, flush=True)
    try:
        for name in options.routes:
            print(row(name, *compare(bench, name)), flush=True)
    finally:
        bench.stop()
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
