// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
	"forkexec.example/forkexec/tests/internal/seccomp"
)

// edges are what the test binary does by edgeVar, with the directory in edgeDirVar. Each
// prints what it has found, "ok" if all is well.
var edges = map[string]func(dir string) error{
	"threads": manyStuck,
	"lock":    besideStuck,
	"clone":   heldClone,
	"killed":  killedRun,
}

const (
	edgeVar    = "STUCK_EDGE"
	edgeDirVar = "STUCK_EDGE_DIR"
)

func edge() int {
	if err := edges[os.Getenv(edgeVar)](os.Getenv(edgeDirVar)); err != nil {
		fmt.Println(err)
		return 0
	}
	fmt.Println("ok")
	return 0
}

// An edgeRun is such a program; its standard input is a pipe, out what it prints.
type edgeRun struct {
	cmd *osexec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startEdge(t *testing.T, name, dir string) *edgeRun {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &edgeRun{cmd: osexec.Command(self)}
	r.cmd.Env = append(os.Environ(), edgeVar+"="+name, edgeDirVar+"="+dir)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.cmd.Stderr = os.Stderr
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.out = bufio.NewReader(out)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { _ = r.cmd.Process.Signal(syscall.SIGQUIT) }) // it stands still
	t.Cleanup(func() {
		timer.Stop()
		_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL)
		_ = r.in.Close()
		_ = r.cmd.Wait()
	})
	return r
}

// rest returns what the program still prints, without the last line "ok".
func (r *edgeRun) rest(t *testing.T) string {
	t.Helper()
	b, err := io.ReadAll(r.out)
	text, ok := strings.CutSuffix(string(b), "ok\n")
	if reason, skip := strings.CutPrefix(text, "skip: "); skip {
		t.Skip(reason)
	}
	if !ok || err != nil {
		t.Errorf("%v\n%s", err, b)
	}
	return text
}

const manyStarts = 40

// manyStuck has as many starts end by their contexts whose children do not die, and says
// how many threads it has before and then. At the end of the input they have died.
func manyStuck(dir string) error {
	for _, way := range []string{"Start", "CommandContext"} { // once what is once for a program
		if err := ways[way](context.Background(), &order{Path: "/bin/true"}, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{}}); err != nil {
			return err
		}
	}
	open, before := descriptors(), threads()
	for i := 0; i < manyStarts; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Millisecond)
		var err error
		if i%2 == 0 {
			_, err = forkexec.Start(ctx, dir+"/x", []string{"x"}, nil, nil)
		} else {
			err = exec.CommandContext(ctx, dir+"/x").Start()
		}
		cancel()
		if err != context.DeadlineExceeded {
			return fmt.Errorf("start %d: %v", i, err)
		}
	}
	fmt.Println(before, threads())
	_, _ = io.ReadAll(os.Stdin)
	return waitClean(open)
}

func threads() int {
	list, _ := os.ReadDir("/proc/self/task")
	return len(list)
}

// TestThreads: starts that are over hold no thread each, though their children live on. Ten
// thousand threads end a Go program.
func TestThreads(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library's starts know no contexts")
	}
	f := mount(t, true, func(*hungFS, fuseRequest, string) {}) // no answer, ever
	r := startEdge(t, "threads", f.dir)
	line, err := r.out.ReadString('\n')
	var before, after int
	if _, e := fmt.Sscan(line, &before, &after); e != nil {
		t.Fatalf("%q, %v", line, err)
	}
	t.Logf("%d threads, then %d", before, after)
	if after > before+12 { // a handful for us, and what the runtime makes for itself
		t.Errorf("%d threads before, %d after %d starts that their contexts have ended", before, after, manyStarts)
	}
	f.abort()
	_ = r.in.Close()
	r.rest(t)
}

// A waiter is somebody who wants what a start holds for a while.
var waiters = []struct {
	name string
	wait func()
}{
	{"a reader of ForkLock", func() { syscall.ForkLock.RLock(); syscall.ForkLock.RUnlock() }},
	{"a writer of ForkLock", func() { syscall.ForkLock.Lock(); syscall.ForkLock.Unlock() }},
	{"Setgid", func() { _ = syscall.Setgid(syscall.Getgid()) }},
}

// rounds is of how many waits a median is taken.
const rounds = 15

