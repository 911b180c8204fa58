#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# check.sh - is the core still freestanding? Compiled by every compiler and at every level,
# the files of `core` below must link to one object that needs no symbol of
# anybody else and has no data that could be written, child.c even by itself and with
# sanitizers. The child's deepest path must fit CHILD_STACK twice, and nobody but sys.h
# may speak to libc. Compilers that are absent are skipped, and said so.
#
# Usage: tests/freestanding/check.sh [ROOT]. Prints one line per problem; exit status 1.
set -u

root=${1:-$(dirname "$0")/../..}
core='attr child clone explain explain_attr explain_clone explain_exec explain_fds explain_files explain_ids
explain_limits explain_path explain_text forkexec goabi hold plan run stop'
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
problems=0
checked=0

problem()
{
	printf 'FAIL %s\n' "$*"
	problems=$((problems + 1))
}

# undefined OBJECT: its undefined symbols. The GOT's own name is the static linker's.
undefined()
{
	nm -u "$1" | awk '{ print $NF }' | grep -vx '_GLOBAL_OFFSET_TABLE_' | tr '\n' ' '
}

# writable OBJECT: non-empty sections that are writable at run time.
writable()
{
	objdump -h "$1" | awk '
		/^ *[0-9]+ / { name = $2; size = $3; next }
		/ALLOC/ && !/READONLY/ && size !~ /^0+$/ { print name }' | tr '\n' ' '
}

# build CC FLAGS...: the core with these, checked.
build()
{
	cc=$1
	shift
	where="$cc $*"
	objects=
	for unit in $core; do
		if ! "$cc" -std=gnu11 -fPIC -fvisibility=hidden -Wall -Wextra -Werror "$@" \
			-I"$root/include" -I"$root/c" -c "$root/c/$unit.c" \
			-o "$scratch/$unit.o" 2>"$scratch/log"; then
			problem "$where: $unit.c does not compile: $(head -n 3 "$scratch/log")"
			return
		fi
		objects="$objects $scratch/$unit.o"
	done
	ld=$("$cc" -print-prog-name=ld)
	# shellcheck disable=SC2086 # a list of files of ours
	if ! "$ld" -r $objects -o "$scratch/core.o" 2>"$scratch/log"; then
		problem "$where: does not link: $(head -n 3 "$scratch/log")"
		return
	fi
	left=$(undefined "$scratch/core.o")
	[ -z "$left" ] || problem "$where: the core needs $left"
	left=$(undefined "$scratch/child.o")
	[ -z "$left" ] || problem "$where: child.c alone needs $left"
	left=$(writable "$scratch/core.o")
	[ -z "$left" ] || problem "$where: writable or relocated data in $left"
	checked=$((checked + 1))
}

# around_core CC: what the files of the C library around the core need: to look up a step by
# its name, words in the environment, and the time.
around_core()
{
	for unit in lib step; do
		"$1" -std=gnu11 -fPIC -O2 -I"$root/include" -I"$root/c" -c "$root/c/$unit.c" \
			-o "$scratch/$unit.o" || { problem "$1: $unit.c does not compile"; return; }
		left=$(undefined "$scratch/$unit.o" | tr ' ' '\n' | case $unit in
			lib) grep -vxE 'forkexec_run_until|__errno_location|__stack_chk_fail|faccessat|forkexec_explain_as|lstat|clock_gettime|dprintf|memcpy|environ|memset|snprintf|strchr|waitpid|getenv|strlen|strncmp|strcspn' ;;
			step) grep -vx strcmp ;;
		esac | tr '\n' ' ')
		[ -z "$left" ] || problem "$1: $unit.c needs $left"
	done
}

# child_alone CC FLAGS...: instrumentation must leave the child's code alone.
child_alone()
{
	cc=$1
	shift
	if ! "$cc" -std=gnu11 -fPIC "$@" -I"$root/include" -I"$root/c" -c "$root/c/child.c" \
		-o "$scratch/child.o" 2>"$scratch/log"; then
		printf 'skip %s %s: %s\n' "$cc" "$*" "$(head -n 1 "$scratch/log")"
		return
	fi
	# The sanitizer's start-up code, for string constants; no function of the child.
	left=$(undefined "$scratch/child.o" | tr ' ' '\n' |
		grep -vxE '__asan_(init|(un)?register_globals|version_mismatch_check_.*)' | tr '\n' ' ')
	[ -z "$left" ] || problem "$cc $*: child.c alone needs $left"
	checked=$((checked + 1))
}

