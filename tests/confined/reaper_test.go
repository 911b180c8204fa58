// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package confined

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// reap waits for everybody's children until stop is set, as the first process of a
// container does. It returns how many it has got.
func reapAll(stop *atomic.Bool) (n int) {
	for !stop.Load() {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if pid > 0 {
			n++
			continue
		}
		if err != nil || pid == 0 {
			time.Sleep(20 * time.Microsecond)
		}
	}
	return n
}

// reaper starts children whose status somebody else may take. Each wait gives the right
// status or ECHILD, and each failed start its own error.
func reaper() error {
	var stop atomic.Bool
	var stolen, right atomic.Int64
	reaped := make(chan int)
	go func() { reaped <- reapAll(&stop) }()
	fail := make(chan error, 100)
	var wg sync.WaitGroup
	for g := 0; g < 8; g++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 60; i++ {
				code := (g*60+i)%250 + 1
				err := startAmongReapers(code, i)
				switch {
				case errors.Is(err, syscall.ECHILD):
					stolen.Add(1)
				case err != nil:
					fail <- err
					return
				default:
					right.Add(1)
				}
			}
		}()
	}
	wg.Wait()
	stop.Store(true)
	n := <-reaped
	select {
	case err := <-fail:
		return err
	default:
	}
	if n == 0 || stolen.Load() == 0 {
		return fmt.Errorf("nothing was stolen: %d reaped, %d waits right", n, right.Load())
	}
	return nil
}

func startAmongReapers(code, way int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	script := fmt.Sprint("exit ", code)
	switch way % 4 {
	case 0:
		_, err := forkexec.ForkExec("/missing", []string{"x"}, &syscall.ProcAttr{})
		if err != error(syscall.ENOENT) {
			return fmt.Errorf("ForkExec of a missing program: %v", err)
		}
		_, err = forkexec.Start(ctx, "/missing", []string{"x"}, &syscall.ProcAttr{}, nil)
		if !errors.Is(err, syscall.ENOENT) {
			return fmt.Errorf("Start of a missing program: %v", err)
		}
		return nil
	case 1:
		p, err := forkexec.Start(ctx, "/bin/sh", []string{"sh", "-c", script}, &syscall.ProcAttr{}, nil)
		if err != nil {
			return fmt.Errorf("Start: %v", err)
		}
		st, err := p.Wait()
		return checkCode(st, err, code)
	case 2:
		cmd := exec.Command("/bin/sh", "-c", script)
		err := cmd.Run()
		return checkCode(cmd.ProcessState, err, code)
	default:
		cmd := exec.CommandContext(ctx, "/bin/sh", "-c", "kill -9 $$")
		cancelled := time.AfterFunc(time.Duration(code)*10*time.Microsecond, cancel)
		defer cancelled.Stop()
		err := cmd.Run()
		if err == context.Canceled || errors.Is(err, syscall.ECHILD) {
			return nil
		}
		if cmd.ProcessState == nil || cmd.ProcessState.String() != "signal: killed" {
			return fmt.Errorf("%v, %v; want that it was killed", cmd.ProcessState, err)
		}
		return nil
	}
}

// checkCode checks the result of a wait: the exit status, or that there was no child.
func checkCode(st *os.ProcessState, err error, code int) error {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		if errors.Is(err, syscall.ECHILD) {
			return err
		}
		return fmt.Errorf("Wait: %v", err)
	}
	if st.ExitCode() != code {
		return fmt.Errorf("Wait: %v, want exit status %d", st, code)
	}
	return nil
}

// giveAway reaps the child behind its owner's back and gives its ID to a new child, of
// which nobody else knows.
func giveAway(pid int) (*os.Process, error) {
	if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
		return nil, err
	}
	for i := 0; i < 100; i++ { // the runtime's own threads take IDs, too
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(pid-1)), 0); err != nil {
			return nil, err
		}
		p, err := os.StartProcess("/bin/sleep", []string{"sleep", "100"}, &os.ProcAttr{})
		if err != nil {
			return nil, err
		}
		if p.Pid == pid {
			return p, nil
		}
		_ = p.Kill()
		_, _ = p.Wait()
	}
	fmt.Println("skip: the process ID cannot be given away")
	os.Exit(0)
	return nil, nil
}

// stranger gives the ID of a child to another process. Neither a wait nor a signal for the
// first may reach the second.
func stranger() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", "exit 7")
	if err := cmd.Start(); err != nil {
		return err
	}
	other, err := giveAway(cmd.Process.Pid)
	if err != nil {
		return err
	}
	if err := cmd.Process.Kill(); err == nil {
		return errors.New("Kill has reached a stranger")
	}
	cancel() // kills, too
	if err := cmd.Wait(); !errors.Is(err, syscall.ECHILD) && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("Wait: %v, want ECHILD", err)
	}
	p, err := forkexec.Start(context.Background(), "/bin/sh", []string{"sh", "-c", "exit 7"}, &syscall.ProcAttr{}, nil)
	if err != nil {
		return err
	}
	another, err := giveAway(p.Pid)
	if err != nil {
		return err
	}
	if err := p.Signal(syscall.SIGKILL); err == nil {
		return errors.New("Signal has reached a stranger")
	}
	if st, err := p.Wait(); !errors.Is(err, syscall.ECHILD) {
		return fmt.Errorf("Wait: %v, %v; want ECHILD", st, err)
	}
	for _, o := range []*os.Process{other, another} {
		var ws syscall.WaitStatus
		if pid, err := syscall.Wait4(o.Pid, &ws, syscall.WNOHANG, nil); pid != 0 || err != nil {
			return fmt.Errorf("a stranger has ended: %v, %v", ws, err)
		}
		_ = o.Kill()
		_, _ = o.Wait()
	}
	return nil
}

// stolenFailure lets somebody else reap the children of starts that fail.
func stolenFailure() error {
	var stop atomic.Bool
	done := make(chan int)
	go func() { done <- reapAll(&stop) }()
	n, err := 0, error(nil)
	for begin := time.Now(); time.Since(begin) < time.Second && err == nil; n++ {
		_, e := forkexec.ForkExec("/missing", []string{"x"}, &syscall.ProcAttr{})
		if e != error(syscall.ENOENT) {
			err = fmt.Errorf("start %d of a missing program: %v", n, e)
		}
	}
	stop.Store(true)
	if stolen := <-done; err == nil && stolen == 0 {
		return errors.New("nothing was stolen")
	}
	return err
}
