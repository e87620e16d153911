#!/bin/sh
# format.sh CLANG_FORMAT TREE: all C and C++ files of the tree stand as .clang-format says.
cd "$2" || exit 1
find sdk core plugins cli cmake tests -name '*.[ch]pp' -print0 | xargs -0 -n 50 "$1" --dry-run -Werror
