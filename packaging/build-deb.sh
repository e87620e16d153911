#!/usr/bin/env bash
# packaging/build-deb.sh [FOLDER]: builds the Debian packages of what is committed here into FOLDER (build/packages).
# DEB_BUILD_OPTIONS=nocheck leaves out the unit tests.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
to=${1:-build/packages}
mkdir -p "$to"
to=$(readlink -f "$to")
version=$(sed -n '1s/.*(\(.*\)-.*/\1/p' packaging/debian/changelog)
source=$to/sealos-$version
rm -rf "$source"
mkdir "$source"
git archive HEAD | tar -x -C "$source"
tar -C "$to" --sort=name --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 -czf "$to/sealos_$version.orig.tar.gz" "sealos-$version"
cp -r packaging/debian "$source/debian"
cd "$source"
dpkg-buildpackage -us -uc -b
rm -rf "$source"
ls -l "$to"/*.deb
