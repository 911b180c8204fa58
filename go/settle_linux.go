// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"sync/atomic"
	"syscall"
	"time"

	"forkexec.example/forkexec/c"
)

// settling is set while a goroutine waits until this process may be dumpable again.
var settling atomic.Bool

// settleMax bounds the time between two looks at children that are stuck.
const settleMax = 100 * time.Millisecond

// settle has this process made dumpable again when no child is left in its memory that
// it was made non-dumpable for: at once if it can be, else later. Nobody waits for that.
func settle() {
	if !c.Held(state()) {
		return
	}
	// ForkLock: no child of package syscall may be before its execve, perhaps with other
	// IDs.
	if syscall.ForkLock.TryLock() {
		n := c.Settle(state())
		syscall.ForkLock.Unlock()
		if n == 0 {
			return
		}
	}
	if settling.CompareAndSwap(false, true) {
		go settleAll()
	}
}

func settleAll() {
	for delay := 50 * time.Microsecond; c.Held(state()); delay = min(2*delay, settleMax) {
		syscall.ForkLock.Lock()
		n := c.Settle(state())
		syscall.ForkLock.Unlock()
		if n > 0 {
			time.Sleep(delay)
		}
	}
	settling.Store(false)
	settle() // one may have come after the last look
}
