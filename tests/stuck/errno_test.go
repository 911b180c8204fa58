// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	osexec "os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
	"forkexec.example/forkexec/tests/internal/seccomp"
)

// A step may fail with any errno at any moment, also with one that means something else
// elsewhere (ECANCELED, ETIMEDOUT), and as the context ends. The victim here makes such
// starts, as the leader of a process group with a bystander in it; errnoVar says by what
// the steps fail, and is a key of failers.
const errnoVar = "STUCK_ERRNO"

// dirVar names the FUSE file system that fails a lookup as its name says.
const dirVar = "STUCK_ERRNO_DIR"

const maxErrno = 133 // EHWPOISON, the last one of most architectures

var failers = map[string]func() (int, error){
	"filter":       byFilter,
	"notice":       byNotice,
	"FUSE program": func() (int, error) { return byFUSE(false) },
	"FUSE Dir":     func() (int, error) { return byFUSE(true) },
}

// A failing way starts path in dir and returns the error; nobody is started.
type failing struct {
	name string
	ctx  bool // the context counts
	run  func(ctx context.Context, path, dir string) error
	// std is what the standard library has for it, nil if nothing.
	std func(path, dir string) error
}

func noStart(p *os.Process, err error) error {
	if err == nil {
		_, _ = p.Wait()
	}
	return err
}

func noChild(pid int, err error) error {
	if err == nil {
		_, err = syscall.Wait4(pid, nil, 0, nil)
	}
	return err
}

func failingStart(ctx context.Context, path, dir string, opt *forkexec.Options) error {
	pidfd := -2
	attr := &syscall.ProcAttr{Dir: dir, Sys: &syscall.SysProcAttr{PidFD: &pidfd}}
	err := noStart(forkexec.Start(ctx, path, []string{path}, attr, opt))
	if err != nil && pidfd != -1 && pidfd != -2 {
		return fmt.Errorf("PidFD is %d after %w", pidfd, err)
	}
	if err == nil && pidfd >= 0 {
		_ = syscall.Close(pidfd)
	}
	var step *forkexec.Error
	if errors.As(err, &step) {
		return step.Errno
	}
	return err
}

var failingWays = []failing{
	{"ForkExec", false, func(_ context.Context, path, dir string) error {
		return noChild(forkexec.ForkExec(path, []string{path}, &syscall.ProcAttr{Dir: dir}))
	}, func(path, dir string) error {
		return noChild(syscall.ForkExec(path, []string{path}, &syscall.ProcAttr{Dir: dir}))
	}},
	{"StartProcess", false, func(_ context.Context, path, dir string) error {
		return noStart(forkexec.StartProcess(path, []string{path}, &os.ProcAttr{Dir: dir}))
	}, func(path, dir string) error {
		return noStart(os.StartProcess(path, []string{path}, &os.ProcAttr{Dir: dir}))
	}},
	{"Start", true, func(ctx context.Context, path, dir string) error { return failingStart(ctx, path, dir, nil) }, nil},
	{"Start with CloseFDs", true, func(ctx context.Context, path, dir string) error {
		return failingStart(ctx, path, dir, &forkexec.Options{CloseFDs: forkexec.Implementation() != "stdlib"})
	}, nil},
	{"CommandContext", true, func(ctx context.Context, path, dir string) error {
		cmd := exec.CommandContext(ctx, path)
		cmd.Dir, cmd.Options = dir, &forkexec.Options{TextBusyTimeout: -1}
		return cmd.Run()
	}, func(path, dir string) error {
		cmd := osexec.Command(path)
		cmd.Dir = dir
		return cmd.Run()
	}},
	{"CommandContext with SysProcAttr", true, func(ctx context.Context, path, dir string) error {
		cmd := exec.CommandContext(ctx, path)
		cmd.Dir, cmd.SysProcAttr, cmd.Options = dir, &syscall.SysProcAttr{}, &forkexec.Options{TextBusyTimeout: -1}
		return cmd.Run()
	}, func(path, dir string) error {
		cmd := osexec.Command(path)
		cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{}
		return cmd.Run()
	}},
}

