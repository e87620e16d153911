"""sealos-conformance: our plugins pass all its cases, and plugins that break one rule fail the case of that rule."""

import json
import os
import shutil

from support import environment, process, servers
from support.case import Case, main

PROGRAM = os.path.join(environment.BUILD, "bin/sealos-conformance")
FAULTS = os.path.join(environment.BUILD, "tests/faults")
BOX = os.path.join(environment.BUILD, "tests/box/now/box.so")

# What tests/faults/faulty_plugin.cpp gets wrong, and the case that has to find it.
FAULTY = {
    "no_size": "load-describes-itself", "no_name": "load-describes-itself", "no_transports": "load-describes-itself",
    "other_transport": "load-manifest", "start_fails": "load-starts", "start_says_nonsense": "load-starts",
    "transport_without_parse": "load-describes-itself", "parse_throws": "reference-canonical",
    "parse_gives_nothing": "reference-canonical", "reference_without_names": "reference-canonical",
    "source_gives_nothing": "read-whole", "source_without_members": "read-whole", "manifest_not_emitted": "read-whole",
    "manifest_emitted_twice": "read-whole", "stream_gives_too_much": "read-whole", "stream_says_nonsense": "read-whole",
    "stream_throws": "read-whole", "stream_is_null": "read-whole", "destination_gives_nothing": "write-image",
    "blob_not_emitted": "write-image", "blob_with_other_digest": "write-image", "blob_without_digest": "write-image",
    "put_throws": "write-image", "commit_says_nonsense": "write-image", "other_major": "load-opens", "no_symbol": "load-opens",
    "one_symbol_more": "load-symbols", "changes_when_opened": "load-opens", "wrong_flags": "reference-flags",
    "writable_entry": "load-constant",
}

# As above, of tests/box/box_plugin.cpp, which is right in all else.
WRONG = {
    "abort_commits": "keep-on-abort", "asks_for_unlisted_options": "options-listed", "canonical_is_another": "reference-canonical",
    "changes_a_stream_s_status": "stream-fails", "changes_bytes": "read-whole", "changes_signals": "process-state",
    "changes_the_environment": "process-state", "changes_the_folder": "process-state", "changes_the_locale": "process-state",
    "changes_the_umask": "process-state", "computes_no_digest": "write-unknown-digest",
    "descriptor_elsewhere": "read-descriptor", "emits_from_a_thread": "read-whole", "emits_no_blob": "write-image",
    "emits_twice": "read-whole", "error_of_two_lines": "reference-nonsense", "error_on_success": "reference-canonical",
    "has_every_extension": "extension-unknown", "ignores_descriptor_position": "write-descriptor", "ignores_emit": "read-stops",
    "keeps_a_failed_stream": "stream-wrong-bytes", "leaks_descriptors": "process-leftovers", "lists_tags_twice": "list-tags",
    "logs_passwords": "secrets", "loses_signatures": "write-signatures", "missing_is_internal": "read-missing",
    "not_parallel": "write-parallel", "parsing_makes_folders": "reference-offline", "parts_are_wholes": "read-ranges",
    "points_into_its_arguments": "reference-keeps-its-own", "preview_writes": "preview", "reads_throw": "read-whole",
    "reads_too_much": "read-byte-by-byte", "refuses_newer_hosts": "host-newer", "removes_before_commit": "keep-on-kill",
    "removes_whatever_it_is_told": "remove", "reuses_what_is_not_there": "write-reuse", "says_a_wrong_size": "write-image",
    "status_is_none": "read-missing", "struct_too_short": "reference-canonical", "writes_to_the_terminal": "process-silent",
    "takes_a_failed_stream_for_ended": "stream-fails", "writes_beside_the_error": "reference-nonsense",
}
DOUBTFUL = {"commits_early": "keep-on-release", "cannot_read_but_says_so": "reference-flags", "takes_any_manifest": "write-other-manifest",
            "holds_blobs_in_memory": "write-big-blob"}
ENDING = {"crashes": ("read-whole", "crashed"), "crashes_on_nonsense": ("reference-nonsense", "crashed"),
          "writes_unwanted_error": ("error-unwanted", "crashed"), "exits": ("read-whole", "crashed"),
          "crashes_in_release": ("write-image", "crashed"), "hangs": ("read-whole", "timed out"),
          "never_ends": ("read-whole", "timed out")}


class Trying(Case):
    def conformance(self, plugin, *arguments, env=None, code=None):
        """The results by name of the case."""
        result = process.run(PROGRAM, "--json", *arguments, plugin, env=env or self.environment(), timeout=300)
        self.assertIn(result.code, (0, 1) if code is None else (code,), result)
        found = json.loads(result.out)
        self.assertEqual(sum(found["summary"].values()), len(found["cases"]))
        return {row["name"]: row for row in found["cases"]}

    def assert_case(self, plugin, case, expected, *arguments, env=None):
        row = self.conformance(plugin, "--case", case, *arguments, env=env)[case]
        self.assertEqual(row["result"], expected, row)
        return row


