// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// Package bubble keeps the rules of testing/synctest: what a goroutine of a bubble has made,
// channels for one, nobody outside of it may use.
package bubble

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Inside reports whether the time is that of a bubble, which begins in the year 2000. A clock
// that somebody sets meanwhile makes it true, which does no harm.
func Inside() bool {
	var now syscall.Timeval
	return syscall.Gettimeofday(&now) == nil && time.Since(time.Unix(now.Unix())).Abs() > time.Hour
}

// AfterFunc is context.AfterFunc, but in a bubble f runs in it, whoever ends the context.
func AfterFunc(ctx context.Context, f func()) (stop func() bool) {
	if !Inside() {
		return context.AfterFunc(ctx, f)
	}
	var decided atomic.Bool
	stopped := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			if decided.CompareAndSwap(false, true) {
				f()
			}
		case <-stopped:
		}
	}()
	return func() bool {
		if !decided.CompareAndSwap(false, true) {
			return false
		}
		close(stopped)
		return true
	}
}

// While runs f if the context ends before end is called. End returns whether f has run; it does
// not run after that.
func While(ctx context.Context, f func()) (end func() bool) {
	ran := make(chan struct{})
	stop := AfterFunc(ctx, func() {
		f()
		close(ran)
	})
	return func() bool {
		if stop() {
			return false
		}
		<-ran
		return true
	}
}

// Outside starts a goroutine that belongs to no bubble: from a finalizer, for these run
// outside of bubbles, by documentation of testing/synctest.
func Outside(f func()) {
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
