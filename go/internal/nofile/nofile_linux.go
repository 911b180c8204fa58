// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && (amd64 || arm64 || ppc64le || riscv64 || s390x)

package nofile

// prlimit is prlimit64(0, RLIMIT_NOFILE, NULL, limit). It returns 0 or -errno.
//
//go:noescape
func prlimit(limit *[2]uint64) int64

func init() {
	if prlimit(&Limit) != 0 {
		Limit = [2]uint64{}
	}
}
