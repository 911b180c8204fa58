#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# static.sh: what can be found without running the library: gcc's analyzer, clang-tidy
# (its checks: .clang-tidy) and cppcheck. Any finding fails.
set -u
cd "$(dirname "$0")/../.." || exit 1
sources="c/attr.c c/child.c c/clone.c $(echo c/explain*.c) c/forkexec.c c/goabi.c c/hold.c c/lib.c c/plan.c c/run.c c/step.c c/stop.c c/nocgo/entry.c"
flags="-std=gnu11 -Iinclude -Ic"
status=0

# Each level inlines differently, and the analyzer sees other paths.
# shellcheck disable=SC2086 # one word a flag or file
for level in -O0 -O2; do
	for f in $sources; do
		gcc $flags $level -Wall -Wextra -fanalyzer -Werror -c "$f" -o /dev/null || status=1
	done
	for f in c/cli/*.c; do
		gcc $flags -D_GNU_SOURCE $level -Wall -Wextra -fanalyzer -Werror -c "$f" -o /dev/null || status=1
	done
done

# shellcheck disable=SC2086
out=$(clang-tidy --quiet $sources -- $flags 2>/dev/null) || {
	printf '%s\n' "$out"
	status=1
}

# shellcheck disable=SC2086
cppcheck -q --std=c11 --enable=warning,performance,portability --error-exitcode=1 \
	-Iinclude -Ic -D__x86_64__ -D__GNUC__=12 $sources || status=1
exit $status
