#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# stale.sh: does the checksum of gen.sh see every change of the code and none of comments
# and white space? In a copy of the sources, edited; and, where the compiler is here, by the
# bytes that are made of what the checksum reads.
set -u

cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
copy() { rm -rf "$tmp/c" "$tmp/include" && cp -r c include "$tmp/"; }
sum() { "$tmp/c/nocgo/gen.sh" --checksum "${arch:-amd64}"; }
result() { # result WHETHER NAME
	[ "$1" = 1 ] && verdict=ok || verdict=FAIL failed=1
	printf '%-5s %s\n' "$verdict" "$2"
}

edit() { # edit same|stale FILE SED-SCRIPT
	copy
	before=$(sum)
	sed -i "$3" "$tmp/$2"
	if cmp -s "$2" "$tmp/$2"; then
		result 0 "$2: the edit does not match: $3"
	elif [ "$before" = "$(sum)" ]; then
		result "$([ "$1" = same ] && echo 1)" "same: $2: $3"
	else
		result "$([ "$1" = stale ] && echo 1)" "stale: $2: $3"
	fi
}

edit same c/clone.c 's|^#include "core.h"|&\n/* another comment */\n// and "one more\n|'
edit same c/forkexec.c 's|One wait lasts|One "wait" doesn'\''t last|'
edit same c/child.c '/^ \* /d'
edit same c/core.h 's|/\* enum method|/* this is the enum method|'
edit same c/sys.h 's|^\(#define [A-Z_]*\)  *|\1	/* a value of\n the kernel */ |'
edit same include/forkexec.h 's|;\( */\*.*\)$|; |'
edit same c/plan.c 's|^	|        |; /^#/!s|, |,\n\t|'
edit same c/nocgo/flat.ld 's|^ENTRY|/* here */ &|'
edit stale c/forkexec.c 's|^#define WAIT_SLICE_NS   100000000|#define WAIT_SLICE_NS 100000001|'
edit stale c/child_fds.h 's|"/proc/self/fd"|"/proc/self/fd "|'
edit stale c/child_fds.h 's|"/proc/self/fd"|"/proc//*self*/fd"|'
edit stale c/core.h 's|^#define CHILD_STACK 8192|#define CHILD_STACK 8200|'
edit stale c/core.h 's|^#define CHILD_STACK 8192|#define CHILD_STACK\n8192|'
edit stale include/forkexec.h 's|^	uint32_t bits;|	uint64_t bits;|'
edit stale c/nocgo/flat.ld 's|ALIGN(8)|ALIGN(16)|'
edit stale c/nocgo/gen.sh 's|-O2 -g|-O1 -g|'
edit stale c/nocgo/gen.sh 's|-march=x86-64 |-march=x86-64-v2 |'
arch=ppc64le
edit stale c/nocgo/entry_ppc64le.S 's|mtlr 0|mtlr 1|'
edit same c/nocgo/entry_ppc64le.S 's|mtlr 0|&	/* back */|'
unset arch

# What the checksum reads, compiled: the text of the sources.
stripped() {
	copy
	for f in "$tmp"/c/*.[ch] "$tmp"/c/nocgo/*.[cS] "$tmp"/include/*.h; do
		LC_ALL=C awk -f c/nocgo/code.awk "$f" >"$tmp/code" && cp "$tmp/code" "$f" || return 1
	done
	LC_ALL=C awk -f c/nocgo/code.awk c/nocgo/flat.ld >"$tmp/c/nocgo/flat.ld" || return 1
	"$tmp/c/nocgo/gen.sh" -o "$tmp/stripped" "$1" && c/nocgo/gen.sh -o "$tmp/whole" "$1" &&
		cmp "$tmp/stripped/text_linux_$1.s" "$tmp/whole/text_linux_$1.s"
}

host=$("${GO:-go}" env GOHOSTARCH)
if ! c/nocgo/gen.sh -k -o "$tmp/whole" "$host" >"$tmp/out" 2>&1 || [ ! -e "$tmp/whole/text_linux_$host.s" ]; then
	echo "skip  the code compiled: $(sed -n 1p "$tmp/out")"
elif stripped "$host" >"$tmp/out" 2>&1; then
	echo 'ok    the code compiled: same bytes'
else
	echo 'FAIL  the code compiled'
	cat "$tmp/out"
	failed=1
fi
exit $failed
