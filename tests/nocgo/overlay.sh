#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# overlay.sh: does a program built with `go build -overlay` start processes through the
# core, on the oldest Go and on this one? With LONG=1 Go's own tests of syscall and os run,
# too; without, those of os/exec do.
# shellcheck disable=SC2317 # functions are called through check()
set -u

cd "$(dirname "$0")/../.." || exit 1
GO=${GO:-go}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export GOFLAGS=
# In a cgroup v1 with a quota the runtime keeps two files open, and os/exec's TestExtraFiles
# takes them for leaked ones, with the standard library's spawn path as well.
export GODEBUG=containermaxprocs=0
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

mkdir "$tmp/program" && cat >"$tmp/program/main.go" <<'END'
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	if out, err := exec.Command("/bin/echo", "hello").Output(); err != nil || string(out) != "hello\n" {
		fmt.Printf("%q %v\n", out, err)
		os.Exit(1)
	}
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: 4000000}
	if err := cmd.Run(); err == nil || err.Error() != "fork/exec /bin/true: operation not permitted" {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 1; i < len(os.Args); i++ { // the first one finds out how to start
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{Size: 1}}, GidMappings: []syscall.SysProcIDMap{{Size: 1}}}
		if err := cmd.Run(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}
END
cat >"$tmp/program/go.mod" <<'END'
module program

go 1.22
END

through_core() { # through_core PROGRAM: says the failed step on standard error, or not
	"$1" && FORKEXEC=verbose "$1" 2>"$tmp/said" &&
		grep -q '^forkexec: setpgid 4000000: EPERM. There is no process group 4000000 .*' "$tmp/said" && [ "$(wc -l <"$tmp/said")" = 1 ] &&
		FORKEXEC=stdlib,verbose "$1" 2>"$tmp/said" && [ ! -s "$tmp/said" ] && return
	cat "$tmp/said"
	return 1
}

program() { # program ARGS...: builds and runs it
	(cd "$tmp/program" && "$GO" build -overlay "$overlay" -o "$tmp/p" "$@" .) && through_core "$tmp/p"
}

# The storm of tests/nocgo on the overlay's wrapper. That the starts which fail say their
# step shows whose they are.
stress() { # stress ARGS...
	FORKEXEC_TEST_START=os FORKEXEC=verbose "$GO" test -count=1 -v -vet=off -overlay "$overlay" \
		-run TestStress "$@" ./tests/nocgo >"$tmp/stress" 2>&1
	status=$?
	grep -v '^forkexec: execve ' "$tmp/stress"
	[ $status -eq 0 ] && grep -q '^forkexec: execve .*: ENOENT. The program .* does not exist' "$tmp/stress"
}

