// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

// Command userns measures starts into a new user namespace, with ID maps, from a root
// parent that has touched much memory: forkexec.ForkExec and syscall.ForkExec in turns.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

func main() {
	gb := flag.Int("gb", 8, "GiB of memory to touch for the second measurement")
	rounds := flag.Int("rounds", 20, "rounds")
	batch := flag.Int("batch", 20, "starts of forkexec in a round, for each of syscall.ForkExec")
	program := flag.String("program", "/bin/true", "program to start")
	flag.Parse()
	fmt.Println("implementation:", forkexec.Implementation())
	var first time.Duration
	for _, n := range []int{0, *gb} {
		mem := touch(n << 30)
		var ours, std []time.Duration
		for i := 0; i < *rounds; i++ {
			for j := 0; j < *batch; j++ {
				ours = append(ours, measure(forkexec.ForkExec, *program))
			}
			std = append(std, measure(syscall.ForkExec, *program))
		}
		o, s := median(ours), median(std)
		if first == 0 {
			first = o
		}
		fmt.Printf("%d GiB: forkexec %v (%.2f of its first), syscall.ForkExec %v, %.0f times as long\n",
			n, o, float64(o)/float64(first), s, float64(s)/float64(o))
		if mem != nil {
			_ = syscall.Munmap(mem)
		}
	}
}

func touch(size int) []byte {
	if size == 0 {
		return nil
	}
	mem, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = syscall.Madvise(mem, syscall.MADV_NOHUGEPAGE) // as memory that has grown in pieces
	for i := 0; i < size; i += 4096 {
		mem[i] = 1
	}
	return mem
}

// measure returns how long a start takes, without the wait for the program's end.
func measure(start func(string, []string, *syscall.ProcAttr) (int, error), program string) time.Duration {
	id := []syscall.SysProcIDMap{{HostID: 0, Size: 1}}
	attr := &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER, UidMappings: id, GidMappings: id}}
	begin := time.Now()
	pid, err := start(program, []string{program}, attr)
	took := time.Since(begin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, _ = syscall.Wait4(pid, nil, 0, nil)
	return took
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}
