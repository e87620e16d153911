#!/usr/bin/env bash
# packaging/build-rpm.sh [FOLDER [RPMBUILD-OPTION ...]]: builds the RPM packages of what is committed here into FOLDER
# (build/rpms). "--without check" leaves out the unit tests; --nodeps is needed where rpm does not know what is
# installed, as on Debian.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
to=${1:-build/rpms}
shift $(($# > 0))
mkdir -p "$to"
to=$(readlink -f "$to")
version=$(sed -n 's/^Version: *//p' packaging/sealos.spec)
git archive --prefix="sealos-$version/" -o "$to/sealos-$version.tar.gz" HEAD
macros=()
# What rpm itself does not bring and Fedora's cmake and redhat-rpm-config do.
if [ "$(rpm -E '%cmake')" = %cmake ]; then
  macros=(--define '_libdir %{_prefix}/lib64' --define '_docdir %{_datadir}/doc'
    --define 'cmake cmake -S . -B build -DCMAKE_INSTALL_PREFIX=%{_prefix} -DCMAKE_INSTALL_LIBDIR=%{_lib}'
    --define '_lib lib64' --define 'cmake_build cmake --build build'
    --define 'cmake_install DESTDIR=%{buildroot} cmake --install build'
    --define 'ctest ctest --test-dir build --output-on-failure')
fi
rpmbuild -bb --define "_topdir $to/work" --define "_sourcedir $to" --define "_rpmdir $to" "${macros[@]}" "$@" packaging/sealos.spec
rm -rf "$to/work"
ls -l "$to"/*/*.rpm