# deepest ASM SU: bytes of forkexec_child_main's deepest path, from the calls in the assembler text
# and the frames that -fstack-usage lists. 16 bytes a call cover a return address that a
# compiler does not count. All of the child's functions are called by name.
deepest()
{
	awk '
	function depth(f,	path, n, list, i, d, most) {
		if (f in known)
			return known[f]
		n = split(calls[f], list, " ")
		for (i = 1; i <= n; i++) {
			d = depth(list[i])
			if (d > most)
				most = d
		}
		return known[f] = frame[f] + 16 + most
	}
	FILENAME == su { n = split($1, part, ":"); frame[part[n]] = $2; next }
	/^(forkexec_)?child_[a-z_]*:/ { split($1, part, ":"); f = part[1]; next }
	f && $1 ~ /^(call|callq|bl|b|jmp)$/ && $2 ~ /^(forkexec_)?child_[a-z_]*(@PLT)?$/ {
		sub(/@PLT/, "", $2)
		if ($2 != f)
			calls[f] = calls[f] " " $2
	}
	END { print depth("forkexec_child_main") }' su="$2" "$2" "$1"
}

# stack_use CC FLAGS...: the child's deepest path must fit its stack twice.
stack_use()
{
	cc=$1
	shift
	rm -f "$scratch"/*.su
	if ! "$cc" -std=gnu11 -fPIC -fstack-usage "$@" -I"$root/include" -I"$root/c" \
		-S "$root/c/child.c" -o "$scratch/stack.s" 2>"$scratch/log"; then
		problem "$cc -fstack-usage $*: $(head -n 1 "$scratch/log")"
		return
	fi
	if awk '$NF != "static"' "$scratch/stack.su" | grep .; then
		problem "$cc $*: a frame of child.c has no fixed size"
	fi
	bytes=$(deepest "$scratch/stack.s" "$scratch/stack.su")
	limit=$(sed -n 's/^#define CHILD_STACK \([0-9]*\).*/\1/p' "$root/c/core.h")
	# 1,024 are for the directory buffer alone: less means that the path was not followed.
	if [ -z "$limit" ] || [ "$bytes" -lt 1024 ]; then
		problem "$cc $*: cannot compare stack use ($bytes) with CHILD_STACK (${limit:-?})"
	elif [ $((bytes * 2)) -gt "$limit" ]; then
		problem "$cc $*: the child's deepest path takes $bytes bytes, over half of $limit"
	else
		printf 'ok   %s %s: the child takes %s of %s bytes of stack\n' "$cc" "$*" \
			"$bytes" "$limit"
	fi
}

# One door to the kernel, and none to libc (comments may speak of them).
grep_sources()
{
	for unit in $core core; do
		for file in "$root/c/$unit.c" "$root/c/$unit.h" "$root/c/${unit}"_*.h; do
			[ -e "$file" ] || continue
			"${CC:-cc}" -fpreprocessed -dD -E -P "$file" 2>/dev/null >"$scratch/text"
			if grep -nE '\berrno\b|\bsyscall *\(|__asm__ *volatile *\("(syscall|svc)' \
				"$scratch/text"; then
				problem "$file: errno, syscall() or a trap outside of sys.h"
			fi
		done
	done
	# shellcheck disable=SC2046 # one name a word
	if (cd "$root/c" && grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' core.h sys*.h explain.h \
		$(printf '%s.c ' $core)) | grep -vE '<(stddef|stdint)\.h>'; then
		problem 'the core includes a header that is not the compiler'\''s own'
	fi
}

for cc in gcc clang aarch64-linux-gnu-gcc; do
	if ! command -v "$cc" >/dev/null; then
		printf 'skip %s: not installed\n' "$cc"
		continue
	fi
	for level in -O0 -O1 -O2 -O3 -Os; do
		# Some distributions' compilers protect stacks by default. The parent's side
		# may be, with libc at hand; the child's never.
		build "$cc" "$level" -fno-stack-protector
		child_alone "$cc" "$level" -fstack-protector-all
		child_alone "$cc" "$level" -fsanitize=address,undefined
	done
	around_core "$cc"
	build "$cc" -O2 -g -D_FORTIFY_SOURCE=2 -fno-stack-protector
	for level in -O0 -O1 -O2 -O3; do
		stack_use "$cc" "$level"
	done
done
grep_sources
printf '%s builds checked, %s problems\n' "$checked" "$problems"
[ "$problems" -eq 0 ] && [ "$checked" -gt 0 ]