// besideStuck prints, for each waiter and each kind of stuck starts beside it, the median
// of how long it waits, in microseconds, and before all how much too long a sleep takes.
func besideStuck(dir string) error {
	all, end := context.WithCancel(context.Background())
	defer end()
	start := func(ctx context.Context) {
		if p, err := forkexec.Start(ctx, dir+"/x", []string{"x"}, nil, nil); err == nil {
			_ = p.Kill()
		}
	}
	for i := 0; i < 2; i++ {
		_ = ways["Start"](all, &order{Path: "/bin/true"}, &syscall.ProcAttr{})
	}
	var late []time.Duration
	for i := 0; i < rounds; i++ {
		begin := time.Now()
		time.Sleep(10 * time.Millisecond)
		late = append(late, time.Since(begin)-10*time.Millisecond)
	}
	fmt.Println("sleep", median(late).Microseconds())
	for _, w := range waiters {
		// Starts one after the other: the later ones come just before the first one's time
		// is over, which is what could draw it out.
		var waits []time.Duration
		for i := 0; i < rounds; i++ {
			ctx, cancel := context.WithCancel(all)
			var group sync.WaitGroup
			for _, after := range []time.Duration{0, 5, 9, 14, 18} {
				group.Add(1)
				time.AfterFunc(after*time.Millisecond, func() { start(ctx); group.Done() })
			}
			time.Sleep(2 * time.Millisecond)
			waits = append(waits, measure(w.wait))
			time.Sleep(30 * time.Millisecond)
			cancel()
			group.Wait()
		}
		fmt.Println("after one another, "+w.name, median(waits).Microseconds())
		fmt.Println("storm, "+w.name, median(besideEight(all, start, w.wait)).Microseconds())
	}
	return nil
}

func measure(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// besideEight measures beside eight goroutines whose starts all get stuck for 3 ms.
func besideEight(all context.Context, start func(ctx context.Context), wait func()) (waits []time.Duration) {
	var stop atomic.Bool
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for !stop.Load() {
				ctx, cancel := context.WithTimeout(all, 3*time.Millisecond)
				start(ctx)
				cancel()
			}
		}()
	}
	for i := 0; i < rounds; i++ {
		time.Sleep(7 * time.Millisecond)
		waits = append(waits, measure(wait))
	}
	stop.Store(true)
	group.Wait()
	return waits
}

// bound returns how long docs/failures.md says that ForkLock may have to be waited for.
func bound(t *testing.T) time.Duration {
	text, err := os.ReadFile("../../docs/failures.md")
	if err != nil {
		return 20 * time.Millisecond // the sources are not here
	}
	m := regexp.MustCompile("(?m)^\\| `ForkLock` \\|.*after ([0-9]+) ms at most").FindSubmatch(text)
	if m == nil {
		t.Fatal("docs/failures.md states no bound for ForkLock")
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n) * time.Millisecond
}

// TestBound measures what docs/failures.md promises to those who want something that a
// stuck start holds. On a busy machine everybody waits longer: the medians count, and what
// a sleeper oversleeps in the same run is added.
func TestBound(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("the standard library lets nobody go on")
	}
	max := bound(t)
	f := mountHung(t, false)
	text := startEdge(t, "lock", f.dir).rest(t)
	t.Log(text)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 1+2*len(waiters) {
		t.Fatalf("%q", text)
	}
	for i, line := range lines {
		at := strings.LastIndexByte(line, ' ')
		us, err := strconv.Atoi(line[at+1:])
		if err != nil {
			t.Fatal(err)
		}
		switch wait := time.Duration(us) * time.Microsecond; {
		case i == 0:
			max += 2 * wait
		case wait > max:
			t.Errorf("%s waits %v, at most %v are promised", line[:at], wait, max)
		}
	}
}

// heldClone looks at ForkLock while a start is before its clone, in a sandbox where no child
// but vfork's shares memory. A start by vfork cannot be left before the child's execve: if
// somebody else lets the lock go then, it must be at the right time.
func heldClone(string) error {
	filter := []seccomp.Instruction{
		seccomp.Op(seccomp.Load, 0, 0, seccomp.Number),
		seccomp.Op(seccomp.Equal, 0, 1, seccomp.Clone3),
		seccomp.Op(seccomp.Return, 0, 0, seccomp.Errno|uint32(syscall.ENOSYS)),
		seccomp.Op(seccomp.Equal, 0, 5, syscall.SYS_CLONE),
		seccomp.Op(seccomp.Load, 0, 0, seccomp.FirstArg),
		seccomp.Op(seccomp.AnyBit, 3, 0, syscall.CLONE_THREAD),
		seccomp.Op(seccomp.AnyBit, 3, 0, syscall.CLONE_VFORK),
		seccomp.Op(seccomp.AnyBit, 0, 2, syscall.CLONE_VM), // a fork is held, too
		seccomp.Op(seccomp.Return, 0, 0, seccomp.Errno|uint32(syscall.EPERM)),
		seccomp.Op(seccomp.Return, 0, 0, seccomp.Allow),
		seccomp.Op(seccomp.Return, 0, 0, seccomp.Notify),
	}
	err := onFiltered(filter, seccomp.NewListener, func(listener uintptr) error {
		syscall.CloseOnExec(int(listener))
		held, early := make(chan int, 1), make(chan error, 1)
		go watchClones(listener, held, early)
		// A long list that is checked makes the time between lock and clone long, and a step
		// that fails early the child's life short.
		sys := &syscall.SysProcAttr{AmbientCaps: make([]uintptr, 110000), Setpgid: true, Pgid: 1 << 30}
		n := 0
		for end := time.Now().Add(2 * time.Second); n < 10 || time.Now().Before(end); n++ {
			if _, err := forkexec.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: sys}); err != syscall.EPERM && err != syscall.ESRCH {
				return fmt.Errorf("start %d: %v", n, err)
			}
			select {
			case err := <-early:
				return fmt.Errorf("start %d: %w", n, err)
			default:
			}
		}
		select {
		case c := <-held:
			if c >= n/2 {
				return nil
			}
			return fmt.Errorf("skip: needs to hold clones: %d of %d were", c, n)
		default:
			return fmt.Errorf("skip: needs to hold clones: none of %d was", n)
		}
	})
	runtime.KeepAlive(filter)
	return err
}

