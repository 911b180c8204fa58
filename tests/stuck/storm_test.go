// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// stormVar makes the test binary the program that changes its IDs; its value says for how
// long. showVar makes it the child that shows the IDs it has.
const (
	stormVar = "STUCK_STORM"
	showVar  = "STUCK_SHOW"
)

// firstID is the first of the IDs that the storm uses, firstID to firstID + steps / 3.
const firstID = 100000

// ids counts the changes of the program's IDs. Change n sets one of three to
// firstID + n/3, in turn: the supplementary groups, the real group, the real user. The
// effective IDs stay root's, so that it can go on. So three values tell the moment in
// which the program had them, and most triples no moment had.
var ids struct{ begun, done atomic.Int64 }

func changeIDs(n int64) error {
	ids.begun.Store(n)
	id := int(firstID + n/3)
	var err error
	switch n % 3 {
	case 0:
		err = syscall.Setgroups([]int{id})
	case 1:
		err = syscall.Setresgid(id, -1, -1)
	case 2:
		err = syscall.Setresuid(id, -1, -1)
	}
	ids.done.Store(n)
	return err
}

// moment returns the number of the last change that a child with these IDs has seen.
func moment(group, gid, uid int64) (int64, bool) {
	n := (group - firstID) * 3
	switch {
	case gid == group && uid == group:
		return n + 2, true
	case gid == group && uid == group-1:
		return n + 1, true
	case gid == group-1 && uid == group-1:
		return n, true
	}
	return 0, false
}

// show prints the IDs of this process.
func show() int {
	groups, err := syscall.Getgroups()
	if err != nil || len(groups) != 1 {
		fmt.Println(groups, err)
		return 1
	}
	fmt.Println(groups[0], syscall.Getgid(), syscall.Getuid())
	return 0
}

// A spawner starts this program as show and returns what it prints.
type spawner struct {
	name string
	run  func(self string) (string, error)
}

func withPipe(start func(w *os.File) error) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	err = start(w)
	w.Close()
	if err != nil {
		return "", err
	}
	buf := make([]byte, 200)
	n, err := r.Read(buf)
	return string(buf[:n]), err
}

var spawners = []spawner{
	{"ForkExec", func(self string) (string, error) {
		return withPipe(func(w *os.File) error {
			pid, err := forkexec.ForkExec(self, []string{self}, &syscall.ProcAttr{Env: showEnv, Files: []uintptr{0, w.Fd(), 2}})
			if err == nil {
				_, err = syscall.Wait4(pid, nil, 0, nil)
			}
			return err
		})
	}},
	{"Start with a context", func(self string) (string, error) {
		return withPipe(func(w *os.File) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			p, err := forkexec.Start(ctx, self, []string{self}, &syscall.ProcAttr{Env: showEnv, Files: []uintptr{0, w.Fd(), 2}}, nil)
			if err == nil {
				_, err = p.Wait()
			}
			return err
		})
	}},
	{"go/exec", func(self string) (string, error) {
		cmd := exec.Command(self)
		cmd.Env = showEnv
		out, err := cmd.Output()
		return string(out), err
	}},
	{"os/exec", func(self string) (string, error) {
		cmd := osexec.Command(self)
		cmd.Env = showEnv
		out, err := cmd.Output()
		return string(out), err
	}},
}

var showEnv = []string{showVar + "=1", "GOMAXPROCS=1"}

// storm changes the IDs of this program as fast as it can while children are started.
func storm() int {
	d, err := time.ParseDuration(os.Getenv(stormVar))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	privileged := os.Getuid() == 0
	self, err := os.Executable()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	var bad, starts atomic.Int64
	for n := int64(0); privileged && n < 3; n++ {
		if err := changeIDs(n); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	for _, s := range spawners {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for time.Now().Before(end) {
				if err := one(s, self, privileged); err != nil {
					fmt.Printf("%s: %v\n", s.name, err)
					bad.Add(1)
					return
				}
				starts.Add(1)
			}
		}()
	}
	n := int64(3)
	for ; time.Now().Before(end); n++ {
		if privileged {
			err = changeIDs(n)
		} else {
			err = syscall.Setgid(syscall.Getgid())
		}
		if err != nil {
			fmt.Println("change:", err)
			return 1
		}
		runtime.Gosched()
	}
	wg.Wait()
	fmt.Printf("%d starts, %d changes of IDs\n", starts.Load(), n)
	return int(min(bad.Load(), 1))
}

// one starts a child and checks that its IDs are of a moment between call and return.
func one(s spawner, self string, privileged bool) error {
	first := ids.done.Load()
	text, err := s.run(self)
	last := ids.begun.Load()
	if err != nil || !privileged {
		if strings.HasPrefix(text, "[") {
			return nil // an ordinary user's child has what groups it has
		}
		return err
	}
	var group, gid, uid int64
	if _, err := fmt.Sscan(text, &group, &gid, &uid); err != nil {
		return fmt.Errorf("%q: %v", text, err)
	}
	n, ok := moment(group, gid, uid)
	if !ok {
		return fmt.Errorf("a child has groups %d, group %d, user %d: its parent never had", group, gid, uid)
	}
	// A thread changes its IDs a little before or after the call has returned.
	if n < first || n > last {
		return fmt.Errorf("a child has the IDs of change %d, its start was between %d and %d", n, first, last)
	}
	return nil
}

// TestSetID starts children while all-threads changes of IDs go on: nobody waits for
// ever, and no child has IDs that its parent never had together.
func TestSetID(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(self)
	cmd.Env = append(os.Environ(), stormVar+"=2s")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(60*time.Second, func() { // it stands still
		_ = cmd.Process.Signal(syscall.SIGQUIT) // shows its goroutines if it can
		time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
	})
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	t.Log(out.String())
}
