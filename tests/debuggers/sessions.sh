#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# sessions.sh: does what docs/debugging.md says work? gdb steps through the child's C source from
# the command and from a build with cgo, gdb and delve look into a child that is stopped by a
# pause, delve into the parent, perf and bpftrace know the core's functions by name in both
# builds. gdb in a build without cgo is tests/nocgo/gdb.sh.
set -u

cd "$(dirname "$0")/../.." || exit 1
GO=${GO:-go}
GOARCH=$("$GO" env GOHOSTARCH)
export GOARCH GOFLAGS='' LC_ALL=C DEBUGINFOD_URLS=''
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp" build/debuggers' EXIT
failed=0
skip() { echo "skip  debuggers: $*"; }
result() { # result STATUS NAME: with the output if it has failed
	if [ "$1" = 0 ]; then
		echo "ok    debuggers: $2"
	else
		echo "FAIL  debuggers: $2"
		tail -n 60 "$tmp/out"
		failed=1
	fi
}
expect() { # expect PATTERN...: each stands in the output
	for pattern; do
		grep -q -- "$pattern" "$tmp/out" && continue
		echo "no line is like $pattern" >>"$tmp/out"
		return 1
	done
}
plain() { sed 's/\x1b\[[0-9;]*m//g' "$1" >"$tmp/out"; } # without colours

if ! why=$(strace -o /dev/null true 2>&1); then
	skip "nobody may trace here: $(echo "$why" | sed -n 1p)"
	exit
fi

mkdir -p build/debuggers
cat >build/debuggers/main.go <<'END'
// Starts /bin/true: N times, or once with a pause before its execve.
package main

import (
	"context"
	"os"
	"strconv"

	forkexec "forkexec.example/forkexec/go"
)

func main() {
	opt := &forkexec.Options{}
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		n, opt.PauseAt = 1, forkexec.StepExecve
	}
	for range n {
		p, err := forkexec.Start(context.Background(), "/bin/true", []string{"true"}, nil, opt)
		if err != nil {
			panic(err)
		}
		if _, err := p.Wait(); err != nil {
			panic(err)
		}
	}
}
END
for cgo in 1 0; do
	CGO_ENABLED=$cgo "$GO" build -gcflags='all=-N -l' -o "$tmp/cgo$cgo" ./build/debuggers || exit 1
done

# --- gdb: breakpoints in the parent and in the child, steps in the child ------------

gdb_session() { # gdb_session PROGRAM ARG...
	timeout 100 gdb -batch -nx -ex 'set breakpoint pending on' -ex 'handle SIGURG SIGSTOP nostop noprint pass' \
		-ex 'break forkexec_clone_job' -ex run -ex bt -ex 'set follow-fork-mode child' \
		-ex 'delete 1' -ex 'break child_place_fds' -ex continue -ex bt -ex next -ex next -ex delete -ex continue \
		--args "$@" </dev/null >"$tmp/out" 2>&1
	expect '^#0  forkexec_clone_job (.*clone\.c:[0-9]' '^#[1-9].* forkexec_begin (.*forkexec\.c:[0-9]' \
		'^#0  child_place_fds (.*child_fds\.h:[0-9]' '^#[1-9].* forkexec_child_main (.*child\.c:[0-9]' \
		'^[0-9][0-9]*	.*n = (int32_t)r->n_fds' 'executing new program: /.*/true' 'exited normally'
}
gdb_session build/forkexec --fd 0=0 --fd 1=1 true
result $? 'gdb: the command'
gdb_session "$tmp/cgo1" 1
result $? 'gdb: with cgo'

# --- a child at its pause: gdb and delve ---------------------------------------------

dlv=$(command -v dlv || :)
[ "$dlv" ] || { [ -x build/tools/dlv ] && dlv=build/tools/dlv; }
[ "$dlv" ] || skip 'delve is not installed (tests/install-tools.sh test)'

delve() { # delve COMMAND WHAT [ARG] <COMMANDS
	cat >"$tmp/commands"
	timeout 100 "$dlv" "$1" "$2" --init "$tmp/commands" --allow-non-terminal-interactive=true ${3+-- "$3"} \
		</dev/null >"$tmp/dlv" 2>&1
	plain "$tmp/dlv"
}

at_pause() { # at_pause PROGRAM ARG...: sets $child, and $parent to wait for
	: >"$tmp/said" # now: it may have an ID from before
	"$@" 2>>"$tmp/said" &
	parent=$! child=
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		child=$(sed -n "s/.*kill -CONT //p" "$tmp/said" 2>/dev/null)
		[ "$child" ] && return
		sleep 0.2
	done
	cat "$tmp/said"
	return 1
}
go_on() { kill -CONT "$child" && wait "$parent"; }

