// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Package soak asks: after very many starts, is anything left or worn out?
//
// Many goroutines start children with all kinds of attributes, good ones and ones that
// fail, while contexts end, somebody kills children before and after their execve, and the
// garbage collector works hard. Each child must end as it should, and nothing may stay:
// no descriptor, no child, no thread, no goroutine, no memory.
//
// `make soak` makes a million starts; without arguments it takes some seconds.
package soak

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
)

var (
	soakN    = flag.Int64("soak.n", 0, "starts to make; 0: as many as fit in soak.time")
	soakTime = flag.Duration("soak.time", 4*time.Second, "for how long, without soak.n")
	workers  = flag.Int("soak.workers", 64, "goroutines that start children")
)

// counts is what the workers have done.
var counts struct{ starts, failed, cancelled, killed, late, met atomic.Int64 }

// A reading is what the process holds at a moment.
type reading struct {
	starts                              int64
	rss, threads, maps, fds, goroutines int // RSS in KiB
}

func read() reading {
	r := reading{starts: counts.starts.Load(), goroutines: runtime.NumGoroutine()}
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		f := strings.Fields(line)
		if len(f) > 1 && f[0] == "VmRSS:" {
			r.rss, _ = strconv.Atoi(f[1])
		}
		if len(f) > 1 && f[0] == "Threads:" {
			r.threads, _ = strconv.Atoi(f[1])
		}
	}
	maps, _ := os.ReadFile("/proc/self/maps")
	r.maps = strings.Count(string(maps), "\n")
	fds, _ := os.ReadDir("/proc/self/fd")
	r.fds = len(fds)
	return r
}

func (r reading) String() string {
	return fmt.Sprintf("RSS %.1f MB, %d mappings, %d threads, %d goroutines, %d descriptors",
		float64(r.rss)/1024, r.maps, r.threads, r.goroutines, r.fds)
}

func TestSoak(t *testing.T) {
	s := setUp(t)
	warm := min(*soakN/5, 50000) // what grows at first is no leak
	if *soakN == 0 {
		warm = 500
	}
	s.run(t, warm, *soakTime)
	before := settle()
	begin := time.Now()
	s.run(t, *soakN, *soakTime)
	took := time.Since(begin)
	after := settle()
	if t.Failed() {
		return
	}
	n := after.starts - before.starts
	fmt.Printf("soak: %s, %d starts after the first %d, in %.0f s: %d failed on purpose, %d cancelled before their execve, %d killed\n",
		forkexec.Implementation(), n, before.starts, took.Seconds(), counts.failed.Load(), counts.cancelled.Load(), counts.killed.Load())
	fmt.Printf("soak: before: %v\nsoak: after:  %v\n", before, after)
	fmt.Printf("soak: 0 wrong exit states, 0 children left, %+d descriptors, %+d threads, %+d goroutines, %+.1f MB\n",
		after.fds-before.fds, after.threads-before.threads, after.goroutines-before.goroutines, float64(after.rss-before.rss)/1024)
	if after.fds != before.fds {
		t.Errorf("%d descriptors, before: %d", after.fds, before.fds)
	}
	if after.goroutines > before.goroutines {
		t.Errorf("%d goroutines, before: %d", after.goroutines, before.goroutines)
	}
	// The runtime keeps threads and memory for the worst moment so far; a leak of one for
	// ten thousand starts would be more than that.
	if most := 4 * *workers; after.threads > most {
		t.Errorf("%d threads, at most %d expected", after.threads, most)
	}
	if grown := after.rss - before.rss; grown > 16<<10 {
		t.Errorf("%d KiB more than before", grown)
	}
	if grown := after.maps - before.maps; grown > 256 {
		t.Errorf("%d mappings more than before", grown)
	}
	s.noChildren(t)
}

// settle lets what is on its way come to its end, and then reads.
func settle() reading {
	for i := 0; ; i++ {
		debug.FreeOSMemory()
		now := read()
		time.Sleep(20 * time.Millisecond)
		if again := read(); i > 20 || again.fds == now.fds && again.goroutines == now.goroutines && again.threads == now.threads {
			return again
		}
	}
}

