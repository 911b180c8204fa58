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

// A gate holds syscall.ForkLock for writing as long as any start of ours is cloning, or in
// the sleep of c.Vfork after it. Starts may clone at the same time, as each is safe for
// itself, so they share it, but for those that must be alone.
type gate struct {
	mu       sync.Mutex
	inside   []*child
	alone    bool // the one inside shares with nobody
	waiting  int  // those who want to be alone
	opened   time.Time
	watching bool
}

var forkGate gate

// gateMaxAge bounds how long starts keep joining those inside: whoever waits for
// ForkLock, readers or starts of package syscall, gets it soon after.
const gateMaxAge = 10 * time.Millisecond

// watchEvery is how often the gate looks after those inside, as long as it is not known
// that a start can be left. Where a sandbox allows no clone but vfork they stay until the
// execve; the lock is of no use any more once the child runs, and must not wait for a child
// that hangs. A timer that fires takes time from a child: at 2 ms, starts of real programs
// took 5 % longer.
const watchEvery = 50 * time.Millisecond

func (g *gate) lock(s *child) {
	g.mu.Lock()
	if s.alone {
		g.waiting++
	}
	for len(g.inside) > 0 && (g.alone || g.waiting > 0 || time.Since(g.opened) >= gateMaxAge) {
		// Queue with the readers; they are let in when the last one inside leaves.
		g.mu.Unlock()
		syscall.ForkLock.RLock()
		syscall.ForkLock.RUnlock()
		g.mu.Lock()
	}
	if len(g.inside) == 0 {
		// Under g.mu: others who come meanwhile wait here with us, and then join.
		syscall.ForkLock.Lock()
		g.opened = time.Now()
	}
	if g.alone = s.alone; s.alone {
		g.waiting--
	}
	g.inside = append(g.inside, s)
	if !g.watching && !c.Leavable(state()) && canWatch() {
		g.watching = true
		time.AfterFunc(watchEvery, g.watch)
	}
	g.mu.Unlock()
}

// canWatch says if a timer can be made: for the first one in a program the runtime opens
// two descriptors, and ends the program if it cannot.
func canWatch() bool {
	var ends [2]int
	if syscall.Pipe2(ends[:], syscall.O_CLOEXEC) != nil {
		return false
	}
	_ = syscall.Close(ends[0])
	_ = syscall.Close(ends[1])
	return true
}

// unlock ends the stay of s, if it has not ended.
func (g *gate) unlock(s *child) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.inside, s); i >= 0 {
		g.leave(i)
	}
}

func (g *gate) leave(i int) {
	if g.inside = slices.Delete(g.inside, i, i+1); len(g.inside) == 0 {
		syscall.ForkLock.Unlock()
	}
}

// watch lets those out whose child runs already but has not come to its execve.
func (g *gate) watch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := len(g.inside) - 1; i >= 0; i-- {
		if c.Running(g.inside[i].work) {
			g.leave(i)
		}
	}
	if g.watching = len(g.inside) > 0; g.watching {
		time.AfterFunc(watchEvery, g.watch)
	}
}
