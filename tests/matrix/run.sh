#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# run.sh [go [VERSION...] | arch [ARCH...] | gvisor | table]: does it all work with every supported
# Go, on every architecture and inside gVisor? Without an argument everything runs, for most of an hour, and the
# tables of docs/matrix.md are made anew; with one, that part, and cells of earlier runs
# stay (build/matrix). CELLS='*-std' runs those of that name; "table" runs nothing and only
# writes the tables. `make matrix` calls it.
#
# Cells are run one after the other, as Go's own tests of os/exec count descriptors and
# processes. A test of Go's that fails under the overlay is run again, and then without:
# one that fails there, too, is the machine's fault, and the cell says so.
# shellcheck disable=SC2317 # functions are called through cell()
set -u

cd "$(dirname "$0")/../.." || exit 1
GO=${GO:-go}
versions='go1.22.12 go1.23.12 go1.24.13 go1.25.7 local'
archs='amd64 386 arm-5 arm-6 arm-7 arm64 ppc64le riscv64 s390x' # arm-GOARM, each on a processor of its own
cells=$PWD/build/matrix
mkdir -p "$cells"
tmp=$(mktemp -d) && chmod 755 "$tmp" || exit 1
trap 'rm -rf "$tmp"' EXIT
export GOFLAGS=-count=1 # and nothing of the user's
# The runtime's own descriptors for cgroup v1, which os/exec's TestExtraFiles takes for leaks.
export GODEBUG=containermaxprocs=0
failed=0

cell() { # cell NAME COMMAND...: the command's verdict, or ok or FAIL, into a file
	name=$1 begin=$(date +%s)
	shift
	# shellcheck disable=SC2254 # a pattern
	case $name in ${CELLS:-*}) ;; *) return ;; esac
	: >"$tmp/verdict"
	if "$@" >"$cells/$name.log" 2>&1; then
		verdict=ok
	else
		verdict=FAIL failed=1
	fi
	[ ! -s "$tmp/verdict" ] || verdict="$verdict$(cat "$tmp/verdict")"
	echo "$verdict" >"$cells/$name"
	echo "$name: $verdict ($(($(date +%s) - begin)) s)"
	[ "${verdict#FAIL}" = "$verdict" ] || grep -vE '^(ok|PASS|=== RUN)' "$cells/$name.log" | tail -n 40
}

names() { # names FILE...: the tests of a log that failed, as a pattern
	sed -n 's/^--- FAIL: \([^ ]*\).*/\1/p' "$@" | sort -u | paste -sd'|'
}

go_tests() { # go_tests OVERLAY: Go's own tests
	"$GO" test -vet=off -timeout 20m -overlay "$1" syscall os os/exec >"$tmp/first" 2>&1 && return
	cat "$tmp/first"
	bad=$(names "$tmp/first")
	[ -n "$bad" ] || return 1
	"$GO" test -vet=off -run "^($bad)\$" -overlay "$1" syscall os os/exec >"$tmp/again" 2>&1 && {
		echo ", $bad at the second try" >"$tmp/verdict"
		return
	}
	cat "$tmp/again"
	bad=$(names "$tmp/again")
	echo "-- without the overlay"
	"$GO" test -vet=off -run "^($bad)\$" syscall os os/exec >"$tmp/base" 2>&1
	cat "$tmp/base"
	if [ -n "$bad" ] && [ "$(names "$tmp/base")" = "$bad" ]; then
		echo ", but $bad, which fails without the overlay, too" >"$tmp/verdict"
		return
	fi
	echo ": $bad" >"$tmp/verdict"
	return 1
}

module_tests() {
	nocgo=
	[ "$CGO_ENABLED" = 1 ] || nocgo=./tests/nocgo
	"$GO" test -timeout 20m ./go/... ./c/... ./include/... ./tests/api ./tests/layout ./tests/nofile \
		./tests/exec ./tests/std ./tests/sandbox ${nocgo:+"$nocgo"}
}

overlay() { # overlay FILE: makes it, with a door for the differential suite
	"$GO" run ./go/cmd/forkexec-overlay -o "$1" &&
		printf '\n//go:linkname forkexecOff\n' >>"${1%/*}/forkexec-zforkexec_linux.go.overlay"
}

