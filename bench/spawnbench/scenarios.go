// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A scenario is a program, the conditions under which it is started, and what is done
// with it. To add one, see bench/INTERNALS.md.
type scenario struct {
	name  string // in tables, flags and benchmark names: no slash, no blank
	title string
	plain bool // belongs to a run that asks for no scenario
	// argv returns the command line; argv[0] is an absolute path, so that
	// no path has to search.
	argv  func(b *builder) ([]string, error)
	paths []string // by name; nil: those of plainPaths
	load  load
	axis  *axis // nil: the scenario has one point
	// own is what the user wants to have measured, in place of a scenario of ours.
	own *ownProgram
	// user is who the workers are. counts: the system calls of a start are counted, too.
	user   user
	counts bool
}

// A user is who starts the programs, where that makes a difference.
type user int

const (
	anybody  user = iota // who runs spawnbench
	root                 // not run by anybody else
	ordinary             // who runs spawnbench or, if that is root, nobody
)

func (s *scenario) id() string { return s.name }

// A load is what a worker is asked to do.
type load int

const (
	spawns  load = iota // start and wait, one after the other; several goroutines if the axis says so
	waiters             // start many children and wait for all of them
	slow                // an exec that takes long
)

// An axis is what differs between the points of a scenario.
type axis struct {
	key    string // in benchmark names
	label  string
	points []int
	// conditions are the requests that put a worker into a point's condition.
	conditions func(point int) []string
	// What the point is, if it is no condition of the workers.
	env, width bool
	memory     bool // in MB for each worker
}

var (
	plainPaths = []string{"forkexec", "nocgo", stdlibPath, "start", "exec", "exec_nocgo", "osexec", "exec_nil", "osexec_nil",
		"exec_output", "osexec_output", floorPath, "c_spawn", "c_spawn_wait", "glibc", "musl", "rust", "python", "node"}
	corePaths = []string{"forkexec", "nocgo", stdlibPath, floorPath}
	runPaths  = append([]string{"exec", "osexec"}, corePaths...)
	envPaths  = append([]string{"c_spawn", "glibc", "musl", "rust", "python", "node"}, runPaths...)
	fdsPaths  = append([]string{"close_fds", "close_fds_high", "glibc"}, corePaths...)
)

var (
	goroutines = &axis{key: "goroutines", label: "goroutines", width: true, points: []int{1, 2, 4, 8, 16, 32, 64}}
	memory     = &axis{key: "MB", label: "MB touched", memory: true, points: []int{0, 64, 1024, 4096, 8192},
		conditions: func(mb int) []string { return []string{fmt.Sprint("set touch ", mb)} }}
	userns = &axis{key: "MB", label: "MB touched", memory: true, points: memory.points,
		conditions: func(mb int) []string { return append(memory.conditions(mb), "set userns 1") }}
	descriptors = &axis{key: "descriptors", label: "descriptors", points: []int{10, 100, 1000, 5000, 19000},
		conditions: func(n int) []string { return []string{fmt.Sprint("set open ", n)} }}
	variables = &axis{key: "variables", label: "variables", env: true, points: []int{10, 100, 1000, 10000}}
	children  = &axis{key: "children", label: "children", points: []int{10, 100, 1000, 2000}}
)

var allScenarios = []*scenario{
	{name: "tiny", title: "a static program that exits at once", plain: true, argv: tinyProgram, counts: true},
	{name: "true", title: "true", plain: true, argv: installed("true")},
	{name: "sh", title: "sh -c :", plain: true, argv: installed("sh", "-c", ":")},
	{name: "git", title: "git --version", plain: true, argv: installed("git", "--version")},
	{name: "parallel", title: "a program that exits at once, started by several goroutines", argv: tinyProgram, paths: runPaths, axis: goroutines},
	{name: "rss", title: "a program that exits at once, from a process with much memory", argv: tinyProgram, paths: corePaths, axis: memory},
	{name: "userns", title: "a new user namespace, from a process of root with much memory", argv: tinyProgram,
		paths: corePaths, axis: userns, user: root},
	{name: "userns_user", title: "a new user namespace, from a process of an ordinary user with much memory", argv: tinyProgram,
		paths: corePaths, axis: userns, user: ordinary},
	{name: "fds", title: "a program that exits at once, from a process with many open descriptors", argv: tinyProgram, paths: fdsPaths, axis: descriptors},
	{name: "env", title: "a program that exits at once, with a large environment", argv: tinyProgram, paths: envPaths, axis: variables},
	{name: "waiters", title: "many children that are waited for", argv: waitingProgram, load: waiters,
		paths: []string{"exec", "exec_nocgo", "osexec"}, axis: children},
	{name: "slow", title: "an exec that takes 200 ms, and what it does to the rest of the program", argv: leasedProgram, load: slow,
		paths: []string{"forkexec", "nocgo", stdlibPath, "exec", "osexec"}},
}

func listScenarios() string {
	var s strings.Builder
	for _, sc := range allScenarios {
		fmt.Fprintf(&s, "  %-12s %s\n", sc.name, sc.title)
	}
	return s.String()
}

// plainScenarios are those of a run that asks for none.
func plainScenarios() (names string) {
	for _, sc := range allScenarios {
		if sc.plain {
			names += "," + sc.name
		}
	}
	return names[1:]
}

// points returns what the scenario is run at: one point of no meaning without an axis.
func (s *scenario) points(quick bool) []int {
	switch {
	case s.axis == nil:
		return []int{0}
	case quick:
		return s.axis.points[:2]
	}
	return s.axis.points
}

func tinyProgram(b *builder) ([]string, error) { return compileTiny(b, "tiny") }

// waitingProgram ends when its standard input does.
func waitingProgram(b *builder) ([]string, error) { return compileTiny(b, "tiny-waiting", "-DWAIT") }

func compileTiny(b *builder, name string, flags ...string) ([]string, error) {
	cc, err := b.cc()
	if err != nil {
		return nil, err
	}
	args := append(append([]string{}, cFlags...), "-static", "-nostdlib", "-Wl,--build-id=none", "tiny.c")
	exe, err := b.compile(name, cc, append(args, flags...))
	return []string{exe}, err
}

// leasedProgram is a copy of its own, for the lease that makes its exec slow.
func leasedProgram(b *builder) ([]string, error) {
	tiny, err := tinyProgram(b)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(tiny[0])
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, fmt.Sprint("tiny-leased-", os.Getpid()))
	b.temporary = append(b.temporary, file)
	return []string{file}, os.WriteFile(file, text, 0o755)
}

// installed returns the command line of a program that is searched in PATH.
func installed(name string, args ...string) func(*builder) ([]string, error) {
	return func(b *builder) ([]string, error) {
		file, err := exec.LookPath(name)
		if err != nil {
			return nil, notInstalled(name)
		}
		file, err = filepath.Abs(file)
		return append([]string{file}, args...), err
	}
}

// kept are the variables that steer the workers, or find programs for them, and
// therefore stay in a made-up environment.
var kept = []string{"PATH", "FORKEXEC", "GODEBUG", "GOGC", "GOMAXPROCS"}

// environment returns n variables of a usual length, or for 0 the current ones.
func environment(n int) []string {
	if n == 0 {
		return os.Environ()
	}
	var env []string
	for _, name := range kept {
		if value, ok := os.LookupEnv(name); ok && len(env) < n {
			env = append(env, name+"="+value)
		}
	}
	for len(env) < n {
		env = append(env, fmt.Sprintf("SPAWNBENCH_%05d=%s", len(env), strings.Repeat("x", 40)))
	}
	return env
}
