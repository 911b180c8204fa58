#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# run.sh [SUITE...]: runs the test suites, all of them without an argument, and ends
# with a line that counts them. `make test` calls it; tests/README.md says which
# question each suite answers. It goes on after a failure, to show all of them.
set -u

cd "$(dirname "$0")/.." || exit 1
CC=${CC:-cc} GO=${GO:-go}
export CC GO GOFLAGS="${GOFLAGS:-} -count=1"
scratch=$(mktemp -d) && chmod 755 "$scratch" || exit 1
trap 'rm -rf "$scratch"' EXIT
is_root() { [ "$(id -u)" -eq 0 ]; }
old_go=go1.22.12 # the oldest supported version

# Tests that cannot run here say why; more of them than this is a failure: a test that
# never runs finds nothing. The differential suite keeps its own account.
max_skips_root=6
max_skips_user=19
max_skips_scripts=4 # no 386, and two overlays and gdb where nobody may trace

go_test() { # go_test MAX_SKIPS ARGS...: go test, with the skips counted and shown
	max=$1
	shift
	"$GO" test -v "$@" >"$scratch/out" 2>&1
	status=$?
	grep -E '^(ok|FAIL|---|    ---|panic:|\?)' "$scratch/out" | grep -vE -- '--- (PASS|SKIP)|no test files' || :
	[ $status -eq 0 ] || grep -vE "^ *(=== RUN|--- PASS)" "$scratch/out"
	count_skips "$max" "$scratch/out" || status=1
	return $status
}

count_skips() { # count_skips MAX FILE
	skips=$(grep -c -- '--- SKIP' "$2")
	# A subtest says why long before the line that says that it was skipped.
	awk '$1 == "===" { name = $3; next } / --- SKIP|^--- SKIP/ { print why[$3] $0 }
		/^ +[a-z0-9_]+\.go:[0-9]+: / { why[name] = $0 "\n" }' "$2"
	[ "$skips" -le "$1" ] || { echo "$skips tests skipped, at most $1 expected"; return 1; }
}

run_script() { # run_script SCRIPT: its output, with its skips added to those of $scratch/skipped
	"$1" >"$scratch/out" 2>&1
	status=$?
	cat "$scratch/out"
	grep '^skip ' "$scratch/out" >>"$scratch/skipped"
	return $status
}

as_user() { # as_user COMMAND...: as nobody, without capabilities
	setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --inh-caps=-all -- \
		env HOME="$scratch/home" TMPDIR="$scratch/home" "$@"
}

max_skips() { if is_root; then echo $max_skips_root; else echo $max_skips_user; fi; }

# --- the suites -----------------------------------------------------------------

suite_lint() {
	tests/lint.sh
}

suite_freestanding() {
	tests/freestanding/check.sh && tests/freestanding/headers.sh &&
		make -s all && tests/freestanding/exports.sh build/libforkexec.so &&
		tests/freestanding/names.sh build/libforkexec.a
}

suite_c() {
	make -s tests || return 1
	failed=0
	: >"$scratch/skipped"
	mkdir -p "$scratch/home" && chmod 777 "$scratch/home"
	for t in build/tests/*/test_*; do
		case $t in *.d) continue ;; esac
		echo "-- $t"
		timeout 300 "$t" >"$scratch/out" 2>&1 || failed=1
		cat "$scratch/out"
		grep '^skipped' "$scratch/out" >>"$scratch/skipped" || :
		is_root || continue
		# The tests find their sources and helpers by their own path or argument.
		cp "$t" "$scratch/" && chmod 755 "$scratch/${t##*/}"
		echo "-- $t, as an ordinary user"
		as_user timeout 300 "$scratch/${t##*/}" || failed=1
	done
	n=$(grep -vc 'skipped cases' "$scratch/skipped")
	max=$(max_skips)
	is_root || max=$((max + 12)) # hold.c is for root
	[ "$n" -le "$max" ] || { echo "$n C tests skipped, at most $max expected"; failed=1; }
	return $failed
}

suite_checkers() {
	tests/checkers/static.sh && tests/checkers/run.sh && tests/fuzz/fuzz.sh 8 &&
		"$GO" test ./tests/api -run '^$' -fuzz FuzzStart -fuzztime 8s -fuzzminimizetime 1x >"$scratch/out" 2>&1 && return
	tail -n 50 "$scratch/out" 2>/dev/null
	return 1
}

suite_go() {
	go_test "$(max_skips)" ./go/... ./c/... ./include/... ./bench/... ./examples/... ./tests/api ./tests/layout ./tests/nofile ./tests/readme \
		./tests/walkthrough ./tests/consumer ./tests/soak ./tests/syscalls ./tests/signals/... ./tests/sandbox
}

