// SPDX-License-Identifier: BSD-3-Clause

package gate

import (
	"sync"
	"sync/atomic"
)

// A Gate holds ForkLock for writing while starts clone. Each is inside for its clone and
// nothing else: once a child has its own descriptors, those that are not close-on-exec yet
// cannot leak into it. Starts may clone at the same time, so they share the lock; but only
// gateMost of them one after the other, for others wait for it as well, and not beside one
// that may have a pipe which no other child shall inherit.
type Gate struct {
	ForkLock *sync.RWMutex // syscall.ForkLock

	mu     sync.Mutex // those who want to come in, one after the other
	joined int        // how many have come in since the lock was taken
	alone  bool       // the one inside shares with nobody
	inside atomic.Int32
	taken  sync.Mutex // held as long as somebody is inside
}

const gateMost = 16

// Enter waits until a start may clone, with no other one beside it if alone.
func (g *Gate) Enter(alone bool) {
	g.mu.Lock()
	if !alone && !g.alone && g.joined < gateMost && g.join() {
		g.joined++
	} else {
		g.taken.Lock() // once the last one inside has left
		g.lock()
		g.joined, g.alone = 1, alone
		g.inside.Store(1)
	}
	g.mu.Unlock()
}

// Leave ends what Enter has begun.
func (g *Gate) Leave() {
	if g.inside.Add(-1) == 0 {
		g.ForkLock.Unlock()
		g.taken.Unlock()
	}
}

// join comes in if somebody is inside.
func (g *Gate) join() bool {
	for n := g.inside.Load(); n > 0; n = g.inside.Load() {
		if g.inside.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

// lock takes ForkLock for writing. Starts of the standard library hold it together, and as
// long as one comes before another leaves, it never becomes free for a writer. But they make
// way for readers. So where it is taken a reader knocks until we have it.
func (g *Gate) lock() {
	if g.ForkLock.TryLock() {
		return
	}
	var got atomic.Bool
	go func() {
		for !got.Load() {
			g.ForkLock.RLock()
			g.ForkLock.RUnlock()
		}
	}()
	g.ForkLock.Lock()
	got.Store(true)
}
