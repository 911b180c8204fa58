#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# library.sh: does a program of somebody else's find the installed library, by pkg-config, in C
# and C++, with gcc, clang and musl, shared and static? Do the header's standards hold, the
# man pages stand for every function, the completions work, and does uninstall leave nothing?
set -u
cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-cc}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
root=$work/root
failed=0
bad() {
	echo "FAIL $*"
	failed=1
}
ok() { echo "ok   $*"; }
skip() { echo "skip $*"; }

make -s install DESTDIR="$root" PREFIX=/usr LIBDIR=/usr/lib >/dev/null || exit 1
export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root" \
	PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
cflags=$(pkg-config --cflags forkexec) && libs=$(pkg-config --libs forkexec) || exit 1

# run NAME: the examples that COMPILER has made, by what they print.
run() {
	[ "$(LD_LIBRARY_PATH="$root/usr/lib" "$work/pipeline" | tr -d ' ')" = 3 ] || bad "$1: pipeline"
	LD_LIBRARY_PATH="$root/usr/lib" "$work/explain" sh -c 'exit 7'
	[ $? = 7 ] || bad "$1: explain does not pass the status on"
	LD_LIBRARY_PATH="$root/usr/lib" "$work/explain" /no/where 2>"$work/said"
	[ $? = 127 ] && grep -q '^execve /no/where: ENOENT. The program /no/where does not exist' "$work/said" ||
		bad "$1: explain says $(cat "$work/said")"
	if unshare -U true 2>/dev/null; then
		[ "$(LD_LIBRARY_PATH="$root/usr/lib" "$work/namespace")" = 0 ] || bad "$1: namespace"
	else
		skip "$1: namespace: no user namespaces here"
	fi
}

examples() { # examples COMPILER LANGUAGE ARGS...
	compiler=$1 language=$2
	shift 2
	command -v "$compiler" >/dev/null || { skip "$compiler: not installed"; return; }
	for e in explain filter namespace pipeline; do
		# shellcheck disable=SC2086 # lists of flags
		"$compiler" -x "$language" -Wall -Wextra -Werror $cflags "examples/$e.c" -x none -o "$work/$e" "$@" ||
			{ bad "$compiler $language: $e.c does not compile"; return; }
	done
	run "$compiler $language $*"
	ok "examples: $compiler, $language, $*"
}

# shellcheck disable=SC2086
{
	examples "$CC" c $libs
	examples gcc c $libs
	examples gcc c "$root/usr/lib/libforkexec.a"
	examples g++ c++ $libs
	examples clang c $libs
	examples clang++ c++ $libs
}
if command -v musl-gcc >/dev/null; then
	mkdir -p "$work/musl"
	for f in $(sed -n 's/^CORE := //p' Makefile | tr -d '\\') $(sed -n '/^CORE := /{n;s/^\t//p}' Makefile) lib step; do
		musl-gcc -std=gnu11 -O2 -D_GNU_SOURCE -Iinclude -c "c/$f.c" -o "$work/musl/$f.o" || bad "musl: $f.c"
	done
	ar rcs "$work/musl/libforkexec.a" "$work"/musl/*.o
	examples musl-gcc c -static "$work/musl/libforkexec.a"
else
	skip "musl-gcc: not installed"
fi

# The header in every standard that the compilers here know.
header() { # header COMPILER LANGUAGE STANDARD...
	compiler=$1 language=$2
	shift 2
	command -v "$compiler" >/dev/null || { skip "$compiler: not installed"; return; }
	for s; do
		echo 'int main(void) { return 0; }' >"$work/empty.c"
		"$compiler" -x "$language" "-std=$s" -fsyntax-only "$work/empty.c" 2>/dev/null || { echo "$compiler does not know $s"; continue; }
		printf '%s\n' '#include <forkexec.h>' '#include <forkexec.h>' \
			'int main(void) { struct forkexec_request r = FORKEXEC_REQUEST_INIT; return r.size != sizeof(r); }' >"$work/header.c"
		# shellcheck disable=SC2086
		"$compiler" -x "$language" "-std=$s" -pedantic -Wall -Wextra -Werror $cflags -fsyntax-only "$work/header.c" ||
			bad "forkexec.h: $compiler, $s"
	done
	ok "forkexec.h: $compiler, $*"
}
header gcc c c99 c11 c17 c2x c23
header clang c c99 c11 c17 c2x c23
header g++ c++ c++11 c++14 c++17 c++20 c++23
header clang++ c++ c++11 c++14 c++17 c++20 c++2b c++23

# A page for each function, and each names it.
for f in $(sed -n 's/^\t\(forkexec[a-z_]*\);$/\1/p' c/forkexec.map); do
	page=$root/usr/share/man/man3/$f.3
	[ -s "$page" ] || { bad "no man page $f.3"; continue; }
	grep -q "\\*$f(\\| $f(" c/man/forkexec_spawn.3 || bad "forkexec_spawn.3 has no synopsis of $f"
done
for f in $(sed -n '/^struct forkexec_request {/,/^};/s/^\t[a-z_0-9 *]*[ *]\([a-z_]*\);.*/\1/p' include/forkexec.h | grep -vx -e given -e '.*padding'); do
	sed -n '/^.SS The request/,/^.SS The result/p' c/man/forkexec_spawn.3 | grep -qw "$f" || bad "forkexec_spawn.3 does not explain the field $f"
done
for f in $(sed -n 's/^#define \(FORKEXEC_[A-Z_]*\) *(UINT64_C(1) << .*/\1/p' include/forkexec.h); do
	sed -n '/^.SS The request/,/^.SS The result/p' c/man/forkexec_spawn.3 | grep -qw "$f" || bad "forkexec_spawn.3 does not explain the flag $f"
