// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"sync"
	"sync/atomic"
	"syscall"
)

// forkMu is held by the one start of ours that has syscall.ForkLock, or waits for it.
var forkMu sync.Mutex

// lockFork takes syscall.ForkLock for writing. It is held for a clone and nothing else: once
// the child has its own descriptors, those that are not close-on-exec yet cannot leak into it.
// One start at a time, so no child inherits another one's pipes.
//
// Starts of package syscall hold the lock together, and as long as one comes before another
// leaves, it never becomes free for a writer. But they make way for readers. So where the
// lock is taken a reader knocks until we have it.
func lockFork() {
	forkMu.Lock()
	if syscall.ForkLock.TryLock() {
		return
	}
	var got atomic.Bool
	go func() {
		for !got.Load() {
			syscall.ForkLock.RLock()
			syscall.ForkLock.RUnlock()
		}
	}()
	syscall.ForkLock.Lock()
	got.Store(true)
}

func unlockFork() {
	syscall.ForkLock.Unlock()
	forkMu.Unlock()
}
