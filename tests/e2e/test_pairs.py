"""An image from every transport to every other: all 81 pairs, each result in the hands of the tools it is meant for.

What is kept on the way is the table of docs/pairs.md; with SEALOS_UPDATE_DOCS=1 the test writes it, else it compares.
"""

import concurrent.futures
import os
import re

from support import environment, layouts, places, process, stored
from support.case import Case, main

environment.need("skopeo", "docker-registry", "dockerd", "docker", "podman", "ostree", "siftool", "unsquashfs", "fakeroot",
                 "unshare", root=True)
environment.need_plugins(*(place.name for place in places.ALL))

DOCUMENT = os.path.join(environment.TREE, "docs/pairs.md")
BEGIN, END = "<!-- made by tests/e2e/test_pairs.py -->\n", "<!-- end -->\n"
CACHE = "/var/lib/containers/cache"


def kept(before, after):
    """M: the manifest's digest; L: the digests of the layers; D: the diffIDs."""
    letters = [letter for letter, old, new in (("M", before.manifest, after.manifest), ("L", before.layers, after.layers),
                                               ("D", before.diff_ids, after.diff_ids)) if old is not None and old == new]
    return " ".join(letters) or "files"


def table(corner, columns, rows):
    lines = ["| %s |" % " | ".join([corner, *columns]), "|---" * (len(columns) + 1) + "|"]
    return "\n".join(lines + ["| %s |" % " | ".join(row) for row in rows]) + "\n"


class Pairs(Case):
    def setUp(self):
        super().setUp()
        os.makedirs(CACHE, exist_ok=True)
        self.places, self.docker_host = places.of_all(self)

    def environment(self, **more):
        return super().environment(DOCKER_HOST=self.docker_host, **more)

    def start_sealos(self, *arguments, env=None):
        """What this user's copies have taught sealos of blobs is not known to it: the first copy counts."""
        alone = 'mount -t tmpfs none %s && exec "$0" "$@"' % CACHE
        return process.Running(["unshare", "--mount", "sh", "-c", alone, environment.SEALOS, *arguments], env or self.environment())

    def flags(self, *transports):
        return ["--tls-verify=false"] if {"docker", "docker-daemon"} & set(transports) else []

    def try_copy(self, source, name, destination, target, *flags):
        return self.sealos("push", "-q", *self.flags(source.name, destination.name), *flags, source.reference(name),
                           destination.reference(target))

    def refusal(self, result):
        """The reason, if it is one of the documented ends of a copy."""
        self.assertIn(result.code, (process.USAGE, process.DESTINATION), result)
        self.assertEqual(len(result.lines), 1, result)
        reason = result.lines[0].removeprefix("sealos: ")
        self.assertNotIn(self.folder, reason)
        return re.sub("sha256:[0-9a-f]+", "sha256:…", reason)

    def pair(self, source, destination):
        """(what is kept, None) or (None, why it is refused)"""
        target = "%s-to-%s" % (source.name, destination.name)
        result = self.try_copy(source, "seed", destination, target)
        if result.code != process.OK:
            return None, self.refusal(result)
        self.assertEqual(result.err, "", result)
        return kept(self.seeds[source.name], destination.see(target)), None

    def pairs(self):
        """Rows of the table, and the reasons that they point to."""
        reasons, rows = [], []
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            made = {(s, d): pool.submit(self.pair, s, d) for s in self.places for d in self.places}
        for source in self.places:
            row = ["**%s**" % source.name]
            for destination in self.places:
                letters, reason = made[source, destination].result()
                if reason and reason not in reasons:
                    reasons.append(reason)
                row.append(letters or "refused (%d)" % (reasons.index(reason) + 1))
            rows.append(row)
        return rows, reasons

    def indexes(self):
        """What becomes of an index with --all."""
        index = layouts.index_image(self.path("index"))
        source = "oci:%s:multi" % index.folder
        rows = []
        for place in self.places:
            result = self.sealos("push", "-q", "--all", *self.flags(place.name), source, place.reference("index"))
            if result.code != process.OK:
                rows.append(["`%s`" % place.name, "refused: " + self.refusal(result)])
                continue
            same = result.out.strip() == stored.in_oci(index.folder, "multi").manifest_digest
            rows.append(["`%s`" % place.name, "kept, with its digest" if same else "kept, with another digest"])
        return rows

    def signed(self):
        """What becomes of an image with a signature."""
        by_name = {place.name: place for place in self.places}
        source, rows = by_name["dir"], []
        process.check("cp", "-r", source.path("seed"), source.path("signed"))
        with open(os.path.join(source.path("signed"), "signature-1"), "wb") as file:
            file.write(b"\x90a signature")
        for name, *flags in (*((place.name,) for place in self.places), ("ostree", "-o", "ostree.layers=raw")):
            result = self.try_copy(source, "signed", by_name[name], "signed-copy", *flags)
            if result.code == process.OK:
                self.assertEqual(result.out.strip(), self.seeds["dir"].manifest, result)
            rows.append(["`%s`" % " ".join([name, *flags]), "kept, and the manifest's digest" if result.code == process.OK
                         else "refused: " + self.refusal(result)])
        return rows

    def round_trips(self):
        """oci -> there -> oci"""
        by_name = {place.name: place for place in self.places}
        rows = []
        for name, *options in (("ostree",), ("ostree", "ostree.layers=raw"), ("sif",), ("sif", "sif.keep-layers=true"),
                               ("sif", "sif.format=oci")):
            target = "trip-" + "-".join([name, *options]).replace("=", "-")
            flags = [part for option in options for part in ("-o", option)]
            place, oci = by_name[name], by_name["oci"]
            for result in (self.try_copy(oci, "seed", place, target, *flags), self.try_copy(place, target, oci, target)):
                self.assertEqual(result.code, process.OK, result)
            rows.append(["`%s`" % " ".join([name, *("-o " + o for o in options)]), kept(self.seeds["oci"], oci.see(target))])
        return rows

    def test_all_pairs(self):
        original = places.image(self.path("image"))
        for place in self.places:
            place.seed(original, "seed")
        self.seeds = {place.name: place.see("seed") for place in self.places}
        diff_ids = stored.in_oci(self.path("image"), "1").diff_ids()[1]
        for name, seen in self.seeds.items():
            if name != "sif":
                self.assertEqual(seen.diff_ids, diff_ids, name)
        names = [place.name for place in self.places]
        rows, reasons = self.pairs()
        for place in self.places:
            if place.name == "ostree":
                place.repository.fsck()
        text = BEGIN + table("from \\ to", names, rows)
        text += "".join("\n%d. %s\n" % (i + 1, reason) for i, reason in enumerate(reasons))
        text += "\n## An index, with `--all`\n\n" + table("to", ["the index of `oci`"], self.indexes())
        text += "\n## A signed image\n\n" + table("to", ["the signature"], self.signed())
        text += "\n## There and back: `oci`, there, `oci`\n\n" + table("there", ["kept"], self.round_trips()) + END
        self.compare(text)

    def compare(self, text):
        with open(DOCUMENT, encoding="utf-8") as file:
            document = file.read()
        before, rest = document.split(BEGIN)
        made = before + text + rest.split(END)[1]
        if os.environ.get("SEALOS_UPDATE_DOCS"):
            with open(DOCUMENT, "w", encoding="utf-8") as file:
                file.write(made)
        else:
            self.assertEqual(document, made)


if __name__ == "__main__":
    main()