done
for s in $(sed -n 's/^struct \(forkexec_[a-z_]*\) {$/\1/p' include/forkexec_attr.h) forkexec_result; do
	sed -n "/^struct $s {/,/^};/s/^\t[a-z_0-9 *]*[ *]\([a-z_]*\)[[;].*/\1/p" include/forkexec.h include/forkexec_attr.h | grep -v padding >"$work/members"
	[ -s "$work/members" ] || bad "struct $s has no members"
	for f in $(cat "$work/members"); do
		sed -n "/^struct $s {/,/^};/p" c/man/forkexec_spawn.3 | grep -qw "$f" || bad "forkexec_spawn.3 does not have struct $s's $f"
	done
done
ok "man pages"

# The example of the man page, as it stands there.
sed -n '/^#include <forkexec.h>$/,/^}$/p' c/man/forkexec_spawn.3 | sed 's/\\e/\\/g; s/\\-/-/g' >"$work/page.c"
# shellcheck disable=SC2086
"$CC" $cflags "$work/page.c" $libs -o "$work/page" &&
	LD_LIBRARY_PATH="$root/usr/lib" "$work/page" 2>"$work/said"
want=$(sed -n '/^It prints:$/,/^\.EE$/p' c/man/forkexec_spawn.3 | sed -n '/^chdir/,/^already/p' | tr '\n' ' ' | sed 's/ $//')
[ "$(cat "$work/said")" = "$want" ] && ok "the man page's example" || bad "the man page's example prints: $(cat "$work/said")"

# The same with SIGCHLD ignored, when nobody knows how the program has ended.
sed -i 's|"/tmp/no/such/directory"|"/"|' "$work/page.c"
# shellcheck disable=SC2086
"$CC" $cflags "$work/page.c" $libs -o "$work/page" &&
	LD_LIBRARY_PATH="$root/usr/lib" env --ignore-signal=CHLD "$work/page" >"$work/listed" 2>"$work/said"
[ "$(cat "$work/said")" = 'No child processes' ] && [ -s "$work/listed" ] && ok "the example, without a step" || bad "without a step it says: $(cat "$work/said")"

# Options: those of the man page are those of --help.
build/forkexec --help | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p' | sort >"$work/help"
sed -n 's/^\.BI* \\-\\-\([a-z0-9\\-]*\).*/\1/p' c/man/forkexec.1 | sed 's/\\//g' | sort -u | grep -v '^$' >"$work/man"
diff "$work/help" "$work/man" >"$work/diff" && ok "options" || bad "--help (<) and forkexec(1) (>): $(cat "$work/diff")"
[ "$(build/forkexec --help | awk 'length > 80' | wc -l)" = 0 ] || bad "--help has lines of more than 80 columns"

offered() { # offered WORDS...: what bash offers for the last
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _forkexec; printf "%s\n" "${COMPREPLY[@]}"' \
		bash "$root/usr/share/bash-completion/completions/forkexec" "$@"
}
[ "$(offered forkexec --chr)" = --chroot ] && [ "$(offered forkexec --clone us)" = user ] &&
	[ "$(offered forkexec --clone user,p)" = user,pid ] &&
	[ "$(offered forkexec --explain duplic)" = duplicate-descriptor ] && [ "$(offered forkexec report /us)" = /usr ] &&
	[ "$(offered forkexec --pause-at chd)" = chdir ] && [ "$(offered forkexec --chroot /us)" = /usr ] && offered forkexec --dir / true-no-such-x >/dev/null &&
	ok "completion: bash" || bad "bash completion"
if command -v zsh >/dev/null; then
	zsh -n "$root/usr/share/zsh/vendor-completions/_forkexec" && ok "completion: zsh reads it" || bad "zsh completion"
else
	skip "zsh: not installed"
fi

make -s uninstall DESTDIR="$root" PREFIX=/usr LIBDIR=/usr/lib >/dev/null
[ -z "$(find "$root" ! -type d)" ] && ok "uninstall" || bad "uninstall leaves $(find "$root" ! -type d)"
# The library alone needs no libcap: here it has none, and install has to fail.
mkdir -p "$work/nocap/sys" && echo '#error "no libcap"' >"$work/nocap/sys/capability.h"
nocap() { make -s "$@" B="$work/build" CC="$CC" CFLAGS="-O0 -I$work/nocap" DESTDIR="$work/lib" PREFIX=/usr >"$work/said" 2>&1; }
if nocap install; then
	bad "install without libcap"
elif nocap install-lib && [ -s "$work/lib/usr/lib/libforkexec.so" ] && [ -s "$work/lib/usr/include/forkexec.h" ] &&
	[ -s "$work/lib/usr/share/man/man3/forkexec_spawn.3" ] && [ ! -e "$work/lib/usr/bin/forkexec" ] &&
	nocap uninstall && [ -z "$(find "$work/lib" ! -type d)" ]; then
	ok "install-lib, without libcap"
else
	bad "install-lib: $(cat "$work/said") $(find "$work/lib" ! -type d)"
fi

make -s install DESTDIR="$root" PREFIX="/a b" >/dev/null && "$root/a b/bin/forkexec" true || bad "install below a name with a space"
make -s uninstall DESTDIR="$root" PREFIX="/a b" >/dev/null
[ -z "$(find "$root" ! -type d)" ] && ok "a name with a space" || bad "uninstall leaves $(find "$root" ! -type d)"
exit $failed
