// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Command container runs a program in a container, as root or as an ordinary user, and without
// executing itself a second time:
//
//	container [-cgroup DIR] [-root DIR] PROGRAM [ARG...]
//
// The program has user, mount, PID, network, UTS and IPC namespaces of its own, is root in them
// with the IDs that /etc/subuid gives the caller, has no capability but three, cannot gain any,
// may have 64 descriptors and no core, and cannot mount, trace or load modules.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	forkexec "forkexec.example/forkexec/go"
)

const namespaces = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
	syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

func main() {
	cgroup := flag.String("cgroup", "", "directory of cgroup v2 to start in")
	root := flag.String("root", "", "root directory of the program")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	status, err := run(ctx, *root, *cgroup, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "container:", err)
		if e, ok := err.(*forkexec.Error); ok && e.Hint() != "" {
			fmt.Fprintln(os.Stderr, e.Hint())
		}
		os.Exit(125)
	}
	os.Exit(status)
}

func run(ctx context.Context, root, cgroup string, argv []string) (int, error) {
	sys := &syscall.SysProcAttr{
		Cloneflags:  namespaces,
		Chroot:      root,
		UidMappings: idMap("/etc/subuid", os.Getuid()),
		GidMappings: idMap("/etc/subgid", os.Getgid()),
		Credential:  &syscall.Credential{NoSetGroups: true}, // 0 and 0, inside
	}
	if cgroup != "" {
		dir, err := os.Open(cgroup)
		if err != nil {
			return 0, err
		}
		defer dir.Close()
		sys.UseCgroupFD, sys.CgroupFD = true, int(dir.Fd())
	}
	const caps = uint64(1<<1 | 1<<6 | 1<<7) // CAP_DAC_OVERRIDE, CAP_SETGID, CAP_SETUID
	bounding, umask := caps, 0o22
	opt := &forkexec.Options{
		IDMapHelpers: true,
		CloseFDs:     true,
		Umask:        &umask,
		Rlimits: []forkexec.Rlimit{
			{Resource: syscall.RLIMIT_CORE},
			{Resource: syscall.RLIMIT_NOFILE, Cur: 64, Max: 64},
		},
		Capabilities: &forkexec.Capabilities{Bounding: &bounding},
		NoNewPrivs:   true,
		Seccomp:      &forkexec.Seccomp{Filter: forbid(syscall.SYS_MOUNT, syscall.SYS_PTRACE, syscall.SYS_INIT_MODULE)},
		OnExec:       describe, // where an engine sets its network up
	}
	attr := &syscall.ProcAttr{Dir: "/", Env: []string{"PATH=/usr/bin:/bin", "HOME=/"}, Files: []uintptr{0, 1, 2}, Sys: sys}
	p, err := forkexec.Start(ctx, argv[0], argv, attr, opt)
	if err != nil {
		return 0, err
	}
	state, err := p.Wait()
	if err != nil {
		return 0, err
	}
	return state.ExitCode(), nil
}

// describe says what the container is, while the child waits.
func describe(pid int) error {
	uids, err := os.ReadFile(fmt.Sprintf("/proc/%d/uid_map", pid))
	if err != nil {
		return err
	}
	net, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
	fmt.Fprintf(os.Stderr, "container: process %d, %s, user IDs %s\n", pid, net, strings.Join(strings.Fields(string(uids)), " "))
	return err
}

// idMap is root as the caller, and the IDs from 1 on as the file says.
func idMap(file string, own int) []syscall.SysProcIDMap {
	maps := []syscall.SysProcIDMap{{ContainerID: 0, HostID: own, Size: 1}}
	f, err := os.Open(file)
	u, err2 := user.Current()
	if err != nil || err2 != nil {
		return maps
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		part := strings.Split(lines.Text(), ":")
		if len(part) != 3 || part[0] != u.Username && part[0] != u.Uid {
			continue
		}
		first, err := strconv.Atoi(part[1])
		n, err2 := strconv.Atoi(part[2])
		if err == nil && err2 == nil {
			return append(maps, syscall.SysProcIDMap{ContainerID: 1, HostID: first, Size: n})
		}
	}
	return maps
}

// forbid is a filter that answers EPERM to some system calls, and kills calls of another
// architecture, whose numbers mean something else.
func forbid(calls ...uint32) []forkexec.SockFilter {
	arch := map[string]uint32{"amd64": 0xc000003e, "arm64": 0xc00000b7, "riscv64": 0xc00000f3, "386": 0x40000003,
		"arm": 0x40000028, "ppc64le": 0xc0000015, "s390x": 0x80000016}[runtime.GOARCH]
	const load, jumpIfEqual, ret = 0x20, 0x15, 6 // BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
	const kill, allow = 0x80000000, 0x7fff0000
	filter := []forkexec.SockFilter{{Code: load, K: 4}, {Code: jumpIfEqual, Jt: 1, K: arch}, {Code: ret, K: kill}, {Code: load}}
	for _, nr := range calls {
		filter = append(filter, forkexec.SockFilter{Code: jumpIfEqual, Jf: 1, K: nr}, forkexec.SockFilter{Code: ret, K: 0x50000 | uint32(syscall.EPERM)})
	}
	return append(filter, forkexec.SockFilter{Code: ret, K: allow})
}
