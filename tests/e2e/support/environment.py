"""Where things are, and which real components must be there.

CTest sets SEALOS (the program), SEALOS_BUILD (the build folder), SEALOS_TREE (the source folder) and
SEALOS_SANITIZED ("1" under a sanitizer). In CI (CI=true) a missing component is a failure; elsewhere the
whole file is skipped with exit code 77.
"""

import json
import os
import shutil
import subprocess
import sys

TREE = os.environ.get("SEALOS_TREE") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.environ.get("SEALOS_BUILD") or os.path.join(TREE, "build/release")
SEALOS = os.environ.get("SEALOS") or os.path.join(BUILD, "bin/sealos")
SANITIZED = os.environ.get("SEALOS_SANITIZED") == "1"
PLUGINS = os.path.join(BUILD, "plugins")
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")

SKIPPED = 77


def find(program):
    return shutil.which(program, path=PATH)


def need(*programs, root=False):
    """Ends the file where a program (or root) is missing: skipped outside CI, failed in CI."""
    missing = [p for p in programs if find(p) is None]
    if root and os.geteuid() != 0:
        missing.append("the rights of root")
    if not missing:
        return
    print("missing: " + ", ".join(missing), file=sys.stderr)
    sys.exit(1 if IN_CI else SKIPPED)


def have_plugin(name):
    return os.path.exists(os.path.join(PLUGINS, name + ".so"))


def need_plugins(*names):
    """Any subset of the plugins may be built; a file that needs others has nothing to test."""
    missing = [n for n in names if not have_plugin(n)]
    if missing:
        print("not built: " + ", ".join(missing), file=sys.stderr)
        sys.exit(SKIPPED)


def need_capability(transport, capability):
    """As need_plugins, where a plugin is built but cannot do this."""
    rows = json.loads(subprocess.run([SEALOS, "transports", "--json"], stdout=subprocess.PIPE, check=True,
                                     env=dict(os.environ, SEALOS_PLUGIN_PATH=PLUGINS)).stdout)
    if not any(row["name"] == transport and capability in row["can"] for row in rows):
        print("%s: no %s" % (transport, capability), file=sys.stderr)
        sys.exit(SKIPPED)
