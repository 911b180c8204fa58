#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# lint.sh: the rules of CONTRIBUTING.md that a machine can check: formatting, vet,
# generated files, sizes, SPDX lines, man pages, shell scripts.
set -u
cd "$(dirname "$0")/.." || exit 1
GO=${GO:-go}
status=0
bad() {
	echo "lint: $*"
	status=1
}
files() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

out=$(gofmt -l c go include bench tests)
[ -z "$out" ] || bad "gofmt: $out"

"$GO" vet ./... || bad "go vet"
CGO_ENABLED=0 "$GO" vet ./... || bad "go vet without cgo"

tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
"$GO" run ./go/internal/gen -out "$tmp" || bad "gen"
for f in go/step_generated.go c/man/forkexec.7; do
	cmp -s "$f" "$tmp/$f" || bad "$f is out of date: run make gen-steps"
done

# Sizes: a file that is larger has more than one role. Generated ones say so.
for f in $(files '*.c' '*.h' '*.go' '*.sh' '*.s'); do
	head -5 "$f" | grep -q SPDX-License-Identifier || bad "$f: no SPDX line"
	case $(head -1 "$f") in *'DO NOT EDIT'*) continue ;; esac
	n=$(wc -l <"$f")
	[ "$n" -le 500 ] || bad "$f has $n lines, at most 500"
done
[ "$(wc -l <Makefile)" -le 250 ] || bad "Makefile has more than 250 lines"

# One door to the kernel: nobody else in the core makes system calls or knows errno.
for f in c/attr.c c/child.c c/child_attr.h c/child_fds.h c/child_trace.h c/clone.c c/explain*.c c/forkexec.c c/goabi.c c/hold.c c/plan.c c/run.c c/stop.c; do
	! grep -nE '\bsyscall\(|\berrno\b *[=;)]|#include <' "$f" || bad "$f: only sys.h talks to the kernel"
done

# cgo: only what must be told to the compiler, or other people's builds break.
! grep -rn '#cgo.*-\(Werror\|O[0-9s]\|march\)' c go || bad "#cgo flags"

for f in c/man/*.[137]; do
	out=$(mandoc -T lint -W warning "$f" 2>&1) || bad "$f: $out"
	out=$(groff -man -Tutf8 -ww -rLL=78n -z "$f" 2>&1) && [ -z "$out" ] || bad "$f: $out"
done
# shellcheck disable=SC2046 # one name a word
shellcheck -S warning $(files '*.sh') .ci/run || bad "shellcheck"
exit $status