// words makes errors of two origins comparable: type, text and errno.
func words(err error) string {
	var errno syscall.Errno
	is := errors.As(err, &errno)
	return fmt.Sprintf("%T %v (errno %d, %v)", err, err, int(errno), is)
}

// expected returns the standard library's errors for a start, one for each way, by words.
func expected(path, dir string) map[string]string {
	want := make(map[string]string)
	for _, w := range failingWays {
		if w.std != nil {
			want[w.name] = words(w.std(path, dir))
		} else {
			want[w.name] = words(noChild(syscall.ForkExec(path, []string{path}, &syscall.ProcAttr{Dir: dir})))
		}
	}
	return want
}

// differs says what is wrong with the error of a start. A filter may have a system call fail
// with errno 0; an error that has none says as much.
func differs(w failing, want string, ctx context.Context, err error) error {
	if strings.Contains(want, "(errno 0, true)") && errors.Is(err, syscall.EPIPE) {
		return nil
	}
	if got := words(err); got != want && (!w.ctx || ctx.Err() == nil || err != ctx.Err()) {
		return fmt.Errorf("%s: %s, want %s or the context's error (%v)", w.name, got, want, ctx.Err())
	}
	return nil
}

// onFiltered runs f on a thread with a filter, which is not used any more afterwards.
func onFiltered(filter []seccomp.Instruction, flags uintptr, f func(listener uintptr) error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := seccomp.NoNewPrivs()
		if err == nil {
			var listener uintptr
			if listener, err = seccomp.Install(filter, flags); err == nil {
				done <- f(listener)
				return
			}
		}
		done <- fmt.Errorf("skip: needs seccomp: %w", err)
	}()
	return <-done
}

// byFilter has a system call of the child fail at once, and the context end by a clock.
func byFilter() (n int, err error) {
	for _, call := range []uint32{syscall.SYS_EXECVE, syscall.SYS_CHDIR} {
		for errno := uint32(0); errno <= maxErrno && err == nil; errno++ {
			err = onFiltered(seccomp.Act(call, seccomp.Errno|errno), 0, func(uintptr) error {
				want := expected("/bin/true", "/")
				for _, w := range failingWays {
					// With errno 0 a chdir is good, and the context Cmd's.
					for i := 0; i < 4 && (i == 0 || w.ctx && errno > 0); i++ {
						ctx, cancel := context.WithCancel(context.Background())
						if i > 0 {
							ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.Intn(500))*time.Microsecond)
						}
						err := differs(w, want[w.name], ctx, w.run(ctx, "/bin/true", "/"))
						cancel()
						if n++; err != nil {
							return fmt.Errorf("system call %d fails with %d: %w", call, errno, err)
						}
					}
				}
				return nil
			})
		}
	}
	return n, err
}

// moments are when the context ends, in relation to the failure of the step.
var moments = []struct {
	name string
	do   func(end context.CancelFunc, fail func())
}{
	{"never", func(_ context.CancelFunc, fail func()) { fail() }},
	{"just before", func(end context.CancelFunc, fail func()) { end(); fail() }},
	{"a little before", func(end context.CancelFunc, fail func()) {
		end()
		time.Sleep(50 * time.Microsecond)
		fail()
	}},
	{"at the same time", func(end context.CancelFunc, fail func()) {
		go end()
		fail()
	}},
	{"just after", func(end context.CancelFunc, fail func()) { fail(); end() }},
}

