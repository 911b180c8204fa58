// SPDX-License-Identifier: BSD-3-Clause

//go:build !android && !go1.26

package exec

// startedBefore reports whether a start has succeeded already. Before Go 1.26 a
// Cmd whose Start failed may be started again, and retry loops rely on it.
func (c *Cmd) startedBefore() bool { return c.Process != nil }
