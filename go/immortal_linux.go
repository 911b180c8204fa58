// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package forkexec

import (
	"runtime"
	"sync"

	"forkexec.example/forkexec/go/internal/bubble"
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
		if bubble.Inside() {
			bubble.Outside(serve)
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
