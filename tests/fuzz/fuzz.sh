#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# fuzz.sh SECONDS: fuzzes the plan, the C request, the Go frame and the lines of a trace for so long each, as
# many at a time as there are processors, with the address and undefined behaviour
# sanitizers. What was found before is kept in build/fuzz and is where it goes on.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:?how many seconds}
b=build/fuzz
mkdir -p $b/seeds

# seed NAME BYTE...: operations as in input.c, in decimal
seed() {
	name=$1
	shift
	for byte; do
		# shellcheck disable=SC2059 # an octal escape
		printf "\\$(printf %03o "$byte")"
	done >"$b/seeds/$name"
}
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	seed "flag$i" 0 "$i" # each flag of the request
	seed "fork$i" 20 15 0 0 "$i" # the same by plain fork
done
for i in 7 8 9 10 11 13 14 15 16 17 18 21 22 23 24 25 26 27 28 29 30 31 32 33; do
	seed "clone$i" 15 "$i" # each flag of clone
	seed "unshare$i" 16 "$i"
done
for i in 0 1 2 3 4 5 6 7 8 9 10 11 255; do
	seed "path$i" 1 "$i"
	seed "chroot$i" 4 "$i"
	seed "dir$i" 5 "$i"
done
seed maps-clone 15 28 8 1 0 0 1 9 1 0 0 1
seed maps-unshare 16 28 8 1 0 0 1 9 1 0 0 1
seed maps-credential 15 28 8 1 0 0 1 9 1 0 0 1 0 10 7 0 0 0
seed maps-long 15 28 8 252 0 0 1
seed credential 7 1 1 2 5 6
seed groups-most 7 1 1 253
seed groups-more 7 1 1 254
seed fds 6 5 1 0 2 199 1
seed fds-odd 6 4 201 230 231 232
seed fds-close 6 4 2 1 0 0 0 14
seed caps 7 1 1 0 10 2 0 10
seed pdeathsig 13 9 15 29
seed pipe 19 0 5 2
seed nofile 0 13 21 100 200 200
seed terminal 0 0 0 3 11 0 6 1 0
seed foreground 0 2 11 0

sources="tests/fuzz/input.c c/attr.c c/child.c c/clone.c $(echo c/explain*.c) c/forkexec.c c/goabi.c c/hold.c c/lib.c c/plan.c c/run.c c/step.c c/stop.c"
# core.h and libc name some things alike, with the same values.
# shellcheck disable=SC2086 # one word a file
for t in plan request go_frame; do
	clang -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Wno-macro-redefined -Werror -Iinclude -Ic \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		tests/fuzz/fuzz_$t.c $sources -o $b/fuzz_$t || exit 1
	mkdir -p $b/corpus_$t
done

clang -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Iinclude -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all tests/fuzz/fuzz_lines.c c/cli/lines.c c/cli/json.c -o $b/fuzz_lines || exit 1
mkdir -p $b/corpus_lines
printf '%s' '{"time":"2026-11-21T17:25:56.377282243Z","program":"/bin/\u00e9\ud83d\ude00","argv":["a","b"],"attributes":["Setsid"],"pid":256,"method":"clone3","shared":false,"why":"x","exec_ns":341969,"step":"chdir","detail":0,"errno":"ENOENT","error":"chdir: no"}' >$b/corpus_lines/start
printf '%s' '{"time":"2026-11-21T17:25:56.380511572Z","pid":25635,"status":"exit status 3","run_ns":3235008}' >$b/corpus_lines/end

# print_funcs would start a program, which the fuzzers take for a child that was left.
# shellcheck disable=SC2016 # the inner shell's
printf '%s\n' plan request go_frame lines | xargs -P "$(nproc)" -I {} sh -c '
	b=$1 t=$2 seconds=$3
	timeout -k 10 $((seconds + 120)) "$b/fuzz_$t" -max_total_time="$seconds" -print_funcs=0 -timeout=60 \
		-max_len=400 -artifact_prefix="$b/" "$b/corpus_$t" "$b/seeds" >"$b/$t.log" 2>&1 || {
		echo "-- fuzz_$t FAILED"
		tail -n 60 "$b/$t.log"
		exit 1
	}
	echo "fuzz_$t: $(grep "^Done" "$b/$t.log")"' sh "$b" {} "$seconds"
