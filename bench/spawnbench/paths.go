// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// A path is one way to start a program and wait for it. To add one, see
// bench/README.md.
type path struct {
	name  string // in tables, flags and benchmark names: no slash, no blank
	title string
	host  *host
}

func (p *path) id() string { return p.name }

// A host is a worker program that runs one path or more. Paths that share a
// host run in one process, so that chance in the placement of its memory does
// not come between them.
type host struct {
	name string
	// build returns the command line, to which the measured program's is
	// appended.
	build func(b *builder) (argv []string, err error)
}

// The paths that the ratios refer to.
const (
	stdlibPath = "syscall"
	floorPath  = "floor"
)

var (
	goHost     = &host{"go", buildGo}
	floorHost  = &host{"floor", buildFloor}
	glibcHost  = &host{"glibc", buildGlibc}
	muslHost   = &host{"musl", buildMusl}
	rustHost   = &host{"rust", buildRust}
	pythonHost = &host{"python", buildPython}
)

var allPaths = []*path{
	{"forkexec", "forkexec.ForkExec and wait4", goHost},
	{stdlibPath, "syscall.ForkExec and wait4", goHost},
	{"exec", "Run of our go/exec, likewise with files as stdio", goHost},
	{"osexec", "Run of os/exec with files as stdio", goHost},
	{floorPath, "C: vfork, execve, waitpid and nothing else", floorHost},
	{"glibc", "C: posix_spawn of glibc", glibcHost},
	{"musl", "C: posix_spawn of musl, static", muslHost},
	{"rust", "Rust: Command.status", rustHost},
	{"python", "CPython: subprocess.run", pythonHost},
}

func listPaths() string {
	var s strings.Builder
	for _, p := range allPaths {
		fmt.Fprintf(&s, "  %-10s %s\n", p.name, p.title)
	}
	return s.String()
}

// built is a host that is ready to be started, or the reason why there is none.
type built struct {
	argv []string
	err  error
}

// buildHosts compiles what the paths need. A host that cannot be built is no
// error of the run.
func buildHosts(b *builder, paths []*path) map[*host]built {
	hosts := make(map[*host]built)
	for _, p := range paths {
		if _, done := hosts[p.host]; !done {
			argv, err := p.host.build(b)
			hosts[p.host] = built{argv, err}
		}
	}
	return hosts
}

// buildGo returns this program in its other role.
func buildGo(*builder) ([]string, error) {
	exe, err := os.Executable()
	return []string{exe, workerCommand}, err
}

func buildFloor(b *builder) ([]string, error) {
	cc, err := b.cc()
	if err != nil {
		return nil, err
	}
	exe, err := b.compile("floor", cc, append(cFlags, "floor.c", "worker.c"), "worker.h")
	return []string{exe}, err
}

func buildGlibc(b *builder) ([]string, error) {
	cc, err := b.cc()
	if err != nil {
		return nil, err
	}
	exe, err := b.compile("posix_spawn-glibc", cc,
		append(cFlags, "-DEXPECT_GLIBC", "posix_spawn.c", "worker.c"), "worker.h")
	b.note("glibc", firstLine("getconf", "GNU_LIBC_VERSION"))
	return []string{exe}, err
}

func buildMusl(b *builder) ([]string, error) {
	cc, err := b.tool("musl-gcc")
	if err != nil {
		return nil, err
	}
	exe, err := b.compile("posix_spawn-musl", cc,
		append(cFlags, "-static", "posix_spawn.c", "worker.c"), "worker.h")
	b.note("musl", muslVersion())
	return []string{exe}, err
}

func buildRust(b *builder) ([]string, error) {
	rustc, err := b.tool("rustc")
	if err != nil {
		return nil, err
	}
	exe, err := b.compile("rust", rustc, []string{"-O", "worker.rs"})
	return []string{exe}, err
}

// buildPython asks for the interpreter behind the command because that may be
// a script of a version manager, which needs its own environment.
func buildPython(b *builder) ([]string, error) {
	python, err := b.tool("python3")
	if err != nil {
		return nil, err
	}
	if behind := firstLine(python, "-c", "import sys; print(sys.executable)"); behind != "" {
		python = behind
	}
	script, err := b.source("worker.py")
	return []string{python, "-I", script}, err
}
