// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// packagePath is what this package is called, also after `make rename`.
var packagePath = func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Path
	}
	return "spawnbench"
}()

// machine is what has to be known about the place where a result was obtained.
type machine struct {
	cpu, kernel, memory, load string
	implementation            string
	date                      time.Time
}

func describeMachine() *machine {
	m := &machine{
		cpu:            procField("/proc/cpuinfo", "model name"),
		kernel:         readLine("/proc/sys/kernel/osrelease"),
		memory:         procField("/proc/meminfo", "MemTotal"),
		implementation: forkexec.Implementation(),
		date:           time.Now().UTC(),
	}
	if m.cpu == "" {
		m.cpu = "unknown" // arm64 kernels give numbers only
	}
	if words := strings.Fields(readLine("/proc/loadavg")); len(words) > 0 {
		m.load = words[0]
	}
	return m
}

// summary is what stands above the tables.
func (m *machine) summary() []string {
	lines := []string{
		"forkexec implementation: " + m.implementation,
		fmt.Sprintf("%s, %d CPUs, GOMAXPROCS %d, %s", m.cpu, runtime.NumCPU(), runtime.GOMAXPROCS(0), runtime.GOARCH),
		fmt.Sprintf("Linux %s, %s, load %s", m.kernel, runtime.Version(), m.load),
	}
	if m.implementation == "stdlib" {
		lines[0] += " (path forkexec is the standard library here)"
	}
	return lines
}

// procField returns the value of the first line "name : value" of a file.
func procField(file, name string) string {
	text, _ := os.ReadFile(file)
	for _, line := range strings.Split(string(text), "\n") {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func readLine(file string) string {
	text, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}