// A soak is the surroundings that the workers share.
type soak struct {
	tiny   string
	group  int // the process group of children that may be killed at any time
	leader *os.Process
	kinds  []kind
	quit   chan struct{}
	others sync.WaitGroup
}

func setUp(t *testing.T) *soak {
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // other users come here, too
		t.Fatal(err)
	}
	s := &soak{tiny: buildTiny(t, dir)}
	if s.tiny == "" {
		t.Skip("needs a C compiler, and testdata/tiny.c for this architecture")
	}
	// A group lives as long as one process of it has not been waited for.
	attr := &os.ProcAttr{Sys: &syscall.SysProcAttr{Setpgid: true}}
	if s.leader, err = os.StartProcess(s.tiny, []string{"tiny", "0", "stay"}, attr); err != nil {
		t.Fatal(err)
	}
	s.group = s.leader.Pid
	for _, k := range kinds() {
		if err := s.one(&k, 1); err != nil {
			t.Logf("without %s: %v", k.name, err)
			continue
		}
		s.kinds = append(s.kinds, k)
	}
	return s
}

//go:embed testdata/tiny.c
var tinySource []byte

// buildTiny compiles the program; "" if that cannot be.
func buildTiny(t *testing.T, dir string) string {
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	tiny := filepath.Join(dir, "tiny")
	if err := os.WriteFile(tiny+".c", tinySource, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(cc, "-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector",
		"-o", tiny, tiny+".c").CombinedOutput()
	if err != nil {
		t.Logf("%s: %v\n%s", cc, err, out)
		return ""
	}
	return tiny
}

// run makes n starts, or as many as fit in d.
func (s *soak) run(t *testing.T, n int64, d time.Duration) {
	end := time.Now().Add(d)
	first := counts.starts.Load()
	more := func() bool {
		if n > 0 {
			return counts.starts.Load()-first < n
		}
		return time.Now().Before(end)
	}
	s.quit = make(chan struct{})
	s.background(s.collect)
	s.background(s.kill)
	s.background(s.progress)
	var wg sync.WaitGroup
	for w := 0; w < *workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; more() && !t.Failed(); i++ {
				k := &s.kinds[i%len(s.kinds)]
				if err := s.one(k, i%200+1); err != nil {
					t.Errorf("%s: %v", k.name, err)
				}
			}
		}()
	}
	wg.Wait()
	close(s.quit)
	s.others.Wait()
}

func (s *soak) background(f func()) {
	s.others.Add(1)
	go func() {
		defer s.others.Done()
		f()
	}()
}

// collect keeps the garbage collector busy.
func (s *soak) collect() {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	var keep [16][]byte
	for i := 0; ; i++ {
		select {
		case <-s.quit:
			return
		case <-time.After(5 * time.Millisecond):
			keep[i%len(keep)] = make([]byte, 64<<10)
			runtime.GC()
		}
	}
}

// kill kills the children of the group, wherever in their short lives they are.
func (s *soak) kill() {
	for {
		select {
		case <-s.quit:
			return
		case <-time.After(300 * time.Microsecond):
			_ = syscall.Kill(-s.group, syscall.SIGKILL)
		}
	}
}

func (s *soak) progress() {
	begin, first := time.Now(), counts.starts.Load()
	for {
		select {
		case <-s.quit:
			return
		case <-time.After(10 * time.Second):
			r := read()
			fmt.Printf("soak: %d starts, %.0f/s, %v\n", r.starts, float64(r.starts-first)/time.Since(begin).Seconds(), r)
		}
	}
}

// noChildren ends the group and checks that there was no other child.
func (s *soak) noChildren(t *testing.T) {
	_ = s.leader.Kill()
	_, _ = s.leader.Wait()
	var info [16]uint64
	const pAll, wNoWait = 0, 0x01000000
	_, _, e := syscall.Syscall6(syscall.SYS_WAITID, pAll, 0, uintptr(unsafe.Pointer(&info)),
		syscall.WEXITED|syscall.WNOHANG|wNoWait, 0, 0)
	if e != syscall.ECHILD {
		t.Errorf("a child is left, zombie: %v", info[0] != 0)
	}
}
