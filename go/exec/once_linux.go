// SPDX-License-Identifier: BSD-3-Clause

//go:build !android && go1.26

package exec

import "sync/atomic"

// startedBefore counts a start and reports whether there was one already. Since
// Go 1.26 a Cmd whose Start failed cannot be started again.
func (c *Cmd) startedBefore() bool { return atomic.SwapInt32(&c.state.attempts, 1) != 0 }
