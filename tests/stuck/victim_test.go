// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package stuck

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	osexec "os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	forkexec "forkexec.example/forkexec/go"
	"forkexec.example/forkexec/go/exec"
)

// The victim is the program whose start gets stuck: this test binary as a process of its
// own, as it may stand still for ever. It does what its standard input says, line by
// line, and answers each with lines; testdata/victim.c is the same for the C library.
//
//	check X  starts, collections and so on, of the name X only if there is one; lines
//	         "check WHAT" and "ERROR" each, then "checked"
//	end      ends the start's context, then as result
//	result   waits for the start's end: "result: ERROR"
//	clean    waits until nothing is left: "clean: ERROR"
//	go on    lets go whom a hold has caught
//
// The first line, "started", comes from the victim.

// An order says what the victim is to start.
type order struct {
	Way    string // a key of ways
	Path   string
	Dir    string
	Cgroup string // a directory of cgroup v2 to start into
	UID    uint32 // other than 0: start as that user
	Hold   bool   // the start's thread has its children held at chdir
	Vfork  bool   // with Hold: of the ways to share memory, only vfork is allowed
}

const orderVar = "STUCK_ORDER"

// ways are the ways to start a program.
var ways = map[string]func(ctx context.Context, o *order, attr *syscall.ProcAttr) error{
	"ForkExec": func(_ context.Context, o *order, attr *syscall.ProcAttr) error {
		pid, err := forkexec.ForkExec(o.Path, []string{o.Path}, attr)
		if err == nil {
			_, err = syscall.Wait4(pid, nil, 0, nil)
		}
		return err
	},
	"Start": func(ctx context.Context, o *order, attr *syscall.ProcAttr) error {
		return startAndWait(ctx, o, attr, nil)
	},
	"Start with CloseFDs": func(ctx context.Context, o *order, attr *syscall.ProcAttr) error {
		return startAndWait(ctx, o, attr, &forkexec.Options{CloseFDs: forkexec.Implementation() != "stdlib"})
	},
	"Start with KeepDumpable": func(ctx context.Context, o *order, attr *syscall.ProcAttr) error {
		return startAndWait(ctx, o, attr, &forkexec.Options{KeepDumpable: forkexec.Implementation() != "stdlib"})
	},
	"Start with PdeathsigProcess": func(ctx context.Context, o *order, attr *syscall.ProcAttr) error {
		attr.Sys.Pdeathsig = syscall.SIGKILL
		return startAndWait(ctx, o, attr, &forkexec.Options{PdeathsigProcess: true})
	},
	"Start in a user namespace": func(ctx context.Context, o *order, attr *syscall.ProcAttr) error {
		attr.Sys.Cloneflags = syscall.CLONE_NEWUSER
		attr.Sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attr.Sys.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
		return startAndWait(ctx, o, attr, nil)
	},
	"Command": func(_ context.Context, o *order, attr *syscall.ProcAttr) error {
		cmd := exec.Command(o.Path)
		cmd.Dir, cmd.SysProcAttr = attr.Dir, attr.Sys
		return cmd.Run()
	},
	"CommandContext": func(ctx context.Context, o *order, attr *syscall.ProcAttr) error {
		cmd := exec.CommandContext(ctx, o.Path)
		cmd.Dir, cmd.SysProcAttr = attr.Dir, attr.Sys
		_, err := cmd.Output()
		return err
	},
	withoutAttr: func(ctx context.Context, o *order, attr *syscall.ProcAttr) error {
		cmd := exec.CommandContext(ctx, o.Path)
		cmd.Dir = attr.Dir
		return cmd.Run()
	},
}

// withoutAttr is a way in which, as in package os, a missing Dir has an error of its own.
const withoutAttr = "CommandContext without SysProcAttr"

// endable tells the ways that a context can end.
func endable(way string) bool { return way != "ForkExec" && way != "Command" }

func startAndWait(ctx context.Context, o *order, attr *syscall.ProcAttr, opt *forkexec.Options) error {
	p, err := forkexec.Start(ctx, o.Path, []string{o.Path}, attr, opt)
	if err == nil {
		_, err = p.Wait()
	}
	return err
}