class Conformance(Trying):
    def test_cases_are_listed_with_a_sentence_each(self):
        listed = json.loads(process.check(PROGRAM, "--list", "--json", env=self.environment()))
        names = [row["name"] for row in listed]
        self.assertEqual(len(names), len(set(names)))
        for row in listed:
            self.assertRegex(row["description"], r"^\S.*\.$")
        found = set(FAULTY.values()) | set(WRONG.values()) | set(DOUBTFUL.values())
        self.assertLessEqual(found, set(names))
        text = process.check(PROGRAM, "--list", env=self.environment())
        self.assertEqual([line.split()[0] for line in text.splitlines()], names)

    def test_a_plugin_that_keeps_all_rules_passes_all(self):
        rows = self.conformance(BOX, "--big", "8", "--creds", "user:secret", "-r", "box:{dir}/b:{name}", code=0)
        self.assertEqual({n: r for n, r in rows.items() if r["result"] != "passed"}.keys(), {"reference-policy-scopes"})

    def test_a_plugin_that_breaks_a_rule_fails_its_case(self):
        for fault, case in WRONG.items():
            with self.subTest(fault):
                self.assert_wrong(fault, case, "failed")

    def test_what_is_right_but_not_good_is_warned_of(self):
        for fault, case in DOUBTFUL.items():
            with self.subTest(fault):
                self.assert_wrong(fault, case, "warned")

    def test_a_plugin_that_ends_its_process_or_does_not_end_is_found_out(self):
        for fault, (case, expected) in ENDING.items():
            if environment.SANITIZED and expected == "timed out":
                continue
            with self.subTest(fault):
                self.assert_wrong(fault, case, expected)

    def assert_wrong(self, fault, case, expected):
        arguments = ("--creds", "user:secret", "--timeout", "2" if expected == "timed out" else "60", "--big", "16", "-r", "box:{dir}/b:{name}")
        row = self.assert_case(BOX, case, expected, *arguments, env=self.environment(BOX_FAULT=fault))
        self.assertNotEqual(row["message"], "")

    def test_each_faulty_plugin_fails_its_case(self):
        for fault, case in FAULTY.items():
            with self.subTest(fault):
                folder = self.path(fault)
                os.mkdir(folder)
                shutil.copy(os.path.join(FAULTS, fault + ".so"), os.path.join(folder, "faulty.so"))
                with open(os.path.join(folder, "faulty.json"), "w", encoding="utf-8") as file:
                    json.dump({"name": "faulty", "version": "1", "abi": 1, "library": "faulty.so", "transports": ["faulty"]}, file)
                self.assert_case(os.path.join(folder, "faulty.so"), case, "failed", "-r", "faulty:{dir}/x")

    def test_wrong_use_is_refused(self):
        for arguments in (("--no-such-flag", "x", BOX), (), ("/no/such/plugin.so",), ("--case", "no-such-case", BOX), (BOX, BOX),
                          ("-r", "box", BOX), ("--big", "0", BOX), ("-o", "x", BOX), (BOX, "-r")):
            result = process.run(PROGRAM, *arguments, env=self.environment())
            self.assertEqual(result.code, 2, result)
            self.assertEqual(len(result.lines), 1, result)


class Ours(Trying):
    """Each of our plugins, at a place of its kind."""

    # What a transport may be warned of, since its form is another one than that of the image.
    ANOTHER_FORM = "in another form|with another manifest|not found by try_reuse"
    if environment.SANITIZED:  # what was freed is kept for a while
        ANOTHER_FORM += "|more memory were used"

    def assert_conforms(self, name, reference, *arguments, warnings="^$"):
        if not environment.have_plugin(name):
            self.skipTest(name + " is not built")
        plugin = os.path.join(environment.PLUGINS, name + ".so")
        rows = self.conformance(plugin, "--big", "8", "-r", reference, *arguments, code=None)
        bad = {n: r["message"] + r.get("output", "") for n, r in rows.items() if r["result"] in ("failed", "crashed", "timed out")}
        self.assertEqual(bad, {})
        for row in rows.values():
            if row["result"] == "warned":
                self.assertRegex(row["message"], warnings, row)
        passed = {n for n, r in rows.items() if r["result"] in ("passed", "warned")}
        self.assertLessEqual({"load-manifest", "load-symbols", "read-whole", "write-image", "process-silent"}, passed)

    def test_dir(self):
        self.assert_conforms("dir", "dir:{dir}/{name}")

    def test_oci(self):
        self.assert_conforms("oci", "oci:{dir}/layout:{name}")

    def test_oci_archive(self):
        self.assert_conforms("oci-archive", "oci-archive:{dir}/{name}.tar:{name}")

    def test_docker_archive(self):
        self.assert_conforms("docker-archive", "docker-archive:{dir}/{name}.tar:app:{name}", warnings=self.ANOTHER_FORM)

    def test_sif(self):
        self.assert_conforms("sif", "sif:{dir}/{name}.sif", warnings=self.ANOTHER_FORM)

    def test_ostree(self):
        environment.need("ostree")
        self.assert_conforms("ostree", "ostree:{name}:1@{dir}/repo", "--prepare", "ostree --repo={dir}/repo init --mode=archive",
                             warnings=self.ANOTHER_FORM)

    def test_containers_storage(self):
        environment.need("podman", root=True)
        self.assert_conforms("containers-storage", "containers-storage:[vfs@{dir}/root+{dir}/run]localhost/{name}:1",
                             warnings=self.ANOTHER_FORM)

    def test_docker(self):
        environment.need("docker-registry")
        registry = servers.Registry(self.path("registry"), delete=True)
        self.addCleanup(registry.stop)
        self.assert_conforms("docker", "docker://%s/{name}:1" % registry.address, "-o", "tls-verify=false", "-o", "retry=0",
                             warnings="seen before commit|is not NOT_FOUND|is not MANIFEST_REJECTED")

    def test_docker_daemon(self):
        environment.need("dockerd", root=True)
        daemon = servers.Dockerd(self.path("daemon"))
        self.addCleanup(daemon.stop)
        self.assert_conforms("docker-daemon", "docker-daemon:{name}:1", "-o", "docker-daemon.host=" + daemon.host,
                             warnings=self.ANOTHER_FORM)


if __name__ == "__main__":
    main()
