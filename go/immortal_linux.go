// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package forkexec

import (
	"runtime"
	"sync"
	"syscall"
	"time"
)

// immortal is a goroutine on a thread that ends with the process only. Its mutexes are two
// signals, not locks: channels and conditions that a bubble of testing/synctest has made may
// not be used outside of it, and the other way round.
var immortal struct {
	mu    sync.Mutex // one job at a time
	begin sync.Once
	ready sync.Mutex // unlocked: there is a job
	done  sync.Mutex // unlocked: it is done
	job   func()
}

// onImmortalThread runs f on a thread that ends with the process only.
func onImmortalThread(f func()) {
	immortal.mu.Lock()
	defer immortal.mu.Unlock()
	immortal.begin.Do(func() {
		immortal.ready.Lock()
		immortal.done.Lock()
		if inBubble() {
			goOutside(serve)
		} else {
			go serve()
		}
	})
	immortal.job = f
	immortal.ready.Unlock()
	immortal.done.Lock()
}

func serve() {
	// Never unlocked and never returning: the thread lives as long as the process.
	runtime.LockOSThread()
	for {
		immortal.ready.Lock()
		immortal.job()
		immortal.job = nil
		immortal.done.Unlock()
	}
}

// inBubble reports whether the time is that of a bubble of testing/synctest, which begins in
// the year 2000. A clock that somebody sets meanwhile makes it true, which does no harm.
func inBubble() bool {
	var now syscall.Timeval
	return syscall.Gettimeofday(&now) == nil && time.Since(time.Unix(now.Unix())).Abs() > time.Hour
}

// goOutside starts a goroutine that belongs to no bubble: from a finalizer, for these run
// outside of bubbles, by documentation of testing/synctest.
func goOutside(f func()) {
	var started sync.Mutex
	started.Lock()
	type object struct{ _ *object }
	runtime.SetFinalizer(new(object), func(*object) {
		go f()
		started.Unlock()
	})
	for !started.TryLock() {
		runtime.GC()
	}
}
