#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# run.sh [-matrix] [ARCH/SERIES...]: boots Debian's kernels in QEMU, without KVM, with the
# tests in an initramfs, and says what they did there. All kernels of amd64 and arm64
# without arguments; "amd64/5.10" is one, "arm64/" are all of arm64. -matrix writes the
# table to docs/matrix.md as well. Everything is kept in build/kernels: what is
# downloaded, what is built, and each boot's whole output. SUITES='nocgo:*' runs only the
# suites of such names, KEEP=1 takes the programs of the last run. The table has the last
# result of each kernel.
set -u
cd "$(dirname "$0")/../.." || exit 1
GO=${GO:-go} CC=${CC:-cc}
dir=$PWD/build/kernels
matrix=
[ "${1-}" != -matrix ] || { matrix=1; shift; }
[ $# -gt 0 ] || set -- amd64/ arm64/
boot_limit=3600 # seconds; a boot takes minutes
# QEMU translates a program anew wherever it finds it at another address, and each
# system call costs it much more where the kernel has tables of its own.
speed="norandmaps mitigations=off"

target() { # target ARCH: how others call it
	case $1 in amd64) cpu=x86_64 ;; arm64) cpu=aarch64 ;; *) echo "run.sh: no architecture $1" >&2; return 1 ;; esac
	triplet=$cpu-linux-gnu
	cc=$CC
	[ "$(uname -m)" = $cpu ] || cc=$triplet-gcc
}

# --- what the guest runs ----------------------------------------------------------

go_suite() { # go_suite NAME PACKAGE [ARGS...]: a test program, with the arguments it gets
	name=$1 package=$2
	shift 2
	mkdir -p "$suites/$build/$name" && echo "$*" >"$suites/$build/$name/args" &&
		"$GO" test -c -ldflags=-w -o "$suites/$build/$name/test" "$package"
}

build_go() { # build_go nocgo|cgo
	build=$1
	case $build in nocgo) CGO_ENABLED=0 ;; cgo) CGO_ENABLED=1 ;; esac
	export CGO_ENABLED GOOS=linux GOARCH="$arch" CC="$cc"
	go_suite api ./tests/api && go_suite drop-in ./go/exec || return 1
	# Pairs and the filters are much work that asks the kernel little new, and so are the
	# longest suites a second time.
	case $build in
	nocgo)
		go_suite differential ./tests/differential -random.n=100 -pairs.part=0 -test.skip=TestWithoutClone3 &&
			go_suite exec ./tests/exec -test.skip=TestSurface && go_suite text ./tests/nocgo
		;;
	cgo) go_suite differential ./tests/differential -random.n=100 "-test.run=Test(Fields|Random)$" ;;
	esac || return 1
	cp -r tests/differential/testdata "$suites/$build/differential/" || return 1
	# As tests/nofile does, but there is no go command to build the program.
	mkdir -p "$suites/$build/nofile" && : >"$suites/$build/nofile/args" &&
		"$GO" build -ldflags=-w -o "$suites/$build/nofile/program" ./tests/nofile/program &&
		cp tests/kernels/nofile.sh "$suites/$build/nofile/test"
}

