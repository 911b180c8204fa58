#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# headers.sh - do the public headers compile alone, twice in a row, and without a warning,
# as C99, C11 and C++17? Compilers that are absent are skipped, and said so.
#
# Usage: tests/freestanding/headers.sh [ROOT]. Exit status 1 if one does not.
set -u

root=${1:-$(dirname "$0")/../..}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
problems=0
checked=0

# compile COMPILER LANGUAGE STANDARD HEADER
compile()
{
	if ! command -v "$1" >/dev/null; then
		printf 'skip %s: not installed\n' "$1"
		return
	fi
	{
		printf '#include "%s"\n#include "%s"\n' "$4" "$4"
		printf 'int main(void) { struct forkexec_request r; (void)r; return 0; }\n'
	} >"$scratch/main.c"
	checked=$((checked + 1))
	if ! "$1" -x "$2" "-std=$3" -Wall -Wextra -pedantic -Werror -I"$root/include" \
		-fsyntax-only "$scratch/main.c"; then
		printf 'FAIL %s as %s with %s\n' "$4" "$3" "$1"
		problems=$((problems + 1))
	fi
}

for header in forkexec.h forkexec_go.h; do
	for standard in c99 c11; do
		for cc in "${CC:-cc}" gcc clang; do
			compile "$cc" c "$standard" "$header"
		done
	done
	for cxx in "${CXX:-c++}" g++ clang++; do
		compile "$cxx" c++ c++17 "$header"
	done
done
printf '%s compilations, %s problems\n' "$checked" "$problems"
[ "$problems" -eq 0 ] && [ "$checked" -gt 0 ]
