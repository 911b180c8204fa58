#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# gdb.sh: does gdb show the C source in a program without cgo, in its parent and in its
# child, as c/nocgo/text.gdb says? That of the package, and of the overlay in a PIE. The
# committed text must be that of the debugging data, so it needs the compiler of text.sh.
set -u

cd "$(dirname "$0")/../.." || exit 1
GO=${GO:-go}
GOARCH=$("$GO" env GOHOSTARCH)
export GOARCH CGO_ENABLED=0 GOFLAGS=
text=c/nocgo/text_linux_$GOARCH.s
[ -e "$text" ] || { echo "skip  gdb: no text for $GOARCH"; exit; }
compiler=$(sed -n '1s/.*compiler: \([^;]*\);.*/\1/p' "$text")
[ "$("${compiler%% *}" --version 2>/dev/null | sed -n 1p)" = "$compiler" ] || {
	echo "skip  gdb: the text's lines need $compiler"
	exit
}
if command -v strace >/dev/null && ! why=$(strace -o /dev/null true 2>&1); then
	echo "skip  gdb: it may not trace here: $(echo "$why" | sed -n 1p)"
	exit
fi

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp" build/gdb' EXIT
c/nocgo/gen.sh -o "$tmp" "$GOARCH" >/dev/null && cmp "$text" "$tmp/${text##*/}" || exit 1
line=$(grep -n 'forkexec_clone_job(' c/forkexec.c | cut -d: -f1)

build() { # build PACKAGE ARGS...: a program that starts another by that package
	mkdir -p build/gdb && cat >build/gdb/main.go <<-END
		package main

		import (
			"os"

			start "$1"
		)

		func main() {
			p, err := start.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
			if err == nil {
				_, err = p.Wait()
			}
			if err != nil {
				panic(err)
			}
		}
	END
	shift
	"$GO" build -ldflags=-w -o "$tmp/program" "$@" ./build/gdb >"$tmp/out" 2>&1
}

session() { # a start, by function and by line, and then its child
	timeout 300 gdb -batch -nx -x c/nocgo/text.gdb -ex 'break forkexec_begin' -ex "break c/forkexec.c:$line" \
		-ex continue -ex bt -ex 'delete 1' -ex continue -ex bt -ex 'delete 2' \
		-ex 'set follow-fork-mode child' -ex 'break forkexec_child_main' -ex continue -ex bt \
		-ex delete -ex continue "$tmp/program" </dev/null >"$tmp/out" 2>&1
}

expect() { # expect PATTERN...: each stands in the session's output
	for pattern; do
		grep -q "$pattern" "$tmp/out" && continue
		echo "no line is like $pattern" >>"$tmp/out"
		return 1
	done
}

shown() { # shown PACKAGE ARGS...
	build "$@" && session && expect '^#0  forkexec_begin (.* at c/forkexec\.c:[0-9]' \
		"^#0  forkexec_begin (.* at c/forkexec\.c:$line\$" "^$line	.*forkexec_clone_job(" \
		'^#[1-9].* forkexec_entry (.* at nocgo/entry\.c:[0-9]' \
		'^#0  forkexec_child_main (.* at c/child\.c:[0-9]' 'exited normally'
}

failed=0
try() { # try NAME PACKAGE ARGS...
	name=$1
	shift
	if shown "$@"; then
		echo "ok    gdb: $name"
	else
		echo "FAIL  gdb: $name"
		cat "$tmp/out"
		failed=1
	fi
}

try package forkexec.example/forkexec/go
"$GO" run ./go/cmd/forkexec-overlay -o "$tmp/overlay.json" || exit 1
try 'overlay, PIE' os -overlay "$tmp/overlay.json" -buildmode=pie
exit $failed