# Since Go 1.25 the go command refuses overlays of what lies in the module cache, as
# toolchains of GOTOOLCHAIN do. So they run directly, with another cache.
use_go() { # use_go VERSION
	goroot=$(GOTOOLCHAIN=$1 "$GO" env GOROOT) || return 1
	export PATH="$goroot/bin:$path" GOTOOLCHAIN=local GOMODCACHE="$tmp/mod"
	GO=$goroot/bin/go
}

go_part() { # go_part VERSION...
	path=$PATH own_go=$GO
	for version in "$@"; do
		GO=$own_go PATH=$path
		unset GOMODCACHE
		use_go "$version" || { failed=1; continue; }
		overlay "$tmp/$version/overlay.json" || { failed=1; continue; }
		for cgo in 1 0; do
			export CGO_ENABLED=$cgo
			row=go-$version-$cgo
			cell "$row-std" go_tests "$tmp/$version/overlay.json"
			cell "$row-module" module_tests
			cell "$row-differential" "$GO" test -timeout 10m ./tests/differential
			# vet of Go 1.22 does not know overlays of what it looks at.
			cell "$row-overlay" "$GO" test -vet=off -timeout 10m -tags forkexec_overlay \
				-overlay "$tmp/$version/overlay.json" ./tests/differential
		done
	done
	unset CGO_ENABLED GOTOOLCHAIN GOMODCACHE
	GO=$own_go PATH=$path
}

emulator() { # emulator ARCH: what runs its programs here, empty for the kernel
	case ${1%-[5-7]}-$(uname -m) in
	amd64-x86_64 | 386-x86_64 | arm64-aarch64 | ppc64le-ppc64le | riscv64-riscv64 | s390x-s390x) ;;
	amd64-*) echo qemu-x86_64 ;;
	386-*) echo qemu-i386 ;;
	arm64-*) echo qemu-aarch64 ;;
	*) echo "qemu-${1%-[5-7]}" ;;
	esac
}

arm_cpu() { # arm_cpu ARCH: a processor that has no more than that GOARM asks for
	case $1 in
	arm-5) echo arm926 ;;
	arm-6) echo arm1176 ;;
	arm-7) echo cortex-a15 ;;
	esac
}

arch_part() { # arch_part ARCH...
	export CGO_ENABLED=0
	for arch in "$@"; do
		qemu=$(emulator "$arch")
		[ -z "$qemu" ] || qemu=$(command -v "$qemu") || { failed=1; continue; }
		unset GOARM QEMU_CPU
		case $arch in arm-*) QEMU_CPU=$(arm_cpu "$arch") GOARM=${arch#arm-} && export QEMU_CPU GOARM ;; esac
		export GOARCH="${arch%-[5-7]}" FORKEXEC_TEST_EMULATOR="$qemu" FORKEXEC_TEST_IMPLEMENTATION=nocgo
		set -- -timeout 10m ${qemu:+-exec "$qemu"}
		cell "arch-$arch-text" "$GO" test "$@" ./tests/nocgo
		# The tests that are left out look at the kernel's side of things.
		cell "arch-$arch-api" "$GO" test "$@" ${qemu:+-run 'TestStart|TestError|TestTextBusy|TestContext|TestStepNames'} ./tests/api
		# Native amd64 alone is fast: the emulators, and the kernel's int 0x80, are not.
		[ "$arch" = amd64 ] || set -- "$@" -short
		cell "arch-$arch-differential" differential_arch "$@"
	done
	unset CGO_ENABLED GOARCH GOARM QEMU_CPU FORKEXEC_TEST_EMULATOR FORKEXEC_TEST_IMPLEMENTATION
}

