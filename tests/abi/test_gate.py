"""The gate (gate.py) lets through what ABI 1 allows, and nothing else: shown on changed copies of the headers."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from gate import beyond_appending

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = os.path.join(HERE, "../../sdk/include")


def gate(include):
    result = subprocess.run([sys.executable, "-B", os.path.join(HERE, "gate.py"), "--include", include],
                            capture_output=True, text=True, check=False)
    return result.returncode, result.stderr


class Gate(unittest.TestCase):
    def changed(self, pattern, replacement, header="abi.h", base=INCLUDE):
        """The gate's verdict on headers in which one place was changed."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(os.path.join(base, "sealos"), os.path.join(folder, "sealos"))
            path = os.path.join(folder, "sealos", header)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            after, count = re.subn(pattern, replacement, text, count=1, flags=re.S)
            self.assertEqual(count, 1, pattern)
            self.assertNotEqual(after, text, pattern)
            with open(path, "w", encoding="utf-8") as file:
                file.write(after)
            return gate(folder)

    def assert_stopped(self, verdict, *guards):
        code, reasons = verdict
        self.assertEqual(code, 1, reasons)
        for guard in guards:
            self.assertIn(guard + ": ", reasons)

    def test_the_headers_pass(self):
        self.assertEqual(gate(INCLUDE), (0, ""))

    def test_what_was_released_passes_as_it_is(self):
        self.assertEqual(gate(os.path.join(HERE, "frozen")), (0, ""))

    def test_appended_members_new_constants_and_new_extensions_pass(self):
        later = r"  sealos_status (*later)(struct \2 *self, int64_t how);\n  uint64_t more;\n} \2;"
        for struct in ("sealos_host", "sealos_source", "sealos_destination", "sealos_reference", "sealos_transport",
                       "sealos_plugin", "sealos_stream", "sealos_blob", "sealos_reuse", "sealos_error"):
            self.assertEqual(self.changed(r"(\} (%s);)" % struct, later), (0, ""), struct)
        self.assertEqual(self.changed(r"SEALOS_INTERNAL = 12", "SEALOS_INTERNAL = 12, SEALOS_LATER = 13"), (0, ""))
        self.assertEqual(self.changed(r"SEALOS_ABI_MINOR 0u", "SEALOS_ABI_MINOR 1u"), (0, ""))
        self.assertEqual(self.changed(r"(\} (sealos_login);)", later, "ext/login.h"), (0, ""))

    def test_a_member_inserted_fails(self):
        self.assert_stopped(self.changed(r"(  sealos_status \(\*open_blob\))", r"  void *between;\n\1"), "frozen_v1.c", "abidiff")

    def test_a_constant_changed_fails(self):
        self.assert_stopped(self.changed("SEALOS_EXISTS = 2", "SEALOS_EXISTS = 22"), "frozen_v1.c")
        self.assert_stopped(self.changed("SEALOS_KEEPS_URLS = 2u", "SEALOS_KEEPS_URLS = 64u"), "frozen_v1.c")
        self.assert_stopped(self.changed("sealos.login/1", "sealos.login/2", "ext/login.h"), "frozen_v1.c")

    def test_a_signature_changed_fails(self):
        self.assert_stopped(self.changed(r"(\*open_blob\)\(struct sealos_source \*self, const sealos_blob \*blob, )int64_t offset",
                                         r"\1uint64_t offset"), "frozen_v1.c", "abidiff")
        self.assert_stopped(self.changed(r"(\(\*cancelled\)\(const struct sealos_host \*self)\)", r"\1, int32_t why)"),
                            "frozen_v1.c", "abidiff")
        self.assert_stopped(self.changed(r"int32_t \(\*cancelled\)", "int64_t (*cancelled)"), "frozen_v1.c", "abidiff")

    def test_a_member_removed_fails(self):
        self.assert_stopped(self.changed(r"  const char \*cache_scope;[^\n]*\n", ""), "frozen_v1.c")
        self.assert_stopped(self.changed(r"  int64_t layer_index;[^\n]*\n", ""), "frozen_v1.c", "abidiff")

    def test_members_swapped_fail(self):
        self.assert_stopped(self.changed(r"(  const char \*canonical;[^\n]*\n)(  const char \*docker_name;[^\n]*\n)", r"\2\1"),
                            "frozen_v1.c")
        self.assert_stopped(self.changed(r"(  int64_t size; [^\n]*\n)(  const char \*media_type;[^\n]*\n)", r"\2\1"),
                            "frozen_v1.c", "abidiff")

    def test_what_never_grows_does_not_grow(self):
        self.assert_stopped(self.changed(r"size_t size; \} sealos_item", "size_t size, more; } sealos_item"), "frozen_v1.c", "abidiff")

    def test_a_member_in_the_padding_at_the_end_fails(self):
        """It would be within the size that older ones say they have, and would be rubbish there. No struct has such padding yet."""
        report = ("Leaf changes summary: 1 artifact changed\n'struct sealos_blob' changed:\n  %s1 data member insertion:\n"
                  "    'uint8_t tail', at offset %d (in bits)\n")
        grown = "type size changed from 576 to 640 (in bits)\n  "
        self.assertEqual(beyond_appending(report % (grown, 576), {"sealos_blob"}), [])
        for size, offset in (("", 568), ("", 576), (grown, 568)):
            self.assertEqual(len(beyond_appending(report % (size, offset), {"sealos_blob"})), 1, (size, offset))
        self.assertEqual(len(beyond_appending(report % (grown, 576), set())), 1)
        self.assert_stopped(self.changed(r"const char \*const \*options;", "const char *const *options, *more;"), "frozen_v1.c", "abidiff")

    def test_a_type_changed_fails(self):
        self.assert_stopped(self.changed(r"int32_t fd;", "uint32_t fd;"), "frozen_v1.c", "abidiff")
        self.assert_stopped(self.changed(r"typedef int32_t sealos_status;", "typedef int64_t sealos_status;"), "frozen_v1.c", "abidiff")


if __name__ == "__main__":
    if not shutil.which("abidiff") and os.environ.get("CI", "") in ("", "0", "false"):
        sys.exit(77)
    unittest.main()
