#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# install-tools.sh test|bench|deb|kernels: sees that the tools which that job needs are there.
# As root it installs what is missing, from the distribution's packages; else it
# prints the command that would, and fails.
set -eu

missing=
need() { # need PACKAGE TEST...: the package is missing if the test fails
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}
has() { command -v "$1"; }
header() { printf '#include <%s>\n' "$1" | cc -E - ; }
# Debian names cross compilers after the target; on that target itself cc is enough.
cross() { [ "$(uname -m)" = "$1" ] || has "$1-linux-gnu-gcc"; }
cross_libc() { [ "$(uname -m)" = aarch64 ] || [ -e /usr/aarch64-linux-gnu/include/stdio.h ]; }
# From 1.21 on the go command fetches the toolchain that go.mod asks for.
has_go() { go version | grep -Eq ' go1\.(2[1-9]|[3-9][0-9])'; }
# Debian's package has the version in its name: that of the clang to come, if there is none.
clang_major() {
	major=$({ clang --version 2>/dev/null || apt-cache show clang 2>/dev/null; } |
		sed -n 's/^.*[vV]ersion:* [0-9:]*\([0-9][0-9]\)[.~].*/\1/p' | head -n 1)
	echo "${major:-14}"
}
sanitizer() { echo 'int main(void) { return 0; }' | clang -x c -fsanitize=address,fuzzer-no-link - -o /dev/null; }

need golang has_go
need gcc has cc
need libc6-dev header stdio.h
case ${1-} in
test)
	need git has git
	need libcap-dev header sys/capability.h
	need libcmocka-dev sh -c 'printf "#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <cmocka.h>\n" | cc -E -'
	need clang has clang
	need clang-tidy has clang-tidy
	need cppcheck has cppcheck
	need "libclang-rt-$(clang_major)-dev" sanitizer
	need valgrind has valgrind
	need g++ has g++
	need pkg-config has pkg-config
	need mandoc has mandoc
	need shellcheck has shellcheck
	need gcc-aarch64-linux-gnu cross aarch64
	need libc6-dev-arm64-cross cross_libc
	need qemu-user has qemu-aarch64
	need strace has strace
	need util-linux has setpriv
	need groff-base has groff
	need procps has ps
	need python3 has python3
	need musl-tools has musl-gcc
	need zsh has zsh
	need debhelper has dh
	need dpkg-dev has dpkg-buildpackage
	need fakeroot has fakeroot
	need lintian has lintian
	need gdb has gdb
	need linux-perf has perf
	need bpftrace has bpftrace
	need uidmap has newuidmap
	;;
bench)
	need git has git
	need musl-tools has musl-gcc
	need python3 has python3
	need strace has strace
	;;
deb)
	need debhelper has dh
	need dpkg-dev has dpkg-buildpackage
	need fakeroot has fakeroot
	need libcap-dev header sys/capability.h
	need lintian has lintian
	;;
kernels)
	need gcc-aarch64-linux-gnu cross aarch64
	need libc6-dev-arm64-cross cross_libc
	need qemu-system-x86 has qemu-system-x86_64
	need qemu-system-arm has qemu-system-aarch64
	need cpio has cpio
	need xz-utils has xz
	;;
*)
	echo "usage: install-tools.sh test|bench|deb|kernels" >&2
	exit 2
	;;
esac

# Delve is a Go module. Who cannot fetch it goes without: tests/debuggers says so.
delve() {
	[ "$1" != test ] || [ -x build/tools/dlv ] || has dlv >/dev/null ||
		GOFLAGS='' GOBIN=$PWD/build/tools go install github.com/go-delve/delve/cmd/dlv@v1.27.2 >/dev/null 2>&1 || :
}
if [ -z "$missing" ]; then
	delve "$1"
	exit
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "These packages are missing; as root, run:" >&2
	echo "  apt-get install -y$missing" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# shellcheck disable=SC2086 # one word a package
apt-get install -q -y --no-install-recommends $missing >/dev/null
has_go || {
	echo "install-tools.sh: Go 1.21 or later is needed, and this distribution has no such package" >&2
	exit 1
}
delve "$1"
