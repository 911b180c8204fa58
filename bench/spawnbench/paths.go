// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	forkexec "forkexec.example/forkexec/go"
)

// A path is one way to start a program and wait for it. To add one, see
// bench/README.md.
type path struct {
	name  string // in tables, flags and benchmark names: no slash, no blank
	title string
	host  *host
	call  string // what its worker knows it as
	base  string // the path of the standard library that does the same
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
	// conditions: its worker can be told to touch memory and to open files.
	conditions bool
}

// The paths that the ratios refer to.
const (
	stdlibPath = "syscall"
	floorPath  = "floor"
)

var (
	goHost     = &host{"go", buildGo, true}
	nocgoHost  = &host{"nocgo", buildNocgo, true}
	floorHost  = &host{"floor", buildFloor, false} // a ruler does not bend
	glibcHost  = &host{"glibc", buildGlibc, true}
	muslHost   = &host{"musl", buildMusl, true}
	rustHost   = &host{"rust", buildRust, false}
	pythonHost = &host{"python", buildPython, false}
)

var allPaths = []*path{
	{"forkexec", "forkexec.ForkExec and wait4", goHost, "forkexec", stdlibPath},
	{"nocgo", "the same, built with CGO_ENABLED=0", nocgoHost, "forkexec", stdlibPath},
	{stdlibPath, "syscall.ForkExec and wait4", goHost, stdlibPath, stdlibPath},
	{"start", "forkexec.Start with a context that can end it, and Wait", goHost, "start", stdlibPath},
	{"close_fds", "forkexec.Start with CloseFDs, and Wait", goHost, "close_fds", stdlibPath},
	{"close_fds_high", "the same; the program's files are pipes with high numbers", goHost, "close_fds_high", stdlibPath},
	{"exec", "Run of our go/exec with files as stdio", goHost, "exec", "osexec"},
	{"exec_nocgo", "the same, built with CGO_ENABLED=0", nocgoHost, "exec", "osexec"},
	{"osexec", "Run of os/exec with files as stdio", goHost, "osexec", "osexec"},
	{"exec_nil", "Run of our go/exec with nil as stdio", goHost, "exec_nil", "osexec_nil"},
	{"osexec_nil", "Run of os/exec with nil as stdio", goHost, "osexec_nil", "osexec_nil"},
	{"exec_output", "Output of our go/exec", goHost, "exec_output", "osexec_output"},
	{"osexec_output", "Output of os/exec", goHost, "osexec_output", "osexec_output"},
	{floorPath, "C: vfork, execve, waitpid and nothing else", floorHost, "", stdlibPath},
	{"glibc", "C: posix_spawn of glibc", glibcHost, "", stdlibPath},
	{"musl", "C: posix_spawn of musl, static", muslHost, "", stdlibPath},
	{"rust", "Rust: Command.status", rustHost, "", stdlibPath},
	{"python", "CPython: subprocess.run", pythonHost, "", stdlibPath},
}

// request is the path's name in a request; workers with one path take any.
func (p *path) request() string {
	if p.call != "" {
		return p.call
	}
	return p.name
}

func listPaths() string {
	var s strings.Builder
	for _, p := range allPaths {
		fmt.Fprintf(&s, "  %-14s %s\n", p.name, p.title)
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

// buildNocgo compiles this program without cgo. The go command finds its source where
// it runs in a module that has it, as in a checkout.
func buildNocgo(b *builder) ([]string, error) {
	if i := forkexec.Implementation(); i != "cgo" {
		return nil, fmt.Errorf("spawnbench itself is %q", i)
	}
	tool, err := b.tool("go")
	if err != nil {
		return nil, err
	}
	exe := b.dir + "/spawnbench-nocgo"
	cmd := exec.Command(tool, "build", "-o", exe, packagePath)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.New("does not compile here: " + firstError(string(out), err))
	}
	if i := firstLine(exe, implementationCommand); i != "nocgo" {
		return nil, fmt.Errorf("built without cgo it is %q", i)
	}
	return []string{exe, workerCommand}, nil
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