# What the kernel sees: how often clone3 was called, and rt_sigaction by children before
# their execve. The standard library's child resets each handler, ours has none.
calls() { # calls ENV...
	env "$@" strace -f -qq -e trace=clone3,rt_sigaction,execve -o "$tmp/trace" "$tmp/p" || return 1
	awk 'NR == 1 {program = $1} /clone3\(/ {clones++} /rt_sigaction\(/ {actions[$1]++}
		/execve\(/ {if ($1 != program) sum += actions[$1]}
		END {print clones + 0, sum + 0}' "$tmp/trace"
}

trace() {
	set -- "$(calls FORKEXEC=)" "$(calls FORKEXEC=stdlib)"
	echo "clone3 and the children's rt_sigaction: $1, of the standard library: $2"
	[ "${1% *}" -ge 1 ] && [ "${1#* }" -eq 0 ] && [ "${2% *}" -eq 0 ] && [ "${2#* }" -ge 20 ]
}

# A child with a new user namespace shares memory, which is held meanwhile: root's does.
held() {
	[ "$(id -u)" -eq 0 ] || return 0
	rm -f "$tmp/lines" && FORKEXEC=trace=$tmp/lines "$tmp/p" newuser newuser && cat "$tmp/lines" &&
		[ "$(grep -c '"Cloneflags".*"shared":true' "$tmp/lines")" = 2 ]
}

# A try without pipes that needs them is no failure: nobody looks for its cause, with ForkLock held.
not_explained() {
	[ "$(id -u)" -eq 0 ] || return 0
	FORKEXEC=verbose strace -f -qq -e trace=openat -o "$tmp/trace" "$tmp/p" newuser newuser &&
		grep -q 'gid_map' "$tmp/trace" && ! grep file-max "$tmp/trace"
}

same_again() {
	"$GO" run ./go/cmd/forkexec-overlay -o "$overlay" && (cd "$(dirname "$overlay")" && sha256sum ./*) >"$tmp/second" &&
		cmp "$tmp/first" "$tmp/second"
}

narrow_architecture() { # one of 32 bits, which this processor may run
	(cd "$tmp/program" && GOARCH=386 "$GO" build -overlay "$overlay" -o "$tmp/p" .) || return 1
	[ "$(uname -m)" = x86_64 ] || return 0
	through_core "$tmp/p"
}

# The text for old processors and that for new ones. /bin/echo is this machine's own.
arm() {
	command -v qemu-arm || return 1 # install-tools.sh installs it
	# QEMU's fork copies the locks of its other threads, so that now and then a child hangs in it.
	cat >"$tmp/emulated" <<-'END'
		#!/bin/sh
		for try in 1 2 3; do
			timeout 60 qemu-arm "$0.arm" "$@"
			status=$?
			[ $status -eq 124 ] || exit $status
		done
		exit 1
	END
	chmod +x "$tmp/emulated" || return 1
	for version_and_cpu in 5:arm926 7:cortex-a15; do
		(cd "$tmp/program" && GOARCH=arm GOARM=${version_and_cpu%:*} \
			"$GO" build -overlay "$overlay" -o "$tmp/emulated.arm" .) &&
			QEMU_CPU=${version_and_cpu#*:} through_core "$tmp/emulated" || return 1
	done
}

other_architecture() { # there is no text for it: it must compile
	(cd "$tmp/program" && GOARCH=mips64le "$GO" build -overlay "$overlay" -o "$tmp/p" .)
}

# A toolchain whose source is not the one we know: refused, with the reason.
refused() { # refused SED-SCRIPT FILE WORD
	rm -rf "$tmp/goroot" && mkdir -p "$tmp/goroot/src/syscall" &&
		cp "$("$GO" env GOROOT)"/src/syscall/*.go "$tmp/goroot/src/syscall/" &&
		sed -i "$1" "$tmp/goroot/src/syscall/$2" || return 1
	printf '#!/bin/sh\necho '\''{"GOROOT": "%s", "GOVERSION": "go9"}'\''\n' "$tmp/goroot" >"$tmp/fakego"
	chmod +x "$tmp/fakego"
	if "$GO" run ./go/cmd/forkexec-overlay -go "$tmp/fakego" -o "$tmp/refused/overlay.json" 2>"$tmp/why"; then
		echo 'accepted'
		return 1
	fi
	cat "$tmp/why"
	grep -q "go9: .*$3" "$tmp/why" && [ ! -e "$tmp/refused/overlay.json" ]
}

# A toolchain in the module cache: Go refuses the overlay later, so there is a warning.
warned() { # warned GOVERSION
	printf '#!/bin/sh\necho '\''{"GOROOT": "%s", "GOMODCACHE": "%s", "GOVERSION": "%s"}'\''\n' \
		"$("$GO" env GOROOT)" "$(dirname "$("$GO" env GOROOT)")" "$1" >"$tmp/fakego"
	chmod +x "$tmp/fakego"
	"$GO" run ./go/cmd/forkexec-overlay -go "$tmp/fakego" -o "$tmp/warned/overlay.json" 2>"$tmp/why" || return 1
	cat "$tmp/why"
	grep -q 'module cache' "$tmp/why"
}
not_warned() { ! warned "$1"; }

for version in local go1.22.12; do
	export GOTOOLCHAIN=$version
	if ! "$GO" version >/dev/null 2>&1; then
		echo "skip  $version: not to be had"
		continue
	fi
	overlay=$tmp/$version/overlay.json
	check "$version: overlay" "$GO" run ./go/cmd/forkexec-overlay -o "$overlay"
	(cd "$(dirname "$overlay")" && sha256sum ./*) >"$tmp/first"
	check "$version: the same again" same_again
	export CGO_ENABLED=0
	check "$version: program, cgo off" program
	check "$version: program, new user namespaces" held
	check "$version: program, 32 bits" narrow_architecture
	check "$version: program, GOARM=5 and 7" arm
	if command -v strace >/dev/null && ! why=$(strace -o /dev/null true 2>&1); then
		echo "skip  $version: trace: strace may not trace here: $(echo "$why" | sed -n 1p)"
	else
		check "$version: trace" trace # without strace it fails: install-tools.sh installs it
		check "$version: nothing to explain" not_explained
	fi
	check "$version: program without text" other_architecture
	check "$version: TestStress" stress
	unset CGO_ENABLED
	check "$version: program, cgo on, -trimpath" program -trimpath
	check "$version: program, -race" program -race
	check "$version: TestStress, -race" stress -race
	# vet of Go 1.22 does not know overlays of the package that it looks at.
	check "$version: Go's tests" env CGO_ENABLED=0 "$GO" test -count=1 -vet=off -overlay "$overlay" \
		os/exec ${LONG:+syscall os}
done
export GOTOOLCHAIN=local
check 'a new field is refused' refused 's/^	PidFD \*int$/&; NoNewPrivs bool/' exec_linux.go SysProcAttr
check 'another function is refused' refused 's|^func forkExec(|&_ int, |' exec_unix.go forkExec
check 'a toolchain in the module cache' warned go1.25.3
check 'the same before Go 1.25' not_warned go1.24.9
check 'another limit is refused' refused 's/nlim.Max - 1/nlim.Max - 2/' rlimit.go 'soft limit'
exit $failed
