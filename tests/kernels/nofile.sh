#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# nofile.sh: the question of tests/nofile, of a program that is built already.
# shellcheck disable=SC3045 # dash, Debian's sh, has it
ulimit -Sn 300 || exit 1
got=$(./program | tr '\n' ' ')
[ "$got" = "300 300 " ] || { echo "--- FAIL: children have the soft limits $got, want 300 from both"; exit 1; }
echo "--- PASS: nofile"
