#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# stack.sh: are the stacks that the text runs on large enough? For the deepest path of calls from
# the entry, and from the child's main function, as the compiler lists them. Looks at the
# architectures whose compiler is here.
set -eu

cd "$(dirname "$0")/../.."

# deepest FUNCTION CI...: bytes of the deepest path from it; a recursion is an error. The child
# begins on a stack of its own, by an address and not by a call.
deepest() {
	from=$1
	shift
	# shellcheck disable=SC2016 # awk's
	cat "$@" | awk -F'"' -v from="$from" '
	function depth(f,	i, n, list, d, most) {
		if (f in busy) { print "0 (" f " calls itself)"; failed = 1; exit }
		if (f in known) return known[f]
		busy[f] = 1
		n = split(calls[f], list, " ")
		for (i = 1; i <= n; i++)
			if ((d = depth(list[i])) > most) most = d
		delete busy[f]
		return known[f] = frame[f] + 16 + most # 16: what a call itself may take
	}
	/^node:/ && match($4, /[0-9]+ bytes/) { frame[$2] = substr($4, RSTART) + 0 }
	/^edge:/ { calls[$2] = calls[$2] " " $4 }
	END { if (!failed) print depth(from) }'
}

parent_room=$((8192 - 768)) child_room=8192 # call.go, core.h
c/nocgo/gen.sh -k -o build/nocgo/text >/dev/null
for frames in build/nocgo/*/forkexec.su; do
	dir=${frames%/*}
	if grep -h "dynamic$" "$dir"/*.su; then
		echo "${dir##*/}: a frame of no fixed size"
		exit 1
	fi
	parent=$(deepest forkexec_entry "$dir"/*.ci)
	[ "$parent" -ge 500 ] || { echo "${dir##*/}: $parent bytes: the calls were not followed"; exit 1; }
	child=$(deepest forkexec_child_main "$dir"/*.ci)
	[ "$child" -ge 200 ] || { echo "${dir##*/}: $child bytes: the calls were not followed"; exit 1; }
	echo "${dir##*/}: parent at most $parent of $parent_room bytes, child $child of $child_room"
	[ "$parent" -le "$parent_room" ] && [ "$child" -le "$child_room" ] || exit 1
done