# One package at a time: they change fs.suid_dumpable, which is the machine's, and some measure.
suite_stuck() {
	for cgo in 1 0; do
		CGO_ENABLED=$cgo go_test "$(max_skips)" -p 1 ./tests/stuck ./tests/confined ./tests/failures ./tests/forklock || return 1
	done
}

# Attackers against children that share this process's memory; as root, else it skips.
suite_security() {
	go_test 4 -timeout 5m ./tests/security && CGO_ENABLED=0 go_test 4 -timeout 5m ./tests/security
}

suite_exec() {
	go_test "$(max_skips)" -timeout 10m ./tests/exec
}

suite_differential() {
	go_test 99 -timeout 10m ./tests/differential
}

# Go's own tests of os/exec, with the import rewritten.
suite_std() {
	go_test 99 -timeout 15m ./tests/std
}

# What an ordinary user can do, with cgo and without. TestSurface reads sources, which nobody
# may not. To save time, soak and sandbox run without cgo in the suite nocgo alone, as root.
suite_user() {
	is_root || { echo "not root: the other suites have run as an ordinary user already"; return 0; }
	failed=0
	user_tests 1 go go/exec tests/api tests/exec tests/stuck tests/confined tests/soak tests/sandbox tests/signals || failed=1
	make -s all && cp build/forkexec "$scratch/forkexec" && chmod 755 "$scratch/forkexec" || failed=1
	$CC examples/filter.c -o "$scratch/make_filter" && "$scratch/make_filter" >"$scratch/filter" || failed=1
	export FORKEXEC_TEST_COMMAND="$scratch/forkexec" FORKEXEC_TEST_FILTER="$scratch/filter"
	user_tests 1 tests/explain tests/cli || failed=1
	user_tests 0 go go/exec tests/api tests/exec tests/stuck tests/confined tests/nocgo tests/signals || failed=1
	return $failed
}

user_tests() { # user_tests CGO_ENABLED PACKAGE...
	cgo=$1 implementation=cgo
	[ "$cgo" = 1 ] || implementation=nocgo
	shift
	mkdir -p "$scratch/home" && chmod 777 "$scratch/home"
	user_failed=0
	for p in "$@"; do
		begin_package=$(date +%s)
		CGO_ENABLED=$cgo "$GO" test -c -o "$scratch/user.test" "./$p" || return 1
		(cd "$scratch/home" && as_user FORKEXEC_TEST_IMPLEMENTATION=$implementation "$scratch/user.test" \
			-test.v -test.timeout=10m -test.skip TestSurface) >"$scratch/out" 2>&1 || {
			grep -vE "^ *(=== RUN|--- PASS)" "$scratch/out"
			user_failed=1
		}
		count_skips $max_skips_user "$scratch/out" || user_failed=1
		echo "$p, $implementation: $(grep -c -- '--- PASS' "$scratch/out") passed, $(($(date +%s) - begin_package)) s"
	done
	return $user_failed
}

suite_race() {
	go_test "$(max_skips)" -race -timeout 15m ./go/... ./tests/api ./tests/exec ./tests/std
}

# cgo's pointer rules, checked at every write of a pointer.
suite_cgocheck() {
	GOEXPERIMENT=cgocheck2 go_test "$(max_skips)" ./go/... ./tests/api
}

suite_nocgo() {
	: >"$scratch/skipped"
	for script in stale text stack builds overlay gdb; do
		run_script "tests/nocgo/$script.sh" || return 1
	done
	n=$(wc -l <"$scratch/skipped")
	[ "$n" -le $max_skips_scripts ] || { echo "$n parts of scripts skipped, at most $max_skips_scripts expected"; return 1; }
	CGO_ENABLED=0 FORKEXEC_TEST_IMPLEMENTATION=nocgo go_test "$(max_skips)" ./go/... ./examples/... ./tests/api ./tests/nofile ./tests/nocgo \
		./tests/soak ./tests/signals ./tests/sandbox &&
		CGO_ENABLED=0 go_test 99 -timeout 10m ./tests/differential
}

suite_old_go() {
	GOTOOLCHAIN=$old_go go_test "$(max_skips)" ./go/... ./tests/api ./tests/layout ./tests/nofile &&
		GOTOOLCHAIN=$old_go go_test 99 -timeout 10m ./tests/differential ./tests/exec ./tests/std
}

