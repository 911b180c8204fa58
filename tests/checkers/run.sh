#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# run.sh: the C tests under checkers that watch them run.
#
# - Address and undefined behaviour sanitizer: all of them, all methods of cloning.
# - Thread sanitizer: threads.c, over what a process keeps from start to start.
# - Valgrind: the fault tests whose children have memory of their own. It knows no clone
#   that shares memory but vfork, which it makes a fork: as some emulators do.
set -u
cd "$(dirname "$0")/../.." || exit 1
export FORKEXEC_TEST_QUICK=1 # fewer errnos, shorter arrays
out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT
export out
status=0

# run NAME COMMAND...: prints nothing but failures and what was skipped.
cat >"$out/run" <<'END'
#!/bin/sh
name=$1
shift
timeout 300 "$@" >"$out/$name.log" 2>&1 || {
	echo "-- $name FAILED"
	cat "$out/$name.log"
	exit 1
}
grep '^skipped "' "$out/$name.log" | sed "s/^/$name: /"
exit 0
END
chmod +x "$out/run"
jobs=$(nproc)

asan="-fsanitize=address,undefined -fno-sanitize-recover=all"
make -s -j"$jobs" tests B=build/asan CC=clang CFLAGS="-O1 -g $asan" || exit 1

printf "%s\n" build/asan/tests/*/test_* | xargs -P "$jobs" -I {} sh -c '"$out/run" "asan:$(basename {})" {}' || status=1

gcc -std=gnu11 -D_GNU_SOURCE -DFORKEXEC_TESTING -O1 -g -fsanitize=thread -Wall -Wextra -Iinclude \
	tests/checkers/threads.c c/attr.c c/child.c c/clone.c c/explain*.c c/forkexec.c c/goabi.c c/hold.c c/lib.c c/plan.c c/run.c c/step.c c/stop.c \
	-o build/threads -lpthread || exit 1
"$out/run" tsan:threads build/threads || status=1

make -s tests B=build/valgrind CFLAGS="-O1 -g" TESTS=build/valgrind/tests/fault/test_fault || exit 1
export FORKEXEC_TEST_SELF="$PWD/build/valgrind/tests/fault/test_fault"
printf '%s\n' "only vfork" "only fork" "user, fork" "root, fork" "maps by clone, fork" "maps by unshare" \
	"errno pipe, fork" "missing program, fork" |
	xargs -P "$jobs" -I {} env FORKEXEC_TEST_CASE={} "$out/run" "valgrind:{}" \
		valgrind -q --suppressions=tests/checkers/valgrind.supp --error-exitcode=9 --trace-children=no build/valgrind/tests/fault/test_fault || status=1
exit $status
