#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# run.sh: starts inside gVisor, with cgo, without, and by the overlay, on its platforms: the
# tests beside this script; and what gVisor is asked for, by its own trace.
# shellcheck disable=SC2317 # functions are called through check()
set -u

cd "$(dirname "$0")/../.." || exit 1
GO=${GO:-go}
tmp=$(mktemp -d) && chmod 755 "$tmp" || exit 1
trap 'rm -rf "$tmp"' EXIT
export GOFLAGS=
failed=0

check() { # check NAME COMMAND...
	name=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		echo "ok    $name"
	else
		echo "FAIL  $name"
		tail -n 60 "$tmp/out"
		failed=1
	fi
}

build() { # the three programs
	CGO_ENABLED=1 "$GO" test -c -o "$tmp/cgo" ./tests/gvisor &&
		CGO_ENABLED=0 "$GO" test -c -o "$tmp/nocgo" ./tests/gvisor &&
		"$GO" run ./go/cmd/forkexec-overlay -o "$tmp/o/overlay.json" &&
		CGO_ENABLED=0 "$GO" test -vet=off -overlay "$tmp/o/overlay.json" -c -o "$tmp/overlay" ./tests/gvisor
}

inside() { # inside PROGRAM ARGS...: a program of this folder, its verdict in its output
	program=$1
	shift
	FORKEXEC_TEST_GVISOR=$program timeout 120 "$runsc" --rootless --network=none --ignore-cgroups \
		--platform="$platform" ${log:+--debug "--debug-log=$log/" --strace --strace-syscalls=clone} \
		'do' "$tmp/$program" -test.v -test.timeout=100s "$@" 2>&1 | cat >"$tmp/inside"
	cat "$tmp/inside"
	[ "$(tail -n 1 "$tmp/inside")" = PASS ] && ! grep -q -- '--- SKIP' "$tmp/inside"
}

# By clone(2), whose flags gVisor's trace spells out: one child, the first, may be made with
# CHILD_CLEARTID, to see whether it is honoured; of those that follow none, as gVisor would
# write into their program's memory.
cleartid() { # cleartid PROGRAM
	log=$tmp/log-$1
	mkdir -p "$log" && FORKEXEC=noclone3 inside "$1" -test.run '^TestReturns$' || return 1
	grep -ah ' E clone(CLONE_VM|' "$log"/*.boot.txt | grep -av 'CLONE_THREAD\|CLONE_VFORK' >"$tmp/clones"
	log=
	cat "$tmp/clones"
	[ "$(wc -l <"$tmp/clones")" -ge 3 ] && [ "$(grep -c CHILD_CLEARTID "$tmp/clones")" = 1 ] &&
		sed -n 1p "$tmp/clones" | grep -q CHILD_CLEARTID
}

log=
check 'build' build
[ $failed = 0 ] || exit 1
for platform in systrap ptrace; do
	if ! runsc=$(tests/gvisor/runsc.sh $platform 2>"$tmp/why"); then
		echo "skip  gVisor, $platform: $(cat "$tmp/why")"
		continue
	fi
	for program in cgo nocgo overlay; do
		check "$platform, $program" inside $program
		[ $platform = ptrace ] || check "$platform, $program: no CHILD_CLEARTID" cleartid $program
	done
done
exit $failed
