#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# stack.sh: are the stacks that the text runs on large enough? The core does not recurse,
# so the sum of all functions' frames is a bound; the child runs those of child.c only.
# Looks at the architectures whose compiler is here.
set -eu

cd "$(dirname "$0")/../.."
parent_room=$((8192 - 768)) child_room=8192 # call.go, core.h
c/nocgo/gen.sh -k -o build/nocgo/text >/dev/null
for frames in build/nocgo/*/forkexec.su; do
	dir=${frames%/*}
	if grep -h "dynamic$" "$dir"/*.su; then
		echo "${dir##*/}: a frame of no fixed size"
		exit 1
	fi
	# A start explains nothing, and an explanation starts nothing.
	parent=$(grep -v ':child_' "$dir"/*.su | awk '{ if ($0 ~ /\/entry.su:/) entry += $2
		else if ($0 ~ /\/explain[a-z_]*.su:/) explain += $2; else start += $2 }
		END { print entry + (explain > start ? explain : start) }')
	child=$(awk '{s += $2} END {print s}' "$dir/child.su")
	echo "${dir##*/}: parent at most $parent of $parent_room bytes, child $child of $child_room"
	[ "$parent" -le "$parent_room" ] && [ "$child" -le "$child_room" ] || exit 1
done
