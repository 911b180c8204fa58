#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# table.sh PART FILE: puts FILE between the markers of that part of docs/matrix.md.
set -eu

cd "$(dirname "$0")/../.."
doc=docs/matrix.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT
grep -qxF "<!-- $1 begin -->" $doc && grep -qxF "<!-- $1 end -->" $doc || {
	echo "table.sh: $doc has no part $1" >&2
	exit 1
}
awk -v part="$1" -v file="$2" '
	$0 == "<!-- " part " end -->" { skip = 0 }
	!skip { print }
	$0 == "<!-- " part " begin -->" { skip = 1; while ((getline line <file) > 0) print line }
' $doc >"$new" && cat "$new" >$doc