// byNotice asks this process what the child's system call shall return: the context's end
// and the failure come in a known order.
func byNotice() (n int, err error) {
	for _, call := range []uint32{syscall.SYS_EXECVE, syscall.SYS_CHDIR} {
		err := onFiltered(seccomp.Act(call, seccomp.Notify), seccomp.NewListener, func(listener uintptr) error {
			syscall.CloseOnExec(int(listener))
			var current atomic.Pointer[failure]
			var stop atomic.Bool
			stopped := make(chan struct{})
			go func() { answerNotices(listener, &current, &stop); close(stopped) }()
			defer func() {
				stop.Store(true)
				<-stopped
				syscall.Close(int(listener))
			}()
			for errno := syscall.Errno(1); errno <= maxErrno; errno++ {
				for _, w := range failingWays {
					for _, m := range moments {
						if m.name != "never" && !w.ctx {
							continue
						}
						if err := noticed(&current, w, m.do, errno); err != nil {
							return fmt.Errorf("system call %d fails with %d, the context ends %s: %w", call, errno, m.name, err)
						}
						n++
					}
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// A failure is what a child's system call returns, and when the context ends.
type failure struct {
	errno  syscall.Errno
	moment func(end context.CancelFunc, fail func())
	end    context.CancelFunc
}

// answerNotices serves a listener until its end. A start may repeat what has failed: the
// context ends at the first time.
func answerNotices(listener uintptr, current *atomic.Pointer[failure], stop *atomic.Bool) {
	for !stop.Load() {
		const pollIn = 1
		poll := struct {
			fd              int32
			events, revents int16
		}{int32(listener), pollIn, 0}
		wait := syscall.NsecToTimespec(int64(20 * time.Millisecond))
		_, _, _ = syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(unsafe.Pointer(&wait)), 0, 0, 0)
		if poll.revents&pollIn == 0 {
			continue
		}
		var q notice
		_, _, e := syscall.Syscall(syscall.SYS_IOCTL, listener, notifyReceive, uintptr(unsafe.Pointer(&q)))
		f := current.Load()
		if e != 0 || f == nil {
			continue
		}
		fail := func() {
			r := reply{id: q.id, errno: -int32(f.errno)}
			_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, listener, notifySend, uintptr(unsafe.Pointer(&r)))
		}
		if current.CompareAndSwap(f, &failure{errno: f.errno, moment: moments[0].do}) {
			f.moment(f.end, fail)
		} else {
			fail()
		}
	}
}

func noticed(current *atomic.Pointer[failure], w failing, moment func(end context.CancelFunc, fail func()), errno syscall.Errno) error {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	current.Store(&failure{errno, moment, end})
	err := w.run(ctx, "/bin/true", "/")
	want := "syscall.Errno " + errno.Error()
	switch w.name {
	case "StartProcess":
		want = "*fs.PathError fork/exec /bin/true: " + errno.Error()
	case "CommandContext", "CommandContext with SysProcAttr":
		want = "*fs.PathError fork/exec /bin/true: " + errno.Error()
	}
	return differs(w, fmt.Sprintf("%s (errno %d, true)", want, int(errno)), ctx, err)
}

// byFUSE looks names up that say with what, and after how many microseconds, they fail.
func byFUSE(isDir bool) (n int, err error) {
	place := func(errno int, delay time.Duration) (path, dir string) {
		n++ // no name twice
		name := fmt.Sprintf("%s/e-%d-%d-%d", os.Getenv(dirVar), errno, delay.Microseconds(), n)
		if isDir {
			return "/bin/true", name
		}
		return name, ""
	}
	const delay = time.Millisecond
	same := func(text string) string { // but for the name's count
		for _, f := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ':' }) {
			if strings.HasPrefix(f, os.Getenv(dirVar)) {
				text = strings.ReplaceAll(text, f, "NAME")
			}
		}
		return text
	}
	for errno := 1; errno <= maxErrno; errno++ {
		if isDir && errno == int(syscall.EINTR) {
			continue // os.Stat, by which package os looks at Dir first, never ends then
		}
		path, dir := place(errno, 0)
		want := expected(path, dir)
		for _, w := range failingWays {
			for _, end := range []time.Duration{0, delay / 2, delay, 2 * delay} {
				path, dir := place(errno, delay)
				ctx, cancel := context.WithCancel(context.Background())
				if end > 0 {
					ctx, cancel = context.WithTimeout(ctx, end)
				}
				err := w.run(ctx, path, dir)
				cancel()
				// os.Stat says whether it is a chdir that has failed, if there is time for it.
				var e syscall.Errno
				if end > 0 && errors.As(err, &e) && int(e) == errno {
					continue
				}
				if got := same(words(err)); got != same(want[w.name]) && (!w.ctx || end == 0 || err != context.DeadlineExceeded) {
					return n, fmt.Errorf("errno %d after %v, context of %v, %s: %s, want %s", errno, delay, end, w.name, got, same(want[w.name]))
				}
				if !w.ctx {
					break
				}
			}
		}
	}
	return n, nil
}

// failures is the victim: it prints "done: N starts", or what is wrong.
func failures() int {
	// What the runtime and package os open once is no leak.
	_ = exec.Command("/bin/true").Run()
	_ = osexec.Command("/bin/true").Run()
	before, goroutines := descriptors(), runtime.NumGoroutine()
	fmt.Println("ready")
	var line string
	_, _ = fmt.Scanln(&line)
	n, err := failers[os.Getenv(errnoVar)]()
	if err == nil {
		err = waitClean(before)
	}
	for i := 0; i < 500 && err == nil && runtime.NumGoroutine() > goroutines; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if err == nil && runtime.NumGoroutine() > goroutines {
		buf := make([]byte, 1<<16)
		err = fmt.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), goroutines, buf[:runtime.Stack(buf, true)])
	}
	if err != nil {
		fmt.Println(err)
		return 0
	}
	fmt.Printf("done: %d starts\n", n)
	return 0
}

