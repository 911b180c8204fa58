#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# names.sh LIB.a - does every global symbol of the static library, and of the objects that cgo
# puts into Go programs, begin with forkexec? And does a program link that defines the short
# names of the core's functions itself? Prints what does not; exit status 1.
set -u

lib=${1:?usage: names.sh LIB.a}
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
status=0

foreign() { # foreign FILE...: global symbols that are defined, and are not ours or cgo's own
	nm -g --defined-only "$@" | awk 'NF == 3 && $3 !~ /^forkexec/ && $3 !~ /^_cgo_/ { print $3 }' | sort -u
}

found=$(foreign "$lib")
[ -z "$found" ] || { echo "FAIL $lib: global symbols without the prefix:" "$found"; status=1; }

if (cd "$root" && CGO_ENABLED=1 "${GO:-go}" build -o "$scratch/c.a" ./c) && cd "$scratch" && ar x c.a; then
	objects=$(for f in *.o; do ! nm "$f" >/dev/null 2>&1 || echo "$f"; done)
	# shellcheck disable=SC2086 # one file a word
	found=$(foreign $objects)
	[ -n "$objects" ] && nm $objects | grep -q ' T forkexec_start$' || { echo "FAIL: no cgo object found"; status=1; }
	[ -z "$found" ] || { echo "FAIL cgo: global symbols without the prefix:" "$found"; status=1; }
else
	echo "FAIL: package c does not build"
	status=1
fi
cd "$root" || exit 1

# The names of the core without their prefix, but for a word of C, and what they were called
# before they had one.
{
	echo '#include <forkexec.h>'
	{
		nm -g --defined-only "$lib" | awk 'NF == 3 { sub(/^forkexec_/, "", $3); print $3 }'
		printf '%s\n' start child_main plan_job plan_check work_take work_give finish_round wait_begin \
			clone_job hold_begin hold_settle nocgo_entry
	} | sort -u | grep -vx continue | sed 's/.*/void &(void); void &(void) {}/' | grep -v '^void forkexec'
	echo 'int main(void)'
	echo '{ char *argv[] = {"true", 0}; struct forkexec_request r = {.size = sizeof r, .path = "/bin/true", .argv = argv, .envp = argv + 1};'
	echo 'struct forkexec_result ret; return forkexec_spawn(&r, &ret); }'
} >"$scratch/p.c"
if ! "${CC:-cc}" -fno-builtin -I"$root/include" "$scratch/p.c" "$lib" -o "$scratch/p" || ! "$scratch/p"; then
	echo 'FAIL: a program with functions of such names does not link, or does not run'
	status=1
fi
[ $status -ne 0 ] || echo "ok   names: $(grep -c '^void' "$scratch/p.c") short names are free"
exit $status
