#!/usr/bin/env python3
"""Measures sealos against a peer in the same run: the same copies, interleaved, medians.

    tests/bench/bench.py [--runs N] [--megabytes M] [--layers L] [--folder FOLDER] [ROUTE ...]

A ratio says how much more the peer needs: 2.0 in the column "wall" means twice the time. Both programs get the same
files on the same disk in the same minutes, and take turns at going first, so that ratios mean more than the seconds.

Environment: SEALOS_BENCH_PEER  the peer's command, e.g. "chroot DIR skopeo" (default: skopeo); it must see FOLDER
             SEALOS             the program to measure (default: build/release/bin/sealos)
"""

import argparse
import os
import shlex
import shutil
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from support import environment, layouts, process, servers  # noqa: E402

PEER = shlex.split(os.environ.get("SEALOS_BENCH_PEER", "skopeo"))


class Bench:
    """The places that routes copy between. Images are made when first asked for, and kept for the next run of this
    script where the folder is."""

    def __init__(self, folder, megabytes, layers):
        self.folder, self.megabytes, self.layers = folder, megabytes, layers
        self.serial, self._registry, self._filled = 0, None, set()

    def image(self, compression):
        folder = os.path.join(self.folder, "image-%s-%d-%d" % (compression or "plain", self.megabytes, self.layers))
        if not os.path.exists(os.path.join(folder, "done")):
            shutil.rmtree(folder, ignore_errors=True)
            layouts.large_image(folder, self.megabytes, layers=self.layers, compression=compression)
            open(os.path.join(folder, "done"), "w", encoding="ascii").close()
        return "oci:%s:1" % folder

    def dir_image(self, compression):
        folder = os.path.join(self.folder, "dir-%s" % (compression or "plain"))
        if folder not in self._filled:
            shutil.rmtree(folder, ignore_errors=True)
            process.check("skopeo", "copy", "-q", self.image(compression), "dir:" + folder)
            self._filled.add(folder)
        return "dir:" + folder

    @property
    def registry(self):
        if self._registry is None:
            self._registry = servers.Registry(os.path.join(self.folder, "registry"))
        return self._registry

    def in_registry(self, compression):
        name = self.registry.reference("source-%s:1" % (compression or "plain"))
        if name not in self._filled:
            process.check("skopeo", "copy", "-q", "--dest-tls-verify=false", self.image(compression), name)
            self._filled.add(name)
        return name

    def target(self):
        self.serial += 1
        path = os.path.join(self.folder, "target")
        shutil.rmtree(path, ignore_errors=True)
        if os.path.exists(path):
            os.unlink(path)
        return path

    def new_dir(self):
        return "dir:" + self.target()

    def new_oci(self):
        return "oci:%s:1" % self.target()

    def new_docker_archive(self):
        return "docker-archive:%s:app:1" % self.target()

    def new_oci_archive(self):
        return "oci-archive:%s:1" % self.target()

    def archive(self, transport, compression):
        """An archive that skopeo has written."""
        path = os.path.join(self.folder, "%s-%s.tar" % (transport, compression or "plain"))
        reference = "%s:%s:app:1" % (transport, path)
        if path not in self._filled:
            if os.path.exists(path):
                os.unlink(path)
            process.check("skopeo", "copy", "-q", self.image(compression), reference)
            self._filled.add(path)
        return reference

    def new_repository(self):
        """An empty one, and without the blobs of the one before."""
        self.serial += 1
        shutil.rmtree(os.path.join(self.registry.storage, "docker/registry/v2"), ignore_errors=True)
        self._filled = {f for f in self._filled if not f.startswith("docker:")}
        return self.registry.reference("target-%d:1" % self.serial)

    def other_repository(self):
        """A new one beside those that are there."""
        self.serial += 1
        return self.registry.reference("copy-%d:1" % self.serial)

    def stop(self):
        self.target()
        if self._registry is not None:
            self._registry.stop()


PLAIN = ["-o", "docker-archive.format=plain"]

