// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

const stormVar = "STUCK_STORM"

func storm() int { return 0 }
