// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !android

// The watchdog: a process that looks twice a second whether the case under way has
// been under way for too long. It is a process because a start that hangs may stop
// the whole Go runtime of its parent. It kills the children first, which lets the
// run end and be reported with its case, and then, if nothing helps, the parent.
// It is not a child of the tests' process, so that they can check that no child is
// left.

package differential

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	killTimeout   = 5 * time.Second // for the run to end after its children were killed
	watchPageSize = 4096
)

// A run takes about a millisecond. FORKEXEC_TEST_SLOW=N: N times more than usual.
var caseTimeout = 8 * time.Second * slowness()

func slowness() time.Duration {
	n, _ := strconv.Atoi(os.Getenv("FORKEXEC_TEST_SLOW"))
	return time.Duration(max(n, 1))
}

// watchPage is shared with the watchdog: a run's number (odd: under way), then the
// length of its label and the label.
var watchPage []byte

func startWatchdog() error {
	page, err := os.CreateTemp("", "forkexec-watch-")
	if err != nil {
		return err
	}
	defer page.Close()
	defer os.Remove(page.Name())
	if err := page.Truncate(watchPageSize); err != nil {
		return err
	}
	watchPage, err = syscall.Mmap(int(page.Fd()), 0, watchPageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	exe, err := selfIn(fix.dir)
	if err != nil {
		return err
	}
	// The write end stays open, and is not inherited, as long as this process lives.
	var alive [2]int
	if err := syscall.Pipe2(alive[:], syscall.O_CLOEXEC); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", `"$0" <&3 3<&- &`, exe)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), innerEnv+"=watchdog", "DIFFERENTIAL_WATCHED="+strconv.Itoa(os.Getpid()))
	r := os.NewFile(uintptr(alive[0]), "alive")
	defer r.Close()
	cmd.ExtraFiles = []*os.File{r, page}
	return cmd.Run()
}

// watch marks the start of a run; the function it returns marks its end and says
// how long it took.
func watch(label string) func() time.Duration {
	number := (*uint64)(unsafe.Pointer(&watchPage[0]))
	n := copy(watchPage[16:], label)
	binary.NativeEndian.PutUint64(watchPage[8:], uint64(n))
	atomic.AddUint64(number, 1)
	start := time.Now()
	return func() time.Duration {
		atomic.AddUint64(number, 1)
		return time.Since(start)
	}
}

func watchdogMain() {
	signal.Ignore(syscall.SIGPIPE) // nobody may be left to read what it says
	pid, _ := strconv.Atoi(os.Getenv("DIFFERENTIAL_WATCHED"))
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1)) // ends with the watched process
		os.Exit(0)
	}()
	page := os.NewFile(4, "page")
	var last uint64
	var since time.Time
	killed := false
	for ; ; time.Sleep(500 * time.Millisecond) {
		var data [watchPageSize]byte
		_, _ = page.ReadAt(data[:], 0)
		number := binary.NativeEndian.Uint64(data[:])
		if number%2 == 0 || number != last {
			last, since, killed = number, time.Now(), false
			continue
		}
		label := data[16 : 16+binary.NativeEndian.Uint64(data[8:])]
		switch age := time.Since(since); {
		case age > caseTimeout+killTimeout:
			fmt.Fprintf(os.Stderr, "differential: FAIL: still hangs, giving up: %s\n", label)
			_ = syscall.Kill(pid, syscall.SIGQUIT) // a trace of the goroutines, if it can
			time.Sleep(2 * time.Second)
			_ = syscall.Kill(pid, syscall.SIGKILL)
			os.Exit(1)
		case age > caseTimeout && !killed:
			killed = true
			fmt.Fprintf(os.Stderr, "differential: hangs, killing its children: %s\n", label)
			killChildren(pid)
		}
	}
}

func killChildren(pid int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(data)) {
			if n, err := strconv.Atoi(child); err == nil && n > 1 && (emulator == "" || sameProgram(pid, n)) {
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
		}
	}
}

// sameProgram says whether a child is before its execve. What hangs in an emulator is,
// and other children may be needed by the cases that follow.
func sameProgram(pid, child int) bool {
	own, err1 := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	other, err2 := os.Readlink(fmt.Sprintf("/proc/%d/exe", child))
	return err1 == nil && err2 == nil && own == other
}
