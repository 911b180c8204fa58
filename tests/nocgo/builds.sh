#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# builds.sh: does the text work in every form of Go program, and for every architecture?
# Native programs in each build mode, foreign ones under QEMU's user mode.
# shellcheck disable=SC2317 # functions are called through check()
set -u

cd "$(dirname "$0")/../.." || exit 1
GO=${GO:-go}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp" build/c-shared' EXIT
export FORKEXEC_TEST_IMPLEMENTATION=nocgo GOFLAGS=
tests='Test[^S]' # not the storm
failed=0

check() { # check NAME COMMAND...
	name=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		echo "ok    $name"
	else
		echo "FAIL  $name"
		tail -n 30 "$tmp/out"
		failed=1
	fi
}

native() { # native NAME CGO_ENABLED ARGS...
	name=$1 cgo=$2
	shift 2
	check "$name" env CGO_ENABLED="$cgo" "$GO" test -count=1 -run "$tests" "$@" ./tests/nocgo
}

c_shared() {
	mkdir -p build/c-shared && cat >build/c-shared/main.go <<-'END'
		package main

		import "C"

		import (
			"os"

			forkexec "forkexec.example/forkexec/go"
		)

		//export spawn
		func spawn() C.int {
			p, err := forkexec.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
			if err != nil || forkexec.Implementation() != "nocgo" {
				return 1
			}
			state, err := p.Wait()
			if err != nil || !state.Success() {
				return 2
			}
			return 0
		}

		func main() {}
	END
	echo 'int spawn(void); int main(void) { return spawn(); }' >"$tmp/main.c"
	"$GO" build -tags forkexec_nocgo -buildmode="$1" -o "$tmp/$2" ./build/c-shared &&
		${CC:-cc} -o "$tmp/main" "$tmp/main.c" "$tmp/$2" -lpthread && LD_LIBRARY_PATH=$tmp "$tmp/main"
}

case $(uname -m) in x86_64 | aarch64)
	native 'CGO_ENABLED=0' 0
	native 'cgo on, tag forkexec_nocgo' 1 -tags forkexec_nocgo
	if GOTOOLCHAIN=go1.22.12 "$GO" version >/dev/null 2>&1; then
		export GOTOOLCHAIN=go1.22.12
		native 'Go 1.22' 0
		export GOTOOLCHAIN=local
	else
		echo 'skip  Go 1.22: not to be had'
	fi
	native '-trimpath' 0 -trimpath
	native '-buildmode=pie' 0 -buildmode=pie
	native 'pie, external linking' 1 -tags forkexec_nocgo -buildmode=pie -ldflags=-linkmode=external
	native 'static, external linking' 1 -tags forkexec_nocgo,netgo,osusergo -ldflags='-linkmode=external -extldflags=-static'
	tests=Test
	native '-race -covermode=atomic, with TestStress' 1 -tags forkexec_nocgo -race -covermode=atomic -coverpkg=./...
	tests='Test[^S]'
	native 'no optimisation' 0 -gcflags=all=-N\ -l
	check c-shared c_shared c-shared libspawn.so
	check c-archive c_shared c-archive libspawn.a
	;;
*) echo 'skip  native builds: only on x86-64 and arm64' ;;
esac
check 'vet' env CGO_ENABLED=0 "$GO" vet ./c/... ./go/...
check 'vet, tag forkexec_nocgo' "$GO" vet -tags forkexec_nocgo ./c/... ./go/...

# One of arm's texts for each GOARM, on a processor that has no more than that: the other one
# would die there of an instruction that is none, or ask for a page that kernels for
# version 7 alone may not have.
arm_text() { # arm_text TEXT: that one, and no other
	GOARCH=arm "$GO" list -f '{{range .SFiles}}{{println .}}{{end}}' ./c/nocgo >"$tmp/files"
	cat "$tmp/files"
	[ "$(grep '^text_' "$tmp/files")" = "$1" ]
}

arm() { # arm GOARM CPU TEXT
	qemu=$(command -v qemu-arm || echo qemu-arm) # missing: fails, as below
	export GOARM="$1" QEMU_CPU="$2"
	check "arm: GOARM=$1: $3" arm_text "$3"
	check "arm: GOARM=$1: vet" env CGO_ENABLED=0 GOARCH=arm "$GO" vet ./c/... ./go/...
	check "arm: GOARM=$1: build" env CGO_ENABLED=0 GOARCH=arm "$GO" test -c -o "$tmp/arm.test" ./tests/nocgo
	check "arm: GOARM=$1: run on $2" env FORKEXEC_TEST_EMULATOR="$qemu" timeout 120 "$qemu" "$tmp/arm.test" -test.v
	unset GOARM QEMU_CPU
}

for text in c/nocgo/text_linux_*.s; do
	arch=${text#c/nocgo/text_linux_} arch=${arch%.s}
	if [ "$arch" = arm ]; then
		arm 5 arm926 text_linux_arm.s
		arm 6 arm1176 text_linux_arm.s
		arm 7 cortex-a15 text_v7_linux_arm.s
		continue
	fi
	check "$arch: vet" env CGO_ENABLED=0 GOARCH="$arch" "$GO" vet ./c/... ./go/...
	check "$arch: build" env CGO_ENABLED=0 GOARCH="$arch" "$GO" test -c -o "$tmp/$arch.test" ./tests/nocgo
	case $arch in
	amd64) machine=x86_64 ;;
	arm64) machine=aarch64 ;;
	386) # natively: Go's 386 programs crash at start in QEMU 7.2's user mode
		if [ "$(uname -m)" = x86_64 ]; then
			check '386: run' "$tmp/386.test"
		else
			echo 'skip  386: run: not on x86-64'
		fi
		continue
		;;
	*) machine=$arch ;;
	esac
	qemu=$(command -v "qemu-$machine") || qemu=qemu-$machine # missing: fails, install-tools.sh installs it
	check "$arch: run under QEMU" env FORKEXEC_TEST_EMULATOR="$qemu" timeout 120 "$qemu" "$tmp/$arch.test" -test.v
done
exit $failed
