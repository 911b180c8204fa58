// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package forkexec

import (
	"slices"
	"sync"
	"syscall"
	"time"

	"forkexec.example/forkexec/c"
)

// A gate holds syscall.ForkLock for writing as long as any start of ours is cloning.
// Starts may clone at the same time, as each is safe for itself, so they share it, but
// for those that must be alone.
type gate struct {
	mu       sync.Mutex
	n        int  // starts inside
	alone    bool // the one inside shares with nobody
	waiting  int  // those who want to be alone
	opened   time.Time
	vforks   []*child // those inside that stay until the child's execve
	watching bool
}

var forkGate gate

// gateMaxAge bounds how long starts keep joining those inside: whoever waits for
// ForkLock, readers or starts of package syscall, gets it soon after.
const gateMaxAge = 10 * time.Millisecond

// watchEvery is how often the gate looks after starts with c.Vfork, while there are
// any: the lock is of no use any more once the child runs, and must not wait for a child
// that hangs. A timer that fires takes time from a child: at 2 ms, starts of real
// programs took 5 % longer.
const watchEvery = 50 * time.Millisecond

func (g *gate) lock(s *child) {
	g.mu.Lock()
	if s.alone {
		g.waiting++
	}
	for g.n > 0 && (g.alone || g.waiting > 0 || time.Since(g.opened) >= gateMaxAge) {
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
	if g.alone = s.alone; s.alone {
		g.waiting--
	}
	g.n++
	s.inside = true
	if s.req.Flags&c.Vfork != 0 {
		g.vforks = append(g.vforks, s)
		if !g.watching {
			g.watching = true
			time.AfterFunc(watchEvery, g.watch)
		}
	}
	g.mu.Unlock()
}

func (g *gate) unlock(s *child) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave(s)
}

// leave ends the stay of s, if it has not ended.
func (g *gate) leave(s *child) {
	if !s.inside {
		return
	}
	s.inside = false
	if i := slices.Index(g.vforks, s); i >= 0 {
		g.vforks = slices.Delete(g.vforks, i, i+1)
	}
	if g.n--; g.n == 0 {
		syscall.ForkLock.Unlock()
	}
}

// watch lets those out whose child runs already but has not come to its execve.
func (g *gate) watch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := len(g.vforks) - 1; i >= 0; i-- {
		if s := g.vforks[i]; c.Running(s.work) {
			g.leave(s)
		}
	}
	if g.watching = g.n > 0; g.watching {
		time.AfterFunc(watchEvery, g.watch)
	}
}
