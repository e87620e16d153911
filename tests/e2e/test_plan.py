"""--dry-run, --report and --progress: a plan tells what the copy then does, and changes nothing."""

import json
import os

from support import environment, hostile, layouts, platforms, process, servers, stored, stores
from support.case import Case, main, tree

environment.need("skopeo", "docker-registry", "podman", root=True)
environment.need_plugins("oci", "dir", "docker", "oci-archive", "docker-archive", "containers-storage")


def decisions(blobs):
    return {blob["digest"]: blob["decision"] for blob in blobs}


class Plan(Case):
    def setUp(self):
        super().setUp()
        self.registry = servers.Registry(self.path("registry"))
        self.addCleanup(self.registry.stop)
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder
        self.original = stored.in_oci(self.layout.folder, "1")

    def plan(self, *arguments):
        """The plan as JSON; nothing has changed anywhere."""
        before, asked = tree(self.folder), len(self.registry.requests())
        times = {name: os.stat(self.path(name)).st_mtime_ns for name in os.listdir(self.folder)}
        result = self.push("--dry-run=json", "--tls-verify=false", *arguments) \
            if "docker:" in "".join(arguments) else self.push("--dry-run=json", *arguments)
        self.assertEqual({r.split()[0] for r in self.registry.requests()[asked:]} - {"GET", "HEAD"}, set())
        after = tree(self.folder)
        for state in (before, after):
            state.pop("registry/log", None)
        self.assertEqual(after, before)
        times.pop("registry")
        self.assertEqual({name: os.stat(self.path(name)).st_mtime_ns for name in times}, times)
        return json.loads(result.out)

    def report(self, *arguments):
        return json.loads(self.copy(*arguments[:2], "--report", "json", *arguments[2:]).out)

    def agree(self, source, destination, *flags):
        """The plan, which the copy then follows."""
        plan = self.plan(*flags, source, destination)
        report = self.report(source, destination, *flags)
        self.assertTrue(plan["dryRun"])
        self.assertFalse(report["dryRun"])
        self.assertEqual(decisions(plan["blobs"]), decisions(report["blobs"]))
        self.assertEqual(len(plan["manifests"]), len(report["manifests"]))
        for planned, done in zip(plan["manifests"], report["manifests"]):
            self.assertEqual(planned["digest"], done["digest"])
            self.assertEqual(planned["stored"]["mediaType"], done["stored"]["mediaType"])
            self.assertIn(planned["stored"]["digest"], (None, done["stored"]["digest"]))
            self.assertEqual(planned["changed"], done["changed"])
        self.assertEqual(report["manifests"][-1]["stored"]["digest"], report["digest"])
        return plan, report

    def test_a_plan_changes_nothing_and_the_copy_follows_it(self):
        store = stores.Store(self.path("store"))
        self.addCleanup(store.close)
        places = ["dir:" + self.path("dir"), "oci:" + self.path("oci") + ":1", self.registry.reference("app:1"),
                  "oci-archive:" + self.path("oci.tar") + ":1", "docker-archive:" + self.path("docker.tar") + ":app:1",
                  store.reference("app:1")]
        for destination in places:
            with self.subTest(destination=destination):
                plan, report = self.agree(self.source, destination)
                self.assertEqual(set(decisions(plan["blobs"]).values()), {"upload"})
                self.assertEqual(plan["manifests"][-1]["stored"]["digest"], self.original.manifest_digest)
                self.assertEqual([b["bytesRead"] for b in report["blobs"]], [b["size"] for b in report["blobs"]])
        for destination in places[:3]:
            with self.subTest(destination=destination, again=True):
                plan, _ = self.agree(self.source, destination)
                self.assertEqual(set(decisions(plan["blobs"]).values()), {"reuse"})
        plan, _ = self.agree(self.source, store.reference("app:1"))
        self.assertEqual({b["decision"] for b in plan["blobs"] if b["kind"] == "layer"}, {"reuse"})
        with self.subTest("an archive that is added to"):
            other = layouts.small_image(self.path("other"), created="2020-01-01T00:00:00Z")
            for option, place in (("oci-archive", "oci-archive:%s:2"), ("docker-archive", "docker-archive:%s:app:2")):
                path = self.path(option.split("-")[0] + ".tar")
                plan, _ = self.agree("oci:%s:1" % other.folder, place % path, "-o", option + ".existing=add")
                self.assertEqual([b["decision"] for b in plan["blobs"]], ["reuse"] * 3 + ["upload"])

    def test_reuse_mount_upload_and_recompress(self):
        first, second = self.registry.reference("team/first:1"), self.registry.reference("team/second:1")
        self.copy(self.source, first)
        plan, report = self.agree(first, second)
        self.assertEqual(set(decisions(plan["blobs"]).values()), {"mount"})
        for blob in plan["blobs"] + report["blobs"]:
            self.assertEqual(blob["mountedFrom"], self.registry.address + "/team/first")
        plain = layouts.small_image(self.path("plain"), compression="", seed=9)
        self.assertTrue(plain)
        plan, report = self.agree("oci:%s:1" % plain.folder, self.registry.reference("plain:1"))
        layers = [b for b in plan["blobs"] if b["kind"] == "layer"]
        self.assertEqual({b["decision"] for b in layers}, {"recompress"})
        self.assertEqual({b["compression"] for b in layers}, {"none"})
        self.assertEqual({(b["stored"]["digest"], b["stored"]["compression"]) for b in layers}, {(None, "gzip")})
        self.assertIsNone(plan["manifests"][0]["stored"]["digest"])
        self.assertEqual(len(report["manifests"][0]["reasons"]), 3)
        with self.subTest("what the copy has learned, the next plan knows"):
            plan, _ = self.agree("oci:%s:1" % plain.folder, self.registry.reference("plain:2"))
            self.assertEqual({b["decision"] for b in plan["blobs"]}, {"reuse"})
            self.assertEqual(plan["manifests"][0]["stored"]["digest"], report["digest"])

    def test_an_index_is_planned_with_its_images(self):
        layout = platforms.six(self.path("six"))
        source = "oci:%s:1" % layout.folder
        plan, _ = self.agree(source, self.registry.reference("six:1"), "--all")
        self.assertEqual(len(plan["manifests"]), 7)
        self.assertEqual([m.get("platform") for m in plan["manifests"]][:2], ["linux/amd64", "linux/arm"])
        self.assertFalse(plan["manifests"][-1]["changed"])
        plan, _ = self.agree(source, "dir:" + self.path("two"), "--platform", "linux/amd64,linux/s390x")
        self.assertIn("4 of 6 entries are left out", plan["manifests"][-1]["reasons"][0])

    def test_the_text_of_a_plan(self):
        before = tree(self.folder)
        result = self.push("--dry-run", self.source, "dir:" + self.path("dir"))
        self.assertEqual(tree(self.folder), before)
        for word in (self.source, "dir:" + self.path("dir"), self.original.manifest_digest + ", unchanged", "upload",
                     "an OCI manifest for linux/amd64", "as it is", "to be read: 4 blobs"):
            self.assertIn(word, result.out)

    def test_a_plan_fails_as_the_copy_would(self):
        foreign = self.path("foreign")
        os.mkdir(foreign)
        with open(os.path.join(foreign, "file"), "w", encoding="ascii") as file:
            file.write("mine")
        read_only = self.path("archive.tar")
        with open(read_only, "w", encoding="ascii") as file:
            file.write("no archive")
        for arguments in ((self.source, "dir:" + foreign), (self.source, "docker-archive:" + read_only),
                          (self.source, "dir:" + read_only), (self.source, "oci:" + read_only),
                          ("oci:%s:none" % self.layout.folder, "dir:" + self.path("new")),
                          ("-o", "dir.compress=true", "-o", "dir.decompress=true", self.source, "dir:" + self.path("new")),
                          ("--platform", "linux/mips", self.source, "dir:" + self.path("new"))):
            with self.subTest(arguments=arguments):
                plan = self.sealos("push", "--dry-run", *arguments)
                copy = self.sealos("push", "-q", *arguments)
                self.assert_refused(plan, copy.code)
                self.assertNotEqual(plan.code, 0)
                self.assertEqual(plan.lines[-1], copy.lines[-1])
                self.assertFalse(os.path.exists(self.path("new")))