# Go's own tests inside gVisor: each must end as it does there without the overlay.
gvisor_tests() { # gvisor_tests PLATFORM
	runsc=$(tests/gvisor/runsc.sh "$1") || return 1
	overlay "$tmp/gvisor/overlay.json" || return 1
	bad=
	for package in os/exec syscall; do
		for with in '' "$tmp/gvisor/overlay.json"; do
			log=$tmp/inside-${with:+overlay}
			"$GO" test -vet=off ${with:+-overlay "$with"} -c -o "$tmp/inside" "$package" || return 1
			(cd "$("$GO" env GOROOT)/src/$package" && timeout 900 "$runsc" --rootless --network=none \
				--ignore-cgroups --platform="$1" 'do' "$tmp/inside" -test.v -test.timeout=10m 2>&1 | cat) >"$log"
			grep -v '=== RUN' "$log"
			sed -n 's/^--- \([A-Z]*\): \([^ ]*\).*/\1 \2/p' "$log" | sort >"$log.verdicts"
			grep -q '^PASS ' "$log.verdicts" && tail -n 1 "$log" | grep -qx 'PASS\|FAIL' || return 1
		done
		diff "$tmp/inside-.verdicts" "$tmp/inside-overlay.verdicts" || return 1
		bad=$bad${bad:+|}$(names "$tmp/inside-overlay")
	done
	bad=${bad#|} bad=${bad%|}
	[ -z "$bad" ] || echo ", but $bad, which fails without the overlay, too" >"$tmp/verdict"
}

gvisor_part() {
	export CGO_ENABLED=0
	for platform in systrap ptrace; do
		if why=$(tests/gvisor/runsc.sh "$platform" 2>&1 >/dev/null); then
			cell "gvisor-$platform" gvisor_tests "$platform"
		else
			echo "gvisor-$platform: skipped: $why"
		fi
	done
	unset CGO_ENABLED
}

differential_arch() {
	case " $* " in *' -short '*) set -- "$@" ./tests/differential -args -pairs.part=100 ;; *) set -- "$@" ./tests/differential ;; esac
	"$GO" test -v "$@" >"$tmp/first" 2>&1
	status=$?
	grep -vE '=== RUN|--- (PASS|SKIP)' "$tmp/first"
	hung=$(sed -n 's/.*under the emulator \([0-9]*\) starts.*/\1/p' "$tmp/first" | awk '{s += $1} END {print s + 0}')
	[ "$hung" = 0 ] || echo " ($hung hung)" >"$tmp/verdict"
	return "$status"
}

show() { cat "$cells/$1" 2>/dev/null || echo 'not run'; }

go_table() {
	echo "| Go | cgo | Go's tests of syscall, os, os/exec, overlay | this module's tests | differential | differential, overlay |"
	echo '|---|---|---|---|---|---|'
	for version in $versions; do
		for cgo in 1 0; do
			row=go-$version-$cgo
			name=$(GOTOOLCHAIN=$version "$GO" env GOVERSION)
			[ $cgo = 1 ] && on=on || on=off
			echo "| ${name#go} | $on | $(show "$row-std") | $(show "$row-module") | $(show "$row-differential") | $(show "$row-overlay") |"
		done
	done
}

arch_table() {
	echo '| architecture | runs | text | api | differential |'
	echo '|---|---|---|---|---|'
	for arch in $archs; do
		how=$(emulator "$arch") cpu=$(arm_cpu "$arch")
		case $arch in arm-*) name="arm, GOARM=${arch#arm-}" ;; *) name=$arch ;; esac
		echo "| $name | ${how:-natively}${cpu:+, $cpu} | $(show "arch-$arch-text") | $(show "arch-$arch-api") | $(show "arch-$arch-differential") |"
	done
}

gvisor_table() {
	echo "| platform | Go's tests of syscall and os/exec, overlay |"
	echo '|---|---|'
	for platform in systrap ptrace; do
		echo "| $platform | $(show "gvisor-$platform") |"
	done
}

machine() { echo; echo "$(date -u +%Y-%m-%d), Linux $(uname -r | sed 's/-.*//') on $(uname -m), $(nproc) CPUs, uid $(id -u)$1."; }

part=${1-all}
[ $# -eq 0 ] || shift
case $part in
all | go)
	# shellcheck disable=SC2086 # one version a word
	[ $# -gt 0 ] || set -- $versions
	go_part "$@"
	;;
esac
case $part in
all | arch)
	[ "$part" = arch ] || set --
	# shellcheck disable=SC2086 # one architecture a word
	[ $# -gt 0 ] || set -- $archs
	arch_part "$@"
	;;
esac
case $part in all | gvisor) gvisor_part ;; esac
{ go_table && machine ''; } >"$tmp/go" && tests/matrix/table.sh go "$tmp/go"
{ arch_table && machine ", $(qemu-aarch64 --version 2>/dev/null | sed -n 's/^qemu-[a-z0-9]* version \([0-9.]*\).*/QEMU \1/p')"; } >"$tmp/arch" && tests/matrix/table.sh arch "$tmp/arch"
version=$(sed -n 's/^version=\([^ ]*\).*/\1/p' tests/gvisor/runsc.sh)
{ gvisor_table && machine ", runsc $version"; } >"$tmp/gvisor-table" && tests/matrix/table.sh gvisor "$tmp/gvisor-table"
exit $failed
