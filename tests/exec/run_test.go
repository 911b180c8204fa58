// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

package exec

// Run, Output and CombinedOutput wait once, for the end: what others see of it is as before.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

func init() {
	helpers["runs"] = manyRuns
	helpers["linger"] = func() { _, _ = io.Copy(io.Discard, os.Stdin) }
}

// touched counts how often it is read or written.
type touched struct{ n int }

func (o *touched) Read([]byte) (int, error)             { o.n++; return 0, io.EOF }
func (o *touched) Write(p []byte) (int, error)          { o.n++; return len(p), nil }
func (o *touched) ReadFrom(r io.Reader) (int64, error)  { o.n++; return io.Copy(io.Discard, r) }
func (o *touched) WriteTo(io.Writer) (n int64, e error) { o.n++; return 0, nil }

func TestRuns(t *testing.T) {
	compare(t, []script{
		// A Run that fails has touched nobody's input and output, and leaves no Process.
		{"fails", func(l lib, n *notes) {
			for _, path := range []string{"/no/such/program", "/etc/passwd", "/"} {
				for _, dir := range []string{"", "/no/such/dir"} {
					in, out := new(touched), new(touched)
					c := l.command(path)
					set(c, "Dir", dir)
					set(c, "Stdin", in)
					set(c, "Stdout", out)
					set(c, "Stderr", out)
					n.end(c, c.Run())
					c = l.command(path)
					set(c, "Dir", dir)
					set(c, "Stdout", out)
					n.end(c, c.Run())
					n.add("process", get[*os.Process](c, "Process") == nil)
					n.add("touched", fmt.Sprint(in.n, out.n))
				}
			}
		}},
		// The time between is longer than Run waits for the end alone.
		{"late-output", func(l lib, n *notes) {
			for _, s := range []string{
				"echo a; echo b >&2", "sleep 0.03; echo a; sleep 0.03; echo b >&2; exit 4", "echo a; sleep 0.03; echo b",
				"exec >&- 2>&-; sleep 0.03", "head -c 300000 /dev/zero", "head -c 300000 /dev/zero >&2; exit 1", "sleep 0.03; exit 5"} {
				out, err := l.sh(s).CombinedOutput()
				n.add(s, fmt.Sprint(len(out), strings.Count(string(out), "\n"), err))
				c := l.sh(s)
				out, err = c.Output()
				n.add(s, len(out))
				n.end(c, err)
			}
		}},
		{"pipe-in", func(l lib, n *notes) {
			c := l.command("/bin/cat")
			in, err := c.StdinPipe()
			n.err("pipe", err)
			done := make(chan bool)
			go func() {
				defer close(done)
				_, _ = io.WriteString(in, strings.Repeat("line\n", 50000))
				in.Close()
			}()
			out, err := c.Output()
			<-done
			n.add("out", len(out))
			n.end(c, err)
		}},
		// Who writes to a command that does not read must not wait for ever.
		{"nobody-reads", func(l lib, n *notes) {
			for _, s := range []string{"exit 3", "exec <&-; sleep 0.03"} {
				c := l.sh(s)
				in, err := c.StdinPipe()
				n.err("pipe", err)
				done := make(chan error)
				go func() {
					_, err := io.WriteString(in, strings.Repeat("line\n", 50000))
					done <- err
				}()
				n.end(c, c.Run())
				n.add("written", <-done != nil)
			}
		}},
		{"cancel", func(l lib, n *notes) {
			for _, after := range []time.Duration{soon, 10 * soon} {
				ctx, cancel := context.WithTimeout(context.Background(), after)
				c := l.context(ctx, "/bin/sh", "-c", "exec sleep 100")
				out, err := c.Output()
				cancel()
				n.add("out", string(out))
				n.end(c, err)
			}
		}},
		{"twice", func(l lib, n *notes) {
			c := l.sh("exit 3")
			n.end(c, c.Run())
			n.end(c, c.Run())
			n.err("wait", c.Wait())
		}},
	})
}

// TestManyRuns runs manyChildren at once, in a process of its own as TestManyWaits.
func TestManyRuns(t *testing.T) {
	needCore(t)
	defer limit(t, 3*time.Minute)()
	out, err := helper(ours, "runs").CombinedOutput()
	if strings.HasPrefix(string(out), "skip: ") {
		t.Skipf("%s", out)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// TestRunIDMapHelpers: what a Run starts on the way is not what it waits for.
func TestRunIDMapHelpers(t *testing.T) {
	needCore(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"newuidmap": "echo $2 $3 $4 >/proc/$1/uid_map",
		"newgidmap": "echo deny >/proc/$1/setgroups; echo $2 $3 $4 >/proc/$1/gid_map",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for range 3 { // the first ones find out how to start
		c := exec.Command("/bin/sh", "-c", "sleep 0.1; exit 7")
		c.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		c.Options = &forkexec.Options{IDMapHelpers: true}
		var exit *exec.ExitError
		if err := c.Run(); !errors.As(err, &exit) || exit.ExitCode() != 7 || c.ProcessState.Pid() != c.Process.Pid {
			t.Fatal("Run has not waited for its command:", err, c.ProcessState)
		}
	}
}

// manyRuns has the same context end many commands that run at the same time.
func manyRuns() {
	const most = 500  // threads: not one for each
	const held = 16e3 // bytes of this process for each that runs; each start alone took 32 KiB
	n, err := room()
	if err != nil || n < fewChildren {
		fmt.Println("skip: RLIMIT_NOFILE has room for", n, "children, and may not be raised", err)
		return
	}
	for i := 0; i < 20; i++ {
		_ = exec.Command("/bin/true").Run()
	}
	runtime.GC()
	before := inUse()
	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error, n)
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; i < n; i++ {
		c := exec.CommandContext(ctx, "/bin/sh", "-c", "echo; exec sleep 1000")
		c.Stdout = w
		c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
		go func() { errs <- c.Run() }()
	}
	_, _ = io.ReadFull(r, make([]byte, n))
	time.Sleep(100 * time.Millisecond) // until the last ones wait
	for range 3 {                      // memory that the next starts would use again goes, too
		runtime.GC()
	}
	each := int64(inUse()-before) / int64(n)
	threads, err := threads()
	fmt.Printf("%s: %d commands run, %d threads, %d bytes in use for each %v\n", runtime.Version(), n, threads, each, err)
	cancel()
	for i := 0; i < n; i++ {
		var exit *exec.ExitError
		if err := <-errs; !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	if l := childrenLeft(); l != "" || threads >= most || each >= held {
		fmt.Println("children left:", l, "; fewer than", most, "threads wanted, and", held, "bytes")
		os.Exit(1)
	}
}

// inUse is heap and stacks of this process.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
