#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# exports.sh - does the shared library export exactly what c/forkexec.map lists? Usage:
# tests/freestanding/exports.sh LIB.so. Prints the difference; exit status 1.
set -u

lib=${1:?usage: exports.sh LIB.so}
map=$(dirname "$0")/../../c/forkexec.map
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# Version nodes are absolute symbols (A); names carry the version behind an @@.
nm -D --defined-only "$lib" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	sort >"$scratch/exported"
sed -n '/global:/,/local:/s/^[[:space:]]*\([a-z_0-9]*\);.*/\1/p' "$map" | sort >"$scratch/listed"
if [ ! -s "$scratch/listed" ]; then
	printf 'FAIL %s lists nothing\n' "$map"
	exit 1
fi
if ! diff "$scratch/listed" "$scratch/exported"; then
	printf 'FAIL %s: exports (>) differ from %s (<)\n' "$lib" "$map"
	exit 1
fi
printf 'ok   %s exports the %s names of the map\n' "$lib" "$(wc -l <"$scratch/listed")"
