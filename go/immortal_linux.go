// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package forkexec

import (
	"runtime"
	"sync"
)

var immortal = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		// Never unlocked and never returning: the thread lives as long as the process.
		runtime.LockOSThread()
		for f := range jobs {
			f()
		}
	}()
	return jobs
})

// onImmortalThread runs f on a thread that ends with the process only.
func onImmortalThread(f func()) {
	done := make(chan struct{})
	immortal() <- func() {
		defer close(done)
		f()
	}
	<-done
}
