// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android && (386 || amd64 || arm || arm64 || ppc64le || riscv64 || s390x)

package nocgo

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// disturb runs f again and again until stop is closed.
func disturb(wg *sync.WaitGroup, stop <-chan struct{}, pause time.Duration, f func()) {
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			select {
			case <-stop:
				return
			case <-time.After(pause):
				f()
			}
		}
	}()
}

// signalThreads sends sig to each thread: the preemption signal to those inside C, too.
func signalThreads(sig syscall.Signal) {
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		tid, _ := strconv.Atoi(task.Name())
		_, _, _ = syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(tid), uintptr(sig))
	}
}

// deep calls f below a stack of about n KiB, so that f meets a stack that is nearly full
// at some depths and has just been grown at others.
//
//go:noinline
func deep(n int, f func()) byte {
	var b [1000]byte
	if n == 0 {
		f()
	} else {
		b[n%len(b)] = deep(n-1, f)
	}
	return b[(n+1)%len(b)]
}

// startProcess is what TestStress calls. FORKEXEC_TEST_START=os is for a build with the
// overlay, whose wrapper in package syscall keeps its frame on the goroutine's stack.
var startProcess = forkexec.StartProcess

// TestStress starts programs on many goroutines while everything that looks at stacks or
// moves them goes on: profiler, preemption signals, tracebacks, garbage collections.
func TestStress(t *testing.T) {
	if os.Getenv("FORKEXEC_TEST_EMULATOR") != "" {
		t.Skip("an emulator is no place for a storm")
	}
	if os.Getenv("FORKEXEC_TEST_START") == "os" {
		startProcess = os.StartProcess
	}
	debug.SetTraceback("system")
	runtime.SetCPUProfileRate(1000) // before pprof, which would take 100 and now complains
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		t.Fatal(err)
	}
	defer pprof.StopCPUProfile()

	stop := make(chan struct{})
	var noise, work sync.WaitGroup
	all := make([]byte, 1<<20)
	disturb(&noise, stop, 100*time.Microsecond, func() { signalThreads(syscall.SIGURG) })
	disturb(&noise, stop, 300*time.Microsecond, func() { signalThreads(syscall.SIGPROF) })
	disturb(&noise, stop, 2*time.Millisecond, runtime.GC)
	disturb(&noise, stop, time.Millisecond, func() { runtime.Stack(all, true) })
	disturb(&noise, stop, 5*time.Millisecond, func() { _ = pprof.Lookup("goroutine").WriteTo(&bytes.Buffer{}, 2) })

	var started atomic.Int64
	end := time.Now().Add(3 * time.Second)
	for g := range 12 {
		work.Add(1)
		go func() {
			defer work.Done()
			for i := g; time.Now().Before(end); i++ {
				done := make(chan struct{})
				go func() { // a fresh goroutine each time: a small stack
					defer close(done)
					deep(i%40, func() { one(t, i) })
				}()
				<-done
				started.Add(1)
			}
		}()
	}
	work.Wait()
	close(stop)
	noise.Wait()
	t.Logf("%d starts", started.Load())
}

func one(t *testing.T, i int) {
	path := "/bin/true"
	if i%3 == 0 {
		path = "/missing"
	}
	p, err := startProcess(path, []string{path}, &os.ProcAttr{})
	if i%3 == 0 {
		if !os.IsNotExist(err) {
			t.Error(err)
		}
		return
	}
	if err != nil {
		t.Error(err)
		return
	}
	if state, err := p.Wait(); err != nil || !state.Success() {
		t.Error(state, err)
	}
}
