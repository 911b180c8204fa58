// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	forkexec "forkexec.example/forkexec/go"
)

// A path is one way to start a program and wait for it. To add one, see
// bench/INTERNALS.md.
type path struct {
	name  string // in tables, flags and benchmark names: no slash, no blank
	title string
	host  *host
	call  string // what its worker knows it as
	base  string // the path of the standard library that does the same
	group string // of things that do the same: only these are drawn side by side
}

// The groups, in the order of the report.
const (
	runGroup    = "Run a command"
	nilGroup    = "Run a command without files"
	outputGroup = "Take a command's output"
	forkGroup   = "Start a process in Go and wait for it"
	cGroup      = "Start a process in C and wait for it"
	otherGroup  = "Run a command in other languages"
)

var groups = []string{runGroup, nilGroup, outputGroup, forkGroup, cGroup, otherGroup}

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
	cHost      = &host{"c", buildC(), true}
	cWaitHost  = &host{"c_wait", buildC("-DSPAWN_WAIT"), true}
	glibcHost  = &host{"glibc", buildGlibc, true}
	muslHost   = &host{"musl", buildMusl, true}
	rustHost   = &host{"rust", buildRust, false}
	pythonHost = &host{"python", buildPython, false}
	nodeHost   = &host{"node", buildNode, false}
)

var allPaths = []*path{
	{"exec", "Run of our go/exec with files as stdio", goHost, "exec", "osexec", runGroup},
	{"exec_nocgo", "the same, built with CGO_ENABLED=0", nocgoHost, "exec", "osexec", runGroup},
	{"osexec", "Run of os/exec with files as stdio", goHost, "osexec", "osexec", runGroup},
	{"exec_nil", "Run of our go/exec with nil as stdio", goHost, "exec_nil", "osexec_nil", nilGroup},
	{"osexec_nil", "Run of os/exec with nil as stdio", goHost, "osexec_nil", "osexec_nil", nilGroup},
	{"exec_output", "Output of our go/exec", goHost, "exec_output", "osexec_output", outputGroup},
	{"osexec_output", "Output of os/exec", goHost, "osexec_output", "osexec_output", outputGroup},
	{"forkexec", "forkexec.ForkExec and wait4", goHost, "forkexec", stdlibPath, forkGroup},
	{"nocgo", "the same, built with CGO_ENABLED=0", nocgoHost, "forkexec", stdlibPath, forkGroup},
	{"start", "forkexec.Start with a context that can end it, and Wait", goHost, "start", stdlibPath, forkGroup},
	{"close_fds", "forkexec.Start with CloseFDs, and Wait", goHost, "close_fds", stdlibPath, forkGroup},
	{"close_fds_high", "the same; the program's files are pipes with high numbers", goHost, "close_fds_high", stdlibPath, forkGroup},
	{stdlibPath, "syscall.ForkExec and wait4", goHost, stdlibPath, stdlibPath, forkGroup},
	{floorPath, "C: vfork, execve, waitpid and nothing else", floorHost, "", stdlibPath, cGroup},
	{"c_spawn", "C: forkexec_spawn of our library, and waitpid", cHost, "", stdlibPath, cGroup},
	{"c_spawn_wait", "C: forkexec_spawn_wait, both in one call", cWaitHost, "", stdlibPath, cGroup},
	{"glibc", "C: posix_spawn of glibc, and waitpid", glibcHost, "", stdlibPath, cGroup},
	{"musl", "C: posix_spawn of musl, static, and waitpid", muslHost, "", stdlibPath, cGroup},
	{"rust", "Rust: Command.status", rustHost, "", "osexec", otherGroup},
	{"python", "CPython: subprocess.run", pythonHost, "", "osexec", otherGroup},
	{"node", "Node: child_process.spawnSync", nodeHost, "", "osexec", otherGroup},
}

// pathNamed returns a path, or nil: a record may be older or newer than this program.
func pathNamed(name string) *path {
	for _, p := range allPaths {
		if p.name == name {
			return p
		}
	}
	return nil
}

// describePaths returns name and title of what a record holds, in the order of the paths.
func describePaths(rec *record) (list [][2]string) {
	titles := make(map[string]string)
	for _, r := range rec.Results {
		for _, s := range r.Series {
			titles[s.Path] = s.Title
		}
	}
	for _, p := range allPaths {
		if title, ok := titles[p.name]; ok {
			list = append(list, [2]string{p.name, title})
			delete(titles, p.name)
		}
	}
	known := len(list)
	for name, title := range titles { // of another version of this program
		list = append(list, [2]string{name, title})
	}
	slices.SortFunc(list[known:], func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return list
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

// buildC builds the worker for this project's C library. The library's source is where
// the go command finds this module's, and make knows how it is built.
func buildC(flags ...string) func(b *builder) ([]string, error) {
	return func(b *builder) ([]string, error) {
		cc, err := b.cc()
		if err != nil {
			return nil, err
		}
		root, err := b.library()
		if err != nil {
			return nil, err
		}
		if len(flags) > 0 {
			header, err := os.ReadFile(root + "/include/forkexec.h")
			if err != nil || !strings.Contains(string(header), "forkexec_spawn_wait(") {
				return nil, errors.New("this libforkexec has no forkexec_spawn_wait")
			}
		}
		library := root + "/build/libforkexec.a"
		args := append(append(append([]string{}, cFlags...), flags...), "-I"+root+"/include", "forkexec.c", "worker.c", library)
		exe, err := b.compile("forkexec", cc, args, "worker.h", root+"/include/forkexec.h")
		return []string{exe}, err
	}
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

func buildNode(b *builder) ([]string, error) {
	node, err := b.tool("node")
	if err != nil {
		if node, err = b.tool("nodejs"); err != nil {
			return nil, notInstalled("node")
		}
	}
	script, err := b.source("worker.js")
	return []string{node, script}, err
}