attach() { # attach NAME PATTERN PROGRAM ARG...
	name=$1 pattern=$2
	shift 2
	at_pause "$@" || exit 1
	timeout 60 gdb -batch -nx -p "$child" -ex bt >"$tmp/out" 2>&1
	expect "$pattern" && go_on
	result $? "gdb --pid: $name"
}
attach 'the command' '^#[0-9].* child_execve (.*child\.c:[0-9]' build/forkexec --pause-at execve true
expect ' child_stop (' ' child_pause (' ' child_seen ('
result $? 'gdb --pid: the frames of a pause'
attach 'with cgo' '^#[0-9].* child_execve (.*child\.c:[0-9]' "$tmp/cgo1" pause
CGO_ENABLED=0 "$GO" build -ldflags=-w -o "$tmp/named" ./build/debuggers || exit 1
text=c/nocgo/text_linux_$GOARCH.s
compiler=$(sed -n '1s/.*compiler: \([^;]*\);.*/\1/p' "$text" 2>/dev/null)
if [ "$("${compiler%% *}" --version 2>/dev/null | sed -n 1p)" != "${compiler:-none}" ]; then
	named=
	skip "names without cgo: the text's need ${compiler:-a text for $GOARCH}"
elif ! { c/nocgo/gen.sh -o "$tmp" "$GOARCH" && cmp "$text" "$tmp/${text##*/}"; } >"$tmp/out" 2>&1; then
	named=
	result 1 'the text is that of the sources'
elif "$GO" run ./go/internal/symbols "$tmp/named" "build/nocgo/$GOARCH/text.elf" 2>"$tmp/out"; then
	named=1
	attach 'without cgo' '^#0 .* in child_await' "$tmp/named" pause
else
	named=
	result 1 'names without cgo'
fi

if [ "$dlv" ]; then
	delve exec "$tmp/cgo1" 1 <<-END
		break C.forkexec_begin
		continue
		bt 20
		next
		clearall
		continue
	END
	expect '> \[Breakpoint 1\] C\.forkexec_begin() .*forkexec\.c:' 'in runtime\.cgocall' \
		'=> *[0-9]*:.*\(ret->method\|forkexec_plan_check\)' 'has exited with status 0'
	result $? 'delve: the parent, with cgo'
	delve exec "$tmp/cgo0" 1 <<-END
		break forkexec.example/forkexec/go.startC
		continue
		args
		clearall
		continue
	END
	expect '> \[Breakpoint 1\] forkexec.example/forkexec/go\.startC()' '^argv0 = "/bin/true"' 'has exited with status 0'
	result $? 'delve: the parent, without cgo'
	for cgo in 1 0; do
		at_pause "$tmp/cgo$cgo" pause || exit 1
		echo 'bt 10' | delve attach "$child"
		case $cgo in
		1) expect 'in child_step' 'in C\.child_execve' 'in C\.forkexec_child_main' 'child\.c:[0-9]' ;;
		0) expect 'nocgo\.forkexecText' ;;
		esac && go_on
		result $? "delve attach: the child, CGO_ENABLED=$cgo"
	done
fi

# --- perf and bpftrace ----------------------------------------------------------------

sampled() { # sampled NAME PROGRAM ARG...
	name=$1
	shift
	timeout 100 perf record -q -N -e cpu-clock -F 20000 -o "$tmp/perf.data" "$@" >"$tmp/out" 2>&1 || {
		skip "perf: $(sed -n 1p "$tmp/out")"
		return
	}
	perf report -i "$tmp/perf.data" --stdio --sort symbol >"$tmp/out" 2>/dev/null
	# Which of them a sample hits is chance: one of the parent's, and of the child's, is enough.
	expect '\] forkexec_[a-z]' '\] child_[a-z]\|\] forkexec_child_main'
	result $? "perf record: $name"
}
if command -v perf >/dev/null; then
	sampled 'with cgo' "$tmp/cgo1" 1500
	[ "$named" ] && sampled 'without cgo, with names' "$tmp/named" 1500
else
	skip 'perf is not installed (tests/install-tools.sh test)'
fi

probed() { # probed NAME PROGRAM
	timeout 100 bpftrace -e "uprobe:$2:child_execve { @execs = count(); }" -c "$2 20" >"$tmp/out" 2>&1 || {
		skip "bpftrace: $(tail -n 1 "$tmp/out")"
		return
	}
	expect '^@execs: 20$'
	result $? "bpftrace: $1"
}
if command -v bpftrace >/dev/null; then
	probed 'with cgo' "$tmp/cgo1"
	[ "$named" ] && probed 'without cgo, with names' "$tmp/named"
else
	skip 'bpftrace is not installed (tests/install-tools.sh test)'
fi
exit $failed
