#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# deb.sh OUT: builds the Debian packages of this tree, as git knows it, with debhelper, and has
# lintian look at them. `make deb` calls it.
set -eu

out=${1:?usage: deb.sh OUT}
cd "$(dirname "$0")/.."
mkdir -p "$out"
out=$(cd "$out" && pwd)
version=$(sed -n 's/^forkexec (\(.*\)).*/\1/p' packaging/debian/changelog | head -n 1)
header=$(for n in MAJOR MINOR PATCH; do sed -n "s/^#define FORKEXEC_VERSION_$n *//p" include/forkexec.h; done | paste -sd.)
[ "$version" = "$header" ] || { echo "deb.sh: debian/changelog says $version, forkexec.h $header" >&2; exit 1; }
rm -rf "${out:?}"/*
mkdir "$out/source"
git ls-files -co --exclude-standard | while read -r f; do [ -f "$f" ] && echo "$f"; done |
	tar -cf - -T - | tar -xf - -C "$out/source"
mv "$out/source/packaging/debian" "$out/source/debian"
(cd "$out/source" && dpkg-buildpackage -us -uc -b >"$out/log" 2>&1) || { tail -n 30 "$out/log"; exit 1; }
rm -rf "$out/source"
lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$out"/*.changes
ls "$out"/*.deb