# name: (source, destination), each a function of a Bench, and flags of sealos
ROUTES = {
    "oci-dir": (lambda b: b.image(""), Bench.new_dir),
    "oci-dir-gzip": (lambda b: b.image("gzip"), Bench.new_dir),
    "oci-oci-gzip": (lambda b: b.image("gzip"), Bench.new_oci),
    "dir-oci": (lambda b: b.dir_image(""), Bench.new_oci),
    "dir-dir-gzip": (lambda b: b.dir_image("gzip"), Bench.new_dir),
    "oci-oci-archive": (lambda b: b.image("gzip"), Bench.new_oci_archive),
    "oci-docker-archive": (lambda b: b.image("gzip"), Bench.new_docker_archive),
    "oci-docker-archive-plain": (lambda b: b.image("gzip"), Bench.new_docker_archive, PLAIN),
    "docker-archive-registry": (lambda b: b.archive("docker-archive", "gzip"), Bench.new_repository),
    "oci-archive-registry": (lambda b: b.archive("oci-archive", "gzip"), Bench.new_repository),
    "oci-registry": (lambda b: b.image(""), Bench.new_repository),
    "oci-registry-gzip": (lambda b: b.image("gzip"), Bench.new_repository),
    "dir-registry-gzip": (lambda b: b.dir_image("gzip"), Bench.new_repository),
    "registry-dir": (lambda b: b.in_registry("gzip"), Bench.new_dir),
    "registry-oci": (lambda b: b.in_registry("gzip"), Bench.new_oci),
    "registry-registry": (lambda b: b.in_registry("gzip"), Bench.other_repository),
}


def sealos_copy(source, destination, flags=()):
    loose = ["--tls-verify=false"] if "docker:" in source + destination else []
    return [environment.SEALOS, "push", "-q", *loose, *flags, source, destination]


def peer_copy(source, destination, flags=()):
    return [*PEER, "copy", "-q", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false", source,
            destination]


def measure(command):
    os.sync()
    env = dict(os.environ, PATH=environment.PATH, SEALOS_PLUGIN_PATH=environment.PLUGINS)
    result, seconds, cpu_seconds, peak_kib = process.run_measured(*command, env=env, timeout=1200)
    if result.code != 0:
        sys.exit(str(result))
    return seconds, cpu_seconds, peak_kib / 1024


def medians(results):
    """Of seconds and CPU seconds; of memory the most."""
    seconds, cpu_seconds, megabytes = zip(*results)
    return statistics.median(seconds), statistics.median(cpu_seconds), max(megabytes)


def compare(bench, name, runs):
    ours, theirs = [], []
    for i in range(runs):
        turns = [(sealos_copy, ours), (peer_copy, theirs)]
        for command, results in turns if i % 2 == 0 else reversed(turns):
            if name == "start":
                results.append(measure([environment.SEALOS if command is sealos_copy else PEER[0],
                                        *(PEER[1:] if command is peer_copy else ()), "--version"]))
                continue
            source, destination, *flags = ROUTES[name]
            to = destination(bench)
            results.append(measure(command(source(bench), to, *flags)))
    return medians(ours), medians(theirs)


def row(name, ours, theirs):
    cells = ["%-24s" % name]
    for unit, mine, other in zip(("s", "s", "MB"), ours, theirs):
        form = "%8.3f" if unit == "s" else "%8.0f"
        cells.append((form + form + " %6.2f") % (mine, other, other / mine if mine else 0))
    return " |".join(cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("routes", nargs="*", metavar="ROUTE", default=["start", "oci-dir"],
                        help="any of: start, %s, all (default: start oci-dir)" % ", ".join(ROUTES))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=400, help="of layers, before compression")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--folder", help="where images are made and kept (default: a temporary folder)")
    options = parser.parse_args()
    routes = ["start", *ROUTES] if options.routes == ["all"] else options.routes
    unknown = [r for r in routes if r != "start" and r not in ROUTES]
    if unknown:
        parser.error("no such route: " + ", ".join(unknown))
    folder = options.folder or tempfile.mkdtemp(prefix="sealos-bench-")
    os.makedirs(folder, exist_ok=True)
    bench = Bench(folder, options.megabytes, options.layers)
    print("peer: %s; %d MB in %d layers; medians of %d" % (
        process.check(*PEER, "--version").strip(), options.megabytes, options.layers, options.runs))
    print("%-24s |%8s%8s %6s |%8s%8s %6s |%8s%8s %6s" % (
        "route", "wall s", "peer", "ratio", "CPU s", "peer", "ratio", "max MB", "peer", "ratio"))
    try:
        for name in routes:
            runs = options.runs * 4 if name == "start" else options.runs
            print(row(name, *compare(bench, name, runs)), flush=True)
    finally:
        bench.stop()
        if not options.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
