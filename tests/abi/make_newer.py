"""make_newer.py FROM TO: the headers of FROM/sealos as a later minor version may have them, into TO/sealos: every struct that grows
has two members more, and the minor is one higher. For tests of plugins and hosts of different ages."""

import os
import re
import sys

LATER = r"  sealos_status (*later)(void *object, int64_t how); /* optional */\n  uint64_t more;\n} \1;"


def newer(text):
    text = re.sub(r"#define SEALOS_ABI_MINOR (\d+)u", lambda m: "#define SEALOS_TEST_NEWER 1\n#define SEALOS_ABI_MINOR %du" % (int(m[1]) + 1), text)
    return re.sub(r"\} (sealos_(?!item;)\w+);", LATER, text)


def main():
    source, target = sys.argv[1:]
    for folder, _, files in os.walk(os.path.join(source, "sealos")):
        for name in files:
            if not name.endswith(".h"):
                continue
            path = os.path.join(folder, name)
            out = os.path.join(target, os.path.relpath(path, source))
            os.makedirs(os.path.dirname(out), exist_ok=True)
            with open(path, encoding="utf-8") as file:
                text = newer(file.read())
            with open(out, "w", encoding="utf-8") as file:
                file.write(text)


if __name__ == "__main__":
    main()