func victim() int {
	var o order
	if err := json.Unmarshal([]byte(os.Getenv(orderVar)), &o); err != nil {
		fmt.Println(err)
		return 1
	}
	// What the runtime and package os open once is no leak.
	_ = exec.Command("/bin/true").Run()
	_ = osexec.Command("/bin/true").Run()
	for i := 0; i < 2; i++ { // what a first start finds out changes how later ones are made
		attr := &syscall.ProcAttr{Env: os.Environ(), Sys: &syscall.SysProcAttr{}}
		if err := ways[o.Way](context.Background(), &order{Path: "/bin/true"}, attr); err != nil {
			fmt.Println("skip: cannot start in this way:", err)
			return 0
		}
	}
	before := descriptors()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	result := make(chan error, 1)
	held := make(chan *hold, 1)
	fmt.Println("started") // before what the start may print
	go func() { result <- o.start(ctx, held) }()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if name, ok := strings.CutPrefix(in.Text(), "check"); ok {
			check(strings.TrimSpace(name))
		}
		switch in.Text() {
		case "end":
			cancel()
			fmt.Println("result:", <-result)
		case "result":
			fmt.Println("result:", <-result)
		case "clean":
			fmt.Println("clean:", waitClean(before))
		case "go on":
			close((<-held).release)
		}
	}
	return 0
}

func (o *order) start(ctx context.Context, held chan<- *hold) error {
	attr := &syscall.ProcAttr{Dir: o.Dir, Env: os.Environ(), Sys: &syscall.SysProcAttr{}}
	if o.Cgroup != "" {
		fd, err := syscall.Open(o.Cgroup, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer syscall.Close(fd)
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, fd
	}
	if o.UID != 0 {
		attr.Sys.Credential = &syscall.Credential{Uid: o.UID, Gid: o.UID}
	}
	if o.Hold {
		runtime.LockOSThread() // for good: the filter belongs to the thread
		h, err := holdChildren(o.Vfork)
		if err != nil {
			fmt.Println("skip: cannot hold system calls:", err)
			return err
		}
		defer syscall.Close(int(h.fd))
		held <- h
		go func() {
			<-h.pids
			fmt.Println("held")
		}()
	}
	return ways[o.Way](ctx, o, attr)
}

// checks are what must go on while a start is stuck.
var checks = []struct {
	name string
	run  func() error
}{
	{"garbage collection", func() error {
		for i := 0; i < 5; i++ {
			runtime.GC() // stops the world
		}
		return nil
	}},
	{"goroutines and threads", func() error {
		var wg sync.WaitGroup
		for i := 0; i < 20; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				time.Sleep(time.Millisecond)
			}()
		}
		wg.Wait()
		return nil
	}},
	{"ForkLock", func() error {
		syscall.ForkLock.RLock()
		syscall.ForkLock.RUnlock()
		return nil
	}},
	{"setgid", func() error { return syscall.Setgid(syscall.Getgid()) }}, // on all threads
	{"os/exec", func() error { return osexec.Command("/bin/true").Run() }},
	{"go/exec", func() error { return exec.Command("/bin/true").Run() }},
	{"Start", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return startAndWait(ctx, &order{Path: "/bin/true"}, &syscall.ProcAttr{}, nil)
	}},
	{"Start with PdeathsigProcess", func() error {
		return startAndWait(context.Background(), &order{Path: "/bin/true"},
			&syscall.ProcAttr{Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}}, &forkexec.Options{PdeathsigProcess: true})
	}},
}

func check(only string) {
	for _, c := range checks {
		if only != "" && c.name != only {
			continue
		}
		fmt.Println("check", c.name)
		fmt.Println(c.run())
	}
	fmt.Println("checked")
}

func descriptors() (open []string) {
	names, _ := os.ReadDir("/proc/self/fd")
	for _, n := range names {
		to, err := os.Readlink("/proc/self/fd/" + n.Name())
		if err == nil && !strings.HasPrefix(to, "anon_inode:[event") && !strings.HasPrefix(to, "/proc/") {
			open = append(open, n.Name()+"="+to)
		}
	}
	return open
}

// waitClean waits until there is no child and no descriptor more than before. It only
// looks: a child that has died is for somebody else to reap.
func waitClean(before []string) error {
	var err error
	for i := 0; i < 1000; i++ {
		time.Sleep(5 * time.Millisecond)
		var info [16]uint64
		const pAll, wNoWait = 0, 0x01000000
		_, _, e := syscall.Syscall6(syscall.SYS_WAITID, pAll, 0, uintptr(unsafe.Pointer(&info)),
			syscall.WEXITED|syscall.WNOHANG|wNoWait, 0, 0)
		if e != syscall.ECHILD {
			err = fmt.Errorf("a child is left, zombie: %v", info[0] != 0)
			continue
		}
		// One that was open before may have been on its way to be closed.
		var left []string
		for _, d := range descriptors() {
			if !slices.Contains(before, d) {
				left = append(left, d)
			}
		}
		if len(left) == 0 {
			return nil
		}
		err = fmt.Errorf("descriptors are left: %q", left)
	}
	return err
}
