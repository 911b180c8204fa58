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

// A child leaves our memory within microseconds of the moment in which its start ends. So that
// the start's caller finds no descriptor of ours open, settle looks again so often, with a pause.
const (
	settleTries = 4
	settlePause = 10 * time.Microsecond
)

// settle has this process made dumpable again when no child is left in its memory that
// it was made non-dumpable for: now if it can be, else later, and nobody waits for that.
func settle() {
	for tries := 0; c.Held(state()); tries++ {
		// ForkLock: no child of package syscall may be before its execve, perhaps with
		// other IDs.
		if syscall.ForkLock.TryLock() {
			n := c.Settle(state())
			syscall.ForkLock.Unlock()
			if n == 0 {
				return
			}
		}
		if tries == settleTries || settling.Load() { // one is stuck: no start waits for it
			break
		}
		// Not time.Sleep: in a synctest bubble its clock would go on.
		pause := syscall.NsecToTimespec(int64(settlePause))
		_ = syscall.Nanosleep(&pause, nil)
	}
	if c.Held(state()) && settling.CompareAndSwap(false, true) {
		go settleAll()
	}
}

func settleAll() {
	for delay := 50 * time.Microsecond; c.Held(state()); delay = min(2*delay, settleMax) {
		syscall.ForkLock.Lock()
		n := c.Settle(state())
		syscall.ForkLock.Unlock()
		if n != 0 { // a child is left, or signals could not be blocked
			time.Sleep(delay)
		}
	}
	settling.Store(false)
	settle() // one may have come after the last look
}
