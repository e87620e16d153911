#!/usr/bin/env python3
"""gate.py [--include FOLDER] [--describe]: whether the ABI's headers below FOLDER/sealos still are ABI 1.

Two guards, since each alone misses something: frozen_v1.c has every offset, type and constant as released, and abidiff compares
the debug information of surface.c with the committed description. Of what abidiff finds, only members that were appended to a
struct with struct_size pass. (A suppression file of abidiff would let members in the middle pass as well.)

Ends with 0, or 1 and the reasons on stderr, or 77 where abidiff is missing. --describe prints a description of FOLDER as it is;
the committed one, sealos-abi-1.abixml, is that of frozen/ and is never replaced."""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FROZEN = os.path.join(HERE, "frozen")
DESCRIPTION = os.path.join(HERE, "sealos-abi-1.abixml")
COMPILER = os.environ.get("SEALOS_CC") or "cc"


def run(*command):
    """In this folder, so that no path of this machine gets into a description."""
    return subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, LC_ALL="C"), cwd=HERE)


def build_surface(include, output):
    result = run(COMPILER, "-std=gnu11", "-g", "-gdwarf-4", "-O0", "-fPIC", "-shared", "-I", include,
                 "surface.c", "-o", output)
    if result.returncode != 0:
        raise SystemExit("the ABI's types cannot be compiled any more:\n" + result.stderr)


def describe(library):
    result = run("abidw", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", library)
    if result.returncode != 0:
        raise SystemExit("abidw failed: " + result.stderr)
    return result.stdout


def check_frozen(include):
    """What differs from the assertions: one line each."""
    result = run(COMPILER, "-std=gnu11", "-fsyntax-only", "-fmax-errors=0", "-I", include, "frozen_v1.c")
    if result.returncode == 0:
        return []
    return re.findall(r"error: (.*)", result.stderr) or [result.stderr.strip()]


def growable(include):
    """The structs that begin with their size."""
    names = set()
    for folder, _, files in os.walk(os.path.join(include, "sealos")):
        for name in files:
            if name.endswith(".h"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    names.update(re.findall(r"typedef struct (\w+) \{\s*uint32_t struct_size", file.read()))
    return names


SUMMARY = re.compile(r"(Leaf changes summary|Changed leaf types summary|Removed/Changed/Added (functions|variables) summary|"
                     r"Functions changes summary|Variables changes summary): ")
NO_SYMBOLS = re.compile(r"Removed/Changed/Added (functions|variables) summary: 0 Removed, 0 Changed, 0 Added ")


def beyond_appending(report, may_grow):
    """The lines of abidiff's report that tell of anything but appended members."""
    bad, struct, old_size = [], None, None
    for line in report.splitlines():
        text = line.strip()
        if not text or SUMMARY.match(text):
            if text.startswith("Removed/Changed/Added") and not NO_SYMBOLS.match(text):
                bad.append(text)
        elif changed := re.fullmatch(r"'struct (\w+)' changed:", text):
            struct, old_size = changed[1], None
            if struct not in may_grow:
                bad.append("struct %s changed, which never does" % struct)
        elif grown := re.fullmatch(r"type size changed from (\d+) to (\d+) \(in bits\)", text):
            old_size = int(grown[1])
            if int(grown[2]) < old_size:
                bad.append("struct %s is smaller" % struct)
        elif re.fullmatch(r"\d+ data member insertions?:", text):
            pass
        elif member := re.fullmatch(r"'(.*)', at offset (\d+) \(in bits\)", text):
            if old_size is None or int(member[2]) < old_size:
                bad.append("struct %s has %s before its former end" % (struct, member[1]))
        else:
            bad.append(text)
    return bad


def check_types(include):
    with tempfile.TemporaryDirectory() as folder:
        library, old = os.path.join(folder, "surface.so"), DESCRIPTION
        build_surface(include, library)
        if platform.machine() != "x86_64":  # which the description is of
            old = os.path.join(folder, "frozen.so")
            build_surface(FROZEN, old)
        result = run("abidiff", "--leaf-changes-only", "--no-show-locs", old, library)
        if result.returncode & 3:
            return ["abidiff failed: " + (result.stderr or result.stdout).strip()]
        bad = beyond_appending(result.stdout, growable(FROZEN))
        if result.returncode & 12 and not bad and "data member insertion" not in result.stdout:
            bad.append("abidiff tells of a change that is not understood: " + result.stdout)
        return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--include", default=os.path.join(HERE, "../../sdk/include"))
    parser.add_argument("--describe", action="store_true")
    arguments = parser.parse_args()
    arguments.include = os.path.abspath(arguments.include)
    if not shutil.which("abidiff"):
        print("abidiff (abigail-tools) is not installed", file=sys.stderr)
        return 77 if os.environ.get("CI", "") in ("", "0", "false") else 1
    if arguments.describe:
        with tempfile.TemporaryDirectory() as folder:
            build_surface(arguments.include, os.path.join(folder, "surface.so"))
            print(describe(os.path.join(folder, "surface.so")), end="")
        return 0
    reasons = ["frozen_v1.c: " + reason for reason in check_frozen(arguments.include)]
    reasons += ["abidiff: " + reason for reason in check_types(arguments.include)]
    for reason in reasons:
        print(reason, file=sys.stderr)
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