// failAsNamed answers a lookup of e-ERRNO-MICROSECONDS-COUNT.
func failAsNamed(f *hungFS, r fuseRequest, name string) {
	var errno syscall.Errno
	var delay time.Duration
	if _, err := fmt.Sscanf(name, "e-%d-%d-", &errno, &delay); err != nil {
		errno = syscall.ENOENT
	}
	time.Sleep(delay * time.Microsecond)
	f.answer(r, errno, nil)
}

// TestErrnos has steps fail with each errno, and the context end around it. The error must
// be the standard library's for the same input, or the context's; nothing may be left; and
// who is in the program's process group must live.
func TestErrnos(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"filter", "notice", "FUSE program", "FUSE Dir"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			dir := ""
			if strings.HasPrefix(how, "FUSE") {
				dir = mount(t, true, failAsNamed).dir
			}
			cmd := osexec.Command(self)
			cmd.Env = append(os.Environ(), errnoVar+"="+how, dirVar+"="+dir, "LC_ALL=C")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			bystander := osexec.Command("/bin/sleep", "1000")
			bystander.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: cmd.Process.Pid}
			if err := bystander.Start(); err != nil {
				t.Error(err)
			}
			timer := time.AfterFunc(40*time.Second, func() { // it stands still
				_ = cmd.Process.Signal(syscall.SIGQUIT)
				time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
			})
			defer timer.Stop()
			_, _ = in.Write([]byte("go\n"))
			err = cmd.Wait()
			if reason, ok := strings.CutPrefix(out.String(), "ready\nskip: "); ok {
				_ = bystander.Process.Kill()
				_ = bystander.Wait()
				t.Skip(reason)
			}
			if err != nil || !strings.HasPrefix(out.String(), "ready\ndone: ") {
				t.Errorf("%v\n%s", err, out.String())
			}
			t.Log(out.String())
			var status syscall.WaitStatus
			if pid, err := syscall.Wait4(bystander.Process.Pid, &status, syscall.WNOHANG, nil); pid != 0 {
				t.Errorf("the bystander has ended: %v, status %#x", err, status)
				return
			}
			_ = bystander.Process.Kill()
			_ = bystander.Wait()
		})
	}
}