class Reports(Case):
    def setUp(self):
        super().setUp()
        self.layout = layouts.small_image(self.path("image"))
        self.source = "oci:%s:1" % self.layout.folder

    def test_a_report_on_stdout_or_in_a_file(self):
        result = self.push("--report", "json", self.source, "dir:" + self.path("one"))
        report = json.loads(result.out)
        self.assertEqual(result.out.count("\n"), 1)
        self.assertEqual(report["source"], self.source)
        self.assertEqual(report["destination"], "dir:" + self.path("one"))
        self.assertEqual(report["schema"], 1)
        file = self.path("report.json")
        result = self.push("--report", "json=" + file, self.source, "dir:" + self.path("two"))
        self.assertEqual(result.out.strip(), report["digest"])
        with open(file, encoding="utf-8") as opened:
            self.assertEqual(json.load(opened)["digest"], report["digest"])

    def test_a_failure_leaves_report_and_digest_file_as_they_were(self):
        os.unlink(self.layout.blob_path(stored.in_oci(self.layout.folder, "1").manifest["layers"][1]["digest"]))
        files = [self.path("report"), self.path("digest")]
        for file in files:
            with open(file, "w", encoding="ascii") as opened:
                opened.write("old")
        failed = self.sealos("push", "-q", "--report", "json=" + files[0], "--digestfile", files[1], self.source,
                             "dir:" + self.path("dir"))
        self.assertNotEqual(failed.code, 0)
        for file in files:
            with open(file, encoding="ascii") as opened:
                self.assertEqual(opened.read(), "old")
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if n.startswith(("report", "digest"))),
                         ["digest", "report"])
        failed = self.sealos("push", "-q", "--report", "json", self.source, "dir:" + self.path("dir"))
        self.assertEqual(failed.out, "")

    def test_a_report_that_cannot_be_written_is_found_out_before_the_copy(self):
        refused = self.sealos("push", "-q", "--report", "json=" + self.path("none/report"), self.source,
                              "dir:" + self.path("dir"))
        self.assertNotEqual(refused.code, 0)
        self.assertIn("--report", refused.err)
        self.assertFalse(os.path.exists(self.path("dir")))

    def events(self, result):
        """Every line of stderr is an event."""
        return [json.loads(line) for line in result.err.splitlines()]

    def test_events_tell_of_each_blob(self):
        result = self.push("--progress", "json", self.source, "dir:" + self.path("dir"))
        events = self.events(result)
        self.assertEqual(events[0]["event"], "begin")
        self.assertEqual(events[0]["blobs"], 4)
        self.assertEqual(events[-1], {"event": "end", "ms": events[-1]["ms"], "digest": result.out.strip()})
        started = [e["blob"] for e in events if e["event"] == "start"]
        done = {e["blob"]: e for e in events if e["event"] == "done"}
        self.assertEqual(sorted(started), [0, 1, 2, 3])
        self.assertEqual(sorted(done), [0, 1, 2, 3])
        self.assertEqual({e["decision"] for e in done.values()}, {"upload"})
        self.assertEqual(sum(e["bytesRead"] for e in done.values()), events[0]["bytes"])
        times = [e["ms"] for e in events]
        self.assertEqual(times, sorted(times))

    def test_a_failure_is_the_last_event(self):
        result = self.sealos("push", "--progress", "json", self.source + "-none", "dir:" + self.path("dir"))
        self.assertEqual(result.code, process.NOT_FOUND, result)
        last = self.events(result)[-1]
        self.assertEqual((last["event"], last["exitCode"]), ("error", process.NOT_FOUND))
        self.assertTrue(last["message"])

    def test_retries_are_told(self):
        failures = []

        def answer(request, method, path):
            if method == "PATCH" and len(failures) < 2:
                failures.append(path)
                request.drain()
                request.fail(503, "UNAVAILABLE")
                return True
            return False
        registry = hostile.HostileRegistry(answer)
        self.addCleanup(registry.stop)
        result = self.push("--progress", "json", "--report", "json", "--tls-verify=false", "--retry-delay", "1ms",
                           self.source, "docker://%s/app:1" % registry.address)
        told = [e for e in self.events(result) if e["event"] == "retry"]
        counted = sum(blob["retries"] for blob in json.loads(result.out)["blobs"])
        self.assertEqual(len(told), counted)


if __name__ == "__main__":
    main()