build_guest() { # build_guest: makes $dir/ARCH/base.cpio
	root=$dir/$arch/root guest=$dir/$arch/guest
	tests/kernels/fetch.sh "$dir" unpack "$arch" "$root" libc6 libcmocka0 libcmocka-dev libcap2 libcap-dev dash coreutils \
		libselinux1 libpcre2-8-0 libacl1 libattr1 libgmp10 busybox-static || return 1
	rm -rf "$guest" && mkdir -p "$guest" && cp -a "$root/." "$guest/" || return 1
	(cd "$guest" && rm -rf usr/share usr/include "usr/lib/$triplet/gconv")
	suites=$guest/suites
	mkdir -p "$suites/c" "$guest/proc" "$guest/sys" "$guest/dev" "$guest/tmp" "$guest/root" "$guest/etc" &&
		cp tests/kernels/init.sh "$guest/init" &&
		echo root:x:0:0::/root:/bin/sh >"$guest/etc/passwd" && echo root:x:0: >"$guest/etc/group" || return 1
	mkdir -p "$guest/src/c/man" && cp c/child.c c/child_attr.h c/child_fds.h c/child_trace.h "$guest/src/c/" && cp c/man/forkexec.7 "$guest/src/c/man/" || return 1 # test_step reads them
	c=build/kernels/$arch/c && rm -rf "$c"
	make -s B="$c" CC="$cc" CFLAGS="-O2 -g -I$root/usr/include -L$root/usr/lib/$triplet -L$root/lib/$triplet" \
		tests "$c/tests/kernels/method" &&
		cp "$c"/tests/*/test_* "$suites/c/" && cp "$c/tests/kernels/method" "$suites/" &&
		"$cc" -O2 -static -o "$suites/probe" tests/differential/testdata/probe.c || return 1
	for b in nocgo cgo; do (build_go $b) || return 1; done
	(cd "$guest" && find . | cpio -o -H newc -R +0:+0 --quiet) >"$dir/$arch/base.cpio"
}

# --- a boot -----------------------------------------------------------------------

boot() { # boot SERIES PACKAGE...: the first that is to be had; leaves the guest's output in $log
	log=$dir/$arch-$1.log kernel=
	: >"$log"
	shift
	for package in "$@"; do
		kernel=$dir/$arch/$package
		tests/kernels/fetch.sh "$dir" unpack "$arch" "$kernel" "$package" && break
		kernel=
	done
	image=$(find "$kernel" -name 'vmlinuz*' 2>/dev/null | head -n 1)
	[ -n "$image" ] || return 1
	rm -rf "$dir/modules" && mkdir -p "$dir/modules/modules"
	# FUSE is built in, or a module, compressed or not.
	find "$kernel" -name 'fuse.ko*' -exec cp {} "$dir/modules/modules/" \;
	[ ! -e "$dir/modules/modules/fuse.ko.xz" ] || xz -d "$dir/modules/modules/fuse.ko.xz"
	(cd "$dir/modules" && find . | cpio -o -H newc -R +0:+0 --quiet) | cat "$dir/$arch/base.cpio" - >"$dir/initramfs"
	case $arch in
	amd64) qemu="qemu-system-x86_64 -cpu max,la57=off -smp 2" console=ttyS0 ;;
	arm64) qemu="qemu-system-aarch64 -M virt -cpu cortex-a57 -smp 1" console=ttyAMA0 ;;
	esac
	# shellcheck disable=SC2086 # the machine's arguments
	timeout --foreground $boot_limit nice $qemu -accel tcg,thread=multi -m 3072 -display none -monitor none -serial stdio \
		-no-reboot -nodefaults -kernel "$image" -initrd "$dir/initramfs" \
		-append "console=$console panic=-1 quiet loglevel=1 $speed${SUITES:+ SUITES=$SUITES}" </dev/null 2>&1 | stdbuf -oL tr -d "\r" | tee "$log" | grep --line-buffered '^@@ '
	rm -f "$dir/initramfs"
	grep -q '^@@ end' "$log" || { echo "the guest did not come to its end:"; tail -20 "$log"; return 1; }
}

cell() { # cell PATTERN: of the suites whose names match, in one table cell
	awk -v pattern="$1" '$1 == "@@" && $2 ~ pattern && NF == 7 { n++; passed += $4; failed += $5; skipped += $6 }
		END {
			if (!n) print "no result"
			else if (failed) printf "FAIL (%d)\n", failed
			else printf skipped ? "ok (%d, %d skipped)\n" : "ok (%d)\n", passed, skipped
		}' "$log"
}

row() {
	grep -q '^@@ end' "$log" && ended= || ended=" (did not come to its end)"
	fact() { sed -n "s/^@@ $1 //p" "$log"; }
	echo "| $arch | $(fact kernel)$ended | $(git describe --always --dirty --exclude '*') | $(cell '^c:') | $(cell '^nocgo:([^d]|dr)') | $(cell '^cgo:([^d]|dr)') | $(cell ':differential$') | $(fact facts) |"
}

# --- all of them ------------------------------------------------------------------

table=$dir/matrix.md status=0
mkdir -p "$dir"
for wanted in "$@"; do
	arch=${wanted%%/*}
	target "$arch" || exit 2
	list=$(tests/kernels/fetch.sh "$dir" kernels "$arch") && [ -n "$list" ] || exit 1
	[ "${built-}" = "$arch" ] || { [ -n "${KEEP-}" ] && [ -e "$dir/$arch/base.cpio" ]; } || build_guest || exit 1
	built=$arch found=
	for line in $(echo "$list" | tr ' ' '='); do
		series=${line%%=*} packages=$(echo "${line#*=}" | tr '=' ' ')
		case $wanted in "$arch" | "$arch/" | "$arch/$series") ;; *) continue ;; esac
		found=1
		echo "== $arch $series"
		begin=$(date +%s)
		# shellcheck disable=SC2086 # one package a word
		boot "$series" $packages || status=1
		[ -n "${SUITES-}" ] || row >"${log%.log}.row"
		! grep -q '^@@ .* failed ' "$log" || status=1
		echo "== $arch $series: $(($(date +%s) - begin)) s, output in ${log#"$PWD/"}"
	done
	[ -n "$found" ] || { echo "run.sh: no kernel $wanted" >&2; status=1; }
done
{
	echo "\`make kernels MATRIX=1\`: Debian's kernels in QEMU without KVM, with $("$GO" env GOVERSION)."
	echo
	echo "| arch | kernel | commit | C tests | no cgo | cgo | differential | found there |"
	echo "|---|---|---|---|---|---|---|---|"
	printf '%s\n' "$dir"/*.row | sort -V | while read -r f; do cat "$f"; done
} >"$table"
cat "$table"
[ -z "$matrix" ] || tests/matrix/table.sh kernels "$table" || exit 1
exit $status