// watchClones lets each clone go on after a look at ForkLock, some of them a while later.
func watchClones(listener uintptr, held chan int, early chan error) {
	for n := 1; ; n++ {
		var q notice
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, listener, notifyReceive, uintptr(unsafe.Pointer(&q))); e != 0 {
			continue
		}
		select {
		case <-held:
		default:
		}
		held <- n
		for i := 0; n > 3; i++ { // the first ones learn what is allowed
			if syscall.ForkLock.TryRLock() {
				syscall.ForkLock.RUnlock()
				early <- fmt.Errorf("ForkLock was free before the clone, which waited for %d ms", 10*i)
				break
			}
			if n > 6 || i == 12 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		r := reply{id: q.id, flags: replyGoOn}
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, listener, notifySend, uintptr(unsafe.Pointer(&r)))
	}
}

// TestHeldClone: ForkLock is not free before the child has its own descriptors.
func TestHeldClone(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("this is about the package's own use of ForkLock")
	}
	startEdge(t, "clone", "").rest(t)
}

// TestDirEnds asks of a Dir that hangs, looked at by whomever, no more than that the context
// ends the start. TestStuck asks for the rest.
func TestDirEnds(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mountHung(t, false) // skips here, and once
	for _, served := range []bool{false, true} {
		for _, way := range []string{withoutAttr, "CommandContext"} {
			t.Run(fmt.Sprintf("%s, served %v", way, served), func(t *testing.T) {
				tr := hung(t, served, false)
				tr.Way = way
				v := startVictim(t, self, &tr.order)
				defer v.end(func() { tr.release(v) })
				v.expect("started")
				tr.catch(v)
				v.say("end")
				v.expectResult("canceled")
				tr.release(v)
				v.say("clean")
				v.expect("clean: <nil>")
			})
		}
	}
}

// TestKillBeforeExec kills the command of a Run through its Process, before its execve: it then
// ends as any other that is killed.
func TestKillBeforeExec(t *testing.T) {
	if forkexec.Implementation() == "stdlib" {
		t.Skip("os/exec has no Process before the execve")
	}
	startEdge(t, "killed", "").rest(t)
}

func killedRun(string) error {
	runtime.LockOSThread() // the filter belongs to the thread
	for i := 0; i < 3; i++ {
		if err := exec.Command("/bin/true").Run(); err != nil {
			return err
		}
	}
	h, err := holdChildren(false)
	if err != nil {
		return fmt.Errorf("skip: cannot hold system calls: %w", err)
	}
	before := descriptors()
	for name, run := range map[string]func(*exec.Cmd) error{
		"Run":    (*exec.Cmd).Run,
		"Output": func(c *exec.Cmd) error { _, err := c.Output(); return err },
	} {
		ctx, cancel := context.WithCancel(context.Background())
		cmd := exec.CommandContext(ctx, "/bin/true")
		cmd.Dir = "/"
		killed := make(chan error, 1)
		go func() {
			<-h.pids
			p := processOf(cmd)
			if p == nil {
				cancel()
				killed <- fmt.Errorf("%s: the child is before its execve, and there is no Process", name)
				return
			}
			killed <- p.Kill()
		}()
		err := run(cmd)
		cancel()
		if e := <-killed; e != nil {
			return e
		}
		if err == nil || err.Error() != "signal: killed" || cmd.ProcessState == nil {
			return fmt.Errorf("%s: %w, %v", name, err, cmd.ProcessState)
		}
		h.release <- struct{}{}
	}
	return waitClean(before)
}

// processOf reads a field that others may be writing. The child hangs meanwhile, so they are not
// long about it.
//
//go:norace
func processOf(cmd *exec.Cmd) (p *os.Process) {
	for i := 0; i < 1000 && p == nil; i++ {
		p = cmd.Process
		time.Sleep(time.Millisecond)
	}
	return p
}
