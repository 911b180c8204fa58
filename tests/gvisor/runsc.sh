#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# runsc.sh: prints the path of gVisor's runsc, which it builds from the module proxy into
# build/ if it is not there. Where that cannot be done, or it runs no program here, it
# prints why to standard error and fails.
set -u

cd "$(dirname "$0")/../.." || exit 1
version=v0.0.0-20260905035102-160fafc42237 # of gVisor's branch for Go modules; it has no releases there
runsc=$PWD/build/runsc/$version/runsc
if [ ! -x "$runsc" ]; then
	mkdir -p "${runsc%/*}" || exit 1
	env -u GOARCH -u GOOS GOFLAGS= CGO_ENABLED=0 GOBIN="${runsc%/*}" timeout 900 "${GO:-go}" install \
		"gvisor.dev/gvisor/runsc@$version" >"${runsc%/*}/log" 2>&1 || {
		echo "runsc cannot be built: $(grep -v '^go: downloading' "${runsc%/*}/log" | sed -n 1p)" >&2
		exit 1
	}
fi
# Into a pipe and without a network: its own would change the settings of this machine.
out=$(timeout 60 "$runsc" --rootless --network=none --ignore-cgroups --platform="${1:-systrap}" 'do' /bin/echo inside 2>&1 | cat)
if [ "$out" != inside ]; then
	echo "runsc runs no program here with ${1:-systrap}: $(echo "$out" | sed -n 1p)" >&2
	exit 1
fi
echo "$runsc"
