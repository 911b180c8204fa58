// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (amd64 || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"sync"
	"syscall"
	"time"
)

// A gate holds syscall.ForkLock for writing as long as any start of ours is cloning.
// Starts may clone at the same time, as each is safe for itself, so they share it.
type gate struct {
	mu     sync.Mutex
	n      int // starts inside
	opened time.Time
}

var forkGate gate

// gateMaxAge bounds how long starts keep joining those inside: whoever waits for
// ForkLock, readers or starts of package syscall, gets it soon after.
const gateMaxAge = 10 * time.Millisecond

func (g *gate) lock() {
	g.mu.Lock()
	for g.n > 0 && time.Since(g.opened) >= gateMaxAge {
		// Queue with the readers; they are let in when the last one inside leaves.
		g.mu.Unlock()
		syscall.ForkLock.RLock()
		syscall.ForkLock.RUnlock()
		g.mu.Lock()
	}
	if g.n == 0 {
		// Under g.mu: others who come meanwhile wait here with us, and then join.
		syscall.ForkLock.Lock()
		g.opened = time.Now()
	}
	g.n++
	g.mu.Unlock()
}

func (g *gate) unlock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n--; g.n == 0 {
		syscall.ForkLock.Unlock()
	}
}
