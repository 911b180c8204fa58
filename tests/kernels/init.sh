#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# init.sh: process 1 of the guest. Runs what the initramfs has in /suites, a folder for
# each suite, and prints a line "@@ SUITE ok|failed PASSED FAILED SKIPPED SECONDS" for
# each; what failed stands before it. Then it turns the machine off.
#
# The shell and tools that the tests start are Debian's own: busybox, which looks at
# argv[0], is only for what init itself needs.
for tool in mount mkdir ip insmod uname grep sort tail date poweroff; do
	eval "$tool() { /bin/busybox $tool \"\$@\"; }"
done
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp
export FORKEXEC_TEST_SLOW=10 FORKEXEC_TEST_QUICK=1 FORKEXEC_SOURCE=/src

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
ln -s /proc/self/fd /dev/fd
mount -t devpts -o mode=620,ptmxmode=666 pts /dev/pts
mount -t tmpfs tmp /tmp -o mode=1777
mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
for m in /modules/*.ko; do [ ! -e "$m" ] || insmod "$m"; done
# Debian's 5.10 lets only root make user namespaces otherwise, as do other distributions'.
[ ! -e /proc/sys/kernel/unprivileged_userns_clone ] || echo 1 >/proc/sys/kernel/unprivileged_userns_clone
# What init systems give.
# shellcheck disable=SC3045 # dash has it
ulimit -Hn 524288
hostname=kernel-$(uname -r) && echo "$hostname" >/proc/sys/kernel/hostname

count() { grep -c -- "$1" /tmp/out; }

# Go's tests and cmocka's say in their own ways what they did.
report() { # report SUITE STATUS SECONDS
	passed=$(($(count '^--- PASS') + $(count '^\[       OK')))
	failed=$(($(count '^--- FAIL') + $(grep '^\[  FAILED  \] ' /tmp/out | grep -v 'test(s)' | sort -u | wc -l)))
	skipped=$(($(count '^ *--- SKIP') + $(count '^skipped [^c]')))
	result=ok
	if [ "$2" -ne 0 ]; then
		result=failed
		[ "$failed" -gt 0 ] || failed=1
		echo "-- $1: status $2"
		grep -vE '^ *(=== |--- PASS)|^\[( RUN|       OK)' /tmp/out | tail -n 150
	fi
	grep -A2 -E -- '--- SKIP|^skipped [^c]|  skip ' /tmp/out | grep -v '^=== '
	echo "@@ $1 $result $passed $failed $skipped $3"
}

run() { # run SUITE DIR COMMAND...
	suite=$1
	# shellcheck disable=SC2254 # a pattern, from the kernel's command line
	case $suite in ${SUITES-*}) ;; *) return ;; esac
	cd "$2" || return
	shift 2
	begin=$(date +%s)
	timeout 900 "$@" >/tmp/out 2>&1 </dev/null
	report "$suite" $? $(($(date +%s) - begin))
	cd /
}

options='Test(Attributes|Signal|Open|Namespaces|Capabilities|Seccomp|Landlock|Nothing|Bad|Deadline|Raised|Join|Listener|Personality|SessionKeyring|Hook|IDMap)'

echo "@@ kernel $(uname -r)"
echo "@@ facts $(/suites/method)"
for t in /suites/c/*; do run "c:${t##*/}" /tmp "$t"; done
for build in nocgo cgo; do
	export FORKEXEC_TEST_IMPLEMENTATION=$build DIFFERENTIAL_PROBE=/suites/probe
	for d in /suites/$build/*; do
		args=$(cat "$d/args")
		# shellcheck disable=SC2086 # one argument a word
		run "$build:${d##*/}" "$d" ./test -test.v -test.timeout=14m $args
	done
	# What Options set, once more as an ordinary user. (chroot changes the directory.)
	# shellcheck disable=SC2016 # the inner shell's
	run "$build:user" "/suites/$build/api" chroot --userspec=65534:65534 --groups= / /bin/sh -c 'cd "$0" && exec ./test "$@"' \
		"/suites/$build/api" -test.v -test.timeout=14m -test.run="$options"
done
echo "@@ end"
poweroff -f