# Builds for everybody else, and other layers under QEMU's user mode, whose clone
# has no shared memory and no pidfd: the fallbacks must lose nothing. All architectures
# and the whole differential suite are in `make matrix`.
suite_cross() {
	for os in darwin windows freebsd plan9 android js wasip1; do
		arch=arm64
		case $os in plan9) arch=amd64 ;; js | wasip1) arch=wasm ;; esac
		GOOS=$os GOARCH=$arch CGO_ENABLED=0 "$GO" vet ./go/ ./go/exec/ || return 1
	done
	for arch in 386 arm riscv64 ppc64le s390x mips64le loong64; do
		GOOS=linux GOARCH=$arch CGO_ENABLED=0 "$GO" vet ./go/... || return 1
	done
	GOOS=linux GOARCH=386 CGO_ENABLED=0 "$GO" vet ./... || return 1 # the tests, too, where int has 32 bits
	[ "$(uname -m)" = x86_64 ] || { echo "not on x86-64: no emulation of arm64 tried"; return 0; }
	GOARCH=arm64 CGO_ENABLED=1 CC=aarch64-linux-gnu-gcc "$GO" test -c -o "$scratch/arm64.test" ./tests/api &&
		(cd tests/api && QEMU_LD_PREFIX=/usr/aarch64-linux-gnu timeout 300 qemu-aarch64 "$scratch/arm64.test" \
			-test.run 'TestStart|TestError|TestTextBusy|TestContext|TestStepNames') || return 1
	for arch in 386 arm64:aarch64 s390x:s390x; do
		qemu=
		[ "$arch" = 386 ] || qemu=$(command -v "qemu-${arch#*:}") || return 1
		CGO_ENABLED=0 GOARCH=${arch%:*} FORKEXEC_TEST_EMULATOR=$qemu go_test 99 ${qemu:+-exec "$qemu"} \
			-run 'TestFields|TestDefects|TestRefusedPidfd' ./tests/differential || return 1
	done
}

# Inside gVisor, where runsc can be built and run: it says why not.
# The debuggers' sessions of docs/debugging.md.
suite_debuggers() {
	: >"$scratch/skipped"
	make -s all && run_script tests/debuggers/sessions.sh
}

suite_gvisor() {
	: >"$scratch/skipped"
	run_script tests/gvisor/run.sh
}

# Each cause of a failure through Go, with cgo and without, and through the command.
suite_explain() {
	make -s all && go_test "$(max_skips)" ./tests/explain &&
		CGO_ENABLED=0 FORKEXEC_TEST_IMPLEMENTATION=nocgo go_test "$(max_skips)" ./tests/explain
}

# The command, and the installed library, found by pkg-config, from programs of somebody else's.
suite_cli() {
	: >"$scratch/skipped"
	make -s all && go_test "$(max_skips)" ./tests/cli && run_script tests/cli/library.sh || return 1
	n=$(wc -l <"$scratch/skipped")
	[ "$n" -le 2 ] || { echo "$n parts skipped, at most 2 expected: zsh, musl, clang, user namespaces"; return 1; }
}

# Debian's packages, and what lintian says of them.
suite_deb() {
	command -v dpkg-buildpackage >/dev/null || { echo "no dpkg-buildpackage here: no packages tried"; return 0; }
	make -s deb
}

# Half of the suites run beside the other half, as long as nobody minds company: those that build
# in build/, and others. The last ones measure, or change what is the machine's.
lane_1="lint freestanding c checkers explain cli deb user"
lane_2="go exec differential std race cgocheck old_go cross"
alone="security stuck nocgo debuggers gvisor"

if [ $# -eq 0 ]; then
	echo "== two at a time, shown when all of these have ended: $lane_1; $lane_2"
	# shellcheck disable=SC2086 # one suite a word
	tests/run.sh $lane_1 >"$scratch/lane_1" 2>&1 &
	# shellcheck disable=SC2086
	tests/run.sh $lane_2 >"$scratch/lane_2" 2>&1
	wait
	cat "$scratch/lane_1" "$scratch/lane_2"
	# shellcheck disable=SC2086
	tests/run.sh $alone 2>&1 | tee "$scratch/alone"
	set -- "$scratch/lane_1" "$scratch/lane_2" "$scratch/alone"
	failures=$(sed -n 's/^== \([a-z_0-9]*\): FAILED$/ \1/p' "$@" | tr -d '\n')
	passed=$(grep -c '^== [a-z_0-9]*: ok' "$@" | awk -F: '{n += $2} END {print n}')
	all=$(echo $lane_1 $lane_2 $alone | wc -w)
	echo "failed suites:${failures:- none}"
	echo "suites: $passed passed of $all"
	[ "$passed" -eq "$all" ]
	exit
fi
passed=0 failures=
for s in "$@"; do
	echo "== $s"
	begin=$(date +%s)
	if "suite_$s"; then
		passed=$((passed + 1))
		echo "== $s: ok ($(($(date +%s) - begin)) s)"
	else
		failures="$failures $s"
		echo "== $s: FAILED"
	fi
done
# shellcheck disable=SC2086 # one suite a word
set -- $failures
[ $# -eq 0 ] || echo "failed suites:$failures"
echo "suites: $passed passed, $# failed"
[ $# -eq 0 ]
