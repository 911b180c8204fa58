#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# text.sh: is the committed text that of the sources? The checksum in its first line
# says so without a compiler; where the compiler that it names is here, the bytes are
# made again and compared.
set -u

cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
c/nocgo/gen.sh --list >"$tmp/list" || exit 1
(cd c/nocgo && printf '%s\n' text_*.s) >"$tmp/files"
sed 's/.* //' "$tmp/list" | LC_ALL=C sort | cmp - "$tmp/files" || failed=1
while read -r arch file; do
	text=c/nocgo/$file
	sum=$(sed -n '1s/.*sha256 //p' "$text")
	if [ "$sum" != "$(c/nocgo/gen.sh --checksum "$arch")" ]; then
		echo "$text is not that of the sources: run make gen-text ARCHS=$arch"
		failed=1
		continue
	fi
	compiler=$(sed -n '1s/.*compiler: \([^;]*\);.*/\1/p' "$text")
	gcc=${compiler%% *}
	if ! command -v "$gcc" >/dev/null || [ "$("$gcc" --version | sed -n 1p)" != "$compiler" ]; then
		echo "$arch: checksum only; the bytes need $compiler"
		continue
	fi
	if ! c/nocgo/gen.sh -o "$tmp" "$arch" >/dev/null || ! cmp "$text" "$tmp/$file"; then
		echo "$arch: a fresh build gives other bytes"
		failed=1
	else
		echo "$arch: same bytes"
	fi
done <"$tmp/list"
exit $failed
