// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	forkexec "forkexec.example/forkexec/go"
)

// packagePath is what this package is called, also after `make rename`.
var packagePath = func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return strings.TrimSuffix(info.Path, ".test")
	}
	return "spawnbench"
}()

// machine is what has to be known about the place where a result was obtained.
type machine struct {
	CPU            string    `json:"cpu"`
	CPUs           int       `json:"cpus"`
	Procs          int       `json:"gomaxprocs"`
	Arch           string    `json:"goarch"`
	Kernel         string    `json:"kernel"`
	Memory         string    `json:"memory"`
	Load           string    `json:"load"` // before the run
	Go             string    `json:"go"`
	Implementation string    `json:"implementation"`
	Environment    int       `json:"environment"` // variables; 0: the current ones
	Date           time.Time `json:"date"`
}

func describeMachine() *machine {
	m := &machine{
		CPU:            procField("/proc/cpuinfo", "model name"),
		CPUs:           runtime.NumCPU(),
		Procs:          runtime.GOMAXPROCS(0),
		Arch:           runtime.GOARCH,
		Kernel:         readLine("/proc/sys/kernel/osrelease"),
		Memory:         procField("/proc/meminfo", "MemTotal"),
		Go:             runtime.Version(),
		Implementation: forkexec.Implementation(),
		Date:           time.Now().UTC().Truncate(time.Second),
	}
	if m.CPU == "" {
		m.CPU = "unknown" // arm64 kernels give numbers only
	}
	if words := strings.Fields(readLine("/proc/loadavg")); len(words) > 0 {
		m.Load = words[0]
	}
	return m
}

// summary is what stands above the tables.
func (m *machine) summary() []string {
	lines := []string{
		"forkexec implementation: " + m.Implementation,
		fmt.Sprintf("%s, %d CPUs, GOMAXPROCS %d, %s", m.CPU, m.CPUs, m.Procs, m.Arch),
		fmt.Sprintf("Linux %s, %s, load %s", m.Kernel, m.Go, m.Load),
	}
	if m.Implementation == "stdlib" {
		lines[0] += " (path forkexec is the standard library here)"
	}
	return lines
}

// availableMemory is what can be used without swapping, in MB; 0: unknown.
func availableMemory() int {
	words := strings.Fields(procField("/proc/meminfo", "MemAvailable"))
	if len(words) == 0 {
		return 0
	}
	kb, _ := strconv.Atoi(words[0])
	return kb / 1024
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
